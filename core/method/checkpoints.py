"""Trained models on disk: weights in one file, what they were trained on in JSON beside it. No pickles.

`save_model/<sample>-<key>.pt` holds the weights, `<sample>-<key>.json` says of which data and parameters. The key is made
of both, so a model trained once is found again, and no other is.
"""

import dataclasses
import math
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from core import codec
from core.errors import CheckpointError, CodecError
from core.files import written_whole
from core.method.autoencoder import Autoencoder
from core.method.small_autoencoder import N_INPUTS, Basis, SmallAutoencoder
from core.method.training import TrainedModel
from core.params import AutoencoderParams, LatentParams, PoolingParams, params_key
from core.sample import Sample
from core.text import counted, shown

FORMAT = 1

NetworkParams = AutoencoderParams | LatentParams
"""Parameters of the paper's autoencoder, or of the small one."""

_PAPERS, _SMALL = "paper", "small"
_ARCHITECTURES = {_PAPERS: "the paper's autoencoder", _SMALL: "the small autoencoder"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """What a model was trained on, and how well it learned."""

    format: int
    sample: str = ""
    content_hash: str = ""
    n_genes: int = 0
    architecture: str = _PAPERS  # the only one when it was not written yet
    pooling: dict[str, Any] = field(default_factory=dict)
    autoencoder: dict[str, Any] = field(default_factory=dict)
    explained_variance: float = 0.0
    losses: tuple[float, ...] = ()


def model_key(sample: Sample, pooling: PoolingParams, params: NetworkParams) -> str:
    """Digest of all that a model depends on.

    Parameters
    ----------
    sample : Sample
    pooling : PoolingParams
    params : AutoencoderParams or LatentParams

    Returns
    -------
    str
    """
    return params_key("autoencoder", sample.content_hash, pooling, params)  # the class of `params` is part of it


def checkpoint_path(folder: Path, sample: Sample, pooling: PoolingParams, params: NetworkParams) -> Path:
    """Where the weights of a model are kept.

    Parameters
    ----------
    folder : Path
        `save_model/`.
    sample : Sample
    pooling : PoolingParams
    params : AutoencoderParams or LatentParams

    Returns
    -------
    Path
        Ends in `.pt`; the JSON has the same stem.
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", sample.name)[:60]
    return Path(folder) / f"{name}-{model_key(sample, pooling, params)[:16]}.pt"


def save(model: TrainedModel, path: Path, sample: Sample, pooling: PoolingParams) -> None:
    """Write weights, then the JSON that makes them valid.

    Parameters
    ----------
    model : TrainedModel
    path : Path
        From :func:`checkpoint_path`; its folder is made if needed.
    sample : Sample
    pooling : PoolingParams

    Raises
    ------
    CheckpointError
        If the folder cannot be written.
    """
    story = _Story(
        format=FORMAT,
        sample=sample.name,
        content_hash=sample.content_hash,
        n_genes=sample.n_genes,
        architecture=_architecture(model.params),
        pooling=dataclasses.asdict(pooling),
        autoencoder=dataclasses.asdict(model.params),
        explained_variance=model.explained_variance,
        losses=model.losses,
    )
    weights = {name: value.cpu() for name, value in model.network.state_dict().items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as draft:
            torch.save(weights, draft)
        with written_whole(path.with_suffix(".json")) as draft:
            draft.write_bytes(codec.encode(story))
    except OSError as error:
        raise CheckpointError(f"The model could not be written to {path.parent}: {error.strerror}.") from error


def load(path: Path, sample: Sample, pooling: PoolingParams, params: NetworkParams) -> TrainedModel:
    """Read a model, if it is one of this sample and these parameters.

    Parameters
    ----------
    path : Path
        The `.pt` file.
    sample : Sample
    pooling : PoolingParams
    params : AutoencoderParams or LatentParams

    Returns
    -------
    TrainedModel
        The paper's on the CUDA device where there is one, else on the CPU.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged, or the model is of other data or parameters.
    """
    story = _read_story(path.with_suffix(".json"))
    _check_fit(path, story, sample, pooling, params)
    network = _network(sample, params)
    try:
        _check_whole(path)
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises many kinds for a damaged file, and all mean the same to the user
        raise CheckpointError(
            f"{path.name} does not hold the weights of this autoencoder (damaged, or not a file of weights): "
            "delete it and train again."
        ) from error
    if not all(torch.isfinite(value).all() for value in network.state_dict().values()):
        raise CheckpointError(f"{path.name} holds weights that are not numbers: delete it and train again.")
    return TrainedModel(
        network=network.to(_device(params)).eval(),
        params=params,
        losses=story.losses,
        explained_variance=story.explained_variance,
        reused=True,
    )


def _check_whole(path: Path) -> None:
    """Compare all weights with their checksums, which torch does not."""
    with zipfile.ZipFile(path) as archive:
        packed = [entry.filename for entry in archive.infolist() if entry.compress_type != zipfile.ZIP_STORED]
        if packed or archive.testzip() is not None:
            raise ValueError(f"{path.name} is damaged")


def _architecture(params: NetworkParams) -> str:
    return _SMALL if isinstance(params, LatentParams) else _PAPERS


def _network(sample: Sample, params: NetworkParams) -> Autoencoder | SmallAutoencoder:
    if isinstance(params, AutoencoderParams):
        return Autoencoder(sample.n_genes, params.width)
    n_inputs = min(N_INPUTS, sample.n_spots - 1, sample.n_genes)
    return SmallAutoencoder(Basis.empty(sample.n_genes, n_inputs), min(params.size, n_inputs), params.units)


def _device(params: NetworkParams) -> torch.device:
    on_cuda = isinstance(params, AutoencoderParams) and torch.cuda.is_available()
    return torch.device("cuda" if on_cuda else "cpu")


def _read_story(path: Path) -> _Story:
    try:
        story = codec.read(_Story, path)
    except (OSError, CodecError) as error:
        raise CheckpointError(
            f"{path.name}, which says what the model was trained on, is missing or damaged: train again."
        ) from error
    # Training ends where a loss runs away, so that no model has one.
    if not (story.explained_variance <= 1 and all(0 <= loss < math.inf for loss in story.losses)):
        raise CheckpointError(f"{path.name} says that the model learned what none can learn: train again.")
    if story.format != FORMAT or not (story.autoencoder and story.losses):
        raise CheckpointError(f"{path.name} was written by another version of this program: train again.")
    return story


def _check_fit(path: Path, story: _Story, sample: Sample, pooling: PoolingParams, params: NetworkParams) -> None:
    _check_architecture(path, story.architecture, _architecture(params))
    if story.n_genes != sample.n_genes:
        raise CheckpointError(
            f"{path.name} was trained on {counted(story.n_genes, 'gene')}, but {sample.name} has {sample.n_genes}: "
            "train a model on this sample."
        )
    if story.content_hash != sample.content_hash:
        raise CheckpointError(
            f"{path.name} was trained on other data ({shown(story.sample)}) than {sample.name}: train a model on this sample."
        )
    _check_values(path, "pooling", story.pooling, pooling)
    _check_values(path, "autoencoder", story.autoencoder, params)


def _check_architecture(path: Path, found: str, wanted: str) -> None:
    if found != wanted:
        kind = _ARCHITECTURES.get(found, "another kind of network")
        raise CheckpointError(
            f"{path.name} holds {kind}, but {_ARCHITECTURES[wanted]} is asked for: choose the embedding that it was trained for, or "
            "train again."
        )


def _check_values(path: Path, step: str, found: dict[str, Any], wanted: PoolingParams | NetworkParams) -> None:
    for name, value in dataclasses.asdict(wanted).items():
        if found.get(name) != value:
            raise CheckpointError(
                f"{path.name} was trained with {step} {name} = {shown(found.get(name))}, but {value} is asked for: "
                "use that value or train again."
            )
