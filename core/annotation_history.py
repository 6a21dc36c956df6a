"""An annotation with what was done to it: steps to undo, and edits of several windows that arrive late or twice.

Pure: `core.io.annotation_store` reads and writes it.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core import annotation_steps as steps
from core.annotation import Annotation
from core.annotation_steps import HISTORY, Change, Step
from core.coordinates import Coordinates
from core.errors import AnnotationError
from core.recent import with_latest
from core.text import shown

_MOVES = 100  # removals of regions that late edits are still translated by
_TABS = 32  # whose edits are told apart


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """An annotation with its history, as it is on disk.

    Parameters
    ----------
    annotation : Annotation
    count : int
        Changes so far, undoing and redoing among them; a request to change says which count it was made at.
    done, taken_back : tuple of Change
        What can be undone, the last one last, and what can be done again, the next one last.
    acknowledged : dict of str to int
        By tab, the number of the last edit that is applied; the tab numbers its edits from 1.
    moves : tuple of (int, tuple of int)
        Count at which regions were removed or came back, and the new index of each.
    """

    annotation: Annotation
    count: int = 0
    done: tuple[Change, ...] = ()
    taken_back: tuple[Change, ...] = ()
    acknowledged: dict[str, int] = field(default_factory=dict)
    moves: tuple[tuple[int, tuple[int, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Edits:
    """Steps that a window sends.

    Parameters
    ----------
    steps : sequence of Step
    based_on : int, optional
        `count` of what the user saw when the steps were made: regions that were removed since then, in another window, do not
        make a step change the wrong one. By default what is kept now.
    tab : str
        Names the window; its edits are numbered from 1, and one that is sent again is applied once.
    first : int
        Number of the first of these steps in that window.
    """

    steps: Sequence[Step]
    based_on: int | None = None
    tab: str = ""
    first: int = 1


def edited(kept: Kept, edits: Edits, coordinates: Coordinates) -> tuple[Kept, list[str]]:
    """Apply the steps of a window that are not applied yet.

    Parameters
    ----------
    kept : Kept
    edits : Edits
    coordinates : Coordinates
        Of the sample.

    Returns
    -------
    kept : Kept
        The same object where nothing is new.
    refused : list of str
        A sentence for each step that could not be applied.
    """
    tab = shown(edits.tab)
    n_applied = kept.acknowledged.get(tab, 0) if tab else edits.first - 1
    moves = [move for count, move in kept.moves if edits.based_on is not None and count > edits.based_on]
    refused: list[str] = []
    for step in edits.steps[max(0, n_applied - edits.first + 1) :]:
        try:
            kept = _with_step(kept, _translated(step, moves), coordinates)
        except AnnotationError as error:
            refused.append(str(error))
    last = edits.first + len(edits.steps) - 1
    return (_acknowledging(kept, tab, last) if tab and last > n_applied else kept), refused


def undone(kept: Kept) -> Kept:
    """Take back the last change.

    Parameters
    ----------
    kept : Kept

    Returns
    -------
    Kept
        The same object where there is nothing to take back.

    Raises
    ------
    AnnotationError
        If the record of the change is damaged.
    """
    if not kept.done:
        return kept
    *done, last = kept.done
    before = steps.undone(kept.annotation, last)
    return _changed(kept, before, done, (*kept.taken_back, last), steps.moved_by(last, undo=True))


def redone(kept: Kept) -> Kept:
    """Make the change again that was taken back last; as :func:`undone`."""
    if not kept.taken_back:
        return kept
    *taken_back, last = kept.taken_back
    after = steps.redone(kept.annotation, last)
    return _changed(kept, after, (*kept.done, last), taken_back, steps.moved_by(last, undo=False))


def saved_over(kept: Kept, annotation: Annotation) -> Kept:
    """Take another state of the annotation as one step.

    Parameters
    ----------
    kept : Kept
    annotation : Annotation
        Of the same id.

    Returns
    -------
    Kept
    """
    change = steps.change_between(kept.annotation, annotation, "Change the regions")
    if change is None:
        return dataclasses.replace(kept, annotation=annotation)
    return _changed(kept, annotation, (*kept.done, change), (), change.moved)


def _with_step(kept: Kept, step: Step, coordinates: Coordinates) -> Kept:
    annotation, change = steps.applied(kept.annotation, step, coordinates)
    return kept if change is None else _changed(kept, annotation, (*kept.done, change), (), change.moved)


def _changed(
    kept: Kept,
    annotation: Annotation,
    done: Iterable[Change],
    taken_back: Iterable[Change],
    moved: tuple[int, ...] | None,
) -> Kept:
    count = kept.count + 1
    return dataclasses.replace(
        kept,
        annotation=annotation,
        count=count,
        done=tuple(done)[-HISTORY:],
        taken_back=tuple(taken_back),
        moves=kept.moves if moved is None else (*kept.moves, (count, moved))[-_MOVES:],
    )


def _acknowledging(kept: Kept, tab: str, number: int) -> Kept:
    return dataclasses.replace(kept, acknowledged=with_latest(kept.acknowledged, tab, number, _TABS))


def _translated(step: Step, moves: Sequence[tuple[int, ...]]) -> Step:
    """Follow regions that were removed, or came back, after the step was made."""
    return dataclasses.replace(step, region=_followed(step.region, moves), other=_followed(step.other, moves))


def _followed(region: int, moves: Sequence[tuple[int, ...]]) -> int:
    for move in moves:
        region = move[region] if 0 <= region < len(move) else region
    return region
