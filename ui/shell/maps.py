"""Linked maps of a sample and its runs. Everything they show is an argument: nothing here reads the session."""

import dataclasses
import html
from collections.abc import Callable, Sequence

import numpy as np

from core.depth import FoundDirection, across_layers_um
from core.evaluation.matching import Matching
from core.figures import colours
from core.figures.charts import ordered_clusters
from core.figures.colours import Theme
from core.figures.small_maps import SmallMap
from core.layer_names import display_name
from core.result import Result
from core.sample import Sample
from core.text import counted
from ui.data import compute
from ui.shell import pictures
from ui.tissue_view import Choice, Drawing, Spots, TissueMap, selected_in, tissue_view
from ui.tissue_view.outlines import Tiles, cut
from ui.tissue_view.spots import pack

CAMERA = "view"
"""Entry of the address for the camera, which the browser alone writes."""

_LONGEST_ROW, _MOST_IN_TWOS = 3, 4


def camera_entry(section: str) -> str:
    """Name the entry of one of several sections on a page."""
    return f"{CAMERA}.{section}"


def columns_for(n_maps: int) -> int:
    """Give the length of rows of so many maps: two rows of two are larger than a row of three and one more."""
    return 2 if n_maps in (2, _MOST_IN_TWOS) else _LONGEST_ROW


def draw(
    key: str,
    sample: Sample,
    maps: Sequence[TissueMap],
    theme: Theme,
    hover_only: Sequence[TissueMap] = (),
    on_selection: Callable[[], None] | None = None,
    on_rest: Callable[[], None] | None = None,
    on_edits: Callable[[], None] | None = None,
    drawing: Drawing | None = None,
    move: int = 0,
    columns: int = _LONGEST_ROW,
    camera: str = "",
    choice: Choice | None = None,
    marked: int | None = None,
) -> np.ndarray | None:
    """Draw maps of a sample, with their camera in an entry of the address; say which spots the lasso holds, None if none."""
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
        on_edits=on_edits,
        drawing=drawing,
        move=move,
        columns=columns,
        camera=camera,
        choice=choice,
        marked=marked,
        outlines=outlines(sample),
    )


def held(key: str, sample: Sample) -> np.ndarray | None:
    """Look up what the lasso of maps of a sample holds, in a callback before they are drawn again."""
    return selected_in(key, spots(sample, stained=pictures.underlay(sample) is None))


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
    key, named = "stained" * (stain is not None), None if sample.barcodes is None else sample.barcodes.tolist()
    return compute.kept(lambda: pack(sample.coordinates, named, stain), "spots", sample.spots_hash, key)


def outlines(sample: Sample) -> Tiles | None:
    """Cut the outlines of a sample's cells into tiles, once; None where it has none, or lies on the lattice."""
    found = sample.outlines
    if found is None or sample.on_lattice:
        return None
    digest = compute.digest_of([found.digest, sample.spots_hash])
    return compute.kept(lambda: cut(found, sample.tissue_um, digest), "outlines", digest)


def domain_colours(sample: Sample, matching: Matching) -> dict[int, str]:
    """Give the domains their colours in the light theme, which suits files."""
    return colours.domain_colours(matching, sample.classes, "light")


def predicted(sample: Sample, result: Result, matching: Matching, theme: Theme, title: str = "Predicted") -> TissueMap:
    """Make a map of the domains of a run: labels are the layers, in order, then the names that are no layer's."""
    layers, shades = _layers(sample), colours.domain_colours(matching, sample.classes, theme)
    of_names = {
        display_name(layer): shade
        for layer, shade in colours.layer_colours(layers, theme, sample.class_colours).items()
    }
    ordered = ordered_clusters(matching)
    of_names |= {matching.names[cluster]: shades[cluster] for cluster in ordered}
    names = list(of_names)
    index = {cluster: names.index(name) for cluster, name in matching.names.items()}
    return TissueMap(
        title=titled(title, sample),
        description=f"{counted(len(set(matching.names.values())), 'predicted domain')} of {sample.name}.",
        labels=np.array([index.get(cluster, 0) for cluster in range(int(result.labels.max()) + 1)])[result.labels],
        names=names,
        colours=list(of_names.values()),
        arrow=_arrow(result.direction, sample),
        lines_um=compute.depth_lines(sample, result.direction),
    )


def told_apart(drawn: Sequence[TissueMap], marks: Sequence[str]) -> list[TissueMap]:
    """Mark names that mean other domains in maps before, since all maps share one legend."""
    colour_of: dict[str, str] = {}
    marked = []
    for item, mark in zip(drawn, marks, strict=True):
        own = dict(zip(item.names, item.colours, strict=True))
        names = [f"{name} ({mark})" if colour_of.get(name, own[name]) != own[name] else name for name in item.names]
        colour_of = dict(zip(names, item.colours, strict=True)) | colour_of
        marked.append(dataclasses.replace(item, names=names))
    return marked


def annotated(sample: Sample, theme: Theme, title: str = "Annotated") -> TissueMap:
    """Make a map of the annotated layers."""
    shades = colours.layer_colours(_layers(sample), theme, sample.class_colours)
    return TissueMap(
        title=titled(title, sample),
        description=f"{counted(len(sample.layer_names), 'annotated layer')} of {sample.name}.",
        labels=compute.kept(lambda: _annotation(sample), "annotated", sample.annotation_hash),
        names=[display_name(layer) for layer in shades],
        colours=list(shades.values()),
    )


def _annotation(sample: Sample) -> np.ndarray:
    index = {layer: at for at, layer in enumerate(_layers(sample))}
    found, each = np.unique(np.asarray(sample.labels_true), return_inverse=True)
    return np.array([index[str(layer)] for layer in found])[each]


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
