"""What annotated sections are worth to others: every ordered pair below a folder that shares layers and genes.

The annotation of the section that is scored plays no part but in the score. These are results of transfer: they belong in no table
of label-free ones, nor of those that strokes guide.
"""

import csv
import dataclasses
import itertools
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.sections import Section, read
from core.errors import DomainsError
from core.evaluation.agreement import agreement
from core.guidance import Guidance
from core.known_markers import KNOWN
from core.layer_names import canonical
from core.method.pipeline import Pipeline
from core.method.reference import learn
from core.params import preset
from core.reference import Reference
from core.sample import Sample

LEAST_SHARED = 2
"""Domains that two sections must share, for one to teach the other."""

DONORS = {"donor 1": range(151507, 151511), "donor 2": range(151669, 151673), "donor 3": range(151673, 151677)}
"""Sections of Maynard et al. 2021 by donor."""

_HEAD = ("from", "to", "kind", "genes", "lacks", "unlike", "ari")
_ROW = "{:18} {:18} {:24} {:>6} {:>6} {:>7} {:>6}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One section by another, or by marker genes.

    Parameters
    ----------
    taught_by, sample, kind : str
    n_shared : int
        Genes, or marker genes.
    n_lacking : int
        Domains of the section that the reference lacks.
    unlike : float
        Share of the spots that look like nothing in the reference.
    ari : float
    """

    taught_by: str
    sample: str
    kind: str
    n_shared: int
    n_lacking: int
    unlike: float
    ari: float


def report(found: Sequence[Section], csv_path: Path | None = None) -> list[Row]:
    """Measure all pairs, and print a table as it grows.

    Parameters
    ----------
    found : sequence of Section
    csv_path : Path, optional
        Where the table is written.

    Returns
    -------
    list of Row
    """
    print(_ROW.format(*_HEAD), flush=True)
    rows = []
    for row in _rows(found):
        rows.append(row)
        print(_ROW.format(*_cells(row)), flush=True)
    for kind in dict.fromkeys(row.kind for row in rows):
        of_a_kind = [row.ari for row in rows if row.kind == kind]
        print(f"Mean of {len(of_a_kind)}, {kind}: ARI {np.mean(of_a_kind):.3f}")
    if csv_path is not None:
        _write(rows, csv_path)
    return rows


def _cells(row: Row) -> Sequence[str]:
    return (
        row.taught_by, row.sample, row.kind, str(row.n_shared), str(row.n_lacking), f"{row.unlike:.1%}", f"{row.ari:.3f}"
    )  # fmt: skip


def _write(rows: Sequence[Row], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in dataclasses.fields(Row)])
        writer.writeheader()
        writer.writerows(map(dataclasses.asdict, rows))


def _rows(found: Sequence[Section]) -> Iterator[Row]:
    samples = {section.source: read(section.source) for section in found}
    taught: dict[Path, Reference] = {}
    for section in tqdm(found, desc="learning", file=sys.stderr, disable=None, leave=False):
        try:
            taught[section.source] = learn([samples[section.source]])
        except DomainsError as error:
            print(f"{section.name} teaches nothing: {error}", file=sys.stderr)
    pipelines = {source: Pipeline(sample) for source, sample in samples.items()}
    for one, other in itertools.permutations(found, 2):
        if one.source in taught and not _one_tissue(one.name, other.name):
            yield from _row(taught[one.source], one, other, pipelines[other.source])
    for section in found:
        yield from _by_markers(section, pipelines[section.source])


def _one_tissue(one: str, other: str) -> bool:
    """Whether two files are of one section, by their names: one may be a part of the other."""
    return _section(one) == _section(other)


def _section(name: str) -> str:
    found = re.search(r"15\d{4}", name)
    return found[0] if found else name


def _row(reference: Reference, one: Section, other: Section, pipeline: Pipeline) -> Iterator[Row]:
    sample = pipeline.sample
    layers = {canonical(name) for name in sample.layer_names}
    if len(layers & set(reference.names)) < LEAST_SHARED:
        return
    params = preset("recommended", len(reference.names))
    try:
        result = pipeline.run_guided(params, Guidance(reference=reference))
    except DomainsError:  # no genes in common
        return
    n_lacking = len(layers - set(reference.names))
    yield Row(
        taught_by=one.name, sample=other.name, kind=kind_of(one.name, other.name, same=layers == set(reference.names)),
        n_shared=pipeline.transferred(params, reference).n_shared, n_lacking=n_lacking,
        unlike=float(np.mean(result.labels == len(reference.names))), ari=_ari(sample, result.labels),
    )  # fmt: skip


def _by_markers(section: Section, pipeline: Pipeline) -> Iterator[Row]:
    sample, table = pipeline.sample, KNOWN["human-cortex"]
    if len({canonical(name) for name in sample.layer_names} & set(table.names)) < LEAST_SHARED:
        return
    params = preset("recommended", len(table.names))
    try:
        result = pipeline.run_guided(params, Guidance(markers=table))
    except DomainsError:  # none of its genes
        return
    n_shared = sum(len(genes) for genes in pipeline.marker_scores(params, table).genes.values())
    yield Row(
        taught_by="marker genes", sample=section.name, kind="marker genes", n_shared=n_shared, n_lacking=0, unlike=0.0,
        ari=_ari(sample, result.labels),
    )  # fmt: skip


def kind_of(one: str, other: str, *, same: bool) -> str:
    """Say how near two sections are.

    Parameters
    ----------
    one, other : str
        Their names.
    same : bool
        Whether they have the same layers.

    Returns
    -------
    str

    Examples
    --------
    >>> kind_of("151507", "151673", same=True), kind_of("151673", "151675", same=True)
    ('across donors', 'same donor')
    """
    donors = [_donor(name) for name in (one, other)]
    kind = "other tissue" if None in donors else "same donor" if donors[0] == donors[1] else "across donors"
    return kind if same else f"{kind}, other layers"


def _donor(name: str) -> str | None:
    found = re.search(r"15\d{4}", name)
    return next((donor for donor, own in DONORS.items() if found and int(found[0]) in own), None)


def _ari(sample: Sample, labels: np.ndarray) -> float:
    found = agreement(labels, np.asarray(sample.labels_true)).ari
    return float("nan") if found is None else found
