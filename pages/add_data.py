"""Bring in a sample: choose a file, review what was found, preview it and save it; or fetch public sections."""

from ui.add_data import sources, state
from ui.add_data import view as add_data
from ui.shell import guards, navigation, page_style
from ui.tissue import view as tissue

navigation.only_through_app()
page_style.title("Add data")
with guards.shown_as_message():
    incoming = state.incoming()
    if incoming is None:
        sources.choose()
    else:
        add_data.source(incoming, tissue.preview)
