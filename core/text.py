"""Text from outside, made fit to be shown to people."""

import codecs
import html
from collections.abc import Sequence
from pathlib import Path

_UNKNOWN = "\ufffd"


def decoded(content: bytes, *, strictly: bool = False) -> str:
    r"""Decode text that any program wrote, by the mark at its beginning.

    Parameters
    ----------
    content : bytes
    strictly : bool
        Whether bytes that are no text are an error; a sign stands in their place otherwise.

    Returns
    -------
    str
        UTF-8 by default; UTF-16 as Excel's "Unicode text" is; Windows' Latin letters where bytes beyond ASCII are never UTF-8.

    Raises
    ------
    UnicodeDecodeError

    Examples
    --------
    >>> decoded("a;b".encode("utf-16")), decoded(b"\xef\xbb\xbfa;b"), decoded("weiß".encode("cp1252"))
    ('a;b', 'a;b', 'weiß')
    """
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if wide else "utf-8-sig", "strict" if strictly else "replace")
    if wide or _UNKNOWN not in text or not text.replace(_UNKNOWN, "").isascii():
        return text
    return content.decode("cp1252", "replace")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    Parameters
    ----------
    number : int
    noun : str
        For one.
    plural : str
        For any other number; the noun with an s by default.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "spot"), counted(4226, "spot"), counted(2, "class", "classes")
    ('1 spot', '4,226 spots', '2 classes')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """Write names one after another.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    str

    Examples
    --------
    >>> listed(["A", "B", "C"]), listed(["A", "B"]), listed(["A"])
    ('A, B and C', 'A and B', 'A')
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def sentence_case(text: str) -> str:
    """Begin with a capital letter, and leave all others as they are: names keep theirs, and µm has none.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> sentence_case("transferred from DLPFC_1"), sentence_case("µm on the array")
    ('Transferred from DLPFC_1', 'µm on the array')
    """
    return text if text.startswith("µ") else text[:1].upper() + text[1:]


def file_name(path: Path, limit: int = 80) -> str:
    """Name a file or folder as people know it, also where its path is `.`.

    Parameters
    ----------
    path : Path
    limit : int
        Longer names are cut.

    Returns
    -------
    str
        Fit to be shown.
    """
    return shown(path.name or path.resolve().name or path, limit)


def shown(text: object, limit: int = 80) -> str:
    """Text from a file, fit to be shown on one line of any terminal or page.

    Parameters
    ----------
    text : object
    limit : int
        Longer text is cut.

    Returns
    -------
    str
    """
    line = printable(text.decode(errors="replace") if isinstance(text, bytes) else str(text))
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def printable(text: str) -> str:
    """Put a question mark for what no font draws: control signs, marks that turn the direction of writing, halves of signs.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Of the same length.
    """
    # Surrogates, which no encoding takes, are not printable either.
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def shortened(name: str, limit: int = 28) -> str:
    """Shorten a name to fit into a heading.

    Parameters
    ----------
    name : str
    limit : int
        Characters; of a longer name the beginning is left.

    Returns
    -------
    str

    Examples
    --------
    >>> shortened("window 6, weight 1, seed 0, refined")
    'window 6, weight 1, seed 0,…'
    """
    return name if len(name) <= limit else name[: limit - 1].rstrip() + "…"


def in_figure(text: str) -> str:
    """Make text from outside harmless in figures, where plotly reads some HTML, formulas between dollars, and fields in braces.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Which is drawn as the text is; `html.unescape` gives the text back, but for what cannot be printed.

    Examples
    --------
    >>> in_figure("<b>WM</b> $x$ %{y}")
    '&lt;b&gt;WM&lt;/b&gt; &#36;x&#36; &#37;{y}'
    """
    return html.escape(printable(text), quote=False).replace("$", "&#36;").replace("%{", "&#37;{")
