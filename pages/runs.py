"""Everything that was kept or swept: find runs, hold them against each other, take them home."""

import streamlit as st

from ui import guards, navigation, runs_actions, runs_compare, runs_list

navigation.only_through_app()
with guards.shown_as_message():
    header = st.container()
    listed = runs_list.listing()
    with header:
        runs_actions.header(listed)
    if listed.runs or listed.filtered:
        runs_list.table(listed)
        chosen = runs_list.chosen(listed)
        runs_actions.bar(listed, chosen)
        runs_compare.side_by_side(chosen)
    else:
        runs_list.nothing_yet()
