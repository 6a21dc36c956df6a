"""Positions and genes where people's programs leave them: sparse, beside all kinds of measurement, or named in `var` alone."""

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from core.io import importing
from core.io.incoming import ImportChoices

N, GENES = 60, [f"G{number}" for number in range(12)]
RNG = np.random.default_rng(5)
COUNTS = RNG.poisson(3, (N, len(GENES)))
X_Y = RNG.uniform(0, 150, (N, 2)).round(2)


def made(**more) -> ad.AnnData:
    obs = pd.DataFrame(more, index=texts([f"cell{number}" for number in range(N)]))
    return ad.AnnData(sparse.csr_matrix(COUNTS.astype("f4")), obs, pd.DataFrame(index=texts(GENES)))


def texts(names: list[str]) -> pd.Index:
    return pd.Index(np.array(names, dtype=object), dtype=object)  # anndata 0.12 writes text of objects


def assert_is_the_tissue(path) -> None:
    sample = importing.read(path, ImportChoices(genes="all"))
    assert (np.asarray(sample.expression) == COUNTS).all()
    np.testing.assert_array_equal(sample.coords_um, X_Y[:, ::-1])


@pytest.mark.parametrize("stored", [sparse.csr_matrix, sparse.csc_matrix])
def test_coordinates_that_are_stored_sparse_are_read(tmp_path, stored):
    table = made()
    table.obsm["spatial"] = stored(X_Y)
    table.write_h5ad(tmp_path / "a.h5ad")
    assert_is_the_tissue(tmp_path / "a.h5ad")


def test_positions_that_were_never_filled_in_give_way_to_columns(tmp_path):
    table = made(x=X_Y[:, 0], y=X_Y[:, 1])
    table.obsm["spatial"] = np.zeros((N, 2))
    table.write_h5ad(tmp_path / "a.h5ad")
    assert_is_the_tissue(tmp_path / "a.h5ad")


def test_positions_beside_all_kinds_of_measurement_are_those_of_the_rna(tmp_path):
    placed = made()
    placed.obsm["spatial"] = X_Y
    made().write_h5ad(tmp_path / "rna.h5ad")
    placed.write_h5ad(tmp_path / "all.h5ad")
    with (
        h5py.File(tmp_path / "a.h5mu", "w") as file,
        h5py.File(tmp_path / "rna.h5ad") as rna,
        h5py.File(tmp_path / "all.h5ad") as every,
    ):
        file.create_group("mod")
        rna.copy("/", file["mod"], "rna")
        for key in ("obs", "obsm", "var"):
            every.copy(key, file)
    assert_is_the_tissue(tmp_path / "a.h5mu")


def test_genes_of_raw_get_the_symbols_that_stand_beside_the_same_ids(tmp_path):
    every, ids = made(), [f"ENSG{number:011d}" for number in range(len(GENES))]
    every.var_names = texts(ids)
    obs = every.obs.copy()
    var = pd.DataFrame(
        {"feature_name": pd.Categorical.from_codes(range(8), categories=texts(GENES[:8]))}, index=texts(ids[:8])
    )
    some = ad.AnnData(np.log1p(COUNTS[:, :8]).astype("f4"), obs, var, obsm={"spatial": X_Y})
    some.raw = every  # of its last four genes nothing says the symbol
    some.write_h5ad(tmp_path / "a.h5ad")
    sample = importing.read(tmp_path / "a.h5ad", ImportChoices(genes="all"))
    assert sample.gene_names.tolist() == [*GENES[:8], *ids[8:]]
    assert sample.gene_ids.tolist() == ids


@pytest.mark.parametrize("turned_degrees", [0, 30])
def test_an_array_of_any_pitch_says_no_unit(tmp_path, turned_degrees):
    grid = np.array([(x, y) for y in range(6) for x in range(10)]) * 30.0
    turn = np.deg2rad(turned_degrees)
    table = made()
    table.obsm["spatial"] = (grid @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])).round()
    table.write_h5ad(tmp_path / "a.h5ad")
    assert importing.read(tmp_path / "a.h5ad", ImportChoices()).unit_known is False
    assert importing.read(tmp_path / "a.h5ad", ImportChoices(um_per_unit=0.5)).unit_known
