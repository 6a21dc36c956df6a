"""Lines around what is too pale to be seen on the page."""

from core.figures.colours import STYLES, Theme

_SEEN = 3.0  # contrast that WCAG 2.2 asks of graphics (1.4.11)
_OF_TEXT = 0.5  # share of it in a line: even what is white on white then has one of 3:1


def contrast(one: str, other: str) -> float:
    """Count the contrast of two colours, as WCAG does.

    Parameters
    ----------
    one, other : str
        `#RRGGBB`.

    Returns
    -------
    float
        From 1 to 21.

    Examples
    --------
    >>> round(contrast("#000000", "#FFFFFF"), 3), round(contrast("#767676", "#FFFFFF"), 2)
    (21.0, 4.54)
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def rim(colour: str, theme: Theme) -> str:
    """Choose the colour of the line around a dot or a bar.

    Parameters
    ----------
    colour : str
        `#RRGGBB`.
    theme : {"light", "dark"}

    Returns
    -------
    str
        The colour itself where it stands out from the page, or else half way to that of text.
    """
    style = STYLES[theme]
    if contrast(colour, style.paper) >= _SEEN:
        return colour
    mixed = (round(a + (b - a) * _OF_TEXT) for a, b in zip(_channels(colour), _channels(style.text), strict=True))
    return "#" + "".join(f"{channel:02X}" for channel in mixed)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    shares = [channel / 255 for channel in _channels(colour)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
