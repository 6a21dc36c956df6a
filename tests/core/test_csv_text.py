"""No table that leaves is a program for a spreadsheet, and nothing is lost by that when it comes in again."""

import csv
import dataclasses
import io

import numpy as np
import pytest

from core.annotation_labels import from_labels
from core.csv_text import csv_text, harmless, plain
from core.io.label_files import annotation_csv, annotation_loupe_csv, labels_of
from tests.named_tissue import named_sample

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\ta",
    "\r=1",
    "\n=1",
    '=HYPERLINK("http://x","y")',
    "＝1+1",
    "＠SUM(1)",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_a_formula_gets_an_apostrophe_and_loses_it_when_read_again(text):
    ((cell,),) = csv.reader(io.StringIO(csv_text([text], []), newline=""))
    assert cell == f"'{text}"
    assert plain(cell) == text


@pytest.mark.parametrize("text", ["a;=1+1", "a\t@SUM(1)", "\t=1", "=1;-1", "a;＋1;+1", "-1;-2"])
def test_no_cell_is_a_formula_either_where_a_spreadsheet_takes_semicolons_and_tabs_for_separators(text):
    ((cell,),) = csv.reader(io.StringIO(csv_text([text], []), newline=""))
    begins = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}")
    assert not [part for part in cell.replace("\t", ";").split(";") if part.startswith(begins)]
    assert plain(cell) == text


@pytest.mark.parametrize(
    "cell", ["-1", "a; b", "a;b", "L1;'x'", "+2.5e3", "-inf", "Layer 1", "AAAC-1", "'quoted'", "'", "", -1.5, None, 3]
)
def test_numbers_and_other_text_stay_as_they_are(cell):
    assert harmless(cell) == cell
    assert not isinstance(cell, str) or plain(cell) == cell


@pytest.mark.parametrize("write", [annotation_csv, annotation_loupe_csv])
def test_a_region_called_as_a_formula_is_the_same_region_when_its_table_comes_in_again(write, tmp_path):
    sample = named_sample("s")
    sample = dataclasses.replace(sample, barcodes=np.array([f"AAAC{number}-1" for number in range(sample.n_spots)]))
    labels = np.where(sample.lattice[:, 0] < 5, '=cmd|"/C calc"!A1', "-other")
    annotation = from_labels(labels, name="@mine", author="", colours={})
    (path := tmp_path / "a.csv").write_text(write(annotation, sample), encoding="utf-8")
    rows = list(csv.reader(path.read_text().splitlines()))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@", "-"))]
    assert (labels_of(path, sample).annotation("again").labels_true() == labels).all()


@pytest.mark.parametrize(
    "row",
    [
        ("AAAC-1", "3", "0.9167"), ("a,b", "c"), ("a", "=1"), ("a;=1", "b"), ("a", ""), ("",), ("-1", "b"), ('say "a"', "b"),
        ("a\nb", "c"), ("a\rb", "c"), ("é", "b"), ("a", None, 1, 2.5), ("a", "@b"), (" a", "b"), ("a\tb", "c"),
    ],
)  # fmt: skip
def test_rows_that_are_written_as_they_are_read_like_those_that_are_looked_at_cell_by_cell(row):
    looked_at, returns = io.StringIO(), any("\r" in str(cell) for cell in row)
    quoted = csv.writer(looked_at, lineterminator="\n", quoting=csv.QUOTE_ALL)
    (quoted if returns else csv.writer(looked_at, lineterminator="\n")).writerow([harmless(cell) for cell in row])
    assert csv_text(["head"], [row]) == "head\n" + looked_at.getvalue()
