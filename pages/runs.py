"""Find kept and swept runs, compare them, and download them."""

import streamlit as st

from ui.data import kept_runs
from ui.runs import actions, address, compare, listing
from ui.shell import domain_names, guards, navigation, session

navigation.only_through_app()
with guards.shown_as_message():
    address.follow()
    top = st.container()  # filled last, because its content depends on the list
    listed = listing.listing()
    address.write()
    if sentence := address.ignored():
        st.warning(sentence)
    with top:
        actions.header(listed)
    if listed.nothing_yet:
        listing.nothing_yet()
    else:
        listing.table(listed)
        chosen, theme = kept_runs.with_all(listing.chosen(listed), listed.titles), session.theme()
        actions.bar(listed, domain_names.with_domains(chosen), theme)
        compare.side_by_side(chosen, domain_names.of_runs(chosen), theme)
