"""What the terms of the other pages mean. Help texts link here."""

from ui.glossary import view as glossary
from ui.shell import navigation, page_style

navigation.only_through_app()
page_style.title("Glossary")
glossary.terms()
