"""Names of cells that two tables spell differently: as R and spreadsheets change them, or without the `-1` of barcodes."""

import re
from collections.abc import Callable, Sequence

import numpy as np

_NOT_OF_R = re.compile(r"[^A-Za-z0-9._]")
_NUMBER = re.compile(r"0*(\d+)(\.0+)?")


def as_r(name: str) -> str:
    """Change a name as R's `make.names` does.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> as_r("AAAC-1"), as_r("12")
    ('AAAC.1', 'X12')
    """
    return _NOT_OF_R.sub(".", f"X{name}" if name[:1].isdigit() else name)


def _as_number(name: str) -> str:
    """Write `00012` and `12.0` as `12`: spreadsheets and merged tables change whole numbers so."""
    found = _NUMBER.fullmatch(name)
    return found[1] if found else name


def _without_one(name: str) -> str:
    """Leave out the `-1` that all barcodes of one section have."""
    return name.removesuffix("-1").removesuffix(".1")


_FORMS: tuple[Callable[[str], str], ...] = (as_r, _as_number, _without_one)


def respelled(names: np.ndarray, known: Sequence[str]) -> np.ndarray | None:
    """Spell names as another list does, where none of them is in it as it stands.

    Parameters
    ----------
    names : ndarray of shape (n_names,), str
    known : sequence of str

    Returns
    -------
    ndarray of shape (n_names,), str, or None
        By the first change that finds one of them and keeps all names of either list apart; None where there is none.
    """
    for form in _FORMS:
        made = {form(name): name for name in known}
        own = names.tolist() if form is as_r else [form(name) for name in names.tolist()]
        if len(made) == len(known) and len(set(own)) == len(own) and any(name in made for name in own):
            return np.array(
                [made.get(changed, name) for changed, name in zip(own, names.tolist(), strict=True)], dtype=str
            )
    return None
