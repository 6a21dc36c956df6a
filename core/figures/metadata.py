"""What is known of a figure, in its file: text chunks of PNG, metadata of SVG, meta tags of HTML.

Bytes and text in, bytes and text out.
"""

import struct
import zlib
from collections.abc import Mapping
from html import escape

from core.text import printable

_SIGNATURE_AND_HEADER = 8 + 25  # the first chunk of a PNG always has 13 bytes of content


def in_png(content: bytes, facts: Mapping[str, str]) -> bytes:
    """Put facts into a PNG.

    Parameters
    ----------
    content : bytes
    facts : mapping of str to str
        Names are of ASCII.

    Returns
    -------
    bytes
        With one chunk `iTXt` for each fact, which holds UTF-8.
    """
    chunks = b"".join(_chunk(name, text) for name, text in facts.items())
    return content[:_SIGNATURE_AND_HEADER] + chunks + content[_SIGNATURE_AND_HEADER:]


def _chunk(name: str, text: str) -> bytes:
    body = b"iTXt" + name.encode("ascii") + b"\0\0\0\0\0" + printable(text).encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def in_svg(content: str, facts: Mapping[str, str]) -> str:
    """Put facts into an SVG.

    Parameters
    ----------
    content : str
    facts : mapping of str to str

    Returns
    -------
    str
        With an element `fact` of that `name` for each fact inside `metadata`.
    """
    inside = "".join(
        f'<fact xmlns="" name="{escape(name)}">{escape(printable(text))}</fact>' for name, text in facts.items()
    )
    start = content.index(">", content.index("<svg")) + 1
    return f"{content[:start]}<metadata>{inside}</metadata>{content[start:]}"


def in_html(content: str, facts: Mapping[str, str]) -> str:
    """Put facts into a page.

    Parameters
    ----------
    content : str
    facts : mapping of str to str

    Returns
    -------
    str
        With a `meta` tag for each fact.
    """
    tags = "".join(
        f'<meta name="{escape(name.lower())}" content="{escape(printable(text))}">' for name, text in facts.items()
    )
    return content.replace("<head>", f"<head>{tags}", 1)
