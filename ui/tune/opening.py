"""What a newcomer reads first: one line on what this is, and three steps that can be put away."""

import streamlit as st

from ui.browser_memory import remember
from ui.shell import session, terms
from ui.tune import redraw

_COOKIE, _AWAY = "spca_steps", "seen"
_PUT_AWAY = "first steps put away"


def line() -> None:
    """Say what this is."""
    st.caption(
        f"Find spatial {terms.link('Domain', 'domains')}, such as layers of cortex, and compare them with what experts drew."
    )


def steps() -> None:
    """Show the three steps until somebody puts them away; the browser remembers that."""
    if st.session_state.get(_PUT_AWAY):
        remember(_COOKIE, _AWAY)
    if _are_away():
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", wrap=False, key=session.widget_key("first steps")
    ):
        st.caption(
            "**1** Choose a sample on the left. **2** Turn a knob: the maps follow. **3** Keep or export the result.",
            width="stretch",
        )
        st.button(
            "Got it",
            key=session.widget_key("put steps away"),
            type="tertiary",
            help="Put these three steps away. This browser will not show them again.",
            on_click=redraw.whole_page(_put_away),
        )


def _put_away() -> None:
    st.session_state[_PUT_AWAY] = True


def _are_away() -> bool:
    return bool(st.session_state.get(_PUT_AWAY)) or st.context.cookies.get(_COOKIE, "") == _AWAY
