"""Steps that several processes share through a folder: one process computes each, and the others read it.

Arrays lie in `.npy` and `.npz` files that are mapped into memory, so a matrix is there once however many processes work on it.
Nothing is pickled. Knows nothing of the method: keys say what a value depends on.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy import sparse

from core.files import keep_below, locked, mark_used, remove, written_whole
from core.method.cache import DEFAULT_BYTES, StepCache
from core.sample import BY_GENE, BY_SPOT, Sample, TissueImage

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

MOST_BYTES = 8 * 2**30
"""Budget of a folder; the values used longest ago are deleted, and computed again when needed."""

_TEXT = ("name", "source", "synthetic", "unit_known")
_ADDED_LATER = ("annotation_name", "annotation_id")  # a sweep that an earlier version began has none
_HASHES = ("content_hash", "annotation_hash")
_ARRAYS = (*BY_SPOT, *BY_GENE)


class SharedSteps(StepCache):
    """A cache of steps that shares its arrays with other processes.

    Parameters
    ----------
    folder : Path
        Made where it does not exist; of processes of one user.
    max_bytes : int
        Budget in memory.
    """

    def __init__(self, folder: Path, max_bytes: int = DEFAULT_BYTES) -> None:
        super().__init__(max_bytes)
        self.folder = folder
        self._held_back: dict[Path, np.ndarray] | None = None

    def share(self, key: str, compute: Callable[[], T], *, bulky: bool = False) -> T:
        """Look a value up here, then in the folder; or compute and keep it in both.

        Parameters
        ----------
        key : str
        compute : callable
            Called by one process at a time, while the others wait for its value.
        bulky : bool
            Written only when others need it; see :meth:`hold_back`.

        Returns
        -------
        object
            Arrays come back read-only.
        """
        return super().get(key, lambda: self._shared(key, compute, bulky=bulky))

    @contextmanager
    def hold_back(self) -> Iterator[None]:
        """Write no bulky value in this block, since no other process needs it, unless :meth:`publish` is called."""
        self._held_back = {}
        try:
            yield
        finally:
            self._held_back = None

    def publish(self) -> None:
        """Write what was held back after all."""
        for path, value in (self._held_back or {}).items():
            self._write_value(path, value)

    def sample(self, key: str, read: Callable[[], Sample]) -> Sample:
        """Look up a sample, or read it; only one process reads its file."""
        return super().get(key, lambda: self._shared_sample(key, read))

    def find_sample(self, key: str) -> Sample | None:
        """Look up a sample that a process has read; None if none has."""
        folder = self.folder / key
        return _whole(folder, _sample_from) if folder.is_dir() else None

    def _shared(self, key: str, compute: Callable[[], T], *, bulky: bool) -> T:
        path = self.folder / f"{key}.npy"
        with self._locked(key):
            found = _whole(path, _mapped) if path.exists() else None
            if found is not None:
                return found
            value = compute()
            if isinstance(value, np.ndarray):
                self._keep(path, value, bulky=bulky)
            return value

    def _keep(self, path: Path, value: np.ndarray, *, bulky: bool) -> None:
        if bulky and self._held_back is not None:
            self._held_back[path] = value
        else:
            self._write_value(path, value)

    def _write_value(self, path: Path, value: np.ndarray) -> None:
        self._write(path, lambda part: _write_array(part, value))

    def _shared_sample(self, key: str, read: Callable[[], Sample]) -> Sample:
        folder = self.folder / key
        with self._locked(key):
            found = self.find_sample(key)
            if found is not None:
                return found
            sample = read()
            self._write(folder, lambda part: _write_sample(part, sample))
            return sample

    def _write(self, path: Path, write: Callable[[Path], None]) -> None:
        """Write a step if possible; a full disk costs time but does not stop the sweep."""
        with suppress(OSError), written_whole(path, durable=False) as draft:
            write(draft)
        with suppress(OSError):  # the folder may be gone: its sweep has ended
            keep_below(self.folder.glob("*.npy"), self._budget())  # samples stay, since every step begins with one

    def _budget(self) -> int:
        """Budget for steps: at most half of the space that is free or used by them."""
        used = sum(path.stat().st_size for path in self.folder.glob("*.npy"))
        return min(MOST_BYTES, (shutil.disk_usage(self.folder).free + used) // 2)

    def _locked(self, key: str) -> AbstractContextManager[None]:
        return locked(self.folder / f"{key}.lock")


def _whole(path: Path, read: Callable[[Path], T]) -> T | None:
    """Read a step, or make room for it to be computed again where a power cut or a full disk damaged it."""
    try:
        return read(path)
    # NumPy and samples raise many kinds of errors for damage, and all mean the same here.
    except Exception as error:
        _LOG.warning("A shared step is damaged and computed again: %s", error)
        with suppress(OSError):
            remove(path)
        return None


def _mapped(path: Path) -> Any:
    mark_used(path)
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _write_array(path: Path, value: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, value, allow_pickle=False)


def _write_sample(folder: Path, sample: Sample) -> None:
    folder.mkdir()
    for name, value in _arrays_of(sample).items():
        _write_array(folder / f"{name}.npy", value)


def _arrays_of(sample: Sample) -> Mapping[str, np.ndarray]:
    arrays = {name: getattr(sample, name) for name in _ARRAYS if getattr(sample, name) is not None}
    arrays |= {name: np.asarray(getattr(sample, name)) for name in (*_TEXT, *_ADDED_LATER, *_HASHES)}
    arrays["class_colours"] = np.array(list(sample.class_colours.items()), dtype=str).reshape(-1, 2)
    counts = sample.expression
    if isinstance(counts, np.ndarray):
        arrays["expression"] = counts
    else:
        arrays |= {"data": counts.data, "indices": counts.indices, "indptr": counts.indptr}
        arrays["shape"] = np.asarray(counts.shape)
    if sample.image is not None:
        arrays |= {"pixels": sample.image.pixels, "pixel_scale": np.asarray(sample.image.scale)}
    return {name: _plain(value) for name, value in arrays.items()}


def _plain(value: np.ndarray) -> np.ndarray:
    return value.astype(str) if value.dtype.kind == "O" else value


def _sample_from(folder: Path) -> Sample:
    parts = {path.stem: _mapped(path) for path in folder.glob("*.npy")}
    expression: Any = parts.get("expression")
    if expression is None:
        matrix = parts["data"], parts["indices"], parts["indptr"]
        expression = sparse.csr_array(matrix, shape=(int(parts["shape"][0]), int(parts["shape"][1])))
    image = TissueImage(pixels=parts["pixels"], scale=float(parts["pixel_scale"])) if "pixels" in parts else None
    rest: dict[str, Any] = {name: parts.get(name) for name in _ARRAYS}
    rest |= {name: parts[name].item() for name in (*_TEXT, *_ADDED_LATER) if name in parts}
    rest["class_colours"] = dict(parts["class_colours"].tolist()) if "class_colours" in parts else {}
    sample = Sample(expression=expression, image=image, **rest)
    vars(sample).update({name: parts[name].item() for name in _HASHES})  # as computed by the process that read its file
    return sample
