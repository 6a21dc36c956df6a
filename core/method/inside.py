"""Domains inside a domain: the same method on the spots of one domain, or of any selection."""

import dataclasses

import numpy as np

from core.errors import ParameterError
from core.params import MethodParams
from core.parts import part_of
from core.sample import Sample
from core.text import counted, shown

FEWEST_SPOTS = 30
"""Spots for each part that is asked for: with fewer, the fits of a consensus follow single spots."""

MOST_PARTS = 10


def cut_to(sample: Sample, spots: np.ndarray, name: str, n_parts: int) -> Sample:
    """Cut a sample to the spots that are to be clustered again.

    Parameters
    ----------
    sample : Sample
    spots : ndarray of shape (n_spots,), bool
    name : str
        What they are called, for the message.
    n_parts : int

    Returns
    -------
    Sample
        Without annotation, which plays no part inside a domain.

    Raises
    ------
    ParameterError
        If the spots are too few.
    """
    n_spots, needed = int(np.count_nonzero(spots)), FEWEST_SPOTS * n_parts
    if n_spots < needed:
        raise ParameterError(
            f"{shown(name)} has {counted(n_spots, 'spot')}, but {n_parts} parts need {needed}, {FEWEST_SPOTS} each: ask for fewer "
            "parts, or choose a larger domain."
        )
    return part_of(dataclasses.replace(sample, labels_true=None, image=None), spots)


def params_inside(params: MethodParams, n_parts: int, direction: str) -> MethodParams:
    """Change the parameters of a run to those of a run inside one of its domains.

    Parameters
    ----------
    params : MethodParams
    n_parts : int
    direction : str
        As `DirectionParams.method`.

    Returns
    -------
    MethodParams

    Raises
    ------
    ParameterError
        If an autoencoder would have to be trained on a few spots.
    """
    if params.embedding.needs_training:
        raise ParameterError(
            "The autoencoder was trained on all spots, and a part of them is too little to train one: choose spatial factors, the "
            "default, as embedding."
        )
    return dataclasses.replace(
        params,
        clustering=dataclasses.replace(params.clustering, n_clusters=n_parts),
        direction=dataclasses.replace(params.direction, method=direction),
    )
