"""Numbers as people read them: one unit and one number of digits for each kind, in every page, figure, report and command.

JSON, tables of files, addresses and parameters keep bare numbers: shares from 0 to 1, and angles in radians.
"""

import math

UNKNOWN = "–"
"""Stands for a number that is not known."""

ANGLE_DECIMALS = 4
"""Of an angle in radians that was asked for in degrees: finer than any of its readers can tell."""

_SCORES = {"pas": ".1%", "smallest_share": ".1%", "largest_share": ".1%", "n_tiny": ".0f", "n_empty": ".0f", "chaos": ".4f"}  # fmt: skip
_ANY_SCORE = ".3f"


def score_format(name: str) -> str:
    """Look up how a score is written.

    Parameters
    ----------
    name : str
        A field of :class:`core.result.Scores`, or empty.

    Returns
    -------
    str
        For Python's `format`, and for Plotly, which reads it alike.
    """
    return _SCORES.get(name, _ANY_SCORE)


def score(name: str, value: float | None) -> str:
    """Write a score.

    Parameters
    ----------
    name : str
        A field of :class:`core.result.Scores`.
    value : float or None

    Returns
    -------
    str

    Examples
    --------
    >>> score("ari", 0.63512), score("ari", -0.0002), score("pas", 0.0291), score("chaos", 0.04123), score("nmi", None)
    ('0.635', '0.000', '2.9%', '0.0412', '–')
    """
    return UNKNOWN if value is None else format(value, f"z{score_format(name)}")  # z: never -0.000


def percent(share: float, decimals: int = 1) -> str:
    """Write a share as a percentage.

    Parameters
    ----------
    share : float
        From 0 to 1.
    decimals : int

    Returns
    -------
    str
    """
    return f"{share:z.{decimals}%}"


def degrees(radians: float, *, signed: bool = False) -> str:
    """Write an angle.

    Parameters
    ----------
    radians : float
    signed : bool
        Write + before a positive one, as for a turn.

    Returns
    -------
    str

    Examples
    --------
    >>> degrees(0.38), degrees(-0.05, signed=True)
    ('21.8°', '-2.9°')
    """
    rounded = round(math.degrees(radians), 1) + 0.0  # never -0.0
    return f"{rounded:{'+' * signed}.1f}°"


def radians(degrees: float) -> float:
    """Read an angle that was asked for in degrees, short enough for an address.

    Parameters
    ----------
    degrees : float
        From -180 to 180.

    Returns
    -------
    float
        Radians, at most pi from 0.
    """
    return max(-math.pi, min(math.pi, round(math.radians(degrees), ANGLE_DECIMALS)))


def plain(value: float) -> str:
    """Write a number as it is typed into a field: all of its digits, never 1e-05.

    Parameters
    ----------
    value : float

    Returns
    -------
    str

    Examples
    --------
    >>> plain(2.0), plain(1e-05)
    ('2', '0.00001')
    """
    return f"{value:.10f}".rstrip("0").rstrip(".")


def seconds(value: float, *, signed: bool = False) -> str:
    """Write how long something took, or how much longer.

    Parameters
    ----------
    value : float
    signed : bool
        Whether it is a difference, which has a sign.

    Returns
    -------
    str

    Examples
    --------
    >>> seconds(123.88), seconds(1.07), seconds(1.07 - 123.88, signed=True), seconds(0.0, signed=True)
    ('124 s', '1.07 s', '-123 s', '+0.00 s')
    """
    sign, digits = "+" if signed else "", 0 if abs(value) >= 10 else 2
    return f"{value:{sign}z.{digits}f} s"


def duration(seconds: float) -> str:
    """Write about how long something will take.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str

    Examples
    --------
    >>> duration(0.2), duration(99), duration(600), duration(7200)
    ('1 s', '99 s', '10 min', '2.0 h')
    """
    if seconds < 99.5:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def angle_of(text: str) -> float:
    """Read an angle as a person writes it.

    Parameters
    ----------
    text : str
        Radians, or degrees that end in `°` or `deg`.

    Returns
    -------
    float
        Radians.

    Raises
    ------
    ValueError
        If it is not a number.
    """
    for sign in ("°", "deg"):
        if text.endswith(sign):
            return radians(float(text.removesuffix(sign)))
    return float(text)
