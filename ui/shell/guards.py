"""Show errors of core as sentences on the page; any other exception is a bug and is raised."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import DomainsError
from ui.shell import session


@contextmanager
def shown_as_message() -> Iterator[None]:
    """Show an error of core where it happens, and skip the rest of the block."""
    try:
        yield
    except DomainsError as error:
        st.error(as_markdown(str(error)))


@contextmanager
def kept_for_the_page() -> Iterator[None]:
    """Keep an error of core until the page shows it: a callback's own messages are overwritten where it draws parts of itself alone."""
    try:
        yield
    except DomainsError as error:
        session.refuse(str(error))


def show_refusal() -> None:
    """Show why the last press was refused, if it was."""
    if sentence := session.take_refusal():
        st.error(as_markdown(sentence))


def as_markdown(text: str) -> str:
    r"""Escape Markdown in text that quotes files or users, except for `code`.

    Examples
    --------
    >>> as_markdown("a_[b].h5 has no `pos`")
    'a\\_\\[b\\].h5 has no `pos`'
    """
    # Unpaired or repeated backticks come from a file, and could leave the rest unescaped.
    if "``" in text or text.count("`") % 2:
        return _escaped(text).replace("`", "\\`")
    plain_and_code = text.split("`")
    plain_and_code[::2] = map(_escaped, plain_and_code[::2])
    return "`".join(plain_and_code)


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_\[\]<>$~#:])", r"\\\1", text)
