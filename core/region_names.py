"""Names of regions and annotations: what fits, and what is made to fit."""

from collections.abc import Iterable

from core.errors import AnnotationError
from core.sample import UNANNOTATED_SPELLINGS
from core.text import counted, shown

MAX_NAME = 60
"""Most characters of the name of an annotation or a region."""


def check_name(name: str, of: str) -> None:
    """Refuse a name that is empty, too long, or cannot be printed.

    Parameters
    ----------
    name : str
    of : str
        What has it, for the message.

    Raises
    ------
    AnnotationError
    """
    if not name.strip() or name != name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise AnnotationError(
            f"The name of the {of} must be 1 to {MAX_NAME} characters that can be printed, without spaces at its ends; it is "
            f"{shown(name, 40)!r} ({counted(len(name), 'character')})."
        )


def fitting_names(names: Iterable[str]) -> list[str]:
    r"""Make names of any text that fit the regions of one annotation.

    Parameters
    ----------
    names : iterable of str
        Each different.

    Returns
    -------
    list of str
        Without what cannot be printed, at most `MAX_NAME` characters, each different.

    Examples
    --------
    >>> fitting_names(["Layer 1", "  Layer\t1 ", "na"])
    ['Layer 1', 'Layer 1 (2)', 'na (region)']
    """
    found: list[str] = []
    for name in names:
        plain = shown(" ".join(name.split()), MAX_NAME) or "Region"
        plain = f"{plain} (region)" if plain.lower() in UNANNOTATED_SPELLINGS else plain
        found.append(_not_among(found, plain))
    return found


def _not_among(taken: list[str], name: str) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        ending = f" ({number})"
        found = name[: MAX_NAME - len(ending)] + ending
    return found
