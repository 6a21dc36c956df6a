"""What a few painted spots are worth, on every annotated sample below a folder; what other sections are: `benchmarks.transferred`.

Strokes are drawn from the annotation; scores are counted on annotated spots that were not painted. These are guided results:
they belong in no table of label-free ones.
"""

import csv
import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from tqdm import tqdm

from benchmarks import transferred
from benchmarks.sections import Section, read, sections
from core.errors import SampleFileError
from core.evaluation.agreement import agreement
from core.method.guided import Guide, ask, follow
from core.method.pipeline import Pipeline
from core.params import preset
from core.sample import UNANNOTATED, Sample
from core.strokes import UNPAINTED

N_SPOTS = (5, 20)
"""Painted spots of each domain."""

N_DABS = 3
"""Places where the spots of a domain lie together, where they are painted in dabs."""

ASKED_FROM, N_QUESTIONS = 3, 10
"""Painted spots of each domain before questions are asked, and how many are answered."""

_HEAD = ("sample", "kind", "n_each", "n_painted", "ari", "spread")
_ROW = "{:24} {:18} {:>6} {:>9} {:>8} {:>8}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of strokes on one section.

    Parameters
    ----------
    sample, kind : str
    n_each : int
        Painted spots of each domain.
    n_painted : int
        Painted spots in all, with those that were asked for.
    ari, spread : float
        Mean and standard deviation over the draws, on annotated spots that were not painted.
    """

    sample: str
    kind: str
    n_each: int
    n_painted: int
    ari: float
    spread: float


def report(
    folder: Path,
    *,
    n_draws: int,
    only: str | None = None,
    csv_path: Path | None = None,
    transfer_csv: Path | None = None,
) -> bool:
    """Measure all samples, and print a table of strokes and one of transfer as they grow.

    Parameters
    ----------
    folder : Path
    n_draws : int
        Draws of strokes.
    only : str, optional
        `strokes` or `transfer`; both by default.
    csv_path, transfer_csv : Path, optional
        Where the tables of strokes and of transfer are written: these results are never in one table.

    Returns
    -------
    bool
        True: there is no aim that a row could miss.

    Raises
    ------
    SampleFileError
        If the folder holds no annotated sample.
    """
    if only != "transfer":
        _report_strokes(_found(folder, named=False), n_draws, csv_path)
    if only != "strokes":
        transferred.report(_found(folder, named=True), transfer_csv)
    return True


def _found(folder: Path, *, named: bool) -> list[Section]:
    found = list(_told(sections(folder, named=named)))
    if not found:
        raise SampleFileError(f"There is no annotated sample below {folder}: name a folder with one.")
    return found


def _told(found: Iterator[Section | str]) -> Iterator[Section]:
    for section in found:
        if isinstance(section, str):
            print(section, file=sys.stderr)
        else:
            yield section


def _report_strokes(found: Sequence[Section], n_draws: int, csv_path: Path | None) -> None:
    rows: list[Row] = []
    print(_ROW.format(*_HEAD), flush=True)
    for section in found:
        for row in _rows(section, n_draws):
            rows.append(row)
            print(_ROW.format(*_cells(row)), flush=True)
    for kind, n_each in dict.fromkeys((row.kind, row.n_each) for row in rows):
        of_a_kind = [row.ari for row in rows if (row.kind, row.n_each) == (kind, n_each)]
        print(f"Mean of {len(of_a_kind)} samples, {kind}, {n_each} of each domain: ARI {np.mean(of_a_kind):.3f}")
    if csv_path is not None:
        _write(rows, csv_path)


def _cells(row: Row) -> Sequence[str]:
    return row.sample, row.kind, str(row.n_each), str(row.n_painted), f"{row.ari:.3f}", f"{row.spread:.3f}"


def _write(rows: Sequence[Row], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in dataclasses.fields(Row)])
        writer.writeheader()
        writer.writerows(map(dataclasses.asdict, rows))


def _rows(section: Section, n_draws: int) -> Iterator[Row]:
    sample = read(section.source)
    guide = Pipeline(sample).guide(preset("recommended", section.n_classes))
    strokes: list[tuple[str, int, Callable[[Sample, Guide, int, int], np.ndarray]]] = [
        (name, n_each, draw) for name, draw in (("spread", spread), ("dabs", dabs)) for n_each in N_SPOTS
    ]
    strokes.append((f"{N_QUESTIONS} questions", ASKED_FROM, answered))
    bar = tqdm(total=len(strokes) * n_draws, desc=section.name, unit="draw", file=sys.stderr, disable=None, leave=False)
    with bar:
        for kind, n_each, draw in strokes:
            scores, n_painted = [], 0
            for number in range(n_draws):
                painted = draw(sample, guide, n_each, number)
                n_painted = int((painted >= 0).sum())
                scores.append(score(sample, guide, painted))
                bar.update()
            yield Row(
                sample=section.name, kind=kind, n_each=n_each, n_painted=n_painted,
                ari=float(np.mean(scores)), spread=float(np.std(scores)),
            )  # fmt: skip


def score(sample: Sample, guide: Guide, painted: np.ndarray) -> float:
    """Follow strokes, and compute the adjusted Rand index on annotated spots that were not painted.

    Parameters
    ----------
    sample : Sample
    guide : Guide
    painted : ndarray of shape (n_spots,), int
        Index into the sample's `layer_names`.

    Returns
    -------
    float
    """
    labels = follow(guide, painted, len(sample.layer_names)).labels
    hidden = np.where(painted >= 0, UNANNOTATED, np.asarray(sample.labels_true))
    found = agreement(labels, hidden).ari
    return float("nan") if found is None else found


def spread(sample: Sample, guide: Guide, n_each: int, random_state: int) -> np.ndarray:
    """Paint random spots of each domain.

    Parameters
    ----------
    sample : Sample
    guide : Guide
        Not used.
    n_each, random_state : int

    Returns
    -------
    ndarray of shape (n_spots,), int
    """
    rng = np.random.default_rng(random_state)
    return _painted(sample, lambda own: rng.choice(own, min(n_each, len(own)), replace=False))


def dabs(sample: Sample, guide: Guide, n_each: int, random_state: int) -> np.ndarray:
    """Paint spots of each domain that lie together in a few places; parameters as for :func:`spread`."""
    rng = np.random.default_rng(random_state)

    def together(own: np.ndarray) -> np.ndarray:
        middles = rng.choice(own, min(N_DABS, len(own)), replace=False)
        nearest = cKDTree(sample.tissue_um[own]).query(sample.tissue_um[middles], k=min(len(own), n_each))[1]
        sizes = [len(part) for part in np.array_split(np.arange(n_each), len(middles))]
        rows = np.atleast_2d(nearest).reshape(len(middles), -1)
        return own[np.unique(np.concatenate([row[:size] for row, size in zip(rows, sizes, strict=True)]))]

    return _painted(sample, together)


def answered(sample: Sample, guide: Guide, n_each: int, random_state: int) -> np.ndarray:
    """Paint random spots of each domain, then answer questions by the annotation; parameters as for :func:`spread`."""
    painted, truth = spread(sample, guide, n_each, random_state), _codes(sample)
    for _ in range(N_QUESTIONS):
        found = follow(guide, painted, len(sample.layer_names))
        # Nobody can answer for spots that the experts left out.
        asked = [spot for spot in ask(guide, found, painted, sample.n_spots) if truth[spot] >= 0]
        if asked:
            painted[asked[0]] = truth[asked[0]]
    return painted


def _painted(sample: Sample, choose: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    truth, painted = _codes(sample), np.full(sample.n_spots, UNPAINTED)
    for number in range(len(sample.layer_names)):
        chosen = choose(np.flatnonzero(truth == number))
        painted[chosen] = number
    return painted


def _codes(sample: Sample) -> np.ndarray:
    number = {name: index for index, name in enumerate(sample.layer_names)}
    return np.array([number.get(str(name), UNPAINTED) for name in np.asarray(sample.labels_true)])
