"""Several sections in one h5ad, and positions that contradict one another."""

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

from core.errors import SampleFileError
from core.io import h5ad, importing
from core.io.incoming import ImportChoices, Survey
from core.sample import Sample
from tests.h5ad_files import categories, pixels, saved, text, tissue, visium_adata

ALL = ImportChoices(genes="all")
N = 192
"""Spots of the small tissue."""


def found(survey: Survey, what: str) -> str:
    return " ".join(f"{check.found} {check.advice}" for check in survey.checks if check.what == what)


def without_array(number: int = 1) -> anndata.AnnData:
    adata = visium_adata(tissue())
    adata.X = number * adata.X
    del adata.obs["array_row"], adata.obs["array_col"]
    return adata


def joined(column: str, names: list[str], moved: float = 0.0) -> anndata.AnnData:
    parts = [without_array(number + 1) for number in range(len(names))]
    for number, part in enumerate(parts):
        part.obsm["spatial"] = part.obsm["spatial"] + [moved * number, 0.0]
    both = anndata.concat(dict(zip(names, parts, strict=True)), label=column, index_unique="-")
    both.obs["ground_truth"] = categories(both.obs["ground_truth"])
    both.obs[column] = categories(both.obs[column])
    return both


def counts(sample: Sample) -> np.ndarray:
    return np.asarray(sample.expression)


@pytest.mark.parametrize("column", ["library_id", "sample_id", "batch", "slide", "Sample", "fov", "orig.ident", "z"])
@pytest.mark.parametrize("moved", [0.0, 200.0])
def test_sections_over_one_another_are_named_and_one_is_read(tmp_path: Path, column: str, moved: float):
    path = saved(joined(column, ["1", "2"], moved), tmp_path)
    survey = importing.survey(path)
    assert list(survey.sections) == ["1", "2"]
    assert f"2 in the column {column}; 1 is read." in found(survey, "Sections")
    first, second = importing.read(path, ALL), importing.read(path, ALL, section="2")
    np.testing.assert_array_equal(counts(first), np.asarray(tissue().expression))
    np.testing.assert_array_equal(counts(second), 2 * np.asarray(tissue().expression))
    assert importing.survey(path, section="2").n_spots == N


def test_sections_far_from_one_another_are_sections_and_fields_of_view_side_by_side_are_not(tmp_path: Path):
    assert list(importing.survey(saved(joined("sample", ["a", "b"], 1e6), tmp_path)).sections) == ["a", "b"]
    tiled = saved(joined("fov", ["1", "2"], 100.0 * 26), tmp_path)
    assert importing.survey(tiled).sections == []
    assert importing.read(tiled, ALL).n_spots == 2 * N


def test_without_a_column_the_names_of_spots_tell_or_the_file_is_refused(tmp_path: Path):
    both = joined("library_id", ["A", "B"])
    del both.obs["library_id"]
    assert list(importing.survey(saved(both, tmp_path)).sections) == ["A", "B"]
    both.obs_names = pd.Index(text(range(2 * N)), dtype=object)
    path = saved(both, tmp_path)
    assert not importing.survey(path).importable
    with pytest.raises(SampleFileError, match=r"has 384 spots at 192 places.*several sections lie over one another"):
        h5ad.read(path, ALL)


def test_a_class_that_is_mixed_over_one_section_is_no_section(tmp_path: Path):
    adata = without_array()
    adata.obs["batch"] = categories(np.repeat(["a", "b"], N // 2))  # the upper and the lower half
    assert importing.survey(saved(adata, tmp_path)).sections == []


def test_local_coordinates_give_way_to_global_ones(tmp_path: Path):
    both = joined("fov", ["1", "2"])
    both.obsm["spatial_fov"] = both.obsm["spatial"] + np.repeat([[0.0, 0.0], [3000.0, 0.0]], N, axis=0)
    sample = importing.read(saved(both, tmp_path), ALL)
    assert sample.n_spots == 2 * N
    np.testing.assert_array_equal(sample.coords_um, both.obsm["spatial_fov"][:, ::-1])
    adata = without_array()
    for name, values in zip(("CenterX_local_px", "CenterY_local_px"), pixels(tissue()).T, strict=True):
        adata.obs[name], adata.obs[name.replace("local", "global")] = values % 300, values + 9000
    del adata.obsm["spatial"]
    sample = importing.read(saved(adata, tmp_path), ALL)
    np.testing.assert_allclose(sample.coords_um, (pixels(tissue())[:, ::-1] + 9000) * 0.12028)
    assert sample.unit_known


def test_the_region_of_spatialdata_and_the_column_of_sections_are_no_annotation(tmp_path: Path):
    adata = without_array()
    del adata.obs["ground_truth"]
    adata.obs["region"] = categories(np.arange(N) % 2)
    assert importing.survey(saved(adata, tmp_path)).suggested_annotation == "region"
    adata.uns["spatialdata_attrs"] = {"region": ["0", "1"], "region_key": "region", "instance_key": "instance_id"}
    assert importing.survey(saved(adata, tmp_path)).suggested_annotation is None


@pytest.mark.parametrize("name", ["leiden", "louvain", "seurat_clusters", "domain", "mclust", "kmeans_label"])
def test_what_a_program_found_is_compared_with_only_when_asked_for(tmp_path: Path, name: str):
    adata = visium_adata(tissue())
    adata.obs[name] = adata.obs.pop("ground_truth")
    path = saved(adata, tmp_path)
    assert importing.survey(path).suggested_annotation is None
    assert importing.survey(path).annotations[name] == 3
    assert importing.read(path, ImportChoices(genes="all", annotation=name)).suggested_n_clusters() == 3


def test_array_columns_that_pixels_contradict_are_exchanged_said_and_a_choice(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.obs[["array_row", "array_col"]] = adata.obs[["array_col", "array_row"]].to_numpy()
    path = saved(adata, tmp_path)
    survey = importing.survey(path)
    assert survey.contradicts
    assert "agree with its coordinates only where they change places" in found(survey, "Positions")
    assert importing.read(path, ALL).lattice.tolist() == tissue().lattice.tolist()
    as_written = importing.read(path, ImportChoices(genes="all", positions="array"))
    assert as_written.lattice.tolist() == tissue().lattice[:, ::-1].tolist()
    by_pixels = importing.read(path, ImportChoices(genes="all", positions="coordinates"))
    np.testing.assert_array_equal(by_pixels.coords_um, pixels(tissue())[:, ::-1])


def test_pixels_that_mirror_the_tissue_are_said_and_can_be_turned(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.obsm["spatial"] = adata.obsm["spatial"][:, ::-1].copy()
    path = saved(adata, tmp_path)
    assert "mirror the tissue along its diagonal" in found(importing.survey(path), "Positions")
    turned = importing.read(path, ImportChoices(genes="all", positions="turned"))
    np.testing.assert_array_equal(turned.coords_px, pixels(tissue())[:, ::-1])


def test_spagcn_calls_rows_x(tmp_path: Path):
    adata, lattice, places = without_array(), tissue().lattice, pixels(tissue())
    del adata.obsm["spatial"]
    adata.obs["x_array"], adata.obs["y_array"] = lattice[:, 0], lattice[:, 1]
    adata.obs["x_pixel"], adata.obs["y_pixel"] = places[:, 1], places[:, 0]
    sample = importing.read(saved(adata, tmp_path), ALL)
    assert sample.lattice.tolist() == lattice.tolist()
    np.testing.assert_array_equal(sample.coords_px, places[:, ::-1])


@pytest.mark.parametrize("factors", [(120, 70), (87, 50)])
def test_rows_and_columns_that_hold_pixels_are_no_array(tmp_path: Path, factors: tuple[int, int]):
    adata = without_array()
    del adata.obsm["spatial"]
    adata.obs["row"], adata.obs["col"] = (tissue().lattice * np.array(factors) + 800).T
    sample = importing.read(saved(adata, tmp_path), ALL)
    assert not sample.on_lattice
    np.testing.assert_array_equal(sample.coords_um, tissue().lattice * np.array(factors) + 800)


@pytest.mark.parametrize("key", ["xy_loc", "X_spatial", "spatial_loc", "location", "cell_coords", "sdim"])
def test_coordinates_are_found_under_other_keys_and_never_in_embeddings(tmp_path: Path, key: str):
    adata = without_array()
    adata.obsm[key] = adata.obsm.pop("spatial")
    adata.obsm["X_umap_spatial"] = np.zeros((N, 2))
    np.testing.assert_array_equal(importing.read(saved(adata, tmp_path), ALL).coords_um, pixels(tissue())[:, ::-1])


@pytest.mark.parametrize("names", [("sdimx", "sdimy"), ("x", "y"), ("xcoord", "ycoord"), ("x_mm", "y_mm")])
@pytest.mark.parametrize("as_text", [True, False])
def test_coordinates_are_found_in_columns_as_numbers_or_text(tmp_path: Path, names: tuple[str, str], as_text: bool):
    adata, places = without_array(), pixels(tissue())
    del adata.obsm["spatial"]
    for name, values in zip(names, places.T, strict=True):
        adata.obs[name] = text(values) if as_text else values
    unit = 1000.0 if "mm" in names[0] else 1.0
    path = saved(adata, tmp_path, convert_strings_to_categoricals=False)
    np.testing.assert_allclose(importing.read(path, ALL).coords_um, places[:, ::-1] * unit)


def test_coordinates_of_text_and_of_a_table_read_the_same(tmp_path: Path):
    adata = without_array()
    adata.obsm["spatial"] = adata.obsm["spatial"].astype(str).astype(object)
    np.testing.assert_array_equal(importing.read(saved(adata, tmp_path), ALL).coords_um, pixels(tissue())[:, ::-1])
    adata.obsm["spatial"] = pd.DataFrame(pixels(tissue()), index=adata.obs_names, columns=["x", "y"])
    np.testing.assert_array_equal(importing.read(saved(adata, tmp_path), ALL).coords_um, pixels(tissue())[:, ::-1])


def test_a_refusal_names_the_keys_that_are_there(tmp_path: Path):
    adata = without_array()
    adata.obsm["X_pca"] = adata.obsm.pop("spatial")
    with pytest.raises(SampleFileError, match=r"In `obsm` there is `X_pca`; in `obs` `ground_truth`"):
        h5ad.read(saved(adata, tmp_path), ALL)


def test_a_refusal_names_arrays_in_uns_that_have_two_columns_for_each_spot(tmp_path: Path):
    adata = without_array()
    adata.uns["spatial"] = {"A1": {"coords": adata.obsm.pop("spatial"), "image": np.zeros((4, 4, 3))}}
    with pytest.raises(SampleFileError, match=r"could be copied into `obsm`: `spatial/A1/coords`\.$"):
        h5ad.read(saved(adata, tmp_path), ALL)


def test_spots_without_a_position_are_left_out_and_counted(tmp_path: Path):
    adata = without_array()
    adata.obsm["spatial"][[0, 7]] = np.nan
    path = saved(adata, tmp_path)
    assert "2 spots have no position and are left out." in found(importing.survey(path), "Positions")
    kept = np.delete(np.arange(N), [0, 7])
    np.testing.assert_array_equal(counts(importing.read(path, ALL)), np.asarray(tissue().expression)[kept])


@pytest.mark.parametrize("form", ["text", "words", "truth", "numbers"])
def test_in_tissue_is_read_as_text_words_truth_or_numbers(tmp_path: Path, form: str):
    adata, inside = visium_adata(tissue()), np.arange(N) % 3 > 0
    values = {"text": text(inside.astype(int)), "words": text(inside), "truth": inside, "numbers": inside * 1.0}
    adata.obs["in_tissue"] = values[form]
    sample = importing.read(saved(adata, tmp_path), ALL)
    assert sample.lattice.tolist() == tissue().lattice[inside].tolist()


def test_names_that_stand_twice_are_told_apart_and_said(tmp_path: Path):
    adata = visium_adata(tissue())
    names = [f"spot{max(number, 2)}" for number in range(N)]
    adata.obs_names = pd.Index(text(names), dtype=object)
    path = saved(adata, tmp_path)
    sample = importing.read(path, ALL)
    assert sample.barcodes.tolist()[:4] == ["spot2", "spot2-1", "spot2-2", "spot3"]
    assert "2 names stand again for another spot" in found(importing.survey(path), "Names")
    assert counts(sample).tolist() == np.asarray(tissue().expression).tolist()


def test_planes_of_three_coordinates_are_sections_and_not_laid_over_one_another(tmp_path: Path):
    both = joined("library_id", ["A", "B"])
    del both.obs["library_id"]
    both.obs_names = pd.Index(text(range(2 * N)), dtype=object)
    planes = np.repeat([-0.14, -0.19], N)[:, None]
    both.obsm["spatial"] = np.hstack([both.obsm["spatial"], planes])
    path = saved(both, tmp_path)
    assert list(importing.survey(path).sections) == ["-0.19", "-0.14"]
    assert counts(importing.read(path, ALL, section="-0.14")).tolist() == np.asarray(tissue().expression).tolist()


def test_a_spot_without_pixels_costs_the_pixels_and_that_is_said(tmp_path: Path):
    adata = visium_adata(tissue())
    adata.obsm["spatial"][3] = np.nan
    path = saved(adata, tmp_path)
    assert "1 spot has no pixel position" in found(importing.survey(path), "Positions")
    assert importing.read(path, ALL).coords_px is None
