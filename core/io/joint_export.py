"""Exporting labels of several sections: one archive with a file for each."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.io.export import labels_csv
from core.io.h5ad.writing import write_h5ad
from core.result import Result
from core.sample import Sample

Results = Mapping[str, Result]
"""Results by name of the section."""


def labels_zip(samples: Sequence[Sample], results: Results) -> bytes:
    """Write the labels of each section as CSV.

    Parameters
    ----------
    samples : sequence of Sample
    results : mapping of str to Result

    Returns
    -------
    bytes
        A zip archive of `NAME_labels.csv`, as `core.io.export.labels_csv` writes them.
    """
    return _zipped(
        {f"{sample.name}_labels.csv": labels_csv(sample, results[sample.name]).encode() for sample in samples}
    )


def h5ad_zip(samples: Sequence[Sample], results: Results, colours: Mapping[int, str]) -> bytes:
    """Write each section with its labels as h5ad.

    Parameters
    ----------
    samples : sequence of Sample
    results : mapping of str to Result
    colours : mapping of int to str
        Colours of the clusters, the same in all files.

    Returns
    -------
    bytes
        A zip archive of `NAME_domains.h5ad`.
    """

    def written(sample: Sample) -> Callable[[Path], None]:
        return lambda path: write_h5ad(sample, results[sample.name], path, colours=colours)

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
