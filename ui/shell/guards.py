"""What core refuses becomes a sentence on the page; anything else is a bug and stays an exception."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import DomainsError


@contextmanager
def shown_as_message() -> Iterator[None]:
    """Show an error of core where it happened, and leave out the rest of the block."""
    try:
        yield
    except DomainsError as error:
        st.error(as_markdown(str(error)))


def as_markdown(text: str) -> str:
    r"""Keep what a message quotes from files and users from being read as Markdown, but for `code`.

    Examples
    --------
    >>> as_markdown("a_[b].h5 has no `pos`")
    'a\\_\\[b\\].h5 has no `pos`'
    """
    # Backticks that do not come in pairs, or several at a time, are a file's own and could let the rest out.
    if "``" in text or text.count("`") % 2:
        return _escaped(text).replace("`", "\\`")
    plain_and_code = text.split("`")
    plain_and_code[::2] = map(_escaped, plain_and_code[::2])
    return "`".join(plain_and_code)


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_\[\]<>$~#:])", r"\\\1", text)
