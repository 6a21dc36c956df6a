"""What an annotation looks like: the colours of its regions, and its map."""

import numpy as np

from core.annotation import Annotation, Region
from core.figures import colours
from core.layer_names import canonical, display_name
from core.sample import UNANNOTATED, Sample
from core.text import counted
from ui.shell import session
from ui.tissue_view import TissueMap


def shades(annotation: Annotation) -> dict[str, str]:
    """Give the regions the colours that they have on all maps in the viewer's theme."""
    own = {region.name: region.colour for region in annotation.regions}
    return colours.layer_colours(own, session.theme(), own)


def colour_to_keep(shown: str) -> str:
    """Find the colour that a region keeps where somebody chose one in the viewer's theme."""
    return colours.kept_colour(shown, session.theme())


def as_map(annotation: Annotation, title: str, of: str) -> TissueMap:
    """Make the map of an annotation; spots without a region come last."""
    n_regions, own = len(annotation.regions), shades(annotation)
    return TissueMap(
        title=title,
        description=f"{counted(n_regions, 'region')} of {of}.",
        labels=np.where(annotation.assigned < 0, n_regions, annotation.assigned),
        names=[*annotation.names, display_name(UNANNOTATED)],
        colours=[*(own[name] for name in annotation.names), unassigned_shade()],
    )


def unassigned_shade() -> str:
    """Look up the colour of spots without a region in the viewer's theme."""
    return colours.layer_colours([UNANNOTATED], session.theme())[UNANNOTATED]


def new_colour(name: str, regions: tuple[Region, ...], sample: Sample) -> str:
    """Choose the colour of a new region: that of its layer, else the first that no region and no class of the file has."""
    of_file = colours.layer_colours(sample.classes, "light", sample.class_colours)
    known = {display_name(label): shade for label, shade in of_file.items()}.get(display_name(name))
    if known is not None or canonical(name) != name:
        return known or colours.layer_colours([name], "light")[name]
    taken = {*of_file.values(), *(region.colour for region in regions)}
    others = (colours.further_colour(index, "light", sample.classes) for index in range(len(taken) + 1))
    return next(colour for colour in others if colour not in taken)
