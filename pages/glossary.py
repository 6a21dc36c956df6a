"""What the terms of the other pages mean. Help texts link here."""

import streamlit as st

from ui.glossary import view as glossary
from ui.shell import navigation

navigation.only_through_app()
st.title("Glossary", anchor=False)
glossary.terms()
