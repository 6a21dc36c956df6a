"""All scores of a run on one section: agreement with the annotation, and scores that need none."""

import dataclasses

import numpy as np

from core.evaluation.agreement import agreement
from core.evaluation.coherence import TINY_SHARE, chaos, domain_shares, pas
from core.result import Scores
from core.sample import Sample


def scores_of(
    sample: Sample, labels: np.ndarray, n_clusters: int, *, nearest: np.ndarray, steadiness: float | None
) -> Scores:
    """Score labels.

    Parameters
    ----------
    sample : Sample
    labels : ndarray of shape (n_spots,), int
    n_clusters : int
        How many were asked for.
    nearest : ndarray of shape (n_spots, n_nearest), int
        From `core.method.neighbours.nearest_spots`.
    steadiness : float or None
        Stability of the fits behind a consensus, from `core.evaluation.stability`; it takes the longest, and hardly any knob changes it.

    Returns
    -------
    Scores
    """
    shares = domain_shares(labels, n_clusters)
    return dataclasses.replace(
        agreement(labels, sample.labels_true),
        chaos=chaos(labels, sample.positions),
        pas=pas(labels, nearest),
        stability=steadiness,
        smallest_share=float(shares.min()),
        largest_share=float(shares.max()),
        n_tiny=int(np.count_nonzero(shares < TINY_SHARE)),
        n_empty=int(np.count_nonzero(shares == 0)),
    )
