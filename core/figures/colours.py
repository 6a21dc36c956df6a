"""One colour per layer, the same in every picture, in the light and in the dark theme.

Layers that cortex atlases know have fixed colours; other names take theirs by sorted order; a cluster takes the colour of
the layer that it is matched with. How the palette was chosen: `docs/decisions/0003-colours.md`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from core.evaluation.matching import Matching
from core.layer_names import LAYERS, canonical, display_name
from core.sample import UNANNOTATED

Theme = Literal["light", "dark"]

_FIXED = {
    "light": ("#EFBD47", "#D97360", "#A1204D", "#4E2B7B", "#326EC9", "#14A7A8", "#6A6B71", "#C9D2DC"),
    "dark": ("#FCD876", "#DF8557", "#BC4C64", "#7650C4", "#5A9AE4", "#5FE3D6", "#918F94", "#363C4D"),
}

_FURTHER = {
    "light": ("#9F6A01", "#16450C", "#E17CF0", "#9FF9AE", "#A73895", "#A3BA99", "#63506E", "#827EB4"),
    "dark": ("#CFF2C1", "#AC77AC", "#537B07", "#5B4A02", "#F3AABF", "#2D533B", "#316984", "#83AD90"),
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
    known = canonical(name)
    if known == UNANNOTATED:
        return len(LAYERS) + 1, name
    return (LAYERS.index(known), name) if known in LAYERS else (len(LAYERS), name)


def layer_colours(names: Iterable[str], theme: Theme) -> dict[str, str]:
    """Give each layer its colour.

    Parameters
    ----------
    names : iterable of str
        All layers of a sample, in any order and spelling.
    theme : {"light", "dark"}

    Returns
    -------
    dict of str to str
        Hexadecimal colours by the names given, in the order of :func:`in_order`.
    """
    fixed = dict(zip(LAYERS, _FIXED[theme], strict=True))
    ordered = in_order(names)
    others = [name for name in ordered if canonical(name) not in fixed]
    further = {name: further_colour(index, theme) for index, name in enumerate(others)}
    return {name: further.get(name) or fixed[canonical(name)] for name in ordered}


def further_colour(index: int, theme: Theme) -> str:
    """Give one of the colours that no known layer has.

    Parameters
    ----------
    index : int
        Counted from 0; the palette repeats when it is used up.
    theme : {"light", "dark"}

    Returns
    -------
    str
    """
    return _FURTHER[theme][index % len(_FURTHER[theme])]


def cluster_colours(
    matched: Mapping[int, str | None], names: Iterable[str], theme: Theme, indices: Mapping[int, int] | None = None
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

    Returns
    -------
    dict of int to str
        Hexadecimal colours by cluster. Without any layer, the clusters take the layers' colours in turn.
    """
    layers = layer_colours(names, theme)
    if indices is None:
        indices = {cluster: index for index, cluster in enumerate(c for c, layer in matched.items() if layer is None)}
    if not layers:
        own = [*_FIXED[theme][:-1], *_FURTHER[theme]]
        return {cluster: own[indices[cluster] % len(own)] for cluster in matched}
    taken = sum(canonical(name) not in LAYERS for name in layers)
    unmatched = {cluster: further_colour(taken + index, theme) for cluster, index in indices.items()}
    return {cluster: unmatched[cluster] if layer is None else layers[layer] for cluster, layer in matched.items()}


def domain_colours(matching: Matching, names: Iterable[str], theme: Theme) -> dict[int, str]:
    """Give each domain of a run its colour, which is one for each name.

    Parameters
    ----------
    matching : Matching
    names : iterable of str
        All classes of the sample's annotation.
    theme : {"light", "dark"}

    Returns
    -------
    dict of int to str
        Hexadecimal colours by cluster. A domain that people gave the name of a layer has the colour of that layer, and others
        of one name have that of the first.
    """
    classes, called, own = list(names), matching.names, matching.own_names
    of_cluster = cluster_colours(matching.layers, classes, theme, matching.further)
    of_name = {display_name(layer): colour for layer, colour in layer_colours(classes, theme).items()}
    for cluster in sorted(
        called, key=lambda cluster: called[cluster] != own[cluster]
    ):  # those with names of their own first
        of_name.setdefault(called[cluster], of_cluster[cluster])
    return {cluster: of_name[name] for cluster, name in called.items()}
