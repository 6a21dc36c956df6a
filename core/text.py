"""Text from outside, made fit to be shown to people."""


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
