"""The files that `cluster` writes."""

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.commands.console import share_bar
from core.io.export import labels_csv, loupe_csv, renamed, write_lab_h5
from core.result import Result
from core.sample import Sample

if TYPE_CHECKING:
    from core.method.pipeline import Pipeline

_LOUPE_CATEGORY = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What `cluster` writes.

    Parameters
    ----------
    labels, loupe : Path, optional
        Labels as CSV, and as Loupe Browser imports them.
    h5ad, lab_h5 : Path, optional
        The sample with its labels, for scanpy and squidpy, and in the lab's format.
    markers : Path, optional
        Marker genes of every cluster, as CSV.
    figure : Path, optional
        Predicted beside annotated.
    names : mapping of int to str
        New names of clusters, in all files; two of one name become one.
    """

    labels: Path | None = None
    loupe: Path | None = None
    h5ad: Path | None = None
    lab_h5: Path | None = None
    markers: Path | None = None
    figure: Path | None = None
    names: Mapping[int, str] = dataclasses.field(default_factory=dict)

    def check(self, sample: Sample, n_clusters: int) -> None:
        """Refuse what cannot be written before the work is done, not after."""
        renamed(np.arange(n_clusters), self.names)
        if self.loupe is not None:
            loupe_csv(sample, np.zeros(sample.n_spots, dtype=int), sample.name)

    def write(self, sample: Sample, result: Result, steps: "Pipeline") -> None:
        """Write each file that was asked for."""
        if self.labels is not None:
            _write_text(self.labels, labels_csv(sample, result, self.names))
        if self.loupe is not None:
            _write_text(self.loupe, loupe_csv(sample, renamed(result.labels, self.names), _LOUPE_CATEGORY))
        if self.h5ad is not None:
            _write_h5ad(sample, result, steps, self.h5ad, self.names)
        if self.lab_h5 is not None:
            write_lab_h5(sample, result, self.lab_h5, self.names)
        if self.markers is not None:
            _write_markers(sample, renamed(result.labels, self.names), self.markers)
        if self.figure is not None:
            _write_figure(sample, result, self.figure)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def _write_h5ad(sample: Sample, result: Result, steps: "Pipeline", path: Path, names: Mapping[int, str]) -> None:
    from core.evaluation.matching import match_clusters
    from core.figures.colours import cluster_colours
    from core.io.h5ad.writing import write_h5ad
    from core.method.embeddings import embeddings

    colours = cluster_colours(match_clusters(result.labels, sample.labels_true), sample.layer_names, "light")
    write_h5ad(sample, result, path, names=names, embeddings=embeddings(steps, result.params), colours=colours)


def _write_markers(sample: Sample, named: np.ndarray, path: Path) -> None:
    from core.evaluation.markers import as_csv, find_markers

    names, labels = np.unique(named, return_inverse=True)  # two clusters of one name are one
    with share_bar() as bar:
        found = find_markers(
            sample.expression, labels, sample.gene_names, lambda done, of: bar(done / of, f"Gene {done:,} of {of:,}")
        )
    _write_text(path, as_csv(found, dict(enumerate(names.tolist()))))
    for label, size in found.too_small.items():
        sys.stderr.write(
            f"{names[label]} has too few spots ({size}), or the rest too few, to be compared: {path.name} leaves it out.\n"
        )


def _write_figure(sample: Sample, result: Result, path: Path) -> None:
    from core.figures.comparison import predicted_and_annotated
    from core.figures.export import write_figure

    write_figure(predicted_and_annotated(sample, result), path)
