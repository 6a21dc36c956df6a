"""Labels, confidence, losses and the small map of a run, too large for a database: files by id.

Arrays are written as npy and never unpickled.
"""

import hashlib
import io
import json
import uuid
from pathlib import Path

import numpy as np

from core.errors import RecordError
from core.result import Result

LABELS, CONFIDENCE, LOSSES, MAP = "labels.npy", "confidence.npy", "losses.json", "map.png"

_ARRAY = "application/octet-stream"

MIME_TYPES = {LABELS: _ARRAY, CONFIDENCE: _ARRAY, LOSSES: "application/json", MAP: "image/png"}
"""Kind of each file that a run may have."""

MAX_BYTES = {LABELS: 64 << 20, CONFIDENCE: 64 << 20, LOSSES: 32 << 20, MAP: 4 << 20}
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
            (self._folder / artifact_id).write_bytes(content)
        except OSError as error:
            raise RecordError(
                f"The labels of the run cannot be written to {self._folder.name}: {error.strerror}. Nothing was recorded."
            ) from error
        return artifact_id

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
        Contents by file name; losses and confidence only where the result has them.
    """
    files = {LABELS: _npy(result.labels.astype(np.min_scalar_type(int(result.labels.max())))), MAP: picture}
    if result.confidence is not None:
        files[CONFIDENCE] = _npy(result.confidence.astype(np.float32))
    if result.autoencoder is not None and result.autoencoder.losses:
        files[LOSSES] = json.dumps(list(result.autoencoder.losses)).encode()
    return files


def _npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


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
    file = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(file)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, _, dtype = header(file)
    except (ValueError, KeyError, EOFError) as error:
        raise RecordError(f"The {name} of this run cannot be read: that is no npy file, or it is damaged.") from error
    # Compare with the bytes that are there before reserving memory.
    rest = content[file.tell() :]
    if shape != (n_spots,) or dtype.kind not in kinds or len(rest) != n_spots * dtype.itemsize:
        raise RecordError(f"The {name} of this run cannot be read: they are not {n_spots:,} numbers, or damaged.")
    return np.frombuffer(rest, dtype=dtype)


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
        losses = json.loads(content)
        if not isinstance(losses, list) or len(losses) > _MAX_LOSSES:
            raise ValueError
        return tuple(map(float, losses))
    except (ValueError, TypeError, RecursionError) as error:
        raise RecordError("The losses of this run are damaged: they are no list of numbers.") from error


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
