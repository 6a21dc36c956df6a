"""Who the user is: by the name that the browser keeps, or by a sign-in with OpenID Connect.

The name in the browser is not checked: it tells colleagues apart but keeps nobody out. Where that is not enough, `[auth]` in
`.streamlit/secrets.toml` makes everyone sign in.
"""

import ipaddress
import os
import re
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from core import people
from core.text import shown
from core.work.runs import Run

COOKIE = "spatial_domains_name"
MAX_LENGTH = 40
"""Most characters of a name."""

_NAME, _AS_GUEST = "who", "who as a guest"
_GUEST = re.compile("Guest [0-9a-f]{4}")
_EVERYONE = "everyone"
_AND = "&"  # never part of a quoted name


def signs_in() -> bool:
    """Whether this server requires a sign-in."""
    # `st.secrets` shows an error on the page if there is no file of secrets.
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def cookie_secret() -> str:
    """Look up what signs the cookie of a sign-in; empty where there is none."""
    return str(st.secrets["auth"].get("cookie_secret", ""))


def who() -> str:
    """Say who the user is: by the sign-in, or else by the name in the browser, which is `Guest 3f9a` or the like until one is given."""
    if signs_in():
        return _signed_in()
    if _NAME not in st.session_state:
        name, guest = _kept_names()
        st.session_state[_NAME], st.session_state[_AS_GUEST] = name or f"Guest {secrets.token_hex(2)}", guest
    return str(st.session_state[_NAME])


def names() -> tuple[str, ...]:
    """List who owns this user's work: the user, and the guest that he was before he gave a name."""
    name, guest = who(), st.session_state.get(_AS_GUEST, "")
    return (name, guest) if guest and not signs_in() else (name,)


def rename(name: str) -> None:
    """Change the user's name, unless the new one is empty."""
    before, name = who(), _clean(name)
    if not name:
        return
    st.session_state[_NAME] = name
    # A guest who gives a name still owns the guest's runs; any other new name counts as another person.
    if _GUEST.fullmatch(before):
        st.session_state[_AS_GUEST] = before


def may_delete(owner: str) -> bool:
    """Whether `SPCA_DELETE` (`owner` by default, or `everyone`) lets this user delete the runs of `owner`; anyone may delete runs without one."""
    return os.environ.get("SPCA_DELETE", "owner") == _EVERYONE or owner == "" or is_me(owner)


def may_restore() -> tuple[str, ...] | None:
    """List whose deleted runs this user may bring back; None for everybody's. Anyone may bring back runs without an owner."""
    return None if os.environ.get("SPCA_DELETE", "owner") == _EVERYONE else names()


def may_describe(run: Run) -> bool:
    """Whether this user may change the name and the note of a run, which nothing brings back: whoever may delete it.

    Anyone may star it and name its domains, which can be undone.
    """
    return may_delete(run.who)


def may_cancel(owner: str) -> bool:
    """Whether `SPCA_CANCEL` (`owner` by default, or `everyone`) lets this user stop the work of `owner`; anyone may stop work without one."""
    return os.environ.get("SPCA_CANCEL", "owner") == _EVERYONE or owner == "" or is_me(owner)


def is_me(who: str) -> bool:
    """Whether somebody is this user."""
    return any(people.is_same(who, name) for name in names())


def place() -> str:
    """Say from which address this user asks, where nobody signs in; empty where that is not known, as on the same machine."""
    return "" if signs_in() else place_of(st.context.ip_address)


def place_of(address: object) -> str:
    """Read an address as a place; of IPv6 what a provider gives one household (64 bits), since each machine has many of these."""
    try:
        read = ipaddress.ip_address(str(address).partition("%")[0])
    except ValueError:  # none; or what a proxy wrote there
        return ""
    if isinstance(read, ipaddress.IPv6Address) and read.ipv4_mapped is None:
        return str(ipaddress.ip_network((read, 64), strict=False))
    return str(getattr(read, "ipv4_mapped", None) or read)


def cookie() -> str:
    """Read the cookie with the names."""
    value: object = st.context.cookies.get(COOKIE, "")
    return value if isinstance(value, str) else ""  # AppTest has no browser, and no real cookies


def as_cookie(names: Sequence[str]) -> str:
    """Write names as the value of the cookie."""
    return _AND.join(quote(name, safe="") for name in names)


def _kept_names() -> tuple[str, str]:
    """Read the cookie: the present name, and the guest name before it; empty where there is none."""
    name, _, guest = (_clean(unquote(part)) for part in cookie().partition(_AND))
    return name, guest if _GUEST.fullmatch(guest) else ""


def _clean(text: str) -> str:
    return shown(re.sub(r"\s+", " ", text).strip())[:MAX_LENGTH] if text.isprintable() else ""


def _signed_in() -> str:
    user: Any = st.user
    given = (user.get(field) for field in ("name", "email", "sub"))
    name = next((name for name in (_clean(str(value)) for value in given if value) if name), "Somebody")
    return people.signed_in(name, str(user.get("iss", "")), str(user.get("sub", "")))
