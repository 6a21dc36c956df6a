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

COOKIE = "spatial_domains_name"
MAX_LENGTH = 40
"""Characters of a name."""

_NAME, _AS_GUEST = "who", "who as a guest"
_GUEST = re.compile("Guest [0-9a-f]{4}")
_EVERYONE = "everyone"
_AND = "&"  # stands in no quoted name


def signs_in() -> bool:
    """Whether this server has everyone sign in."""
    # `st.secrets` complains on the page where there is no file of secrets at all.
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def who() -> str:
    """Name the user: by the sign-in, else by what the browser keeps, such as `Guest 3f9a` until a name is given."""
    if signs_in():
        return _signed_in_name()
    if _NAME not in st.session_state:
        name, guest = _kept_names()
        st.session_state[_NAME], st.session_state[_AS_GUEST] = name or f"Guest {secrets.token_hex(2)}", guest
    return str(st.session_state[_NAME])


def names() -> tuple[str, ...]:
    """List the names under which this user's work is known: the name, and the one as a guest before it was given."""
    name, guest = who(), st.session_state.get(_AS_GUEST, "")
    return (name, guest) if guest and not signs_in() else (name,)


def rename(name: str) -> None:
    """Take another name, unless it is empty."""
    before, name = who(), _clean(name)
    if not name:
        return
    st.session_state[_NAME] = name
    # A guest who gives a name stays the one whose runs these are; any other new name is somebody else's.
    if _GUEST.fullmatch(before):
        st.session_state[_AS_GUEST] = before


def may_delete(owner: str) -> bool:
    """Whether this user may delete what `owner` keeps, by `SPCA_DELETE`: `owner` (the default) or `everyone`; what nobody owns is everyone's."""
    return os.environ.get("SPCA_DELETE", "owner") == _EVERYONE or owner in ("", *names())


def cookie() -> str:
    """Read what the browser keeps."""
    value: object = st.context.cookies.get(COOKIE, "")
    return value if isinstance(value, str) else ""  # AppTest has no browser, and something else in the place of cookies


def as_cookie(names: Sequence[str]) -> str:
    """Write names as the browser keeps them."""
    return _AND.join(quote(name, safe="") for name in names)


def _kept_names() -> tuple[str, str]:
    """Read what the browser keeps: the name, and the one it had as a guest; empty where there is none."""
    name, _, guest = (_clean(unquote(part)) for part in cookie().partition(_AND))
    return name, guest if _GUEST.fullmatch(guest) else ""


def _clean(text: str) -> str:
    return shown(re.sub(r"\s+", " ", text).strip())[:MAX_LENGTH] if text.isprintable() else ""


def _signed_in_name() -> str:
    user: Any = st.user
    told = (user.get(fact) for fact in ("name", "email", "sub"))
    return next((name for name in (_clean(str(value)) for value in told if value) if name), "Somebody")
