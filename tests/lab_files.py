"""Files in the lab's format, written by h5py: four spots and three genes."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

COUNTS = np.array([[0, 2, 1], [3, 0, 0], [0, 0, 5], [1, 1, 1]], dtype=np.int32)
LATTICE = np.array([[0, 0], [0, 2], [1, 1], [1, 3]])
LABELS = np.array(["Layer1", "WM", "NA", "Layer1"])


def write_h5(path: Path, **entries: Any) -> Path:
    """A file as h5py users write it; entries given as None are left out."""
    entries = {"X": COUNTS, "pos": LATTICE.T, **entries}
    with h5py.File(path, "w") as file:
        for key, value in entries.items():
            if value is not None:
                file[key] = value
    return path


def write_sparse_h5(path: Path, matrix: Any, **changes: Any) -> Path:
    parts = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr, "shape": matrix.shape}
    with h5py.File(path, "w") as file:
        file["pos"] = LATTICE.T
        for key, value in {**parts, **changes}.items():
            if value is not None:
                file[f"X/{key}"] = value
        file["X"].attrs["format"] = np.bytes_(matrix.format)
    return path
