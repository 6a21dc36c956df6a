"""Values that are counts, that can be turned into counts again, and that cannot."""

import math
from pathlib import Path

import numpy as np
import pytest
import scanpy
from scipy import sparse

from core import expression_kinds
from core.io import h5ad, importing, lab
from core.io.h5ad.writing import write_h5ad
from core.io.incoming import ImportChoices
from core.method import pipeline
from core.method.normalisation import log_normalised, log_normalised_gene
from core.params import preset
from core.result import Result
from core.sample import Sample
from tests.h5ad_files import saved, tissue, visium_adata

ALL = ImportChoices(genes="all")
COUNTS = np.asarray(tissue().expression)


def brought(tmp_path: Path, change, form: str = "csr", **layers) -> tuple[Sample, str]:
    adata = visium_adata(tissue(), form)
    change(adata)
    for name, values in layers.items():
        adata.layers[name] = values
    adata.uns.clear()
    path = saved(adata, tmp_path)
    said = " ".join(check.found for check in importing.survey(path).checks if check.what == "Counts")
    return importing.read(path, ALL), said


def normalised(adata, total: float = 1e4) -> None:
    scanpy.pp.normalize_total(adata, target_sum=total)


def logged(adata) -> None:
    normalised(adata)
    scanpy.pp.log1p(adata)


def in_base_two(adata) -> None:
    logged(adata)
    adata.X = adata.X / np.log(2)


def of_counts(adata) -> None:
    scanpy.pp.log1p(adata)


def as_doubles(adata) -> None:
    adata.X = adata.X.astype(np.float64)
    logged(adata)


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
@pytest.mark.parametrize("change", [logged, in_base_two, of_counts, as_doubles, normalised])
def test_counts_are_told_exactly_from_what_was_made_of_them(tmp_path, form, change):
    sample, said = brought(tmp_path, change, form)
    np.testing.assert_array_equal(np.asarray(sample.expression), COUNTS)
    assert sample.expression_kind == "restored"
    assert "the counts can be told exactly, and are restored" in said


def test_domains_of_logarithms_are_those_of_the_counts(tmp_path):
    sample, _ = brought(tmp_path, logged)
    params = preset("recommended", n_clusters=3)
    assert pipeline.run(sample, params).labels.tolist() == pipeline.run(tissue(), params).labels.tolist()


def smoothed(adata) -> None:
    """No multiples of anything, but one total in every spot."""
    adata.X = sparse.csr_matrix(np.random.default_rng(0).gamma(COUNTS + 0.1).astype(np.float32))
    logged(adata)


def test_where_only_totals_are_one_logarithms_are_undone_and_library_sizes_are_not_known(tmp_path):
    sample, said = brought(tmp_path, smoothed)
    assert sample.expression_kind == "normalised"
    np.testing.assert_allclose(np.asarray(sample.expression).sum(axis=1), 1e4, rtol=1e-5)
    assert "library sizes are not known" in said


def moved(adata) -> None:
    """Logarithms of something without a total or a unit."""
    adata.X = sparse.csr_matrix(np.log1p(np.random.default_rng(0).gamma(COUNTS + 0.1)).astype(np.float32))


def test_other_logarithms_are_used_as_they_are_and_never_logged_twice(tmp_path):
    sample, said = brought(tmp_path, moved)
    values = np.asarray(sample.expression)
    assert sample.is_logged
    assert "used as they are" in said
    np.testing.assert_array_equal(log_normalised(sample.expression, logged=True), values)
    np.testing.assert_array_equal(log_normalised_gene(sample.expression, 2, logged=True), values[:, 2])
    whole = preset("recommended", n_clusters=3)
    # Had they been taken for counts, spots would have been brought to one total of logarithms.
    other = Sample(name="x", expression=values, lattice=sample.lattice)
    assert sample.content_hash != other.content_hash
    assert len(set(pipeline.run(sample, whole).labels.tolist())) == 3


@pytest.mark.parametrize("base", [math.e, 2.0])
def test_logarithms_are_read_the_same_where_they_come_out_again(tmp_path, base):
    sample, _ = brought(tmp_path, lambda adata: (moved(adata), setattr(adata, "X", adata.X / np.log(base))))
    lab.write(sample, tmp_path / "again.h5")
    again = lab.read(tmp_path / "again.h5")
    assert (again.expression_kind, again.content_hash) == ("logarithms", sample.content_hash)
    result = Result(sample_name="a", labels=np.zeros(sample.n_spots, dtype=int), params=preset("paper"), seconds={})
    write_h5ad(sample, result, tmp_path / "out.h5ad")
    out = h5ad.read(tmp_path / "out.h5ad", ALL)
    assert (out.expression_kind, out.content_hash) == ("logarithms", sample.content_hash)
    assert "logarithms" in expression_kinds.note(out.expression_kind)


def flags(_adata):
    return sparse.csr_matrix((COUNTS > 2).astype(np.float32))


@pytest.mark.parametrize(
    "layer",
    [
        (COUNTS > 2).astype(np.float32),
        np.argsort(np.argsort(COUNTS, axis=1), axis=1).astype(np.float32),
        np.rint(COUNTS / COUNTS.sum(axis=1, keepdims=True) * 1e6).astype(np.float32),
        np.rint(COUNTS * 0.6).astype(np.float32),
    ],
    ids=["0 and 1", "ranks", "rounded CPM", "spliced"],
)
def test_whole_numbers_that_are_no_counts_do_not_take_the_place_of_logarithms(tmp_path, layer):
    sample, said = brought(tmp_path, logged, detected=sparse.csr_matrix(layer))
    np.testing.assert_array_equal(np.asarray(sample.expression), COUNTS)
    assert "`X`" in said


@pytest.mark.parametrize(
    ("form", "of_layer"), [("csr", sparse.csr_matrix), ("csc", sparse.csc_matrix), ("dense", np.asarray)]
)
def test_what_is_called_counts_comes_before_other_whole_numbers_in_x_and_that_is_said(tmp_path, form, of_layer):
    def corrected(adata) -> None:
        data = adata.X if form == "dense" else adata.X.data
        data[...] = data // 2

    back, said = brought(tmp_path, corrected, form, counts=of_layer(COUNTS))
    np.testing.assert_array_equal(np.asarray(back.expression), COUNTS)
    assert "taken by its name: `X` holds other whole numbers" in said


def test_x_is_taken_where_what_is_called_counts_is_the_same(tmp_path):
    _, said = brought(tmp_path, lambda adata: None, counts=COUNTS)
    assert said.startswith("`X` (csr)")


def test_counts_in_a_layer_come_before_rounded_totals_in_x(tmp_path):
    def rounded(adata) -> None:
        normalised(adata, 1e6)
        adata.X.data = np.rint(adata.X.data)

    sample, said = brought(tmp_path, rounded, counts=sparse.csr_matrix(COUNTS.astype(np.float32)))
    np.testing.assert_array_equal(np.asarray(sample.expression), COUNTS)
    assert "`layers/counts`" in said
    sample, said = brought(tmp_path, rounded)
    assert sample.expression_kind == "normalised"


def test_half_precision_becomes_single_so_that_sums_do_not_overflow(tmp_path):
    adata = visium_adata(tissue(), "dense")
    adata.X = (COUNTS * 60).astype(np.float16)
    sample = importing.read(saved(adata, tmp_path), ALL)
    assert sample.expression.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(sample.expression), (COUNTS * 60).astype(np.float16).astype(np.float32))


def test_downsampled_counts_have_one_total_and_are_counts(tmp_path):
    totals = np.minimum(COUNTS.sum(axis=1), 20)
    rng = np.random.default_rng(0)
    kept = np.array(
        [rng.multivariate_hypergeometric(row.astype(int), int(n)) for row, n in zip(COUNTS, totals, strict=True)]
    )
    sample, said = brought(tmp_path, lambda adata: setattr(adata, "X", sparse.csr_matrix(kept.astype(np.float32))))
    assert sample.expression_kind == "counts"
    assert "whole numbers." in said
