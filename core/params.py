"""Parameters of the method: one frozen dataclass per step, every knob declared once.

Forms, options of the command line, addresses, sweeps, records, the keys of cached steps and the labels of
checkpoints are all made from these classes. They know nothing of files, arrays or widgets.
"""

import dataclasses
import functools
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core import units
from core.declarations import StepParams, knob, step
from core.errors import ParameterError

DEFAULT_N_CLUSTERS = 8
FOUND_WINDOW = 0
"""The window that leaves it to the tissue how far expression is averaged."""

MAX_SEED = 2**32 - 1  # NumPy's and scikit-learn's

TRIED_FROM, TRIED_TO, TRIED_STARTS = 2, 12, 4
"""Numbers of clusters that are tried, each from so many starts, where one asks how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolingParams(StepParams):
    """How far expression is averaged over the tissue."""

    window: int = knob(
        6,
        "Window k",
        "Spots up to k - 1 cells of the array away take part in a spot's average, or as many spots off the array; 1 is none. Spatial "
        "factors are averaged with their neighbours' k - 1 times. 0 leaves it to the tissue: as far as noise between neighbours asks for.",
        minimum=FOUND_WINDOW,
        maximum=40,
        said={FOUND_WINDOW: "found"},
        tried=(1, 2, 4, 6, 10),
        searched=(1, 12),
        joint=True,
    )
    scale: float = knob(
        2.0,
        "Scale alpha",
        "Pooled counts are multiplied by alpha, before anything else sees them; for spatial factors normalised counts before their "
        "logarithm: small is nearly linear, large nearly log-ratios.",
        minimum=1e-6,
        maximum=1e9,
        needs={
            "embedding": ("none", "pca", "factors", "code", "reconstruction")
        },  # the small autoencoder's inputs have none
        joint=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderParams(StepParams):
    """The paper's autoencoder: one hidden layer, Adam, two drops of the learning rate."""

    width: int = knob(
        800, "Width", "Units of the hidden layer, the code.", minimum=1, maximum=8192,
        tried=(50, 200, 800), searched=(16, 1024), by_factors=True,
    )  # fmt: skip
    epochs: int = knob(
        100, "Epochs", "How often training reads all spots.", minimum=1, maximum=10_000,
        tried=(25, 50, 100), searched=(10, 100), by_factors=True,
    )  # fmt: skip
    learning_rate: float = knob(
        1e-2, "Learning rate", "Adam's first step size; a tenth after a quarter and again after half of the epochs.",
        minimum=1e-7, maximum=1.0, tried=(0.001, 0.003, 0.01), searched=(1e-4, 1e-1), by_factors=True,
    )  # fmt: skip
    weight_decay: float = knob(
        1e-5, "Weight decay", "Pulls weights towards zero.", minimum=0.0, maximum=1.0,
        tried=(0.0, 1e-5, 1e-3), searched=(1e-7, 1e-2), by_factors=True,
    )  # fmt: skip
    batch_size: int = knob(
        128, "Batch size", "Spots per step, in file order; the last incomplete batch is left out.",
        minimum=1, maximum=65_536, tried=(64, 128, 256), searched=(32, 512), by_factors=True,
    )  # fmt: skip
    random_state: int = knob(
        0, "Training seed", "Fixes the first weights.", name="training_seed", minimum=0, maximum=MAX_SEED,
        tried=(0, 1, 2), searched=(0, 9),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentParams(StepParams):
    """A small autoencoder of normalised expression, whose code stands for it."""

    size: int = knob(
        16, "Code size", "Numbers that each spot is squeezed into.", name="latent_size", rank=4, minimum=1, maximum=256,
        tried=(8, 16, 32), searched=(4, 64), by_factors=True,
    )  # fmt: skip
    units: int = knob(
        64, "Hidden units", "Of the layer before the code and of that after it.", name="latent_units", minimum=1, maximum=1024,
        tried=(32, 64, 128), searched=(16, 256), by_factors=True,
    )  # fmt: skip
    hops: int = knob(
        1, "Averaging hops",
        "How often normalised expression is averaged with that of the neighbouring spots before it is encoded.",
        name="latent_hops", rank=4, minimum=0, maximum=20, tried=(0, 1, 2, 4), searched=(0, 6),
    )  # fmt: skip
    epochs: int = knob(
        60, "Epochs at most", "Training ends earlier, where spots held out gain no more.", name="latent_epochs",
        minimum=1, maximum=10_000, tried=(15, 30, 60), searched=(10, 100), by_factors=True,
    )  # fmt: skip
    learning_rate: float = knob(
        3e-3, "Learning rate", "Adam's first step size; a quarter each time the spots held out gain no more, three times.",
        name="latent_learning_rate", minimum=1e-7, maximum=1.0,
        tried=(0.001, 0.003, 0.01), searched=(1e-4, 1e-1), by_factors=True,
    )  # fmt: skip
    random_state: int = knob(
        0, "Training seed", "Fixes the first weights and the order of the spots.", name="latent_seed", minimum=0, maximum=MAX_SEED,
        tried=(0, 1, 2), searched=(0, 9),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingParams(StepParams):
    """What stands for expression in the distance."""

    kind: str = knob(
        "none",
        "Embedding",
        "What is clustered: the pooled counts, their principal components, spatial factors (directions of log counts that "
        "change smoothly over the tissue, without pooling), what the paper's autoencoder makes of pooled counts, or the code of a "
        "small one, which is trained on normalised counts in seconds.",
        name="embedding",
        group="embedding",
        rank=9,
        choices={
            "none": "None (pooled counts)",
            "pca": "Principal components",
            "factors": "Spatial factors",
            "code": "Autoencoder code",
            "reconstruction": "Autoencoder reconstruction",
            "latent": "Small autoencoder code",
        },
    )
    n_components: int = knob(
        30, "Components", "Principal components, or spatial factors, kept.", name="components", minimum=1, maximum=1000,
        needs={"embedding": ("pca", "factors")}, tried=(8, 16, 30, 60), searched=(4, 64), by_factors=True, joint=True,
    )  # fmt: skip
    autoencoder: AutoencoderParams = step(
        AutoencoderParams, "Autoencoder", group="network", rank=6, needs={"embedding": ("code", "reconstruction")}
    )
    latent: LatentParams = step(
        LatentParams, "Small autoencoder", group="network", rank=5, needs={"embedding": ("latent",)}
    )

    @property
    def needs_training(self) -> bool:
        """Whether an autoencoder has to be trained for this embedding."""
        return self.kind in ("code", "reconstruction", "latent")

    @property
    def network(self) -> AutoencoderParams | LatentParams:
        """Parameters of the autoencoder that this embedding would train: the small one's, or the paper's."""
        return self.latent if self.kind == "latent" else self.autoencoder

    @property
    def pools(self) -> bool:
        """Whether it is made of pooled counts."""
        return self.kind != "factors"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionParams(StepParams):
    """Across which line the layers are crossed: distance along them is dropped."""

    method: str = knob(
        "preclustering",
        "Direction",
        "Replaces both coordinates by the depth across the layers, u = cos(angle) row - sin(angle) column, so that distance along "
        "them does not count. A bending depth follows curved layers; where it explains too little it takes no part.",
        name="direction",
        choices={
            "off": "Off",
            "preclustering": "Pre-clustering (paper)",
            "expression": "From expression",
            "bending": "Bending with the layers",
            "manual": "By hand",
        },
    )
    angle: float = knob(
        0.0, "Angle", "In array rows and columns, or down and across off the array; half a turn more is the same. 0.38 radians (21.8°) in the paper. Radians in addresses and commands, where 21.8° is read, too.", minimum=-math.pi, maximum=math.pi,
        angle=True, needs={"direction": ("manual",)}, tried=tuple(map(units.radians, range(0, 180, 20))), searched=(0.0, 3.14),
    )  # fmt: skip
    degree: int = knob(
        3, "Bend", "How far depth may bend, as the degree of a polynomial: 1 is straight, 2 bends once, 3 lets the bend differ from end to end.",
        minimum=1, maximum=3, needs={"direction": ("bending",)}, tried=(1, 2, 3), searched=(1, 3),
    )  # fmt: skip


_BY_KMEANS = {"read_out": ("kmeans",)}
_WITH_DEPTH = {"direction": ("preclustering", "expression", "bending", "manual")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteringParams(StepParams):
    """k-means on position and weighted expression, or a consensus of mixtures."""

    x_weight: float = knob(
        1.0, "X weight", "How much expression counts against position, or depth, in the distance.", group="weight", rank=1,
        minimum=0.0, maximum=1e6, needs=_BY_KMEANS, or_needs=_WITH_DEPTH, tried=(0.5, 1.0, 2.0, 5.0, 10.0), searched=(0.1, 50.0), by_factors=True,
    )  # fmt: skip
    n_clusters: int = knob(
        DEFAULT_N_CLUSTERS, "Clusters", "How many domains to find.", rank=1, minimum=1, maximum=100,
        tried=lambda own: range(max(2, own - 2), own + 3), searched=(4, 12), joint=True,
    )  # fmt: skip
    read_out: str = knob(
        "kmeans",
        "Read-out",
        "k-means on position and weighted expression as in the paper, or a consensus of normal mixtures with one shared "
        "covariance, on expression and, with a direction, depth; at an X weight of 1 they weigh both by themselves.",
        choices={"kmeans": "k-means (paper)", "mixture": "Tied mixture"},
    )
    init: str = knob(
        "random",
        "First centres",
        "Random spots as in the paper, or k-means++, which spreads them out.",
        group="starts",
        needs=_BY_KMEANS,
        choices={"random": "Random spots (paper)", "k-means++": "k-means++"},
    )
    n_init: int = knob(
        1, "Starts", "Best of so many starts, by the sum of squared distances.", group="starts", minimum=1, maximum=1000,
        needs=_BY_KMEANS, tried=(1, 5, 20), searched=(1, 20), by_factors=True,
    )  # fmt: skip
    max_iter: int = knob(
        100, "Iterations", "At most so many rounds of k-means.", group="starts", minimum=1, maximum=100_000,
        needs=_BY_KMEANS, tried=(30, 100, 300), searched=(20, 300), by_factors=True,
    )  # fmt: skip
    random_state: int = knob(
        0, "Seed", "Fixes the random first centres.", name="seed", minimum=0, maximum=MAX_SEED,
        tried=(0, 1, 2, 3, 4), searched=(0, 99), joint=True,
    )  # fmt: skip

    @property
    def by_kmeans(self) -> bool:
        """Whether spots are told apart by a distance, in which position and weighted expression add up."""
        return self.read_out == "kmeans"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefinementParams(StepParams):
    """Neighbours vote on each spot's label."""

    rounds: int = knob(
        0,
        "Refinement",
        "How often each spot takes the label most frequent among itself and its neighbours; 0 is never.",
        name="refinement",
        minimum=0,
        maximum=20,
        tried=(0, 1, 2, 4),
        searched=(0, 5),
        joint=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodParams:
    """All steps of one run, in the order of the method."""

    pooling: PoolingParams = step(PoolingParams, "Pooling", group="pooling", rank=0)
    embedding: EmbeddingParams = step(EmbeddingParams, "Embedding", group="reduction", rank=3)
    direction: DirectionParams = step(DirectionParams, "Direction", group="direction", rank=2)
    clustering: ClusteringParams = step(ClusteringParams, "Clustering", group="clusters")
    refinement: RefinementParams = step(RefinementParams, "Refinement", group="refinement", rank=1)

    def as_dict(self) -> dict[str, Any]:
        """Nested plain values, as written to JSON.

        Returns
        -------
        dict
        """
        return dataclasses.asdict(self)


PRESETS = {
    "paper": "Paper without autoencoder",
    "paper-ae": "Paper with autoencoder",
    "recommended": "Recommended",
}


DEFAULT_PRESET = "recommended"
"""What pages open with and commands take where nothing else is said."""


@functools.cache  # a page asks for each knob
def preset(name: str, n_clusters: int = DEFAULT_N_CLUSTERS) -> MethodParams:
    """Parameters of a named setting, as `docs/method.md` defines them.

    Parameters
    ----------
    name : {"paper", "paper-ae", "recommended"}
    n_clusters : int
        Domains to find; see :meth:`core.sample.Sample.suggested_n_clusters`.

    Returns
    -------
    MethodParams

    Raises
    ------
    ParameterError
        If no preset has that name.
    """
    clustering = ClusteringParams(n_clusters=n_clusters)
    if name == "paper":
        return MethodParams(clustering=clustering)
    if name == "paper-ae":
        return MethodParams(
            pooling=PoolingParams(window=10, scale=20_000.0),
            embedding=EmbeddingParams(kind="reconstruction"),
            clustering=clustering,
        )
    if name == "recommended":
        return MethodParams(
            pooling=PoolingParams(window=FOUND_WINDOW, scale=1.0),
            embedding=EmbeddingParams(kind="factors", n_components=16),
            direction=DirectionParams(method="bending"),
            clustering=dataclasses.replace(clustering, read_out="mixture"),
        )
    raise ParameterError(f"There is no preset {name!r}; choose one of {', '.join(PRESETS)}.")


def replaced(params: Any, path: Sequence[str], value: Any) -> Any:
    """Copy nested parameters with one value changed.

    Parameters
    ----------
    params : dataclass instance
    path : sequence of str
        Names on the way to the value, such as `("pooling", "window")`.
    value : object

    Returns
    -------
    dataclass instance

    Raises
    ------
    ParameterError
        If the value lies outside its limits.
    """
    first, *rest = path
    inner = replaced(getattr(params, first), rest, value) if rest else value
    return dataclasses.replace(params, **{first: inner})


def params_key(*parts: Any) -> str:
    """Short digest of parameter objects and strings: equal inputs give equal keys, in any process.

    Parameters
    ----------
    *parts : dataclass instance or str
        What a step's result depends on, in order.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    plain = [part if isinstance(part, str) else [type(part).__name__, dataclasses.asdict(part)] for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:32]
