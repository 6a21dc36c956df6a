"""Show errors of core as sentences on the page; any other exception is a bug and is raised."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import DomainsError
from core.text import printable
from ui.shell import session

# Streamlit reads GitHub's Markdown, in which bare addresses become links even where their signs are escaped. A sign that has no
# width, and at which no line breaks, keeps an address from being one.
_BEGINS_A_LINK = re.compile(r"(\b(?:https?|ftp|mailto|xmpp):|\bwww(?=\.)|[\w.+-](?=@\w))", re.IGNORECASE)
_WORD_JOINER = "\u2060"


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
    r"""Escape Markdown in text that quotes files or users, except for `code`; addresses in it do not become links.

    Examples
    --------
    >>> as_markdown("a_[b].h5 has no `pos`")
    'a\\_\\[b\\].h5 has no `pos`'
    """
    text = "\n".join(map(printable, text.split("\n")))
    # Unpaired or repeated backticks come from a file, and could leave the rest unescaped.
    if "``" in text or text.count("`") % 2:
        return _escaped(text).replace("`", "\\`")
    plain_and_code = text.split("`")
    plain_and_code[::2] = map(_escaped, plain_and_code[::2])
    return "`".join(plain_and_code)


def _escaped(text: str) -> str:
    # Within a word an underscore means nothing in Markdown: labels are also read aloud as they are written.
    return re.sub(
        r"([\\*\[\]<>$~#:&|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))",
        r"\\\1",
        _BEGINS_A_LINK.sub(rf"\1{_WORD_JOINER}", text),
    )
