"""Whose strokes the page shows: one's own, which are kept beside the sample; another's, by a link; or those of a kept run."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from core.annotation import UNASSIGNED, Annotation, Region, new_annotation, new_id
from core.annotation_history import Kept
from core.errors import AnnotationError, RecordError
from core.guidance import Guidance, as_annotation
from core.io.lab import SampleSummary
from core.layer_names import canonical
from core.region_names import fitting_names
from core.result import Result
from core.sample import Sample
from core.strokes import SOURCE
from core.work.runs import Run
from ui.data import annotations, compute, user
from ui.data.record import record
from ui.guide import state
from ui.shell import known_runs
from ui.shell import teaching as starts
from ui.shell.drawing import acting, pictures
from ui.shell.teaching import Start

NAME = "Strokes"
_NOT_BEGUN = "0" * 12  # no id that is drawn by lot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Painted:
    """Strokes that are shown, and whether the user may paint on them.

    Those of a kept run have the run, what it started from, and its result until a knob is moved. Those that are `begun` are kept
    beside the sample.
    """

    kept: Kept
    mine: bool
    run: Run | None = None
    result: Result | None = None
    start: Start | None = None
    begun: bool = True

    @property
    def annotation(self) -> Annotation:
        """The strokes themselves."""
        return self.kept.annotation


def shown_id(summary: SampleSummary) -> str:
    """Decide which strokes are shown: those that are asked for, else the user's own; empty where there are none."""
    wanted, there = state.asked_for(summary.path.name), annotations.strokes(summary)
    if wanted in {one.id for one in there}:
        return wanted
    return (own.id if (own := _own(there)) else "") if not wanted else ""


def _own(there: list[Annotation]) -> Annotation | None:
    mine = [one for one in there if annotations.author_of(one) is not None]
    return max(mine, key=lambda one: one.changed, default=None)


def of_id(summary: SampleSummary, id: str) -> Painted:
    """Read strokes."""
    kept = compute.annotation(summary, id)
    return Painted(kept=kept, mine=annotations.author_of(kept.annotation) is not None)


def of_run(summary: SampleSummary) -> Painted | None:
    """Read the strokes of the kept run that is shown, with its labels until a knob is moved; None where none is, or not here."""
    file = summary.path.name
    if not (wanted := state.run(file)):
        return None
    run = record().find(wanted)
    if run is None or not run.guided or run.content_hash != compute.file_sample(summary).content_hash:
        return None
    result = compute.kept(lambda: record().result(run), "kept run", run.id)
    if result.guidance is None:
        return None
    [name] = fitting_names([run.title])  # runs may have longer ones
    made = as_annotation(result.guidance, run.n_spots, name=name, author=run.who)
    kept = Kept(annotation=dataclasses.replace(made, id=run.id[:12]))
    guidance = result.guidance
    as_kept = bool(guidance.known) or guidance.others == state.others()
    of_run = result if as_kept and known_runs.guided_of_settings(file) == run else None
    return Painted(kept=kept, mine=False, run=run, result=of_run, start=_start_of(result.guidance))


def others_of(run: Run) -> bool:
    """Whether domains that nobody painted may exist in a kept run; not where what guided it cannot be read, which the page says."""
    try:
        guidance = compute.kept(lambda: record().result(run), "kept run", run.id).guidance
    except RecordError:
        return False
    return guidance is not None and guidance.others


def not_begun(summary: SampleSummary, regions: tuple[Region, ...]) -> Painted:
    """Show what these domains are taught by, before anybody paints: who only opens a link writes nothing."""
    n_spots = compute.file_sample(summary).n_spots
    made = new_annotation(n_spots, name=NAME, regions=regions, source=SOURCE)
    return Painted(kept=Kept(annotation=dataclasses.replace(made, id=_NOT_BEGUN)), mine=False, begun=False)


def begin(summary: SampleSummary, regions: tuple[Region, ...]) -> None:
    """Start the user's strokes with these domains; those that another window has begun meanwhile stay, and are shown."""

    def act() -> None:
        n_spots = compute.file_sample(summary).n_spots
        made = new_annotation(n_spots, name=NAME, author=user.who(), regions=regions, source=SOURCE)
        kept = annotations.store(summary).begin(made, made.author)
        state.choose(summary.path.name, "")
        if kept.annotation.names != made.names:
            raise AnnotationError("You have begun already, in another window: its domains and strokes are shown.")

    acting.do(summary, act)


def begin_with(summary: SampleSummary, painted: Annotation) -> None:
    """Start the user's strokes with the domains that a file names, and paint what it says, which can be undone."""
    begin(summary, _with_colours((), painted.names, compute.file_sample(summary)))
    if own := _own(annotations.strokes(summary)):
        add_painted(summary, own, painted)


def add_painted(summary: SampleSummary, annotation: Annotation, painted: Annotation) -> None:
    """Paint what a file says over what is painted, as one step that can be undone; spots that it leaves out stay as they are."""

    def with_more(now: Annotation) -> Annotation:
        regions = _with_colours(now.regions, painted.names, compute.file_sample(summary))
        number = {canonical(region.name): index for index, region in reversed(list(enumerate(regions)))}
        own = np.array([number[canonical(name)] for name in painted.names])
        assigned = np.where(painted.assigned >= 0, own[painted.assigned], now.assigned)
        return dataclasses.replace(now, regions=regions, assigned=assigned, changed=datetime.now(UTC))

    acting.change(summary, annotation, lambda there, author: there.revise(annotation.id, author, with_more))


def _with_colours(regions: tuple[Region, ...], names: Sequence[str], sample: Sample) -> tuple[Region, ...]:
    """Add those names that no region has, in any spelling of a layer, each in a colour of its own."""
    for name in names:
        if canonical(name) not in {canonical(region.name) for region in regions}:
            regions = (*regions, Region(name, pictures.new_colour(name, regions, sample)))
    return regions


def take_over(summary: SampleSummary, painted: Annotation, start: Start | None) -> None:
    """Go on from the strokes of another, or of a run: they become the user's own, in place of those before, which undo brings back."""

    def act() -> None:
        there, now = annotations.store(summary), datetime.now(UTC)
        copy = dataclasses.replace(
            painted, id=new_id(), author=user.who(), name=NAME, created=now, changed=now, source=SOURCE, note=""
        )
        own = _own(annotations.strokes(summary)) or there.begin(copy, copy.author).annotation
        if own.id != copy.id:
            mine = dataclasses.replace(own, regions=copy.regions, assigned=copy.assigned, changed=now, note="")
            there.save(mine, mine.author)
        state.choose(summary.path.name, "")
        if start is not None:
            starts.choose(summary.path.name, start)

    acting.do(summary, act)


def _start_of(guidance: Guidance) -> Start:
    if guidance.reference is not None:
        return Start(kind="model", model=guidance.reference)
    return starts.NOTHING if guidance.markers is None else Start(kind="markers", table=guidance.markers.as_text())


def add_domains(summary: SampleSummary, annotation: Annotation, regions: tuple[Region, ...]) -> None:
    """Add those domains that the strokes have no region for, in any spelling of a layer."""

    def with_more(now: Annotation) -> Annotation:
        known = {canonical(name) for name in now.names}
        more = tuple(region for region in regions if canonical(region.name) not in known)
        return dataclasses.replace(now, regions=(*now.regions, *more), changed=datetime.now(UTC))

    acting.change(summary, annotation, lambda there, author: there.revise(annotation.id, author, with_more))


def clear(summary: SampleSummary, annotation: Annotation) -> None:
    """Take all strokes away, as one step that can be undone; the domains stay."""

    def emptied(now: Annotation) -> Annotation:
        empty = now.with_assigned(np.full(now.n_spots, UNASSIGNED))
        return dataclasses.replace(empty, changed=datetime.now(UTC))

    acting.change(summary, annotation, lambda there, author: there.revise(annotation.id, author, emptied))
