"""What the expression of a sample is, where its file held no counts."""

EXPRESSION_KINDS = {
    "counts": "counts",
    "restored": "counts, told exactly from normalised values or their logarithms",
    "normalised": "normalised to one total in every spot; library sizes are not known",
    "logarithms": "logarithms, used as they are, since no counts can be told from them",
    "fractions": "fractions, taken for counts",
    "flags": "0 and 1, taken for counts",
    "ranks": "whole numbers that seem to be no counts, taken for counts",
}
"""What expression can be, as people read it."""


def in_words(kind: str) -> str:
    """Say what expression is.

    Parameters
    ----------
    kind : str
        As :attr:`core.sample.Sample.expression_kind`.

    Returns
    -------
    str
    """
    return EXPRESSION_KINDS.get(kind, EXPRESSION_KINDS["counts"])


def note(kind: str) -> str:
    """Write a sentence for people to read beside results; empty where expression is counts as they came.

    Parameters
    ----------
    kind : str
        As :attr:`core.sample.Sample.expression_kind`.

    Returns
    -------
    str
        With a space behind it.
    """
    return "" if kind == "counts" else f"Expression: {in_words(kind)}. "
