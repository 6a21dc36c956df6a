"""Parts of a sample: some of its spots, or some of its genes."""

import dataclasses

import numpy as np

from core.sample import BY_GENE, BY_SPOT, Sample


def part_of(sample: Sample, spots: np.ndarray) -> Sample:
    """Cut a sample to some of its spots.

    Parameters
    ----------
    sample : Sample
    spots : ndarray of shape (n_spots,), bool, or of int
        Which spots it keeps, in their order.

    Returns
    -------
    Sample
        With the same name, genes and image, and another `content_hash`.

    Raises
    ------
    SampleError
        As :class:`Sample`, such as where no spot is kept.
    """
    kept = {name: values[spots] for name in ("expression", *BY_SPOT) if (values := getattr(sample, name)) is not None}
    outlines = None if sample.outlines is None else sample.outlines[spots]
    return dataclasses.replace(sample, outlines=outlines, **kept)


def genes_of(sample: Sample, columns: np.ndarray) -> Sample:
    """Cut a sample to some of its genes.

    Parameters
    ----------
    sample : Sample
    columns : ndarray of int
        Which genes it keeps, in their order.

    Returns
    -------
    Sample
        With the same spots, and another `content_hash`.
    """
    kept = {name: values[columns] for name in BY_GENE if (values := getattr(sample, name)) is not None}
    return dataclasses.replace(sample, expression=sample.expression[:, columns], **kept)
