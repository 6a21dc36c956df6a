"""What a newcomer reads first: one line on what this is, and three steps that can be put away."""

import streamlit as st

from ui.browser_memory import remember
from ui.shell import session, terms
from ui.tune import redraw, state


def line() -> None:
    """Say what this is."""
    st.caption(
        f"Find spatial {terms.link('Domain', 'domains')}, such as layers of cortex, and compare them with what experts drew."
    )


def steps(*, away: bool, just_put_away: bool) -> None:
    """Show the three steps until somebody puts them away; the browser remembers that."""
    if just_put_away:
        remember(state.STEPS_COOKIE, state.STEPS_AWAY)
    if away:
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", wrap=False, key=session.widget_key("first steps")
    ):
        st.caption(
            "**1** Choose a sample in the sidebar. **2** Turn a knob: the maps follow. **3** Keep or export the result.",
            width="stretch",
        )
        st.button(
            "Got it",
            key=session.widget_key("put steps away"),
            type="tertiary",
            help="Put these three steps away. This browser will not show them again.",
            on_click=redraw.whole_page(state.put_steps_away),
        )
