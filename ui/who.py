"""Who sits in front: a name kept in the browser, or the one that a sign-in by OpenID Connect gives.

A name in the browser is on trust: it tells colleagues apart, and keeps nobody out. Where that is not enough, `[auth]` in
`.streamlit/secrets.toml` has everyone sign in.
"""

import os
import re
import secrets
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from core.io.safe_h5 import shown
from ui import state
from ui.browser_memory import remember
from ui.guards import as_markdown

MAX_LENGTH = 40
"""Characters of a name."""

_COOKIE = "spatial_domains_name"
_NAME = "who"
_EVERYONE = "everyone"


def signs_in() -> bool:
    """Whether this server has everyone sign in.

    Returns
    -------
    bool
    """
    # `st.secrets` complains on the page where there is no file of secrets at all.
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def who() -> str:
    """Name the user of this session.

    Returns
    -------
    str
        Of the sign-in where there is one; else what the browser keeps, such as `Guest 3f9a` until a name is given.
    """
    if signs_in():
        return _signed_in_name()
    name: str = st.session_state.get(_NAME) or _clean(unquote(_cookie()))
    if not name:
        name = f"Guest {secrets.token_hex(2)}"
    st.session_state[_NAME] = name
    return name


def may_delete(owner: str) -> bool:
    """Whether this user may delete what another keeps.

    Parameters
    ----------
    owner : str
        Who keeps it.

    Returns
    -------
    bool
        `SPCA_DELETE` is `owner` (the default) or `everyone`; what nobody owns is everyone's.
    """
    return os.environ.get("SPCA_DELETE", "owner") == _EVERYONE or owner in ("", who())


def let_in() -> None:
    """Have the user sign in first, where this server asks for it; the page ends here until then."""
    if not signs_in() or st.user.get("is_logged_in", False):
        return
    st.title("Spatial domains", anchor=False)
    st.info("This server asks who you are: sign in to go on.")
    st.button("Sign in", type="primary", on_click=st.login)
    st.stop()


def control() -> None:
    """Say who one is, and offer to change it."""
    with st.popover(
        as_markdown(who()),
        key=state.widget_key("who is here"),
        type="tertiary",
        help="Who you are here: the name that stands beside your jobs and kept runs.",
    ):
        if signs_in():
            st.caption(f"Signed in as {as_markdown(who())}")
            st.button("Sign out", key=state.widget_key("sign out"), on_click=st.logout)
        else:
            _ask_for_name()


def _ask_for_name() -> None:
    key = state.widget_key("who")
    st.text_input(
        "Your name",
        who(),
        key=key,
        max_chars=MAX_LENGTH,
        help="This browser remembers it. It is on trust: it tells colleagues apart, and is no password.",
        on_change=_take_name,
        args=(key,),
    )


def keep_in_browser() -> None:
    """Have the browser keep the name for the next session, unless it does already."""
    if not signs_in() and _cookie() != _written(who()):
        remember(_COOKIE, _written(who()))


def _take_name(key: str) -> None:
    name = _clean(state.shown(key))
    if name:
        st.session_state[_NAME] = name
    state.show(key, who())


def _cookie() -> str:
    value: object = st.context.cookies.get(_COOKIE, "")
    return value if isinstance(value, str) else ""  # AppTest has no browser, and something else in the place of cookies


def _clean(text: str) -> str:
    return shown(re.sub(r"\s+", " ", text).strip())[:MAX_LENGTH] if text.isprintable() else ""


def _written(name: str) -> str:
    return quote(name, safe="")


def _signed_in_name() -> str:
    user: Any = st.user
    told = (user.get(fact) for fact in ("name", "email", "sub"))
    return next((name for name in (_clean(str(value)) for value in told if value) if name), "Somebody")
