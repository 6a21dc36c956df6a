"""One colour per layer, the same in every picture, in the light and in the dark theme.

Layers that cortex atlases know have fixed colours; other names take theirs by sorted order; a cluster takes the colour of
the layer that it is matched with. How the palette was chosen: `docs/decisions/0003-colours.md`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.evaluation.matching import Matching
from core.layer_names import LAYERS, canonical, display_name, layers_joined
from core.sample import UNANNOTATED

Theme = Literal["light", "dark"]

_FIXED = {
    "light": ("#EFBD47", "#D97360", "#A1204D", "#4E2B7B", "#326EC9", "#14A7A8", "#6A6B71", "#C9D2DC"),
    "dark": ("#FCD876", "#DF8557", "#BC4C64", "#7A55C8", "#5A9AE4", "#5FE3D6", "#918F94", "#363C4D"),
}

_FURTHER = {
    "light": ("#9F6A01", "#16450C", "#E17CF0", "#9FF9AE", "#A73895", "#A3BA99", "#63506E", "#827EB4"),
    "dark": ("#9B8001", "#5E7231", "#FEADFF", "#C8E8B6", "#BF64AC", "#8FA489", "#77647F", "#B3A2C7"),
}


@dataclass(frozen=True, slots=True)
class Style:
    """Colours of everything in a figure that is not data.

    Parameters
    ----------
    paper, panel : str
        Behind the figure, and behind a map or the lines of a chart.
    text, muted, border : str
        Text, less important text, and thin lines.
    accent : str
        The one line or bar of a chart that has a single series.
    """

    paper: str
    panel: str
    text: str
    muted: str
    border: str
    accent: str


STYLES: Mapping[Theme, Style] = {
    "light": Style("#FFFFFF", "#F4F6F9", "#0F1620", "#5B6675", "#E1E6ED", "#3B5BA9"),
    "dark": Style("#10151D", "#19212C", "#E6EBF2", "#9AA7B8", "#2A3442", "#7FA2F0"),
}


def in_order(names: Iterable[str]) -> list[str]:
    """Sort layers from the surface inwards, then other names alphabetically, then the unannotated.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    list of str
    """
    return sorted(set(names), key=_depth)


def _depth(name: str) -> tuple[int, str]:
    known = next(iter(layers_joined(name)), canonical(name))
    if known == UNANNOTATED:
        return len(LAYERS) + 1, name
    return (LAYERS.index(known), name) if known in LAYERS else (len(LAYERS), name)


def layer_colours(names: Iterable[str], theme: Theme, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give each layer its colour.

    Parameters
    ----------
    names : iterable of str
        All layers of a sample, in any order and spelling.
    theme : {"light", "dark"}
    own : mapping of str to str, optional
        Colours that the annotation brings, by layer. Those of the light palette here have their pair in the dark theme; all others
        are the same in both.

    Returns
    -------
    dict of str to str
        Hexadecimal colours by the names given, in the order of :func:`in_order`.
    """
    fixed = dict(zip(LAYERS, _FIXED[theme], strict=True))
    ordered = in_order(names)
    others = [name for name in ordered if canonical(name) not in fixed]
    further = {name: further_colour(index, theme, ordered) for index, name in enumerate(others)}
    brought = {name: _in_theme(colour, theme) for name, colour in (own or {}).items()}
    return {name: brought.get(name) or further.get(name) or fixed[canonical(name)] for name in ordered}


def _in_theme(colour: str, theme: Theme) -> str:
    return dict(zip(_palette("light"), _palette(theme), strict=True)).get(colour.upper(), colour)


def kept_colour(shown: str, theme: Theme) -> str:
    """Find the colour to keep of one that somebody chose on a page: it is shown as it was chosen in that theme.

    Parameters
    ----------
    shown : str
        A hexadecimal colour as the page shows it.
    theme : {"light", "dark"}
        Of the page.

    Returns
    -------
    str
        The light pair of a colour of the theme's palette; any other as it is, in capitals.

    Examples
    --------
    >>> kept_colour("#fcd876", "dark"), kept_colour("#fcd876", "light")
    ('#EFBD47', '#FCD876')
    """
    return dict(zip(_palette(theme), _palette("light"), strict=True)).get(shown.upper(), shown.upper())


def _palette(theme: Theme) -> tuple[str, ...]:
    return (*_FIXED[theme], *_FURTHER[theme])


def further_colour(index: int, theme: Theme, names: Iterable[str] = ()) -> str:
    """Give one of the colours for what no atlas of the cortex names.

    Parameters
    ----------
    index : int
        Counted from 0.
    theme : {"light", "dark"}
    names : iterable of str, optional
        Layers that keep their own colours; those of all others follow once the further colours are used up, and then shades.

    Returns
    -------
    str
    """
    known = {canonical(name) for name in names}
    free = [colour for layer, colour in _layers(theme).items() if layer not in known]
    return _nth([*_FURTHER[theme], *free], index)


def _layers(theme: Theme) -> dict[str, str]:
    fixed = dict(zip(LAYERS, _FIXED[theme], strict=True))
    return {layer: colour for layer, colour in fixed.items() if layer != UNANNOTATED}


def _nth(palette: Sequence[str], index: int) -> str:
    """Look up a colour, or a shade of one where there are fewer."""
    return shade(palette[index % len(palette)], index // len(palette))


_TOWARDS = (
    (None, 0.0),
    ("#FFFFFF", 0.5),
    ("#000000", 0.45),
    ("#FFFFFF", 0.75),
    ("#000000", 0.68),
    ("#FFFFFF", 0.27),
    ("#000000", 0.24),
)


def shade(colour: str, index: int) -> str:
    """Give a part of a domain a shade of its domain's colour.

    Parameters
    ----------
    colour : str
        `#RRGGBB`.
    index : int
        Of the part, counted from 0, which has the colour itself; shades repeat after seven.

    Returns
    -------
    str
        The same hue, lighter and darker by turns.

    Examples
    --------
    >>> shade("#800000", 1)
    '#C08080'
    """
    target, share = _TOWARDS[index % len(_TOWARDS)]
    if target is None:
        return colour
    channels = ((int(colour[at : at + 2], 16), int(target[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round((1 - share) * own + share * other):02X}" for own, other in channels)


def cluster_colours(
    matched: Mapping[int, str | None],
    names: Iterable[str],
    theme: Theme,
    indices: Mapping[int, int] | None = None,
    own: Mapping[str, str] | None = None,
) -> dict[int, str]:
    """Give each cluster the colour of its layer, and a colour of its own where it has none.

    Parameters
    ----------
    matched : mapping of int to str or None
        Layer of each cluster, as :func:`core.evaluation.matching.match_clusters` finds it.
    names : iterable of str
        All layers of the sample.
    theme : {"light", "dark"}
    indices : mapping of int to int, optional
        Which further colour each cluster without a layer has, as :class:`core.evaluation.matching.Matching` keeps them;
        by the order of the clusters where it is not given.
    own : mapping of str to str, optional
        As for :func:`layer_colours`.

    Returns
    -------
    dict of int to str
        Hexadecimal colours by cluster. Without any layer, the clusters take the layers' colours in turn.
    """
    layers = layer_colours(names, theme, own)
    if indices is None:
        indices = {cluster: index for index, cluster in enumerate(c for c, layer in matched.items() if layer is None)}
    if not layers:
        alone = [*_layers(theme).values(), *_FURTHER[theme]]
        return {cluster: _nth(alone, indices[cluster]) for cluster in matched}
    taken = set(layer_colours(layers, "light", own).values())
    most = len(taken) + max(indices.values(), default=0)
    # Chosen among the light colours, so that a domain has the same one in both themes.
    free = [at for at in range(most + 1) if further_colour(at, "light", layers) not in taken]
    unmatched = {cluster: further_colour(free[index], theme, layers) for cluster, index in indices.items()}
    return {cluster: unmatched[cluster] if layer is None else layers[layer] for cluster, layer in matched.items()}


def domain_colours(matching: Matching, names: Iterable[str], theme: Theme) -> dict[int, str]:
    """Give each domain of a run its colour, which is one for each name.

    Parameters
    ----------
    matching : Matching
    names : iterable of str
        All classes of the sample's annotation; layers that only other sections have, which the domains may be, join them.
    theme : {"light", "dark"}

    Returns
    -------
    dict of int to str
        Hexadecimal colours by cluster. A domain that people gave a colour has that one; one that they gave the name of a layer has
        the colour of that layer, and others of one name have that of the first.
    """
    if matching.shades:
        return _with_given(matching, theme)
    classes = [*names, *(layer for layer in matching.layers.values() if layer is not None)]
    called, own = matching.names, matching.own_names
    of_cluster = cluster_colours(matching.layers, classes, theme, matching.further, matching.colours)
    of_layer = layer_colours(classes, theme, matching.colours)
    of_name = {display_name(layer): colour for layer, colour in of_layer.items()}
    for cluster in sorted(
        called, key=lambda cluster: called[cluster] != own[cluster]
    ):  # those with names of their own first
        of_name.setdefault(called[cluster], of_cluster[cluster])
    return {cluster: of_name[name] for cluster, name in called.items()}


def _with_given(matching: Matching, theme: Theme) -> dict[int, str]:
    """Give domains the colours that people gave, and the others those of their names that are left."""
    taken = {shade.upper() for shade in matching.shades.values()}
    free = (colour for colour in (*_FURTHER["light"], *_FIXED["light"]) if colour not in taken)
    named = {name: matching.shades[cluster] for cluster, name in matching.names.items() if cluster in matching.shades}
    for name in matching.names.values():
        if name not in named:
            known = layer_colours([name], "light")[name]
            named[name] = known if canonical(name) in LAYERS and known not in taken else next(free, known)
    return {cluster: _in_theme(named[name], theme) for cluster, name in matching.names.items()}
