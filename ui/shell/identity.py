"""Sign-in, and the user's name, which every page shows and lets the user change."""

import streamlit as st

from core.people import called
from ui.browser_memory import remember
from ui.data import user
from ui.shell import session, upload_limits
from ui.shell.buttons import on_primary
from ui.shell.guards import as_markdown


def let_in() -> None:
    """Ask the user to sign in where this server requires it, and stop the page until then."""
    if not user.signs_in() or st.user.get("is_logged_in", False):
        upload_limits.known_as(user.who())
        return
    st.title("Spatial domains", anchor=False)
    st.info("This server requires a sign-in: sign in to continue.")
    st.button(on_primary("Sign in"), type="primary", on_click=st.login)
    st.stop()


def control() -> None:
    """Show the user's name, and offer to change it."""
    with st.popover(
        as_markdown(called(user.who())),
        key=session.widget_key("who is here"),
        type="tertiary",
        help="Your name, which is shown beside your jobs and kept runs.",
    ):
        if user.signs_in():
            st.caption(f"Signed in as {as_markdown(called(user.who()))}")
            st.button("Sign out", key=session.widget_key("sign out"), on_click=st.logout)
        else:
            _ask_for_name()


def _ask_for_name() -> None:
    key = session.widget_key("who")
    session.show(key, user.who())
    st.text_input(
        "Your name",
        key=key,
        max_chars=user.MAX_LENGTH,
        help="This browser remembers your name. It is not checked: it tells colleagues apart, but it is not a password.",
        on_change=lambda: user.rename(session.shown(key)),
    )


def keep_in_browser() -> None:
    """Ask the browser to keep the name for the next session, unless it already does."""
    if not user.signs_in() and user.cookie() != user.as_cookie(user.names()):
        remember(user.COOKIE, user.as_cookie(user.names()))
