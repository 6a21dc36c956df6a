"""Linked maps of a sample and its runs. Everything they show is an argument: nothing here reads the session."""

import html
from collections.abc import Callable, Sequence

import numpy as np

from core.depth import FoundDirection, across_layers_um
from core.evaluation.matching import Matching
from core.figures import colours
from core.figures.colours import Theme
from core.figures.comparison import spot_names
from core.figures.small_maps import SmallMap
from core.layer_names import display_name
from core.result import Result
from core.sample import Sample
from ui.data import compute
from ui.shell import pictures
from ui.tissue_view import Spots, TissueMap, tissue_view
from ui.tissue_view.spots import pack


def draw(
    key: str,
    sample: Sample,
    maps: Sequence[TissueMap],
    theme: Theme,
    hover_only: Sequence[TissueMap] = (),
    on_selection: Callable[[], None] | None = None,
    on_rest: Callable[[], None] | None = None,
    move: int = 0,
    columns: int = 3,
) -> np.ndarray | None:
    """Draw maps of a sample, and say which spots the lasso holds; None while it holds none."""
    image = pictures.underlay(sample)
    return tissue_view(
        key,
        spots=spots(sample, stained=image is None),
        maps=maps,
        hover_only=hover_only,
        theme=theme,
        image=image,
        on_selection=on_selection,
        on_rest=on_rest,
        move=move,
        columns=columns,
    )


def of_small_map(small: SmallMap, sample: Sample, title: str, description: str) -> TissueMap:
    """Make a map of one that is drawn small elsewhere, with its names and colours."""
    labels = np.zeros(sample.n_spots, dtype=int)
    for index, (_, _, spots) in enumerate(small.areas):
        labels[spots] = index
    return TissueMap(
        title=titled(title, sample),
        description=description,
        labels=labels,
        names=[html.unescape(name) for name, _, _ in small.areas],
        colours=[shade for _, shade, _ in small.areas],
    )


def spots(sample: Sample, *, stained: bool) -> Spots:
    """Pack the spots of a sample, once, with or without the colour of the tissue under them."""
    stain = sample.spot_rgb if stained else None
    key = "stained" * (stain is not None)
    return compute.kept(lambda: pack(sample.coordinates, spot_names(sample), stain), "spots", sample.spots_hash, key)


def cluster_colours(sample: Sample, matching: Matching) -> dict[int, str]:
    """Give the clusters their colours in the light theme, which suits files."""
    return colours.cluster_colours(matching.layers, _layers(sample), "light", matching.further)


def predicted(sample: Sample, result: Result, matching: Matching, theme: Theme, title: str = "Predicted") -> TissueMap:
    """Make a map of the clusters of a run: labels are the layers, in order, then the clusters without a layer."""
    layers = _layers(sample)
    shades = colours.cluster_colours(matching.layers, layers, theme, matching.further)
    alone = [cluster for cluster, layer in matching.layers.items() if layer is None]
    index = {cluster: len(layers) + at for at, cluster in enumerate(alone)}
    index |= {cluster: layers.index(layer) for cluster, layer in matching.layers.items() if layer is not None}
    holder = {layer: cluster for cluster, layer in matching.layers.items()}
    named = [display_name(layer) for layer in layers]
    known = [f"{name} (cluster {holder.get(layer)})" for name, layer in zip(named, layers, strict=True)]
    names = [f"Cluster {cluster}" for cluster in alone]
    return TissueMap(
        title=titled(title, sample),
        description=f"{len(matching.layers)} predicted domains of {sample.name}.",
        labels=np.array([index.get(cluster, 0) for cluster in range(int(result.labels.max()) + 1)])[result.labels],
        names=[*named, *names],
        colours=[*colours.layer_colours(layers, theme).values(), *(shades[cluster] for cluster in alone)],
        hover_names=[*known, *names],
        arrow=_arrow(result.direction, sample),
        lines_um=compute.depth_lines(sample, result.direction),
    )


def annotated(sample: Sample, theme: Theme, title: str = "Annotated") -> TissueMap:
    """Make a map of the annotated layers."""
    shades = colours.layer_colours(_layers(sample), theme)
    return TissueMap(
        title=titled(title, sample),
        description=f"{len(sample.layer_names)} annotated layers of {sample.name}.",
        labels=compute.kept(lambda: _annotation(sample), "annotated", sample.annotation_hash),
        names=[display_name(layer) for layer in shades],
        colours=list(shades.values()),
    )


def _annotation(sample: Sample) -> np.ndarray:
    index = {layer: at for at, layer in enumerate(_layers(sample))}
    return np.array([index[str(layer)] for layer in np.asarray(sample.labels_true)])


def titled(title: str, sample: Sample) -> str:
    """Add to the title of a map that its tissue is synthetic, if it is."""
    return title + " (synthetic tissue)" * sample.synthetic


def _layers(sample: Sample) -> list[str]:
    return colours.in_order(sample.classes)


def _arrow(direction: FoundDirection | None, sample: Sample) -> tuple[float, float] | None:
    if direction is None or direction.bend is not None:
        return None
    across, down = across_layers_um(direction.angle, sample.unit_um)
    return float(across), float(down)
