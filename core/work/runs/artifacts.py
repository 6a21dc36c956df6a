"""Labels, confidence, losses and the small map of a run, too large for a database: files by id.

Arrays are written as npy and never unpickled.
"""

import hashlib
import json
import uuid
from pathlib import Path

import numpy as np

from core import codec, guidance, npy
from core.errors import CodecError, ParameterError, RecordError
from core.files import write_bytes
from core.guidance import Guidance
from core.result import Result

LABELS, CONFIDENCE, LOSSES, MAP = "labels.npy", "confidence.npy", "losses.json", "map.png"
GUIDANCE = "guidance.json"

_ARRAY = "application/octet-stream"

MIME_TYPES = {
    LABELS: _ARRAY,
    CONFIDENCE: _ARRAY,
    LOSSES: "application/json",
    MAP: "image/png",
    GUIDANCE: "application/json",
}
"""Kind of each file that a run may have."""

MAX_BYTES = {LABELS: 64 << 20, CONFIDENCE: 64 << 20, LOSSES: 32 << 20, MAP: 4 << 20, GUIDANCE: guidance.MAX_BYTES}
"""Largest size of each; labels of eight million spots at eight bytes."""

_MAX_LOSSES = 1_000_000
_MAX_SIDE_PX = 4096
_PNG = b"\x89PNG\r\n\x1a\n"


class Artifacts:
    """A folder of files by id.

    Parameters
    ----------
    folder : Path
        Made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shared: dict[str, str] = {}

    def write(self, content: bytes) -> str:
        """Write a file.

        Returns
        -------
        str
            Its id.

        Raises
        ------
        RecordError
            If it cannot be written.
        """
        artifact_id = str(uuid.uuid4())
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_bytes(self._folder / artifact_id, content)
        except OSError as error:
            raise RecordError(
                f"The labels of the run cannot be written to {self._folder.name}: {error.strerror}. Nothing was recorded."
            ) from error
        return artifact_id

    def write_once(self, content: bytes) -> str:
        """Write a file that many runs have; again only where it is no longer there. Returns its id."""
        digest = hashlib.sha256(content).hexdigest()
        known = self._shared.get(digest)
        if known is None or not (self._folder / known).is_file():
            known = self._shared[digest] = self.write(content)
        return known

    def read(self, artifact_id: str, max_bytes: int) -> bytes:
        """Read a file.

        Parameters
        ----------
        artifact_id : str
        max_bytes : int
            A larger file is damaged, or not one of ours.

        Raises
        ------
        RecordError
            If it is missing, or cannot be read.
        """
        try:
            with (self._folder / str(uuid.UUID(artifact_id))).open("rb") as file:
                content = file.read(max_bytes + 1)
        except (OSError, ValueError) as error:
            raise RecordError(
                f"A file of this run is missing from {self._folder.name}, the folder of artifacts: take it from a backup, or "
                "check that RUNS_ARTIFACTS names the folder where it was written."
            ) from error
        if len(content) > max_bytes:
            raise RecordError(f"A file of this run in {self._folder.name} is damaged: take it from a backup.")
        return content


def files_of(result: Result, picture: bytes) -> dict[str, bytes]:
    """Write the parts of a result that are too large for a database.

    Parameters
    ----------
    result : Result
    picture : bytes
        PNG.

    Returns
    -------
    dict of str to bytes
        Contents by file name; losses, confidence and guidance only where the result has them.
    """
    files = {LABELS: npy.as_bytes(result.labels.astype(np.min_scalar_type(int(result.labels.max())))), MAP: picture}
    if result.confidence is not None:
        files[CONFIDENCE] = npy.as_bytes(result.confidence.astype(np.float32))
    if result.autoencoder is not None and result.autoencoder.losses:
        files[LOSSES] = json.dumps(list(result.autoencoder.losses)).encode()
    if result.guidance is not None:
        files[GUIDANCE] = result.guidance.to_json()
    return files


def labels_hash(labels: np.ndarray) -> str:
    """Compute the digest of labels.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int

    Returns
    -------
    str
        SHA-256 of the labels as little-endian 64-bit numbers.
    """
    return hashlib.sha256(labels.astype("<i8").tobytes()).hexdigest()


def read_labels(content: bytes, n_spots: int) -> np.ndarray:
    """Read labels; ndarray of shape (n_spots,), int.

    Parameters
    ----------
    content : bytes
        npy.
    n_spots : int

    Raises
    ------
    RecordError
        If they are not the labels of that many spots.
    """
    labels = _read_array(content, n_spots, "iu", "labels")
    if labels.min() < 0 or labels.max() > np.iinfo(np.int32).max:
        raise RecordError("The labels of this run are damaged: some are no numbers of clusters.")
    return labels.astype(np.int64)


def read_confidence(content: bytes, n_spots: int) -> np.ndarray:
    """Read the confidence of each spot's label; ndarray of shape (n_spots,), float64, from 0 to 1.

    Parameters
    ----------
    content : bytes
        npy.
    n_spots : int

    Raises
    ------
    RecordError
        If it is not the confidence of that many spots.
    """
    confidence = _read_array(content, n_spots, "f", "confidence")
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise RecordError("The confidence of this run is damaged: some lies outside 0 to 1.")
    return confidence.astype(np.float64)


def _read_array(content: bytes, n_spots: int, kinds: str, name: str) -> np.ndarray:
    try:
        array = npy.from_bytes(content)
    except ValueError as error:
        raise RecordError(f"The {name} of this run cannot be read, as it is damaged ({error}).") from error
    if array.shape != (n_spots,) or array.dtype.kind not in kinds:
        raise RecordError(f"The {name} of this run cannot be read: they are not {n_spots:,} numbers, or damaged.")
    return array


def read_losses(content: bytes) -> tuple[float, ...]:
    """Read the losses of an autoencoder, one per epoch.

    Parameters
    ----------
    content : bytes
        JSON.

    Raises
    ------
    RecordError
        If they are not numbers.
    """
    try:
        losses = codec.decode(tuple[float, ...], content)
    except CodecError as error:
        raise RecordError("The losses of this run are damaged: they are no list of numbers.") from error
    if len(losses) > _MAX_LOSSES:
        raise RecordError(f"The losses of this run are damaged: there are more than {_MAX_LOSSES:,}.")
    return losses


def read_guidance(content: bytes, n_spots: int) -> Guidance:
    """Read what a run was guided by.

    Parameters
    ----------
    content : bytes
        JSON.
    n_spots : int

    Raises
    ------
    RecordError
        If it is anything else, or of another number of spots.
    """
    try:
        return guidance.from_json(content, n_spots)
    except ParameterError as error:
        raise RecordError(str(error)) from error


def check_picture(content: bytes) -> None:
    """Refuse anything but a small PNG.

    Raises
    ------
    RecordError
    """
    # A PNG begins with an eight-byte signature and a header with width and height.
    sides = (int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))
    if not content.startswith(_PNG) or not 0 < min(sides) <= max(sides) <= _MAX_SIDE_PX:
        raise RecordError("The small map of this run is damaged: it is no small PNG.")
