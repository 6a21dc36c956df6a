"""Text from outside, made fit to be shown to people."""

from pathlib import Path


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
    plain = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    # Surrogates, which no encoding takes, are not printable either.
    line = "".join(sign if sign.isprintable() else "?" for sign in plain)
    return line if len(line) <= limit else f"{line[: limit - 3]}..."
