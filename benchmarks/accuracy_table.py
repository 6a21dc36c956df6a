"""The table of accuracy: its rows, means by group, and where a preset is behind a peer."""

import csv
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.peers import PEERS
from core.errors import SampleFileError

BEHIND = 0.02
"""A preset this much below a peer is said to be behind it."""

_ROW = "{:>9} {:<10} {:<28} {:<13} {:>5} {:>6} {:>3}  {:>15} {:>15} {:>8} {:>9} {:>6}"
_GROUP = "{:<10} {:<13} {:>6}  {:>7} {:>7}  {:>13} {:>13}  {}"
_WIDTH_OF_NAMES = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How one preset, or one peer, does on one case.

    Parameters
    ----------
    kind, sample, preset : str
        Group of the case, its name, and the preset or the peer.
    n_spots, n_genes, n_clusters : int
        Of several sections all spots, and the genes that they share.
    ari, ari_sd, nmi, nmi_sd : float
        Mean and standard deviation (of the population) over the seeds, annotated spots only; of several sections, of the mean
        of theirs.
    ari_alone, ari_stacked : float or None
        Of several sections that are clustered as one: the mean of the sections alone, and over all spots at once.
    seconds : float
        Mean over the seeds, from counts in memory to labels.
    peak_mib : float
        Of a process of its own, imports and the reading of the file included.
    n_moved : int or None
        Most spots that a shuffle of the rows moved to another domain; None where none was tried.
    """

    kind: str
    sample: str
    preset: str
    n_spots: int
    n_genes: int
    n_clusters: int
    ari: float
    ari_sd: float
    nmi: float
    nmi_sd: float
    ari_alone: float | None = None
    ari_stacked: float | None = None
    seconds: float
    peak_mib: float
    n_moved: int | None


def row_of(case: Case, method: str, seen: Mapping[str, Any]) -> Accuracy:
    """Sum up what was seen in all runs.

    Parameters
    ----------
    case : Case
    method : str
    seen : mapping
        See :func:`benchmarks.accuracy_run.measured`.

    Returns
    -------
    Accuracy
    """
    return Accuracy(
        kind=case.kind,
        sample=case.name,
        preset=method,
        n_spots=seen["n_spots"],
        n_genes=seen["n_genes"],
        n_clusters=seen["n_clusters"],
        ari=statistics.mean(seen["ari"]),
        ari_sd=statistics.pstdev(seen["ari"]),
        nmi=statistics.mean(seen["nmi"]),
        nmi_sd=statistics.pstdev(seen["nmi"]),
        ari_alone=statistics.mean(seen["ari_alone"]) if "ari_alone" in seen else None,
        ari_stacked=statistics.mean(seen["ari_stacked"]) if "ari_stacked" in seen else None,
        seconds=statistics.mean(seen["seconds"]),
        peak_mib=seen["peak_mib"],
        n_moved=max(seen["n_moved"], default=None),
    )


def heading() -> str:
    """Give the line above the rows."""
    words = ("row", "group", "sample", "method", "spots", "genes", "K", "ARI", "NMI", "seconds", "peak MiB", "moved")
    return _ROW.format(*words)


def line(row: Accuracy, place: str) -> str:
    """Write a row for people.

    Parameters
    ----------
    row : Accuracy
    place : str
        Which row of how many.

    Returns
    -------
    str
        Of a joint case with a second line for the sections alone.
    """
    text = _ROW.format(
        place,
        row.kind,
        row.sample[:_WIDTH_OF_NAMES],
        row.preset,
        row.n_spots,
        row.n_genes,
        row.n_clusters,
        f"{row.ari:.3f} +- {row.ari_sd:.3f}",
        f"{row.nmi:.3f} +- {row.nmi_sd:.3f}",
        f"{row.seconds:.2f}",
        f"{row.peak_mib:.0f}",
        "-" if row.n_moved is None else row.n_moved,
    )
    if row.ari_alone is None:
        return text
    return f"{text}\n{'':>21}mean of the sections alone {row.ari_alone:.3f}, all spots at once {row.ari_stacked:.3f}"


def summary(rows: Sequence[Accuracy]) -> Iterator[str]:
    """Give means by group and method, and name the cases where a preset is behind a peer.

    Parameters
    ----------
    rows : sequence of Accuracy

    Yields
    ------
    str
        Lines.
    """
    yield _GROUP.format(
        "group", "method", "cases", "ARI", "NMI", "spread, mean", "spread, most", "alone, all spots at once"
    )
    for kind, method in dict.fromkeys((row.kind, row.preset) for row in rows):
        yield _mean_of([row for row in rows if (row.kind, row.preset) == (kind, method)])
    for method in dict.fromkeys(row.preset for row in rows if row.preset not in PEERS):
        yield from _behind(method, rows)


def write_csv(rows: Sequence[Accuracy], path: Path) -> None:
    """Write the table.

    Parameters
    ----------
    rows : sequence of Accuracy
    path : Path

    Raises
    ------
    SampleFileError
        If it cannot be written.
    """
    try:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Accuracy)])
            writer.writeheader()
            writer.writerows(asdict(row) for row in rows)
    except OSError as error:
        raise SampleFileError(f"{path} cannot be written ({error.strerror}): choose another folder.") from error


def _mean_of(rows: Sequence[Accuracy]) -> str:
    spreads = [row.ari_sd for row in rows]
    return _GROUP.format(
        rows[0].kind,
        rows[0].preset,
        len(rows),
        _mean([row.ari for row in rows]),
        _mean([row.nmi for row in rows]),
        _mean(spreads),
        f"{max(spreads):.3f}",
        ""
        if rows[0].ari_alone is None
        else ", ".join(_mean([getattr(row, f"ari_{how}") for row in rows]) for how in ("alone", "stacked")),
    )


def _mean(values: Sequence[float | None]) -> str:
    return f"{statistics.mean(value for value in values if value is not None):.3f}"


def _behind(method: str, rows: Sequence[Accuracy]) -> Iterator[str]:
    best = {}
    for peer in sorted((row for row in rows if row.preset in PEERS), key=lambda row: row.ari):
        best[peer.kind, peer.sample] = peer
    compared = [
        (row, best[row.kind, row.sample]) for row in rows if row.preset == method and (row.kind, row.sample) in best
    ]
    behind = [(row, peer) for row, peer in compared if peer.ari - row.ari > BEHIND]
    if compared:
        yield f"{method} is behind a peer by more than {BEHIND} on {len(behind)} of {len(compared)} cases"
    for row, peer in behind:
        yield f"    {row.sample}: {row.ari:.3f}, {peer.preset} {peer.ari:.3f}"
