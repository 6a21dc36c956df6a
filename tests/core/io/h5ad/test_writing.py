"""Results go out to the tools that people use already, and come back as they went."""

import csv
import dataclasses
import importlib.util
import io
from pathlib import Path
from typing import Any

import anndata
import h5py
import matplotlib as mpl
import numpy as np
import pytest

from core.errors import ParameterError, SampleError, SampleFileError
from core.guidance import Guidance
from core.io import h5ad, lab
from core.io.export import labels_csv, loupe_csv, renamed, write_lab_h5
from core.io.h5ad.writing import adata_of, write_h5ad
from core.io.incoming import ImportChoices
from core.io.lab.deepdish_bridge import deepdish_io
from core.method import pipeline
from core.method.embeddings import embeddings
from core.params import MethodParams, preset
from core.result import Result
from core.sample import Sample, TissueImage
from core.strokes import UNPAINTED, Strokes
from tests.h5ad_files import pixels, spot_index, tissue
from tests.small_tissue import small_sample

USUAL = ImportChoices(annotation="annotation")
COLOURS = {0: "#ff0000", 1: "#00ff00", 2: "#0000ff", 3: "#ffff00"}

mpl.use("Agg")


def on_lattice(*, pictured: bool = True) -> Sample:
    """A small section with barcodes, gene names, pixel positions and a picture."""
    plain = tissue()
    image = TissueImage(pixels=np.full((120, 140, 3), 200, dtype=np.uint8), scale=0.05)
    return Sample(
        name="block A",
        expression=plain.expression,
        lattice=plain.lattice,
        labels_true=plain.labels_true,
        gene_names=np.array([f"Gene{number}" for number in range(plain.n_genes)]),
        gene_ids=np.array([f"ENSG{number:011}" for number in range(plain.n_genes)]),
        barcodes=spot_index(plain).to_numpy().astype(str),
        coords_px=pixels(plain)[:, ::-1] if pictured else None,
        image=image if pictured else None,
        spot_rgb=np.full((plain.n_spots, 3), [90, 60, 120], dtype=np.uint8),
        source="Made for a test",
        synthetic=True,
    )


def off_lattice() -> Sample:
    """The same tissue as cells, without names or a picture."""
    plain = tissue()
    return Sample(
        name="cells", expression=plain.expression, coords_um=pixels(plain)[:, ::-1] / 3, labels_true=plain.labels_true
    )


def found_in(sample: Sample, n_clusters: int = 4) -> Result:
    """Clusters that need no run: quarters of the rows."""
    labels = np.arange(sample.n_spots) * n_clusters // sample.n_spots
    return Result(sample_name=sample.name, labels=labels, params=MethodParams(), seconds={"cluster": 0.5})


SAMPLES = {
    "lattice": on_lattice,
    "lattice without picture": lambda: on_lattice(pictured=False),
    "off lattice": off_lattice,
}


@pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)
def test_what_goes_out_comes_back_as_the_same_sample(tmp_path: Path, make: Any):
    sample = make()
    write_h5ad(sample, found_in(sample), tmp_path / "a.h5ad", colours=COLOURS)
    assert h5ad.survey(tmp_path / "a.h5ad").suggested_annotation == "annotation"
    back = h5ad.read(tmp_path / "a.h5ad", USUAL)
    assert back.content_hash == sample.content_hash
    assert back.annotation_hash == sample.annotation_hash
    assert (back.name, back.source, back.synthetic) == (sample.name, sample.source, sample.synthetic)
    np.testing.assert_array_equal(back.tissue_um, sample.tissue_um)
    if sample.image is not None:
        assert back.image is not None
        assert (back.image.digest, back.image.scale) == (sample.image.digest, sample.image.scale)
        np.testing.assert_array_equal(back.coords_px, sample.coords_px)
        np.testing.assert_array_equal(back.spot_rgb, sample.spot_rgb)
    if sample.barcodes is not None:
        np.testing.assert_array_equal(back.barcodes, sample.barcodes)
        np.testing.assert_array_equal(back.gene_ids, sample.gene_ids)


def test_strokes_that_guided_a_run_go_out_and_are_no_annotation(tmp_path: Path):
    sample = dataclasses.replace(on_lattice(), labels_true=None)
    painted = np.full(sample.n_spots, UNPAINTED)
    painted[:3], painted[-2:] = 1, 0
    guidance = Guidance(strokes=Strokes(names=("white matter", "layer 1"), painted=painted))
    write_h5ad(sample, dataclasses.replace(found_in(sample), guidance=guidance), tmp_path / "a.h5ad")
    written = anndata.read_h5ad(tmp_path / "a.h5ad")
    assert written.obs["painted"].tolist()[:3] == ["layer 1"] * 3
    assert written.obs["painted"].tolist()[-2:] == ["white matter"] * 2
    assert written.obs["painted"].isna().sum() == sample.n_spots - 5
    assert written.uns["spatial_domains"]["guided"].tolist() == ["guided by 5 painted spots of 2 domains"]
    assert h5ad.survey(tmp_path / "a.h5ad").suggested_annotation is None
    assert "painted" not in adata_of(sample, found_in(sample)).obs


def test_the_same_parameters_give_the_same_labels_after_the_journey(tmp_path: Path):
    sample, params = on_lattice(), preset("recommended", n_clusters=3)
    first = pipeline.run(sample, params)
    write_h5ad(sample, first, tmp_path / "a.h5ad")
    again = pipeline.run(h5ad.read(tmp_path / "a.h5ad", USUAL), params)
    np.testing.assert_array_equal(again.labels, first.labels)
    assert anndata.read_h5ad(tmp_path / "a.h5ad").obs["domain"].astype(int).tolist() == first.labels.tolist()


def test_embeddings_scores_parameters_and_annotation_are_where_scanpy_users_look(tmp_path: Path):
    sample, params = on_lattice(), preset("recommended", n_clusters=3)
    steps = pipeline.Pipeline(sample)
    result = steps.run(params)
    write_h5ad(sample, result, tmp_path / "a.h5ad", embeddings=embeddings(steps, params))
    adata = anndata.read_h5ad(tmp_path / "a.h5ad")
    assert adata.obsm["X_factors"].shape[0] == sample.n_spots
    assert adata.uns["spatial_domains"]["scores"]["ari"] == pytest.approx(result.scores.ari)
    assert '"window": 0' in adata.uns["spatial_domains"]["parameters"]
    assert adata.uns["spatial_domains"]["content_hash"] == sample.content_hash
    assert adata.obs["annotation"].isna().sum() == (~sample.annotated).sum()
    np.testing.assert_array_equal(adata.X.toarray(), sample.expression)


def test_pixels_of_a_spot_are_estimated_from_the_pitch_of_the_lattice():
    scales = adata_of(on_lattice(), found_in(on_lattice())).uns["spatial"]["block A"]["scalefactors"]
    # The picture has 2 pixels a micrometre, and a spot is 65 um wide.
    assert scales["microns_per_pixel"] == pytest.approx(0.5)
    assert scales["spot_diameter_fullres"] == pytest.approx(130)


def colours_drawn(axes: Any) -> np.ndarray:
    """Face colour of each spot, in the order in which they were drawn."""
    return np.concatenate([found.get_facecolors() for found in axes.collections if len(found.get_facecolors()) > 1])


def expected_colours(result: Result) -> np.ndarray:
    return mpl.colors.to_rgba_array([COLOURS[cluster] for cluster in result.labels.tolist()])


@pytest.mark.filterwarnings("ignore")  # of scanpy's own: sc.pl.spatial says that squidpy's is newer
@pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)
def test_scanpy_draws_our_colour_at_each_of_our_spots(tmp_path: Path, make: Any):
    import matplotlib.pyplot as plt
    import scanpy as sc

    sample = make()
    result = found_in(sample)
    write_h5ad(sample, result, tmp_path / "a.h5ad", colours=COLOURS)
    adata = sc.read_h5ad(tmp_path / "a.h5ad")
    options = {} if sample.image is not None else {"img_key": None}
    (axes,) = sc.pl.spatial(adata, color="domain", show=False, **options)
    np.testing.assert_allclose(colours_drawn(axes), expected_colours(result))
    drawn = np.concatenate([[path.get_extents().get_points().mean(axis=0) for path in found.get_paths()]
                            for found in axes.collections if len(found.get_paths()) > 1])  # fmt: skip
    scale = 1.0 if sample.image is None else sample.image.scale
    np.testing.assert_allclose(drawn, adata.obsm["spatial"] * scale, atol=1e-6)
    assert len(axes.images) == (sample.image is not None)
    plt.close("all")


@pytest.mark.filterwarnings("ignore")  # of squidpy's own imports
@pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)
def test_squidpy_draws_our_colour_at_each_of_our_spots(tmp_path: Path, make: Any):
    if importlib.util.find_spec("pkg_resources") is None:
        pytest.skip("squidpy needs pkg_resources, which setuptools has up to version 81: see requirements-dev.txt")
    import matplotlib.pyplot as plt
    import squidpy as sq

    sample = make()
    result = found_in(sample)
    write_h5ad(sample, result, tmp_path / "a.h5ad", colours=COLOURS)
    adata = anndata.read_h5ad(tmp_path / "a.h5ad")
    options = {} if sample.image is not None else {"img": False}
    axes = sq.pl.spatial_scatter(adata, color="domain", return_ax=True, **options)
    np.testing.assert_allclose(colours_drawn(axes), expected_colours(result))
    plt.close("all")


def test_clusters_of_one_name_become_one_with_the_colour_of_the_first(tmp_path: Path):
    sample = on_lattice()
    adata = adata_of(sample, found_in(sample), names={3: "WM", 1: "WM", 0: "Layer1"}, colours=COLOURS)
    assert adata.obs["domain"].cat.categories.tolist() == ["Layer1", "WM", "2"]
    assert adata.uns["domain_colors"].tolist() == ["#ff0000", "#00ff00", "#0000ff"]
    assert (adata.obs["domain"] == "WM").sum() == np.isin(found_in(sample).labels, [1, 3]).sum()


@pytest.mark.parametrize(
    ("names", "words"), [({7: "WM"}, "no cluster 7"), ({0: " "}, "cluster 0"), ({0: "\x1b"}, "printed")]
)
def test_names_that_cannot_be_given_are_told(names: dict[int, str], words: str):
    with pytest.raises(ParameterError, match=words):
        renamed(np.array([0, 1]), names)


def test_loupe_finds_one_row_for_each_barcode():
    sample = on_lattice()
    rows = list(csv.reader(io.StringIO(loupe_csv(sample, renamed(found_in(sample).labels, {0: "a, b"}), "domain"))))
    assert rows[0] == ["Barcode", "domain"]
    assert rows[1] == ["AAAAAAAAAAAAAAAA-1", "a, b"]
    assert len(rows) == sample.n_spots + 1
    with pytest.raises(SampleError, match="has no barcodes"):
        loupe_csv(off_lattice(), found_in(sample).labels, "domain")


def test_labels_as_csv_carry_the_new_names():
    sample = on_lattice()
    rows = list(csv.DictReader(io.StringIO(labels_csv(sample, found_in(sample), {3: "WM"}))))
    assert {(row["cluster"], row["domain"]) for row in rows} == {("0", "0"), ("1", "1"), ("2", "2"), ("3", "WM")}


@pytest.mark.parametrize("names", [None, {3: "WM"}])
@pytest.mark.parametrize("make", [on_lattice, off_lattice])
def test_the_labs_deepdish_opens_the_labels_beside_the_sample(tmp_path: Path, make: Any, names: dict[int, str] | None):
    sample = make()
    write_lab_h5(sample, found_in(sample), tmp_path / "a.h5", names)
    contents = deepdish_io().load(str(tmp_path / "a.h5"))
    found = contents["labels"].astype(str) if names else contents["labels"]
    np.testing.assert_array_equal(found, renamed(found_in(sample).labels, names) if names else found_in(sample).labels)
    np.testing.assert_array_equal(contents["X"], sample.expression)
    assert lab.read(tmp_path / "a.h5").content_hash == sample.content_hash


def test_a_folder_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path):
    (tmp_path / "a.h5ad").mkdir()
    with pytest.raises(SampleFileError, match="cannot be written"):
        write_h5ad(on_lattice(), found_in(on_lattice()), tmp_path / "a.h5ad")
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5ad"]


def test_no_attribute_of_our_files_could_be_taken_for_a_pickle(tmp_path: Path):
    """Our own door lets them in again, and h5py alone reads them."""
    write_h5ad(on_lattice(), found_in(on_lattice()), tmp_path / "a.h5ad", colours=COLOURS)
    with h5py.File(tmp_path / "a.h5ad") as file:
        kinds: list[Any] = []
        file.visititems(lambda _, item: kinds.append(getattr(item, "dtype", None)))
    assert all(kind is None or not kind.hasobject or h5py.check_string_dtype(kind) for kind in kinds)


@pytest.mark.parametrize(("unit_known", "unit"), [(True, "micrometre"), (False, "unit of the file")])
def test_positions_are_said_to_be_micrometres_only_where_somebody_said_so(unit_known: bool, unit: str):
    plain = small_sample("cells")
    cells = dataclasses.replace(plain, lattice=None, coords_um=plain.tissue_um[:, ::-1], unit_known=unit_known)
    adata = adata_of(cells, pipeline.run(cells, preset("paper", n_clusters=3)))
    assert adata.uns["spatial_domains"]["spatial_unit"] == unit
