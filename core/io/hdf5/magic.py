"""What a file says that it is, in its first bytes."""

from pathlib import Path

HDF5 = b"\x89HDF\r\n\x1a\n"
"""How files of HDF5 begin."""


def is_hdf5(path: Path) -> bool:
    """Whether a file begins as HDF5 does.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(len(HDF5)) == HDF5
