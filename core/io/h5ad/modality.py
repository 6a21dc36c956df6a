"""MuData: files that hold one AnnData for each kind of measurement, of which the RNA is read."""

import h5py

from core.errors import SampleFileError
from core.text import listed, shown

_RNA = ("rna", "gex", "gene expression", "transcriptome", "transcriptomics", "spatial", "expression")


def is_mudata(file: h5py.File) -> bool:
    """Say whether an open HDF5 file is laid out as muon writes it (h5mu).

    Parameters
    ----------
    file : h5py.File

    Returns
    -------
    bool
    """
    return isinstance(file.get("mod"), h5py.Group) and "X" not in file


def rna_of(file: h5py.File) -> h5py.Group:
    """Find what is read of a file: its RNA where it holds several kinds of measurement, else the file itself.

    Parameters
    ----------
    file : h5py.File

    Returns
    -------
    h5py.Group

    Raises
    ------
    SampleFileError
        If none of several is called as RNA usually is. The message does not name the file.
    """
    if not is_mudata(file):
        return file
    kinds = {name.lower(): file["mod"][name] for name in file["mod"] if isinstance(file["mod"][name], h5py.Group)}
    found = next((kinds[name] for name in _RNA if name in kinds), None)
    if found is None and len(kinds) != 1:
        raise SampleFileError(
            f"holds {shown(listed(list(kinds)), 200) or 'nothing'}, none of them called `rna`: write the one that counts genes as "
            'h5ad (`mdata.mod["NAME"].write_h5ad("sample.h5ad")`) and give that.'
        )
    return found if found is not None else next(iter(kinds.values()))
