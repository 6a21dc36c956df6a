"""The result of a run: labels, and everything needed to understand and repeat them."""

from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import numpy as np

from core.averaging import Averaging
from core.depth import FoundDirection
from core.guidance import Guidance
from core.layer_names import display_name
from core.params import MethodParams

# Limits hold where scores are read; sums of floats may exceed 1 in the last digit.
_Agreement = Annotated[float, msgspec.Meta(ge=-1 - 1e-6, le=1 + 1e-6)]
_Share = Annotated[float, msgspec.Meta(ge=-1e-6, le=1 + 1e-6)]
_Positive = Annotated[float, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderReport:
    """How well an autoencoder learned.

    Parameters
    ----------
    explained_variance : float
        1 - residual / variance about the gene means; 1 is perfect, 0 is no better than the means.
    losses : tuple of float
        Mean squared error per epoch, in the squared units of the pooled counts.
    reused : bool
        Whether the weights came from a checkpoint instead of training.
    """

    explained_variance: float
    losses: tuple[float, ...] = ()
    reused: bool = False

    @property
    def dead(self) -> bool:
        """Whether the reconstruction hardly depends on the spot (explained variance below 0.05)."""
        return not self.explained_variance >= 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """All scores of a run: agreement with the annotation, and scores that need none.

    Parameters
    ----------
    ari, nmi : float or None
        Adjusted Rand index and normalised mutual information (arithmetic mean) on annotated spots; None without an annotation.
    ari_all, nmi_all : float or None
        The same on all spots, the unannotated counted as a class of their own, as in the paper.
    chaos : float or None
        Mean distance from a spot to the nearest one of its domain, in standard deviations of position; lower is better. See
        `core.evaluation.coherence`.
    pas : float or None
        Share of the spots that most of their ten nearest disagree with, from 0 to 1; lower is better.
    stability : float or None
        Mean adjusted Rand index between every two of the fits that a consensus is made of, or of several starts; 1 where all
        agree. None where there was one fit only.
    smallest_share, largest_share : float or None
        Share of the spots in the smallest and in the largest domain; 0 where one of those asked for is empty.
    n_tiny : float or None
        Domains with less than 1% of the spots, empty ones among them.
    n_empty : float or None
        Domains that were asked for and have no spot.
    """

    ari: _Agreement | None = None
    nmi: _Share | None = None
    ari_all: _Agreement | None = None
    nmi_all: _Share | None = None
    chaos: _Positive | None = None
    pas: _Share | None = None
    stability: _Agreement | None = None
    smallest_share: _Share | None = None
    largest_share: _Share | None = None
    n_tiny: _Positive | None = None
    n_empty: _Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What a domain of a run is called, and which colour it has.

    Parameters
    ----------
    cluster : int
        Its number in the labels.
    layer : str or None
        Layer of the annotation that it is matched with.
    further : int or None
        Without a layer, which of the further colours it has, counted from 0.
    given : str
        Name that people gave to it; empty for its own.
    colour : str
        `#RRGGBB` that people gave to it; empty for its own.
    """

    cluster: int
    layer: str | None = None
    further: int | None = None
    given: str = ""
    colour: str = ""

    @property
    def name(self) -> str:
        """The given name, or else that of its layer, or the number of its colour."""
        own = display_name(self.layer) if self.layer else ""
        return self.given or own or f"Domain {self.cluster if self.further is None else self.further + 1}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """Labels of one run, with everything that determined them.

    Parameters
    ----------
    sample_name : str
    labels : ndarray of shape (n_spots,), int
        Cluster of each spot, 0 .. n_clusters - 1, in the order of the sample's spots.
    params : MethodParams
    scores : Scores
    confidence : ndarray of shape (n_spots,), float, or None
        How often each spot keeps its domain over resampled fits, from 0 to 1; None where there was one fit only. See
        `core.evaluation.stability`.
    direction : FoundDirection or None
        None when both coordinates entered the distance.
    averaging : Averaging or None
        How far expression was averaged, where the tissue decided it; None where the window was given.
    guidance : Guidance or None
        What people gave to it beside the sample; scores do not count the spots that they showed. None for what is label-free.
    names : tuple of str
        Of the domains of a guided run, by cluster; empty for what is label-free.
    autoencoder : AutoencoderReport or None
        None when no autoencoder took part.
    seconds : dict of str to float
        Wall time of the steps `pool`, `train` and `cluster`, which add up to that of the run; steps taken from a cache count what
        the look-up took.
    """

    sample_name: str
    labels: np.ndarray
    params: MethodParams
    scores: Scores = field(default_factory=Scores)
    confidence: np.ndarray | None = None
    direction: FoundDirection | None = None
    averaging: Averaging | None = None
    guidance: Guidance | None = None
    names: tuple[str, ...] = ()
    autoencoder: AutoencoderReport | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def n_painted(self) -> int:
        """Spots that somebody painted, and that scores do not count; 0 for what is label-free."""
        return 0 if self.guidance is None else self.guidance.n_painted

    @property
    def window(self) -> int:
        """The window k that expression was averaged with: given, or as far as the tissue asked for."""
        return self.params.pooling.window if self.averaging is None else self.averaging.window

    @property
    def nbytes(self) -> int:
        """Memory of the labels and of their confidence, in bytes."""
        return int(self.labels.nbytes) + (0 if self.confidence is None else int(self.confidence.nbytes))
