"""h5ad files come in, whichever tool wrote them; what is wrong with one is a sentence."""

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from core.errors import SampleFileError
from core.io import h5ad, lab
from core.io.h5ad import counts as h5ad_counts
from core.io.h5ad.writing import write_h5ad
from core.io.incoming import Check, ImportChoices, Survey
from core.method import pipeline
from core.params import preset
from core.result import Result
from tests.h5ad_files import categories, pixels, saved, text, tissue, visium_adata

ALL = ImportChoices(genes="all")


def check(survey: Survey, what: str) -> Check:
    return next(found for found in survey.checks if found.what == what)


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
@pytest.mark.parametrize("compression", [None, "gzip", "lzf"])
def test_counts_positions_names_and_annotation_are_those_that_anndata_wrote(
    tmp_path: Path, form: str, compression: str | None
):
    sample = tissue()
    path = saved(visium_adata(sample, form), tmp_path, compression=compression)
    found = h5ad.read(path, ImportChoices(genes="all", annotation="ground_truth"))
    np.testing.assert_array_equal(found.expression, sample.expression)
    np.testing.assert_array_equal(found.lattice, sample.lattice)
    np.testing.assert_array_equal(found.labels_true, sample.labels_true)
    np.testing.assert_array_equal(found.coords_px, pixels(sample)[:, ::-1])
    assert found.gene_names is not None
    assert found.gene_names.tolist() == [f"Gene{number}" for number in range(sample.n_genes)]
    assert found.barcodes is not None
    assert found.barcodes[0] == "AAAAAAAAAAAAAAAA-1"


@pytest.mark.parametrize("name_of", [lambda row: f"cell-{row}", lambda row: 7 + 2 * row], ids=["text", "numbers"])
def test_rows_that_are_only_numbered_have_the_names_of_a_column_that_has_one_for_each(tmp_path: Path, name_of):
    adata = visium_adata(tissue())
    names = [name_of(row) for row in range(adata.n_obs)]
    adata.obs["cell_id"] = np.array(names, dtype=object if isinstance(names[0], str) else int)
    adata.obs.index = pd.Index(text(range(adata.n_obs)), dtype=object)
    path = saved(adata, tmp_path)
    assert h5ad.read(path, ALL).barcodes.tolist() == [str(name) for name in names]
    assert h5ad.read_barcodes(path).tolist() == [str(name) for name in names]


def test_a_column_that_names_two_rows_alike_names_none(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.obs["cell_id"] = [7, 7, *range(8, adata.n_obs + 6)]
    adata.obs.index = pd.Index(text(range(adata.n_obs)), dtype=object)
    assert h5ad.read(saved(adata, tmp_path), ALL).barcodes is None


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
@pytest.mark.parametrize("genes", ["present", "variable"])
def test_genes_chosen_block_by_block_are_those_chosen_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, genes: str
):
    path, choices = saved(visium_adata(tissue(), form), tmp_path), ImportChoices(genes=genes, n_genes=5)
    at_once = h5ad.read(path, choices)
    monkeypatch.setattr(h5ad_counts, "BLOCK_VALUES", 50)
    monkeypatch.setattr(h5ad_counts, "DENSE_LIMIT", 10)
    in_blocks = h5ad.read(path, choices)
    assert isinstance(in_blocks.expression, sparse.csr_array)
    assert in_blocks.content_hash == at_once.content_hash


def test_a_layer_of_counts_is_taken_where_x_is_normalised_and_that_is_said(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.layers["counts"] = adata.X.copy()
    adata.X = adata.X.log1p()
    path = saved(adata, tmp_path)
    found = check(h5ad.survey(path), "Counts")
    assert (found.status, "layers/counts" in found.found) == ("notice", True)
    np.testing.assert_array_equal(h5ad.read(path, ALL).expression, tissue().expression)


def test_raw_holds_the_counts_where_x_was_scaled_and_has_genes_of_its_own(tmp_path: Path):
    adata = visium_adata(tissue())
    scaled = anndata.AnnData(X=adata.X.toarray()[:, :6] - 3, obs=adata.obs.copy(), var=adata.var.iloc[:6].copy())
    scaled.raw = adata
    found = h5ad.read(saved(scaled, tmp_path), ALL)
    np.testing.assert_array_equal(found.expression, tissue().expression)


def test_a_matrix_can_be_asked_for(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.layers["double"] = 2 * adata.X
    path = saved(adata, tmp_path)
    assert list(h5ad.survey(path).layers) == ["X", "layers/double"]
    found = h5ad.read(path, ImportChoices(genes="all", layer="layers/double"))
    np.testing.assert_array_equal(found.expression, 2 * np.asarray(tissue().expression))


def test_normalised_values_come_in_with_a_notice_and_scaled_ones_do_not(tmp_path: Path):
    adata = visium_adata(tissue(), "dense")
    adata.X = np.log1p(adata.X)
    path = saved(adata, tmp_path)
    assert check(h5ad.survey(path), "Counts").status == "notice"
    np.testing.assert_array_equal(
        h5ad.read(path, ALL).expression, np.asarray(tissue().expression)
    )  # never logged twice
    adata.X = adata.X - 1
    path = saved(adata, tmp_path)
    assert not h5ad.survey(path).importable
    with pytest.raises(SampleFileError, match="scaled or centred"):
        h5ad.read(path, ALL)


def test_a_strangers_cells_are_clustered_without_a_word_of_documentation(tmp_path: Path):
    sample = tissue()
    obs = pd.DataFrame({"x_centroid": pixels(sample)[:, 0], "y_centroid": pixels(sample)[:, 1]})
    obs.index = pd.Index(text(f"cell_{number}" for number in range(sample.n_spots)), dtype=object)
    adata = anndata.AnnData(X=sparse.csr_matrix(sample.expression), obs=obs)
    path = saved(adata, tmp_path, compression="gzip")
    found = h5ad.survey(path)
    assert found.importable
    assert found.suggested_annotation is None
    cells = h5ad.read(path)
    assert not cells.on_lattice
    np.testing.assert_allclose(cells.coords_um, pixels(sample)[:, ::-1])
    labels = pipeline.run(cells, preset("recommended", n_clusters=3)).labels
    # The tissue is made of three flat layers, most of whose spots a run tells apart; pooling blurs their borders.
    tables = [np.bincount(labels[np.asarray(sample.labels_true) == layer]) for layer in sample.layer_names]
    assert sum(int(table.max()) for table in tables) > 0.8 * sample.n_spots


def test_scale_factors_turn_pixels_into_micrometres(tmp_path: Path):
    adata = visium_adata(tissue())
    del adata.obs["array_row"]
    adata.uns["spatial"] = {"s1": {"scalefactors": {"spot_diameter_fullres": 130.0}, "images": {}}}
    found = h5ad.read(saved(adata, tmp_path), ALL)
    np.testing.assert_allclose(found.coords_um, pixels(tissue())[:, ::-1] / 2)  # 65 um are 130 pixels
    np.testing.assert_allclose(found.coords_px, pixels(tissue())[:, ::-1])


def test_micrometres_per_unit_are_a_choice_where_the_file_is_silent(tmp_path: Path):
    adata = visium_adata(tissue())
    del adata.obs["array_row"]
    path = saved(adata, tmp_path)
    assert check(h5ad.survey(path), "Positions").status == "notice"
    found = h5ad.read(path, ImportChoices(genes="all", um_per_unit=0.5))
    np.testing.assert_allclose(found.coords_um, pixels(tissue())[:, ::-1] / 2)
    assert found.unit_known


def test_where_neither_file_nor_reader_says_the_unit_it_is_not_known_and_stays_so(tmp_path: Path):
    adata = visium_adata(tissue())
    del adata.obs["array_row"]
    found = h5ad.read(saved(adata, tmp_path), ALL)
    assert not found.unit_known
    lab.write(found, tmp_path / "again.h5")
    assert not lab.read(tmp_path / "again.h5").unit_known
    result = Result(sample_name=found.name, labels=np.zeros(found.n_spots, dtype=int), params=preset("paper"))
    write_h5ad(found, result, tmp_path / "out.h5ad")
    assert not h5ad.read(tmp_path / "out.h5ad", ALL).unit_known


def test_array_positions_on_a_square_grid_are_not_taken_for_visiums(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.obs["array_col"] = adata.obs["array_col"] // 2
    path = saved(adata, tmp_path)
    assert "square" in check(h5ad.survey(path), "Array positions").found
    assert not h5ad.read(path, ALL).on_lattice


@pytest.mark.parametrize("kind", ["lowres", "hires"])
@pytest.mark.parametrize("as_float", [True, False])
def test_the_image_comes_with_its_scale_and_a_large_one_is_brought_down(tmp_path: Path, kind: str, as_float: bool):
    picture = (
        np.full((1500, 1200, 3), [200, 100, 0], dtype=np.uint8) if kind == "hires" else np.zeros((60, 50, 3), "u1")
    )
    stored = (picture / 255).astype(np.float32) if as_float else picture
    adata = visium_adata(tissue())
    adata.uns["spatial"] = {"s1": {"images": {kind: stored}, "scalefactors": {f"tissue_{kind}_scalef": 0.5}}}
    found = h5ad.read(saved(adata, tmp_path), ALL).image
    assert found is not None
    assert (found.pixels[0, 0] == picture[0, 0]).all()
    # What lay at pixel 1000 of the full-resolution image lies at the same share of either picture.
    assert found.scale * 1000 / len(found.pixels) == pytest.approx(0.5 * 1000 / len(picture))
    assert max(found.pixels.shape) <= 600


def test_of_several_sections_the_one_asked_for_is_read_and_else_the_first(tmp_path: Path):
    one, other = visium_adata(tissue()), visium_adata(tissue())
    other.X = 2 * other.X
    both = anndata.concat({"first": one, "second": other}, label="library", index_unique="-")
    both.obs["library"] = categories(both.obs["library"])
    both.obs["ground_truth"] = categories(both.obs["ground_truth"])
    path = saved(both, tmp_path)
    assert "2 in the column library" in check(h5ad.survey(path), "Sections").found
    assert h5ad.read(path, ALL).expression.sum() * 2 == h5ad.read(path, ALL, name="second").expression.sum()
    assert h5ad.read(path, ALL, name="second").n_spots == tissue().n_spots


def test_spots_beside_the_tissue_are_left_out(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.obs["in_tissue"] = np.arange(adata.n_obs) % 2
    path = saved(adata, tmp_path)
    assert h5ad.survey(path).n_spots == h5ad.read(path, ALL).n_spots == adata.n_obs // 2


def test_columns_of_measurements_names_and_positions_are_no_annotation(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.obs["leiden"] = categories(np.arange(adata.n_obs) % 5)
    adata.obs["batch"] = np.zeros(adata.n_obs, dtype=int)
    adata.obs["area"] = np.linspace(0, 1, adata.n_obs)
    adata.obs["id"] = text(range(adata.n_obs))
    found = h5ad.survey(saved(adata, tmp_path))
    assert dict(found.annotations) == {"ground_truth": 3, "leiden": 5}  # the unannotated are no class
    assert found.suggested_annotation == "ground_truth"


def test_ensembl_identifiers_give_way_to_the_symbols_beside_them(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.var["feature_name"] = text(adata.var_names)
    adata.var_names = pd.Index(text(f"ENSG{number:011}" for number in range(adata.n_vars)), dtype=object)
    found = h5ad.read(saved(adata, tmp_path), ALL)
    assert found.gene_names is not None
    assert found.gene_names[0] == "Gene0"
    assert found.gene_ids is not None
    assert found.gene_ids[0] == "ENSG00000000000"


def test_ensembl_identifiers_beside_symbols_are_kept_and_other_columns_of_that_name_are_not(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.var["gene_ids"] = text(f"ENSG{number:011}" for number in range(adata.n_vars))
    found = h5ad.read(saved(adata, tmp_path), ALL)
    assert found.gene_names is not None
    assert found.gene_names[1] == "Gene1"
    assert found.gene_ids is not None
    assert found.gene_ids[1] == "ENSG00000000001"
    adata.var["gene_ids"] = text(range(adata.n_vars))
    assert h5ad.read(saved(adata, tmp_path), ALL).gene_ids is None
