import pytest

from core.errors import SampleFileError
from core.io import importing, lab
from core.io.incoming import ImportChoices
from core.io.lab import writing
from tests import h5ad_files, space_ranger
from tests.small_tissue import small_sample


def test_a_format_is_recognised_by_what_a_file_holds_not_by_its_name(tmp_path):
    space_ranger.write_output(tmp_path)
    matrix = (tmp_path / "filtered_feature_bc_matrix.h5").rename(tmp_path / "counts.h5ad")
    assert importing.survey(matrix).kind == "Space Ranger output"
    lab.write(small_sample("one"), tmp_path / "one.data")
    assert importing.survey(tmp_path / "one.data").kind == "The lab's format"


def test_an_h5ad_file_comes_in_and_a_table_can_label_it(tmp_path):
    tissue = h5ad_files.tissue()
    path = h5ad_files.saved(h5ad_files.visium_adata(tissue), tmp_path)
    assert importing.survey(path).kind == "h5ad"
    sample = importing.read(path, ImportChoices(genes="all"))
    assert (sample.n_spots, sample.labels_true) == (tissue.n_spots, None)
    (tmp_path / "t.csv").write_text(f"spot,mine\n{sample.barcodes[3]},here\n{sample.barcodes[5]},there\n")
    labelled = importing.read(path, ImportChoices(genes="all"), annotation_csv=tmp_path / "t.csv")
    assert (labelled.labels_true[3], labelled.labels_true[5]) == ("here", "there")
    assert importing.survey(path, annotation_csv=tmp_path / "t.csv").annotations == {"mine": 2}


def test_the_labs_own_file_comes_in_as_it_is(tmp_path):
    sample = small_sample("one")
    lab.write(sample, tmp_path / "sample_one.h5")
    found = importing.survey(tmp_path / "sample_one.h5")
    choices = ImportChoices(annotation=found.suggested_annotation)
    read = importing.read(tmp_path / "sample_one.h5", choices)
    assert (read.name, read.content_hash) == ("one", sample.content_hash)
    assert read.labels_true.tolist() == sample.labels_true.tolist()
    assert importing.read(tmp_path / "sample_one.h5", ImportChoices()).labels_true is None


def test_the_most_variable_genes_of_the_labs_file_are_kept_where_they_are_asked_for(tmp_path):
    lab.write(small_sample("one"), tmp_path / "one.h5")
    assert importing.read(tmp_path / "one.h5", ImportChoices(genes="variable", n_genes=5)).n_genes == 5


def test_a_table_of_labels_takes_the_place_of_the_files_own(tmp_path):
    space_ranger.write_output(tmp_path / "b")
    importing.save(importing.read(tmp_path / "b", ImportChoices(genes="all", annotation="layer")), tmp_path)
    (tmp_path / "mine.csv").write_text("barcode,region\nAACC-1,inner\nAAAC-1,outer\nTTTT-1,outer\n")
    found = importing.survey(tmp_path / "b.h5", annotation_csv=tmp_path / "mine.csv")
    assert (found.annotations, found.suggested_annotation) == ({"region": 2}, "region")
    assert found.checks[-1].found == (
        "mine.csv labels 2 of 4 spots: region (2 classes); 1 of its rows belongs to no spot of the sample."
    )
    sample = importing.read(tmp_path / "b.h5", ImportChoices(), annotation_csv=tmp_path / "mine.csv")
    assert sample.labels_true.tolist() == ["outer", "NA", "NA", "inner"]


def test_a_layer_is_asked_for_only_where_there_are_layers(tmp_path):
    space_ranger.write_output(tmp_path / "b")
    with pytest.raises(SampleFileError, match="b has one matrix of counts and no layers"):
        importing.read(tmp_path / "b", ImportChoices(layer="spliced"))


def test_a_zarr_store_is_named_with_the_way_out(tmp_path):
    (tmp_path / "zarr.json").write_text("{}")
    with pytest.raises(SampleFileError, match=r"is a zarr store.*write_h5ad"):
        importing.survey(tmp_path)


@pytest.mark.parametrize(
    "name", ["../../evil", "a/b\\c", "x" * 300, "\u202egnp.exe", "<b>bold</b>", "", ".hidden", "CON.h5"]
)
def test_a_sample_of_any_name_is_written_into_the_folder_and_nowhere_else(tmp_path, name):
    folder = tmp_path / "samples"
    path = importing.save(small_sample(name), folder)
    assert [found.name for found in tmp_path.rglob("*") if found.is_file()] == [path.name]
    assert path.parent == folder
    assert path.name.isascii()
    assert len(path.name) < 100
    assert lab.read(path).n_spots == small_sample(name).n_spots


def test_a_sample_that_is_there_is_replaced_only_where_that_was_asked_for(tmp_path):
    first, second = small_sample("same"), small_sample("same", n_rows=20)
    importing.save(first, tmp_path)
    with pytest.raises(SampleFileError, match="already a sample called same"):
        importing.save(second, tmp_path)
    assert lab.read(tmp_path / "same.h5").n_spots == first.n_spots
    importing.save(second, tmp_path, overwrite=True)
    assert lab.read(tmp_path / "same.h5").n_spots == second.n_spots
    assert [path.name for path in tmp_path.iterdir()] == ["same.h5"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "deepdish_save", full)
    with pytest.raises(SampleFileError, match="No space left on device"):
        importing.save(small_sample("one"), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["", "-1"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_labels_are_found_by_barcode_whatever_the_columns_and_their_order(tmp_path, suffix, separator):
    space_ranger.write_output(tmp_path / "b")
    rows = [["x", "what", "who"], ["1", "L1", f"AACC{suffix}"], ["2", "WM", f"AAAC{suffix}"]]
    (tmp_path / "t.txt").write_text("\n".join(separator.join(row) for row in rows))
    choices = ImportChoices(genes="all", annotation="what")
    sample = importing.read(tmp_path / "b", choices, annotation_csv=tmp_path / "t.txt")
    assert sample.labels_true.tolist() == ["WM", "NA", "NA", "Layer1"]


def test_a_table_without_a_header_loses_no_row(tmp_path):
    space_ranger.write_output(tmp_path / "b")
    (tmp_path / "t.csv").write_text("AAAC-1,one\nAAAG-1,two\nAACA-1,two\n")
    sample = importing.read(tmp_path / "b", ImportChoices(genes="all"), annotation_csv=tmp_path / "t.csv")
    assert sample.labels_true.tolist() == ["one", "two", "two", "NA"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is no table"),
        ("barcode\nAAAC-1\n", "is no table"),
        ("barcode,layer\nTTTT-1,L1\n", "names none of the sample's spots"),
        ('barcode,layer\n"AAAC-1,L1\n', "names none of the sample's spots"),
        (f"barcode,layer\nAAAC-1,{'x' * 200_000}\n", "cannot be read as a table"),
    ],
)
def test_a_table_that_labels_nothing_is_said_in_a_sentence(tmp_path, content, words):
    space_ranger.write_output(tmp_path / "b")
    table = tmp_path / "t.csv"
    table.write_text(content)
    assert not importing.survey(tmp_path / "b", annotation_csv=table).importable
    with pytest.raises(SampleFileError, match=words):
        importing.read(tmp_path / "b", ImportChoices(genes="all"), annotation_csv=table)
