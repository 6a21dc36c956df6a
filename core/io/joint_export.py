"""Exporting labels of several sections: one archive with a file for each."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.annotation import Annotation
from core.io.export import labels_csv
from core.io.h5ad.writing import write_h5ad
from core.result import Result
from core.sample import Sample

Results = Mapping[str, Result]
"""Results by name of the section."""


def labels_zip(samples: Sequence[Sample], results: Results, names: Mapping[int, str] | None = None) -> bytes:
    """Write the labels of each section as CSV.

    Parameters
    ----------
    samples : sequence of Sample
    results : mapping of str to Result
    names : mapping of int to str, optional
        Names of the domains, the same in all files.

    Returns
    -------
    bytes
        A zip archive of `NAME_labels.csv`, as `core.io.export.labels_csv` writes them.
    """

    def written(sample: Sample) -> bytes:
        result = results[sample.name]
        return labels_csv(sample, result, names_in(result.labels, names)).encode()

    return _zipped({f"{sample.name}_labels.csv": written(sample) for sample in samples})


def names_in(labels: np.ndarray, names: Mapping[int, str] | None) -> dict[int, str]:
    """Choose the names of the domains in one section, since not every section has every domain.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
    names : mapping of int to str, or None

    Returns
    -------
    dict of int to str
    """
    there = set(np.unique(labels).tolist())
    return {cluster: name for cluster, name in (names or {}).items() if cluster in there}


def h5ad_zip(
    samples: Sequence[Sample],
    results: Results,
    colours: Mapping[int, str],
    names: Mapping[int, str] | None = None,
    drawn: Mapping[str, Callable[[], Sequence[Annotation]]] | None = None,
) -> bytes:
    """Write each section with its labels as h5ad.

    Parameters
    ----------
    samples : sequence of Sample
    results : mapping of str to Result
    colours : mapping of int to str
        Colours of the clusters, the same in all files.
    names : mapping of int to str, optional
        Names of the domains, the same in all files.
    drawn : mapping of str to callable, optional
        By name of the section, what gives its annotations.

    Returns
    -------
    bytes
        A zip archive of `NAME_domains.h5ad`.
    """

    def written(sample: Sample) -> Callable[[Path], None]:
        result = results[sample.name]
        here, annotations = names_in(result.labels, names), (drawn or {}).get(sample.name, list)()
        return lambda path: write_h5ad(sample, result, path, names=here, colours=colours, annotations=annotations)

    return _zipped({f"{sample.name}_domains.h5ad": _bytes_of(written(sample)) for sample in samples})


def _bytes_of(write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.h5ad"
        write(path)
        return path.read_bytes()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return archive.getvalue()
