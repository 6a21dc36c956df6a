"""The maps of Tune: predicted, pinned and annotated."""

from collections.abc import Callable

from ui.shell import maps, session
from ui.tissue_view import Choice, TissueMap
from ui.tune.shown import Shown, ShownResult

KEY = session.widget_key("maps")


def predicted_beside_annotated(
    shown: Shown,
    move: int,
    on_rest: Callable[[], None],
    on_selection: Callable[[], None],
    choice: Choice,
) -> None:
    """Draw the predicted domains beside the annotated layers."""
    both = [predicted(shown), *_pinned(shown)]
    drawn = [*maps.told_apart(both, ["", "pinned"][: len(both)]), *annotated(shown, "Annotated")]
    maps.draw(
        KEY,
        shown.sample,
        drawn,
        shown.theme,
        on_selection=on_selection,
        on_rest=on_rest,
        move=move,
        camera=maps.CAMERA,
        choice=choice,
    )


def predicted(shown: Shown, title: str = "Predicted") -> TissueMap:
    """Make the map of the predicted domains, or of what they wait for."""
    sample = shown.sample
    if isinstance(shown, ShownResult):
        return maps.predicted(sample, shown.result, shown.matching, shown.theme, title)
    description = f"There are no predicted domains of {sample.name}: {shown.missing}"
    return TissueMap(title=maps.titled(title, sample), description=description, message=shown.missing)


def _pinned(shown: Shown) -> list[TissueMap]:
    if shown.pinned is None or shown.pinned.matching is None:
        return []
    return [maps.predicted(shown.sample, shown.pinned.result, shown.pinned.matching, shown.theme, "Pinned")]


def annotated(shown: Shown, title: str) -> list[TissueMap]:
    """Make the map of the annotation, if there is one."""
    return [] if shown.sample.labels_true is None else [maps.annotated(shown.sample, shown.theme, title)]
