"""One to six linked maps of a tissue side by side, with one camera and one selection.

This component knows spots, labels, values and colours, but no samples or runs. The browser keeps camera, mode, highlighted
label and selection, so new data change the maps in place; it fetches script and spots once, so that a move sends labels alone.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.errors import FigureError
from core.figures.colours import STYLES, Theme
from core.text import counted
from ui.tissue_view import media
from ui.tissue_view.outlines import Tiles
from ui.tissue_view.packing import Packing
from ui.tissue_view.script import joined, with_styles
from ui.tissue_view.spots import Spots

MAX_MAPS = 6
_LONGEST_ROW = 3
_FOLDER = Path(__file__).parent
_NAME = "tissue_view"
_MODULES = (
    "again", "text", "data", "spots", "colours", "composition", "geometry", "address", "crosshair", "shapes", "dom", "edits", "keys", "drawing", "input", "still", "outlines", "panel", "index",
)  # fmt: skip

_STYLES = (_FOLDER / "view.css").read_text(encoding="utf-8")
_SCRIPT = with_styles(joined(_FOLDER / "js", _MODULES), _STYLES).encode()

# Registered once, at import, because a second registration would make the browser rebuild all maps. Another script needs
# another text of the loader, or a page that is open while the server is updated would keep the old one.
_mount = st.components.v2.component(
    _NAME,
    js=f"{(_FOLDER / 'loader.js').read_text(encoding='utf-8')}// {hashlib.blake2b(_SCRIPT, digest_size=16).hexdigest()}\n",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TissueMap:
    """What one map shows: labels, or values, or a message where there is neither.

    Parameters
    ----------
    title : str
        Shown above the map, and before its line in the hover text.
    description : str
        A sentence that describes the map for screen readers.
    labels : ndarray of shape (n_spots,), int, optional
        Index of each spot's label in `names`.
    names, colours : sequence of str
        Names and colours of the labels; the same name in several maps has one entry in the legend. Colours are `#RRGGBB`. Without
        names the labels are colours alone, as of blended values: then no legend, table or hover text has them.
    hover_names : sequence of str
        Hover text of each label, such as `Layer 3 (cluster 5)`; the names if it is empty.
    values : ndarray of shape (n_spots,), float, optional
        One value for each spot; NaN if it has none.
    scale : sequence of str
        Two or more colours `#RRGGBB`, evenly spaced from the lowest to the highest value.
    limits : (float, float), optional
        Values at the ends of the scale; by default the lowest and the highest value.
    unit : str
        Unit of the values, such as `counts`.
    arrow : (float, float), optional
        Unit vector (x, y) on the tissue, y down, drawn through the middle of the tissue.
    lines_um : sequence of ndarray of shape (n_points, 2)
        Lines (x, y) on the tissue, drawn over the spots.
    message : str
        Text in the middle of a map without labels and values.

    Raises
    ------
    FigureError
        If labels lack names or colours, or values a scale.
    """

    title: str
    description: str = ""
    labels: np.ndarray | None = None
    names: Sequence[str] = ()
    colours: Sequence[str] = ()
    hover_names: Sequence[str] = ()
    values: np.ndarray | None = None
    scale: Sequence[str] = ()
    limits: tuple[float, float] | None = None
    unit: str = ""
    arrow: tuple[float, float] | None = None
    lines_um: Sequence[np.ndarray] = ()
    message: str = ""

    def __post_init__(self) -> None:
        _check_one_kind(self)
        if self.labels is not None:
            _check_names(self)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Spots that were selected outside the maps: the browser takes them once for each number, and keeps its own until then.

    Parameters
    ----------
    number : int
    spots : ndarray of int, or None
        Indices in ascending order; None for none.
    """

    number: int
    spots: np.ndarray | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Underlay:
    """An image of the tissue, drawn under the spots.

    Parameters
    ----------
    url : str
        Address of the image. It must stay the same from run to run, or the browser fetches the image again.
    um_to_px : tuple of six float
        (a, b, c, d, e, f): pixel x = a x + c y + e and pixel y = b x + d y + f, with x and y on the tissue in um.
    """

    url: str
    um_to_px: tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """An annotation that may be drawn on the first map, whose names are the regions and, last, what spots in no region are called.

    Parameters
    ----------
    annotation : str
        Names what is drawn; edits come back with it.
    active : int
        Label of the region that shapes change; -1 for none.
    count : int
        Changes that led to what is shown; edits say at which count they were made.
    taken : sequence of (str, str, int)
        By annotation and tab, the number of the last edit that was applied or refused: the browser no longer draws it on top of the map.
    """

    annotation: str
    active: int
    count: int = 0
    taken: Sequence[tuple[str, str, int]] = ()


def tissue_view(
    key: str,
    *,
    spots: Spots,
    maps: Sequence[TissueMap],
    theme: Theme,
    hover_only: Sequence[TissueMap] = (),
    image: Underlay | None = None,
    on_selection: Callable[[], None] | None = None,
    on_rest: Callable[[], None] | None = None,
    on_edits: Callable[[], None] | None = None,
    drawing: Drawing | None = None,
    move: int = 0,
    columns: int = _LONGEST_ROW,
    camera: str = "",
    choice: Choice | None = None,
    marked: int | None = None,
    outlines: Tiles | None = None,
) -> np.ndarray | None:
    """Draw maps, and return the selected spots.

    Parameters
    ----------
    key : str
        Key of the widget. While it is the same, maps change in place and keep camera, highlighted label and selection.
    spots : Spots
        Where the spots lie and what they are called. Other spots reset the selection and the camera.
    maps : sequence of TissueMap
        One to six, drawn in rows of up to `columns`.
    theme : {"light", "dark"}
    hover_only : sequence of TissueMap
        More labels and values for the hover text, without a map.
    image : Underlay, optional
        Image that a slider in the browser blends in, instead of the stain of the spots.
    on_selection : callable, optional
        Called when the selection has changed, before the run that this asks for.
    on_rest : callable, optional
        Called once maps of another `move` have been drawn and no further ones came for a moment.
    on_edits : callable, optional
        Called when something was drawn; :func:`ui.tissue_view.edits.of` then has all edits that were not taken yet.
    drawing : Drawing, optional
        What may be drawn on the first map; nothing by default, and then no tools are shown for it.
    move : int
        Number of the move that the maps come from.
    columns : int
        Most maps in a row; 1 draws them below each other.
    camera : str
        Entry of the page's address that holds the camera; the browser reads and writes it. Empty for none.
    choice : Choice, optional
        Spots that are selected in place of those that the lasso holds.
    marked : int, optional
        Spot that a ring is drawn around in all maps, such as one that is asked about; brought into sight when it is another.
    outlines : Tiles, optional
        Outlines of the spots, which are cells; the browser fetches them once cells are large on the screen.

    Returns
    -------
    ndarray of shape (n_selected,), int, or None
        Indices of the selected spots in ascending order; None while none is selected.

    Raises
    ------
    FigureError
        If there are no maps or more than six, or if a map does not fit the spots.
    """
    _check_fit(spots.count, [*maps, *hover_only])
    if not 1 <= len(maps) <= MAX_MAPS:
        raise FigureError(f"{len(maps)} maps were asked for: give 1 to {MAX_MAPS}.")
    packing = Packing()
    header = {
        "script": media.address(_SCRIPT, "text/javascript", "script of the maps"),
        "spots": {"digest": spots.digest, "url": spots.url()},
        "theme": asdict(STYLES[theme]),
        "columns": min(len(maps), columns),
        "maps": [_packed(packing, item) for item in maps],
        "hover_only": [_packed(packing, item) for item in hover_only],
        "image": None if image is None else asdict(image),
        "selected": packing.add(
            _bits_of(_lasso(st.session_state.get(key), spots) if choice is None else choice.spots, spots), np.uint8
        ),
        "choice": None if choice is None else choice.number,
        "move": move,
        "camera": camera,
        "drawing": None if drawing is None else asdict(drawing),
        "marked": marked,
        "outlines": None if outlines is None else outlines.links(),
    }
    state = _mount(
        key=key,
        data=packing.finish(header),
        on_selection_change=on_selection or _nothing,
        on_rest_change=on_rest or _nothing,
        on_edits_change=on_edits or _nothing,
    )
    return _lasso(state, spots)


def selected_in(key: str, spots: Spots) -> np.ndarray | None:
    """Look up what the lasso of a widget holds, in a callback before the widget is drawn again."""
    return _lasso(st.session_state.get(key), spots)


def _nothing() -> None:
    """Do nothing: a callback makes Streamlit run the script when the selection changes, and the run reads it."""


def _packed(packing: Packing, item: TissueMap) -> dict[str, Any]:
    return {
        "title": item.title,
        "description": item.description,
        "labels": packing.add(item.labels, np.uint8 if len(item.colours) <= np.iinfo(np.uint8).max else np.uint16),
        "names": list(item.names),
        "colours": list(item.colours),
        "hover_names": list(item.hover_names or item.names),
        "values": packing.add(item.values, np.float32),
        "scale": list(item.scale),
        "limits": None if item.values is None else [float(end) for end in item.limits or _limits(item.values)],
        "unit": item.unit,
        "arrow": None if item.arrow is None else [float(part) for part in item.arrow],
        "lines": packing.add(np.concatenate(item.lines_um), np.float32) if item.lines_um else None,
        "line_lengths": [len(line) for line in item.lines_um],
        "message": item.message,
    }


def _limits(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)


def _lasso(state: Any, spots: Spots) -> np.ndarray | None:
    """Read the selected spots that the browser sent, if they are for these spots: what comes from a browser may be anything."""
    told = (state or {}).get("selection")
    if not isinstance(told, Mapping) or told.get("spots") != spots.digest:
        return None
    try:
        bits = np.frombuffer(base64.b64decode(told.get("bits", ""), validate=True), dtype=np.uint8)
    except (binascii.Error, TypeError, ValueError):
        return None
    if bits.size != -(-spots.count // 8):
        return None
    found = np.flatnonzero(np.unpackbits(bits, count=spots.count, bitorder="little"))
    return found if found.size else None


def _bits_of(selected: np.ndarray | None, spots: Spots) -> np.ndarray | None:
    """Write indices as a bit for each spot, the lowest of a byte first: cells lie in no order, so that runs of them are many."""
    if selected is None or not len(selected):
        return None
    mask = np.zeros(spots.count, dtype=bool)
    mask[selected] = True
    return np.packbits(mask, bitorder="little")


def _check_one_kind(item: TissueMap) -> None:
    if item.labels is not None and item.values is not None:
        raise FigureError(f"The map {item.title!r} has labels and values: give it one of them.")
    if item.values is not None and len(item.scale) < 2:
        raise FigureError(
            f"The map {item.title!r} has values but {counted(len(item.scale), 'colour')}: a scale needs two or more."
        )


def _check_names(item: TissueMap) -> None:
    labels, n_names = np.asarray(item.labels), len(item.names or item.colours)
    if len(item.colours) != n_names or len(item.hover_names) not in (0, n_names):
        raise FigureError(
            f"The map {item.title!r} has {counted(n_names, 'name')}, {counted(len(item.colours), 'colour')} and {len(item.hover_names)} hover names: each "
            "label needs one of each."
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < n_names:
        raise FigureError(
            f"The map {item.title!r} has labels from {labels.min()} to {labels.max()} but {counted(n_names, 'name')}: labels are indices "
            "into the names."
        )


def _check_fit(n_spots: int, maps: Sequence[TissueMap]) -> None:
    given = {f"labels of the map {item.title!r}": item.labels for item in maps if item.labels is not None}
    given |= {f"values of the map {item.title!r}": item.values for item in maps if item.values is not None}
    for name, entries in given.items():
        if len(entries) != n_spots:
            raise FigureError(f"There are {len(entries)} {name}, but {counted(n_spots, 'spot')}: each spot needs one.")
