"""Find kept and swept runs, compare them, and download them."""

import streamlit as st

from ui.data import kept_runs
from ui.runs import actions, address, checking, compare, listing
from ui.shell import domain_names, guards, navigation, session
from ui.shell.guards import as_markdown

navigation.only_through_app()
with guards.shown_as_message():
    address.follow()
    top = st.container()  # filled last, because its content depends on the list
    listed = listing.listing()
    chosen, theme = kept_runs.with_all(listing.chosen(listed), listed.titles), session.theme()
    address.write(compare.files_of(chosen))
    if sentence := address.ignored():
        st.warning(sentence)
    if sentence := listing.damaged():
        st.warning(as_markdown(sentence))
        actions.dismiss_damaged()
    with top:
        actions.header(listed)
    if listed.nothing_yet:
        listing.nothing_yet()
    else:
        listing.table(listed)
        with st.sidebar:
            compare.compared_with(chosen)
        actions.bar(listed, domain_names.with_domains(chosen), theme)
        checking.part(chosen)
        for sentence in address.refused_cameras(chosen):
            st.warning(as_markdown(sentence))
        compare.side_by_side(chosen, domain_names.of_runs(chosen), theme)
