"""h5ad files of older layouts, and those that packages ship."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from core.errors import SampleFileError
from core.io import h5ad
from core.io.incoming import ImportChoices
from core.io.public import paste2
from tests.h5ad_files import pixels, saved, text, tissue, visium_adata

ALL = ImportChoices(genes="all")


def test_the_layout_of_2019_comes_in(tmp_path: Path):
    """Records in `obs`, categories in `uns`: what anndata 0.6 wrote."""
    sample = tissue()
    counts = sparse.csr_matrix(sample.expression)
    names, codes = np.unique(np.asarray(sample.labels_true), return_inverse=True)
    kinds = [("index", h5py.string_dtype()), ("array_row", "i8"), ("note", h5py.string_dtype()), ("layer", "i1")]
    obs = np.zeros(sample.n_spots, dtype=[*kinds, ("array_col", "i8")])
    obs["index"], obs["note"], obs["layer"] = [f"spot{n}" for n in range(len(codes))], "x", codes
    obs["array_row"], obs["array_col"] = sample.lattice.T
    var = np.array([(f"Gene{number}".encode(),) for number in range(sample.n_genes)], dtype=[("index", "S8")])
    with h5py.File(tmp_path / "old.h5ad", "w") as file:
        group = file.create_group("X")
        group.attrs.update({"h5sparse_format": "csr", "h5sparse_shape": counts.shape})
        for part in ("data", "indices", "indptr"):
            group[part] = getattr(counts, part)
        file["obs"], file["var"] = obs, var
        file.create_dataset("uns/layer_categories", data=[name.encode() for name in names], dtype=h5py.string_dtype())
    found = h5ad.read(tmp_path / "old.h5ad", ImportChoices(genes="all", annotation="layer"))
    np.testing.assert_array_equal(found.expression, sample.expression)
    np.testing.assert_array_equal(found.lattice, sample.lattice)
    np.testing.assert_array_equal(found.labels_true, sample.labels_true)
    assert found.barcodes is not None
    assert found.barcodes[7] == "spot7"


def test_one_endless_text_in_a_table_of_2019_is_refused_before_it_widens_the_column(tmp_path: Path):
    obs = np.zeros(3, dtype=[("index", h5py.string_dtype()), ("x", "f8"), ("y", "f8")])
    obs["index"] = ["a", "b", "c" * 5000]
    with h5py.File(tmp_path / "old.h5ad", "w") as file:
        file["X"], file["obs"] = np.ones((3, 1)), obs
        file["var"] = np.array([(b"Gene0",)], dtype=[("index", "S8")])
    with pytest.raises(SampleFileError, match="`obs/index` holds text of more than 1024 bytes"):
        h5ad.read(tmp_path / "old.h5ad", ALL)


def test_the_layout_of_2020_comes_in(tmp_path: Path):
    """Codes as the column, categories in `__categories`: what anndata 0.7 wrote."""
    path = saved(visium_adata(tissue()), tmp_path)
    with h5py.File(path, "a") as file:
        codes, names = file["obs/ground_truth/codes"][:], file["obs/ground_truth/categories"][:]
        del file["obs/ground_truth"]
        file["obs/ground_truth"] = codes
        file.create_dataset("obs/__categories/ground_truth", data=names, dtype=h5py.string_dtype())
        file["obs/ground_truth"].attrs["categories"] = file["obs/__categories/ground_truth"].ref
    found = h5ad.read(path, ImportChoices(genes="all", annotation="ground_truth"))
    np.testing.assert_array_equal(found.labels_true, tissue().labels_true)


def test_the_packages_that_paste2_ships_hold_what_its_own_reader_finds(tmp_path: Path):
    """Its traps: barcodes with a suffix, layers called L1, genes by symbol, (x, y), colours as floats."""
    sample = tissue()
    adata = visium_adata(sample)
    short = np.array([str(label).replace("Layer", "L") for label in np.asarray(sample.labels_true)])
    codes = pd.Categorical(np.where(short == "NA", None, short), categories=pd.Index(text(["L1", "L2", "L3"])))
    adata.obs["layer_guess_reordered_short"] = codes
    del adata.obs["ground_truth"]
    adata.obs_names = pd.Index(text(f"{name}.3" for name in adata.obs_names), dtype=object)
    adata.obs["imagerow"], adata.obs["imagecol"] = (pixels(sample)[:, ::-1] * 0.045).T
    adata.obsm["rgb"] = np.full((adata.n_obs, 3), 127.6)
    path = saved(adata, tmp_path)
    theirs = paste2.read_paste2_section(path)
    ours = h5ad.read(path, ImportChoices(genes="all", annotation=h5ad.survey(path).suggested_annotation))
    for part in ("labels_true", "barcodes", "coords_px", "spot_rgb", "lattice", "expression", "gene_names"):
        np.testing.assert_array_equal(getattr(ours, part), getattr(theirs, part))
