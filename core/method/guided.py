"""Domains that follow a few painted spots.

Painted spots keep their label. Every other spot has an opinion of its own, from a mixture of normal distributions with one
shared covariance that the painted spots begin and all spots refine; and it listens to its neighbours, in the tissue and in
expression, as a random walker that stops at painted spots. The more spots are painted, the less the mixture counts.

What is guided is no longer label-free, and must not be called so: scores are counted on spots that were not painted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import ParameterError
from core.method.listening import Listening, across, heard
from core.method.merging import centres_and_covariance, ridged
from core.method.threads import one_thread
from core.text import counted

_ROUNDS = 5  # of the mixture
_UNPAINTED_WEIGHT = 1.0  # of all unpainted spots together, however many there are, where all painted ones count 1
_OWN_OPINION = 0.1  # of the links of a spot, where each class has one painted spot; less where it has more
_GIVEN_OPINION = 0.2  # of the links of a spot: of a reference or marker genes, which have looked at all spots
_FEW_PAINTED = 2.0  # spots of each class, after which such an opinion counts half
_PAINTED_WEIGHT = 20.0  # of a painted spot among the others, where a mixture begins at such opinions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guide:
    """What of a tissue does not depend on the strokes.

    Parameters
    ----------
    features : ndarray of shape (n_spots, n_features)
        That the mixture sees: depth, where it takes part, as wide as the strongest factor, and the factors.
    within : ndarray of shape (n_features, n_features)
        Covariance within domains, to begin with.
    listening : Listening
        Which spots listen to which.
    """

    features: np.ndarray
    within: np.ndarray
    listening: Listening

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return int(self.features.nbytes + self.within.nbytes + self.listening.nbytes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guided:
    """What strokes make of a tissue.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
        Class of each spot, 0 .. n_classes - 1.
    shares : ndarray of shape (n_spots, n_classes)
        How sure each class is; rows add up to 1.
    """

    labels: np.ndarray
    shares: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return int(self.labels.nbytes + self.shares.nbytes)

    @property
    def uncertainty(self) -> np.ndarray:
        """How unsure each spot is: 0 where one class has all, 1 where all classes have the same; ndarray of shape (n_spots,)."""
        n_classes = self.shares.shape[1]
        if n_classes < 2:
            return np.zeros(len(self.shares))
        entropy = -(self.shares * np.log(np.maximum(self.shares, 1e-12))).sum(axis=1)
        return np.asarray(np.clip(entropy / np.log(n_classes), 0, 1))


def prepare(
    listening: Listening,
    factors: np.ndarray,
    depth: np.ndarray | None,
    fits: np.ndarray,
    *,
    x_weight: float = 1.0,
) -> Guide:
    """Do what does not depend on the strokes.

    Parameters
    ----------
    listening : Listening
    factors : ndarray of shape (n_spots, n_factors)
        Strongest first, averaged as far as suits the tissue.
    depth : ndarray of shape (n_spots,), optional
        Across the layers, in any unit, where it takes part.
    fits : ndarray of shape (n_fits, n_spots), int
        Fine domains of label-free mixtures, of which the covariance within domains is taken.
    x_weight : float
        How much expression counts against depth.

    Returns
    -------
    Guide
    """
    features = np.column_stack((across(depth, factors, x_weight), factors))
    within = [centres_and_covariance(features, labels.astype(np.int64), int(labels.max()) + 1)[1] for labels in fits]
    return Guide(features=features, within=np.mean(within, axis=0), listening=listening)


def follow(guide: Guide, painted: np.ndarray, n_classes: int, opinions: np.ndarray | None = None) -> Guided:
    """Give every spot a class.

    Parameters
    ----------
    guide : Guide
    painted : ndarray of shape (n_spots,), int
        Class of painted spots, `core.strokes.UNPAINTED` for the others.
    n_classes : int
        Each needs a painted spot, unless there are opinions.
    opinions : ndarray of shape (n_spots, n_classes), optional
        Of a reference or marker genes on spots that nobody painted, in place of the mixture that painted spots begin; rows add up to 1.

    Returns
    -------
    Guided
        The same for the same strokes, in whatever order they were painted.

    Raises
    ------
    ParameterError
        If a class has no painted spot.
    """
    if opinions is not None:
        with one_thread():
            own = _GIVEN_OPINION / (1 + np.count_nonzero(painted >= 0) / (_FEW_PAINTED * n_classes))
            return _labelled(heard(guide.listening, _with_painted(opinions, painted), own, painted >= 0), painted)
    counts = np.bincount(painted[painted >= 0], minlength=n_classes)
    if n_classes == 0 or len(counts) > n_classes or not counts.all():
        raise ParameterError(
            f"{counted(int((counts == 0).sum()) or 1, 'class has', 'classes have')} no painted spot: paint at least one spot of each."
        )
    with one_thread():
        opinions = _opinions(guide, painted, n_classes)
        shares = heard(guide.listening, opinions, _OWN_OPINION * n_classes / counts.sum(), painted >= 0)
    return _labelled(shares, painted)


def _with_painted(opinions: np.ndarray, painted: np.ndarray) -> np.ndarray:
    return np.where((painted >= 0)[:, None], np.eye(opinions.shape[1])[painted], opinions)


def _labelled(shares: np.ndarray, painted: np.ndarray) -> Guided:
    return Guided(labels=np.where(painted >= 0, painted, shares.argmax(axis=1)), shares=shares)


def with_painted_mixture(guide: Guide, opinions: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Let the mixture that painted spots begin speak beside other opinions, where each class has a painted spot.

    Parameters
    ----------
    guide : Guide
    opinions : ndarray of shape (n_spots, n_classes)
        Rows add up to 1.
    painted : ndarray of shape (n_spots,), int

    Returns
    -------
    ndarray of shape (n_spots, n_classes)
        The mean of both.
    """
    n_classes = opinions.shape[1]
    if len(np.unique(painted[painted >= 0])) < n_classes:
        return opinions
    with one_thread():
        return np.asarray((opinions + _opinions(guide, painted, n_classes)) / 2)


def refined(guide: Guide, opinions: np.ndarray, painted: np.ndarray, n_rounds: int) -> np.ndarray:
    """Fit a mixture with one covariance that begins at opinions on all spots, so that classes are what the tissue has.

    Parameters
    ----------
    guide : Guide
    opinions : ndarray of shape (n_spots, n_classes)
        Rows add up to 1.
    painted : ndarray of shape (n_spots,), int
        Painted spots keep their class and count as many.
    n_rounds : int

    Returns
    -------
    ndarray of shape (n_spots, n_classes)
        Rows add up to 1.
    """
    shares = _with_painted(opinions, painted)
    weights = np.where(painted >= 0, _PAINTED_WEIGHT, 1.0)[:, None]
    for _ in range(n_rounds):
        counting = shares * weights
        means = (counting.T @ guide.features) / np.maximum(counting.sum(axis=0), 1e-9)[:, None]
        covariance = _within(guide.features, means, counting)
        frequencies = (shares.sum(axis=0) + 1) / (len(shares) + shares.shape[1])
        shares = _with_painted(_densities(guide.features, means, covariance, frequencies), painted)
    return shares


def _opinions(guide: Guide, painted: np.ndarray, n_classes: int) -> np.ndarray:
    """Fit a mixture with one shared covariance to all spots; the few painted ones, in their class, count as much as all others."""
    features, covariance = guide.features, guide.within
    known = painted >= 0
    n_known = int(np.count_nonzero(known))
    weights = np.where(known, 1.0, _UNPAINTED_WEIGHT * n_known / max(len(painted) - n_known, 1))
    truth = np.eye(n_classes)[painted[known]]
    means, frequencies = truth.T @ features[known] / truth.sum(axis=0)[:, None], np.full(n_classes, 1 / n_classes)
    for _ in range(_ROUNDS):
        shares = _densities(features, means, covariance, frequencies)
        shares[known] = truth
        counting = shares * weights[:, None]
        means = (counting.T @ features) / counting.sum(axis=0)[:, None]
        frequencies = (shares.sum(axis=0) + 1) / (len(shares) + n_classes)
        covariance = _within(features, means, counting)
    shares = _densities(features, means, covariance, frequencies)
    shares[known] = truth
    return shares


def _densities(features: np.ndarray, means: np.ndarray, covariance: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Share of each class at each spot; with one covariance, log densities are linear but for a term common to all classes."""
    weights = np.linalg.solve(ridged(covariance), means.T)
    shares = features @ weights + (np.log(frequencies) - 0.5 * np.einsum("kd,dk->k", means, weights))
    shares = np.exp(shares - shares.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _within(features: np.ndarray, means: np.ndarray, counting: np.ndarray) -> np.ndarray:
    total = (features * counting.sum(axis=1)[:, None]).T @ features
    between = (means.T * counting.sum(axis=0)) @ means
    return np.asarray((total - between) / counting.sum())


def ask(guide: Guide, guided: Guided, painted: np.ndarray, n_questions: int = 1) -> np.ndarray:
    """Choose the spots whose answers would tell most: between two classes, among others that are, away from each other.

    Parameters
    ----------
    guide : Guide
    guided : Guided
        What the strokes made so far.
    painted : ndarray of shape (n_spots,), int
    n_questions : int

    Returns
    -------
    ndarray of shape (at most n_questions,), int
        Spots, the most telling first; fewer where nothing is left to ask.

    Notes
    -----
    How near the two best classes are tells more than the entropy over all: on four sections of cortex, three spots per layer and
    ten answers gave 0.75 of ARI by it, 0.67 by entropy, and 0.70 where ten spots were asked at random (`docs/accuracy.md`).
    """
    best = np.sort(guided.shares, axis=1)[:, -2:]
    unsure = np.where(painted < 0, 1 - np.ptp(best, axis=1), 0.0) if best.shape[1] == 2 else np.zeros(len(painted))
    links = guide.listening.links
    telling = unsure * (links @ unsure) / np.asarray(links.sum(axis=1)).ravel()
    asked: Sequence[int] = []
    for _ in range(n_questions):
        spot = int(telling.argmax())
        if telling[spot] <= 0:
            break
        asked = [*asked, spot]
        telling[links[[spot]].indices] = 0.0
        telling[spot] = 0.0
    return np.asarray(asked, dtype=np.int64)


def with_others(
    painted: np.ndarray, n_classes: int, labels: np.ndarray, confidence: np.ndarray
) -> tuple[np.ndarray, list[int]]:
    """Let domains in which nobody painted stand beside those that were painted.

    Parameters
    ----------
    painted : ndarray of shape (n_spots,), int
    n_classes : int
    labels : ndarray of shape (n_spots,), int
        Of a label-free result.
    confidence : ndarray of shape (n_spots,)
        Of that result.

    Returns
    -------
    ndarray of shape (n_spots,), int
        With the surest spots of each such domain, as many as were painted of a class on average, as classes from `n_classes` on.
    list of int
        The domains that these classes are.
    """
    n_each = max(1, round(np.count_nonzero(painted >= 0) / max(n_classes, 1)))
    others = [int(domain) for domain in np.unique(labels) if (painted[labels == domain] < 0).all()]
    found = painted.copy()
    for number, domain in enumerate(others):
        own = np.flatnonzero(labels == domain)
        found[own[np.argsort(-confidence[own], kind="stable")[:n_each]]] = n_classes + number
    return found, others
