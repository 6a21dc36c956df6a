"""Labels on their way out: files that other programs read."""

import csv
import io

import numpy as np

from core.result import Result
from core.sample import Sample


def labels_csv(sample: Sample, result: Result) -> str:
    """Write each spot's cluster as CSV.

    Parameters
    ----------
    sample : Sample
    result : Result
        A run on that sample.

    Returns
    -------
    str
        Columns `spot` (barcode, or row number from 0 where the sample has no barcodes) and `cluster`; rows in the order of
        the sample's file.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("spot", "cluster"))
    writer.writerows(zip(spot_names(sample), result.labels.tolist(), strict=True))
    return text.getvalue()


def spots_csv(sample: Sample, spots: list[int]) -> str:
    """Write the names of some spots as CSV.

    Parameters
    ----------
    sample : Sample
    spots : list of int
        Their indices.

    Returns
    -------
    str
        Columns `spot` (as in :func:`labels_csv`), `array_row` and `array_col` or, off the lattice, `x_um` and `y_um`, and
        `layer` where the sample is annotated.
    """
    text, names = io.StringIO(), spot_names(sample)
    writer = csv.writer(text, lineterminator="\n")
    annotated = sample.labels_true is not None
    columns, places = spot_places(sample)
    writer.writerow(("spot", *columns, *["layer"] * annotated))
    for spot in spots:
        layer = [] if sample.labels_true is None else [sample.labels_true[spot]]
        writer.writerow((names[spot], *places[spot].tolist(), *layer))
    return text.getvalue()


def spot_places(sample: Sample) -> tuple[tuple[str, str], np.ndarray]:
    """Say where spots lie, as tables do.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    columns : (str, str)
        `array_row` and `array_col`, or off the lattice `x_um` and `y_um`.
    places : ndarray of shape (n_spots, 2)
        Whole numbers, or micrometres to the nearest thousandth.
    """
    if sample.lattice is not None:
        return ("array_row", "array_col"), sample.lattice
    return ("x_um", "y_um"), np.round(sample.tissue_um, 3)


def spot_names(sample: Sample) -> list[str]:
    """Name each spot: its barcode, or its row number from 0.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    list of str
    """
    names = range(sample.n_spots) if sample.barcodes is None else sample.barcodes
    return [str(name) for name in names]
