"""The maps of Guide: the strokes, which are drawn on, and beside them what follows."""

import dataclasses

import numpy as np

from core.figures.charts import colour_scale
from core.io.lab import SampleSummary
from core.text import counted
from ui.guide import asking, state
from ui.guide.found import Found
from ui.shell import domain_names, maps, session
from ui.shell.drawing import acting, pictures, remembered
from ui.tissue_view import Drawing, TissueMap


def draw(summary: SampleSummary, found: Found) -> None:
    """Draw both maps; strokes that the browser tells of are applied before anything else."""
    painted = found.painted
    maps.draw(
        state.MAPS_KEY,
        found.bare,
        maps.told_apart([_strokes(found), _beside(found)], ["", state.BESIDE[_kind(found)].lower()]),
        session.theme(),
        on_edits=lambda: acting.take(summary),
        drawing=_drawing(found) if painted.mine else None,
        camera=maps.CAMERA,
        marked=asking.spot(found),
    )
    acting.take_what_came_late(summary)


def _drawing(found: Found) -> Drawing:
    kept = found.painted.kept
    own = kept.annotation.id
    taken = [*((own, tab, number) for tab, number in kept.acknowledged.items()), *remembered.taken_of(own)]
    return Drawing(annotation=own, active=remembered.active(kept.annotation), count=kept.count, taken=taken)


def _strokes(found: Found) -> TissueMap:
    annotation, sample = found.painted.annotation, found.bare
    shown = pictures.as_map(annotation, maps.titled("Painted", sample), f"what is painted on {sample.name}")
    return dataclasses.replace(shown, names=[*shown.names[:-1], "Not painted"])


def _kind(found: Found) -> str:
    kind = state.beside()
    return state.FIRST if kind == "annotation" and found.sample.labels_true is None else kind


def _beside(found: Found) -> TissueMap:
    kind = _kind(found)
    if kind == "annotation":
        return maps.annotated(found.sample, session.theme(), "Annotation")
    if kind == "free":
        return _label_free(found)
    if found.result is None or found.matching is None:
        return _message(state.BESIDE[kind], found)
    if kind == "uncertainty" and found.guided is not None:
        return _uncertainty(found, found.guided.uncertainty)
    drawn = maps.predicted(found.bare, found.result, found.matching, session.theme(), "Guided")
    return dataclasses.replace(
        drawn, description=f"{counted(len(found.result.names), 'domain')} of {found.bare.name}, by the strokes."
    )


def _label_free(found: Found) -> TissueMap:
    if found.free is None:
        return _message("Label-free", found)
    matching = domain_names.domains(found.sample, found.free.labels, found.free_run)
    return maps.predicted(found.sample, found.free, matching, session.theme(), "Label-free")


def _message(title: str, found: Found) -> TissueMap:
    description = f"There are no domains of {found.bare.name} that follow strokes yet."
    return TissueMap(title=maps.titled(title, found.bare), description=description, message=found.missing)


def _uncertainty(found: Found, uncertainty: np.ndarray) -> TissueMap:
    return TissueMap(
        title=maps.titled("Uncertainty", found.bare),
        description=f"How unsure the domains of {found.bare.name} are, by spot: 0 where one has all, 1 where all have the same.",
        values=uncertainty,
        scale=[colour for _, colour in colour_scale(session.theme())],
        limits=(0.0, 1.0),
    )
