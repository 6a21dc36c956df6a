"""Everything that was kept or swept: find runs, hold them against each other, take them home."""

import streamlit as st

from ui import guards, kept_runs, navigation, runs_actions, runs_compare, runs_list

navigation.only_through_app()
with guards.shown_as_message():
    top = st.container()  # filled last: what stands in it depends on the list
    listed = runs_list.listing()
    with top:
        runs_actions.header(listed)
    if listed.nothing_yet:
        runs_list.nothing_yet()
    else:
        runs_list.table(listed)
        chosen = kept_runs.with_all(runs_list.chosen(listed))
        runs_actions.bar(listed, chosen)
        runs_compare.side_by_side(chosen)
