"""Show version, queue, memory, and whether storage can be reached. The queue links here; the navigation does not."""

from ui.health import view as health
from ui.shell import navigation, page_style

navigation.only_through_app()
page_style.title("Health")
health.checks()
