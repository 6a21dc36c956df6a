"""`import` of several sections, of tables of several, and of what this program wrote."""

import json

import anndata
import numpy as np
import pytest
from scipy import sparse

from core.io import lab
from tests import space_ranger
from tests.h5ad_files import categories, saved, tissue, visium_adata


@pytest.fixture
def two(tmp_path):
    """An h5ad of two sections; the second has twice the counts."""
    one, other = visium_adata(tissue()), visium_adata(tissue())
    other.X = 2 * other.X
    both = anndata.concat({"first": one, "second": other}, label="library_id", index_unique="-")
    for name in ("library_id", "ground_truth"):
        both.obs[name] = categories(both.obs[name])
    return saved(both, tmp_path)


def test_each_of_several_sections_is_imported_by_one_command(run, two, tmp_path, monkeypatch):
    monkeypatch.setenv("SPCA_DATA", str(tmp_path / "samples"))
    status, out, err = run("import", two, "--section", "all", "--name", "mine")
    assert (status, err) == (0, "")
    assert "--section NAME takes another section" in out
    first, second = (lab.read(tmp_path / "samples" / f"mine_{name}.h5") for name in ("first", "second"))
    np.testing.assert_array_equal(first.expression, np.asarray(tissue().expression))
    np.testing.assert_array_equal(second.expression, 2 * np.asarray(tissue().expression))
    assert first.layer_names == tissue().layer_names


def test_sections_that_are_imported_one_after_the_other_are_two_samples(run, two, tmp_path, monkeypatch):
    monkeypatch.setenv("SPCA_DATA", str(tmp_path / "samples"))
    for name in ("first", "second"):
        assert run("import", two, "--section", name)[::2] == (0, "")
    assert sorted(path.name for path in (tmp_path / "samples").glob("*.h5")) == [
        f"{two.stem}_{name}.h5" for name in ("first", "second")
    ]


def test_one_of_several_sections_is_imported_by_its_name(run, two, tmp_path):
    assert run("import", two, "--section", "second", "--out", tmp_path / "o.h5")[0] == 0
    np.testing.assert_array_equal(lab.read(tmp_path / "o.h5").expression, 2 * np.asarray(tissue().expression))
    status, _, err = run("import", space_ranger.write_output(tmp_path / "b"), "--section", "all")
    assert (status, "holds one section" in err) == (2, True)
    status, _, err = run("import", two, "--section", "all", "--out", tmp_path / "o.h5")
    assert (status, "leave out --out and --json" in err) == (2, True)


def test_a_table_of_several_sections_names_the_option(run, tmp_path):
    source, table = space_ranger.write_output(tmp_path / "b"), tmp_path / "t.csv"
    rows = [
        f"{name},{section},{label}" for section, label in (("s1", "x"), ("s2", "y")) for name in space_ranger.BARCODES
    ]
    table.write_text("\n".join(["spot,section,label", *rows]))
    status, out, err = run("import", source, "--annotation", table, "--out", tmp_path / "o.h5")
    assert (status, "it holds several sections" in err, "--table-section NAME" in out) == (2, True, True)
    words = ("import", source, "--annotation", table, "--table-section", "s2", "--genes", "all", "--out")
    assert run(*words, tmp_path / "o.h5")[0] == 0
    assert lab.read(tmp_path / "o.h5").layer_names == ["y"]


def test_our_own_export_is_compared_with_nothing_that_we_found(run, tmp_path):
    sample = tissue()
    lab.write(sample, tmp_path / "annotated.h5")
    adata = visium_adata(sample)
    del adata.obs["ground_truth"]
    run("import", saved(adata, tmp_path), "--out", tmp_path / "plain.h5")
    for name, layers in (("plain", []), ("annotated", sample.layer_names)):
        run("cluster", tmp_path / f"{name}.h5", "--n-clusters", 3, "--h5ad", tmp_path / f"{name}.h5ad")
        status, out, _ = run("import", tmp_path / f"{name}.h5ad", "--json", "--out", tmp_path / "again.h5")
        assert (status, json.loads(out)["layers"]) == (0, layers)


def test_info_and_cluster_say_what_expression_is(run, tmp_path):
    adata = visium_adata(tissue())
    noise = np.random.default_rng(0).gamma(np.asarray(tissue().expression) + 0.1)
    adata.X = sparse.csr_matrix(np.log1p(noise).astype(np.float32))
    run("import", saved(adata, tmp_path), "--out", tmp_path / "logs.h5")
    assert "expression: logarithms, used as they are" in run("info", tmp_path / "logs.h5")[1]
    assert "logarithms, used as they are" in run("cluster", tmp_path / "logs.h5", "--n-clusters", 3)[1].splitlines()[0]
    lab.write(tissue(), tmp_path / "counts.h5")
    assert "expression: counts\n" in run("info", tmp_path / "counts.h5")[1]
