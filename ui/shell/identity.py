"""Who sits in front: a name kept in the browser, or the one that a sign-in by OpenID Connect gives.

A name in the browser is on trust: it tells colleagues apart, and keeps nobody out. Where that is not enough, `[auth]` in
`.streamlit/secrets.toml` has everyone sign in.
"""

import os
import re
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from core.text import shown
from ui.browser_memory import remember
from ui.shell import session
from ui.shell.guards import as_markdown

MAX_LENGTH = 40
"""Characters of a name."""

_COOKIE = "spatial_domains_name"
_NAME, _AS_GUEST = "who", "who as a guest"
_GUEST = re.compile("Guest [0-9a-f]{4}")
_EVERYONE = "everyone"
_AND = "&"  # stands in no quoted name


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
    if _NAME not in st.session_state:
        name, guest = _kept_names()
        st.session_state[_NAME], st.session_state[_AS_GUEST] = name or f"Guest {secrets.token_hex(2)}", guest
    return str(st.session_state[_NAME])


def names() -> tuple[str, ...]:
    """List the names under which this user's work is known.

    Returns
    -------
    tuple of str
        The name; and the one that the browser had as a guest, before it was given a name.
    """
    name, guest = who(), st.session_state.get(_AS_GUEST, "")
    return (name, guest) if guest and not signs_in() else (name,)


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
    return os.environ.get("SPCA_DELETE", "owner") == _EVERYONE or owner in ("", *names())


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
        key=session.widget_key("who is here"),
        type="tertiary",
        help="Who you are here: the name that stands beside your jobs and kept runs.",
    ):
        if signs_in():
            st.caption(f"Signed in as {as_markdown(who())}")
            st.button("Sign out", key=session.widget_key("sign out"), on_click=st.logout)
        else:
            _ask_for_name()


def _ask_for_name() -> None:
    key = session.widget_key("who")
    session.show(key, who())
    st.text_input(
        "Your name",
        key=key,
        max_chars=MAX_LENGTH,
        help="This browser remembers it. It is on trust: it tells colleagues apart, and is no password.",
        on_change=_take_name,
        args=(key,),
    )


def keep_in_browser() -> None:
    """Have the browser keep the name for the next session, unless it does already."""
    if not signs_in() and _cookie() != _written(names()):
        remember(_COOKIE, _written(names()))


def _take_name(key: str) -> None:
    before, name = who(), _clean(session.shown(key))
    if not name:
        return
    st.session_state[_NAME] = name
    # A guest who gives a name stays the one whose runs these are; any other new name is somebody else's.
    if _GUEST.fullmatch(before):
        st.session_state[_AS_GUEST] = before


def _kept_names() -> tuple[str, str]:
    """Read what the browser keeps: the name, and the one it had as a guest; empty where there is none."""
    name, _, guest = (_clean(unquote(part)) for part in _cookie().partition(_AND))
    return name, guest if _GUEST.fullmatch(guest) else ""


def _cookie() -> str:
    value: object = st.context.cookies.get(_COOKIE, "")
    return value if isinstance(value, str) else ""  # AppTest has no browser, and something else in the place of cookies


def _clean(text: str) -> str:
    return shown(re.sub(r"\s+", " ", text).strip())[:MAX_LENGTH] if text.isprintable() else ""


def _written(names: Sequence[str]) -> str:
    return _AND.join(quote(name, safe="") for name in names)


def _signed_in_name() -> str:
    user: Any = st.user
    told = (user.get(fact) for fact in ("name", "email", "sub"))
    return next((name for name in (_clean(str(value)) for value in told if value) if name), "Somebody")
