"""Tables of labels in which a spot stands more than once, and names of spots in other programs' spellings."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import SampleFileError
from core.io import importing
from core.io.annotations import read_annotations, spelled
from core.io.incoming import ImportChoices
from core.io.label_files import read_labels
from tests import space_ranger

BARCODES = ["AAACAAGTATCTCCCA-1", "AAACAATCTACTAGCA-1", "AAACACCAATAACTGC-1"]
OURS = ["L1", "L2", "WM"]
OTHERS = ["WM", "WM", "L1"]


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def labels(path: Path, *called: str, barcodes: list[str] = BARCODES, section: str | None = None) -> list[str]:
    return read_annotations(path, np.array(barcodes), called, section).labels(None).tolist()


def both(form: str, *head: str) -> list[str]:
    """One line for each spot and section; `form` says where the barcode, the section and the label stand."""
    of_sections = [("S1", OURS), ("S2", OTHERS)]
    return [*head, *(form.format(b=b, s=s, c=b[:-2], n=s[1], l=label)
                     for s, them in of_sections for b, label in zip(BARCODES, them, strict=True))]  # fmt: skip


@pytest.mark.parametrize(
    "lines",
    [
        both("{b},{s},{l}"),
        both("{b},{s},{l}", "barcode,sample_id,layer"),
        both("{s},{l},{b}", "library,layer,barcode"),
        both("{s}_{b},{l}", "barcode,layer"),
        both("{b}_{s},{l}", "barcode,layer"),
        both("{b}-{s},{l}", "barcode,layer"),
    ],
)
def test_of_a_table_of_several_sections_only_the_rows_of_the_one_that_is_named_are_taken(tmp_path, lines):
    path = written(tmp_path / "t.csv", *lines)
    assert labels(path, "S1") == ["Layer1", "Layer2", "WM"]
    assert labels(path, "run 7", "sample_S2_named") == ["WM", "WM", "Layer1"]
    with pytest.raises(SampleFileError, match=r"names 3 spots more than once.*Name one of S1, S2"):
        labels(path, "S11")
    assert labels(path, section="S2") == ["WM", "WM", "Layer1"]
    with pytest.raises(SampleFileError, match="has no section 'S3'; its sections: S1, S2"):
        labels(path, section="S3")


def test_numbers_behind_barcodes_tell_sections_only_where_the_samples_own_do(tmp_path):
    path = written(tmp_path / "aggr.csv", *both("{c}-{n},{l}", "Barcode,layer"))
    seconds = [f"{barcode[:-2]}-2" for barcode in BARCODES]
    assert labels(path, barcodes=seconds) == ["WM", "WM", "Layer1"]
    # Each section by itself calls its spots -1, so these could be of either.
    with pytest.raises(SampleFileError, match="Name one of -1, -2"):
        labels(path, "outs 1")
    assert labels(path, section="-1") == ["Layer1", "Layer2", "WM"]
    assert labels(path, barcodes=[*BARCODES, *seconds]) == ["Layer1", "Layer2", "WM", "WM", "WM", "Layer1"]


def test_a_row_that_stands_twice_says_the_same_and_one_that_contradicts_is_refused(tmp_path):
    rows = [f"{barcode},{label}" for barcode, label in zip(BARCODES, OURS, strict=True)]
    assert labels(written(tmp_path / "a.csv", "spot,layer", *rows, *rows)) == ["Layer1", "Layer2", "WM"]
    with pytest.raises(SampleFileError, match=r"names 1 spot more than once.*no column says"):
        labels(written(tmp_path / "b.csv", "spot,layer", *rows, f"{BARCODES[0]},WM"))


@pytest.mark.parametrize(
    "form", ["S1_{b}", "{c}.1", "{c}", "S1#{b}", "{b}_1", "{b}-1", "{c}x", "x.S1_{c}.1", "{c}-1_3"]
)
def test_spots_are_found_in_the_spellings_of_other_programs(tmp_path, form):
    rows = [f"{form.format(b=b, c=b[:-2])};{label}" for b, label in zip(BARCODES, OURS, strict=True)]
    assert labels(written(tmp_path / "t.csv", "spot;layer", *rows)) == ["Layer1", "Layer2", "WM"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_tables_come_in_as_excel_saves_them(tmp_path, encoding):
    text = "\r\n".join(["barcode\tlayer", *(f"{b}\t{label}" for b, label in zip(BARCODES, OURS, strict=True))])
    (tmp_path / "t.txt").write_bytes(text.encode(encoding))
    assert labels(tmp_path / "t.txt") == ["Layer1", "Layer2", "WM"]
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04" + bytes(60))
    with pytest.raises(SampleFileError, match="is an Excel workbook or a zip: save the table as CSV"):
        labels(tmp_path / "t.xlsx")


def test_letters_of_windows_and_a_first_line_that_names_the_separator_are_read(tmp_path):
    names = ["Weiße Substanz", "Größe 1", "Übergang"]
    rows = [f"{b};{label}" for b, label in zip(BARCODES, names, strict=True)]
    (tmp_path / "t.csv").write_bytes("\r\n".join(["sep=;", "Barcode;Schicht", *rows]).encode("cp1252"))
    found = read_annotations(tmp_path / "t.csv", np.array(BARCODES))
    assert found.labels(None).tolist() == names
    assert list(found.columns) == ["Schicht"]
    (tmp_path / "cut.csv").write_bytes("\n".join(["Barcode;Schicht", *rows]).encode()[:-1] + b"\xff\n")
    assert labels(tmp_path / "cut.csv")[:2] == names[:2]  # one damaged byte makes no other letters of the rest


def test_the_public_map_of_several_sections_labels_a_section_by_its_folders_name(tmp_path):
    space_ranger.write_output(tmp_path / "151673" / "outs")
    lines = [f"{b}\t{k}\t{label}" for k, label in (("151673", "L1"), ("151674", "WM")) for b in space_ranger.BARCODES]
    table = written(tmp_path / "map.tsv", *lines)
    found = importing.survey(tmp_path / "151673" / "outs", annotation_csv=table)
    assert (found.importable, found.table_sections) == (True, ["151673", "151674"])
    sample = importing.read(tmp_path / "151673" / "outs", ImportChoices(genes="all"), annotation_csv=table)
    assert sample.labels_true.tolist() == ["Layer1"] * 4
    (tmp_path / "151673").rename(tmp_path / "mine")
    unknown = importing.survey(tmp_path / "mine" / "outs", annotation_csv=table)
    assert (unknown.importable, unknown.table_sections) == (False, ["151673", "151674"])
    chosen = importing.survey(tmp_path / "mine" / "outs", annotation_csv=table, table_section="151674")
    assert chosen.importable
    uploaded = importing.survey(tmp_path / "mine" / "outs", annotation_csv=table, called="151674.zip")
    assert "only rows of 151674 are taken" in uploaded.checks[-1].found


def test_labels_of_any_tool_are_refused_where_they_are_of_several_sections(tmp_path):
    path = written(tmp_path / "t.csv", *both("{b},{s},{l}", "barcode,sample,layer"))
    assert read_labels(path, np.array(BARCODES), called=("S2",)).labels.tolist() == ["WM", "WM", "Layer1"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["-1", "0", "1"], ["NA", "0", "1"]),
        (["-1", "a"], ["NA", "a"]),
        (["-1", "-2", "0"], ["-1", "-2", "0"]),
        (["-1"], ["-1"]),
        (["Unassigned", "tumour"], ["NA", "tumour"]),
        (["-1", "L1"], ["NA", "Layer1"]),
    ],
)
def test_what_means_no_class_is_none(names, said):
    assert spelled(names) == said


def test_a_label_that_the_folder_is_called_by_is_no_section(tmp_path):
    lines = [f"{b},{s},{label}" for s, label in (("s1", "a"), ("s2", "b")) for b in BARCODES]
    for head in (["barcode,sample,region"], []):
        with pytest.raises(SampleFileError, match="more than once"):
            labels(written(tmp_path / "t.csv", *head, *lines), "block_a")
    assert labels(written(tmp_path / "t.csv", "barcode,sample,region", *lines), "block_a", "s2") == ["b", "b", "b"]
