import dataclasses

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from core.annotation_labels import from_labels
from core.errors import AnnotationError, SampleError
from core.io import h5ad
from core.io.export import labels_csv, loupe_csv
from core.io.h5ad.writing import adata_of, write_h5ad
from core.io.incoming import ImportChoices
from core.io.label_files import annotation_csv, annotation_loupe_csv, labels_of
from core.params import preset
from core.result import Result
from tests.h5ad_files import categories, spot_index, text
from tests.small_tissue import small_sample


@pytest.fixture
def sample():
    plain = small_sample("one")
    return dataclasses.replace(plain, barcodes=np.array(spot_index(plain), dtype=str))


@pytest.fixture
def annotation(sample):
    labels = np.where(sample.lattice[:, 0] < 5, "upper, <b>", np.where(sample.lattice[:, 0] < 9, "", "lower"))
    return from_labels(labels, name="Ada's/first", author="Ada", colours={"lower": "#112233", "upper, <b>": "#AABBCC"})


def written(path, content):
    path.write_text(content, encoding="utf-8")
    return path


def test_a_csv_read_back_gives_the_same_regions(sample, annotation, tmp_path):
    path = written(tmp_path / "a.csv", annotation_csv(annotation, sample))
    frame = pd.read_csv(path)
    assert frame["region"].value_counts().to_dict() == dict(zip(annotation.names, annotation.sizes, strict=True))
    found = labels_of(path, sample)
    assert (found.column, found.said) == ("region", "a.csv labels 192 of 192 spots: region (2 classes).")
    again = found.annotation("mine", "Bo")
    assert (again.labels_true() == annotation.labels_true()).all()
    assert (again.author, again.source) == ("Bo", "labels of a.csv")


def test_loupe_s_csv_goes_out_and_in(sample, annotation, tmp_path):
    content = annotation_loupe_csv(annotation, sample)
    assert content.splitlines()[0] == "Barcode,Ada's/first"
    again = labels_of(written(tmp_path / "a.csv", content), sample).annotation("mine")
    assert (again.labels_true() == annotation.labels_true()).all()
    with pytest.raises(SampleError, match="no barcodes, by which Loupe Browser finds spots"):
        annotation_loupe_csv(annotation, dataclasses.replace(sample, barcodes=None))


def test_labels_of_another_tool_come_in_any_order_and_without_the_suffix(sample, tmp_path):
    order = np.random.default_rng(0).permutation(sample.n_spots)
    rows = [f"{sample.barcodes[spot][:-2]};{spot % 3}" for spot in order] + ["GGGGTTTTGGGGTTTT;9"]
    found = labels_of(written(tmp_path / "b.csv", "\n".join(["cell;GraphST", *rows])), sample)
    assert found.labels.tolist() == [str(spot % 3) for spot in range(sample.n_spots)]
    assert "1 of its rows belongs to no spot" in found.said


def test_this_program_s_own_labels_come_in_by_the_names_of_domains(sample, tmp_path):
    result = Result(
        sample_name="one", seconds={}, labels=sample.lattice[:, 0] // 6, params=preset("paper", n_clusters=3)
    )
    path = written(tmp_path / "c.csv", labels_csv(sample, result, {0: "WM", 1: "L1", 2: "deep"}))
    assert sorted(set(labels_of(path, sample).labels)) == ["L1", "WM", "deep"]
    assert sorted(set(labels_of(path, sample, "cluster").labels)) == ["0", "1", "2"]
    loupe = written(tmp_path / "d.csv", loupe_csv(sample, result.labels, "domain"))
    assert (labels_of(loupe, sample).labels == result.labels.astype(str)).all()


def test_spots_without_barcodes_are_known_by_their_numbers_and_not_by_numbers_of_clusters(sample, annotation, tmp_path):
    plain = dataclasses.replace(sample, barcodes=None)
    again = labels_of(written(tmp_path / "a.csv", annotation_csv(annotation, plain)), plain).annotation("mine")
    assert (again.labels_true() == annotation.labels_true()).all()
    rows = [f"{barcode},{number % 4}" for number, barcode in enumerate(sample.barcodes)]
    with pytest.raises(
        AnnotationError, match=r"one has no barcodes, so b.csv has to number its 192 spots from 0; it labels 4"
    ):
        labels_of(written(tmp_path / "b.csv", "\n".join(["barcode,cluster", *rows])), plain)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no table"),
        ("barcode\nAAA\n", "is no table"),
        ("barcode,label\nTTTTTTTTTTTTTTTT-1,a\n", "names none of the sample's spots"),
        ("\x00\x01", "is no table|cannot be read"),
    ],
)
def test_a_table_that_is_none_of_the_sample_is_a_sentence(sample, tmp_path, content, said):
    with pytest.raises(AnnotationError, match=said):
        labels_of(written(tmp_path / "a.csv", content), sample)


def test_a_column_that_there_is_not_and_a_file_that_is_not_there_are_sentences(sample, annotation, tmp_path):
    path = written(tmp_path / "a.csv", annotation_csv(annotation, sample))
    with pytest.raises(AnnotationError, match="has no column of labels 'domain'; it has region"):
        labels_of(path, sample, "domain")
    for missing in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(AnnotationError, match="cannot be read"):
            labels_of(missing, sample)
    blank = "\n".join(["spot,region", *(f"{name},NA" for name in sample.barcodes)])
    with pytest.raises(AnnotationError, match=r"has no column of labels|labels no spot"):
        labels_of(written(tmp_path / "b.csv", blank), sample)


def adata(sample, order, **columns):
    obs = pd.DataFrame(columns, index=spot_index(sample)[order])
    var = pd.DataFrame(index=pd.Index(text(f"g{number}" for number in range(sample.n_genes)), dtype=object))
    return anndata.AnnData(X=sparse.csr_matrix(sample.expression[order].astype(np.float32)), obs=obs, var=var)


def test_a_column_of_an_h5ad_comes_in_by_barcode_with_the_colours_that_scanpy_keeps(sample, tmp_path):
    order = np.random.default_rng(0).permutation(sample.n_spots)
    other = adata(sample, order, leiden=categories(order % 3), mine=categories(np.where(order < 9, "x", "y")))
    other.uns["leiden_colors"] = text(["#ff0000", "#00ff00ff", "blue"])
    path = tmp_path / "tool.h5ad"
    other.write_h5ad(path)
    found = labels_of(path, sample, "leiden")
    assert found.labels.tolist() == [str(spot % 3) for spot in range(sample.n_spots)]
    assert found.colours == {"0": "#FF0000", "1": "#00FF00"}
    assert [region.colour for region in found.annotation("mine").regions] == ["#FF0000", "#00FF00", "#808080"]
    assert labels_of(path, sample).column == "leiden"
    assert labels_of(path, sample, "mine").labels.tolist()[8:10] == ["x", "y"]
    with pytest.raises(
        AnnotationError, match="has no column `truth` in `obs`; columns that could be an annotation: leiden, mine"
    ):
        labels_of(path, sample, "truth")


def test_an_h5ad_of_another_section_is_a_sentence(sample, tmp_path):
    other = adata(sample, np.arange(sample.n_spots), leiden=categories(np.arange(sample.n_spots) % 3))
    other.obs.index = pd.Index(text(f"CCCC{name[4:]}" for name in other.obs_names), dtype=object)
    other.write_h5ad(tmp_path / "tool.h5ad")
    with pytest.raises(AnnotationError, match=r"tool.h5ad names none of the sample's spots"):
        labels_of(tmp_path / "tool.h5ad", sample)


def test_annotations_go_into_an_h5ad_as_columns_with_their_colours_and_come_back(sample, annotation, tmp_path):
    result = Result(
        sample_name="one", seconds={}, labels=sample.lattice[:, 0] // 6, params=preset("paper", n_clusters=3)
    )
    twin = dataclasses.replace(annotation, author="Bo")
    plain = adata_of(sample, result)
    path = tmp_path / "out.h5ad"
    write_h5ad(sample, result, path, annotations=[annotation, twin])
    out = anndata.read_h5ad(path)
    first = "Ada's-first (Ada)"
    assert [*out.obs.columns] == [*plain.obs.columns, first, "Ada's-first (Bo)"]
    assert out.obs[first].astype(object).fillna("NA").tolist() == annotation.labels_true().tolist()
    assert out.obs[first].cat.categories.tolist() == ["lower", "upper, <b>"]
    assert list(out.uns[f"{first}_colors"]) == ["#112233", "#AABBCC"]
    assert (h5ad.read(path, ImportChoices(annotation=first)).labels_true == annotation.labels_true()).all()
    again = labels_of(path, sample, first).annotation("again")
    assert again.regions == annotation.regions
    assert (again.assigned == annotation.assigned).all()


def test_a_column_never_takes_the_place_of_another_and_empty_regions_leave_no_colour(sample):
    result = Result(
        sample_name="one", seconds={}, labels=sample.lattice[:, 0] // 6, params=preset("paper", n_clusters=3)
    )
    named = from_labels(np.where(sample.lattice[:, 0] < 5, "a", "b"), name="domain", colours={"b": "#112233"})
    only_b = named.with_assigned(np.full(sample.n_spots, 1))
    out = adata_of(sample, result, annotations=[only_b])
    assert out.obs["domain"].astype(str).tolist() == result.labels.astype(str).tolist()
    assert out.obs["domain (2)"].cat.categories.tolist() == ["b"]
    assert list(out.uns["domain (2)_colors"]) == ["#112233"]
