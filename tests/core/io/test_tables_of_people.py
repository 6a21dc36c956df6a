"""Two tables as people and their programs leave them: names, titles, columns and files that are spelled differently."""

import csv

import numpy as np
import pandas as pd
import pytest

from core.errors import SampleError
from core.io import importing
from core.io.incoming import ImportChoices
from core.io.visium.matrices import SeveralSamplesError
from tests.instruments import CELLS, COORDS_UM, COUNTS, GENES, N_CELLS, SHUFFLED, X_UM, Y_UM

BARCODES = ["".join("ACGT"[(n >> 2 * at) % 4] for at in range(16)) for n in range(N_CELLS)]
NUMBERS = [f"{n:05d}" for n in range(1, N_CELLS + 1)]


def write(
    folder,
    names=CELLS,
    known=CELLS,
    titles=("cell", "x", "y"),
    um_per_unit=1.0,
    counts="counts.csv",
    places="places.csv",
):
    rows = [[name, *row] for name, row in zip(names, COUNTS.tolist(), strict=True)]
    placed = [[known[n], X_UM[n] / um_per_unit, Y_UM[n] / um_per_unit] for n in SHUFFLED.tolist()]
    for name, lines in ((counts, [["", *GENES], *rows]), (places, [list(titles), *placed])):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)
    return folder


def assert_is_the_tissue(source, names=CELLS, *, unit_known=None, **choices):
    sample = importing.read(source, ImportChoices(um_per_unit=choices.pop("um_per_unit", 1.0)), **choices)
    assert (sample.barcodes.tolist(), sample.gene_names.tolist()) == (list(names), GENES)
    assert (np.asarray(sample.expression) == COUNTS).all()
    np.testing.assert_allclose(sample.coords_um, COORDS_UM, atol=1e-9)
    assert unit_known is None or sample.unit_known == unit_known


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (NUMBERS, [str(int(number)) for number in NUMBERS]),  # a spreadsheet took zeros away
        (NUMBERS, [f"{int(number)}.0" for number in NUMBERS]),  # pandas, where a number was missing once
        ([f"{code}-1" for code in BARCODES], BARCODES),
        (BARCODES, [f"{code}-1" for code in BARCODES]),
    ],
)
def test_cells_are_found_however_programs_changed_their_names(tmp_path, names, known):
    assert_is_the_tissue(write(tmp_path, names, known), names)


def test_barcodes_of_another_section_are_not_taken_for_those_of_this(tmp_path):
    write(tmp_path, [f"{code}-1" for code in BARCODES], [f"{code}-2" for code in BARCODES])
    with pytest.raises(SampleError, match="counts none of them"):
        importing.read(tmp_path, ImportChoices())


@pytest.mark.parametrize(
    ("titles", "um_per_unit"),
    [
        (("Object ID", "Centroid X µm", "Centroid Y µm"), 1),  # QuPath
        (("cell", "Centroid.X..µm.", "Centroid.Y..µm."), 1),  # R's `read.csv` of it
        (("cell", "X (mm)", "Y (mm)"), 1000),
        (("cell", "x [um]", "y [um]"), 1),
        (("cell", "x_nm", "y_nm"), 0.001),
    ],
)
def test_titles_that_say_the_unit_are_believed(tmp_path, titles, um_per_unit):
    assert_is_the_tissue(write(tmp_path, titles=titles, um_per_unit=um_per_unit), unit_known=True)


def test_pixels_in_a_title_are_no_unit(tmp_path):
    write(tmp_path, titles=("cell", "Centroid X px", "Centroid Y px"), um_per_unit=0.1)
    assert importing.read(tmp_path, ImportChoices()).unit_known is False
    assert_is_the_tissue(tmp_path, um_per_unit=0.1)


def test_names_behind_the_counts_and_empty_last_columns_are_read(tmp_path):
    write(tmp_path)
    rows = (tmp_path / "counts.csv").read_text().splitlines()
    turned = [",".join([*row.split(",")[1:], row.split(",")[0] or "cell_id"]) for row in rows]
    numbered = [f"{'' if n == 0 else n - 1},{row}" for n, row in enumerate(turned)]  # with the index of pandas
    for lines in (turned, numbered, [f"{row}," for row in rows]):
        (tmp_path / "counts.csv").write_text("\n".join(lines))
        assert_is_the_tissue(tmp_path)


def test_a_row_that_says_what_kind_columns_are_is_no_cell(tmp_path):
    write(tmp_path, titles=("NAME", "X", "Y"))
    titles, rows = (tmp_path / "places.csv").read_text().split("\n", 1)
    (tmp_path / "places.csv").write_text(f"{titles}\nTYPE,numeric,numeric\n{rows}")  # of the Single Cell Portal
    assert_is_the_tissue(tmp_path)


@pytest.mark.parametrize("named_by", ["index", "column", "columns are cells"])
def test_counts_in_parquet_are_those_that_pandas_wrote(tmp_path, named_by):
    write(tmp_path)
    table = pd.DataFrame(COUNTS, index=CELLS, columns=GENES)
    if named_by == "column":
        table = table.reset_index(names="cell")
    (table.T if named_by == "columns are cells" else table).to_parquet(
        tmp_path / "counts.parquet", index=named_by != "column"
    )
    (tmp_path / "counts.csv").unlink()
    assert_is_the_tissue(tmp_path)


def test_a_missing_count_in_parquet_names_its_column(tmp_path):
    write(tmp_path)
    table = pd.DataFrame(COUNTS.astype(float), index=CELLS, columns=GENES)
    table.iloc[3, 2] = np.nan
    table.to_parquet(tmp_path / "counts.parquet")
    (tmp_path / "counts.csv").unlink()
    with pytest.raises(SampleError, match=f"counts.parquet lacks a number in the column {GENES[2]}"):
        importing.read(tmp_path, ImportChoices())


def test_counts_that_name_no_cells_are_not_joined_by_their_order_or_by_numbers(tmp_path):
    write(tmp_path, known=[str(n) for n in range(N_CELLS)])
    rows = (tmp_path / "counts.csv").read_text().splitlines()
    (tmp_path / "counts.csv").write_text("\n".join(row.split(",", 1)[1] for row in rows))
    with pytest.raises(SampleError, match=r"counts\.csv counts as many but names none: add a first column"):
        importing.read(tmp_path, ImportChoices())


def test_counts_of_one_sample_never_get_the_positions_of_another(tmp_path):
    for prefix, counts in (("GSM1_A_", COUNTS), ("GSM2_B_", COUNTS * 2)):
        write(tmp_path, counts=f"{prefix}counts.csv", places=f"{prefix}coordinates.csv")
        pd.DataFrame(counts, index=CELLS, columns=GENES).to_csv(tmp_path / f"{prefix}counts.csv")
    (tmp_path / "GSM1_A_genes.csv").write_text("gene,id\nA,1\n")
    (tmp_path / "readme.txt").write_text("Two samples\nof one tissue.\n")
    places = tmp_path / "GSM1_A_coordinates.csv"
    places.write_text("cell,x,y\n" + "\n".join(f"{cell},{y},{x}" for cell, x, y in zip(CELLS, X_UM, Y_UM, strict=True)))
    with pytest.raises(SeveralSamplesError, match="2 samples: GSM1_A and GSM2_B"):
        importing.read(tmp_path, ImportChoices())
    for section, times, coords in (("GSM1_A", 1, COORDS_UM[:, ::-1]), ("GSM2_B", 2, COORDS_UM)):
        sample = importing.read(tmp_path, ImportChoices(), section=section)
        assert (np.asarray(sample.expression) == COUNTS * times).all()
        assert (sample.coords_um == coords).all()


def test_a_second_table_that_places_the_same_cells_is_said(tmp_path):
    write(tmp_path)
    (tmp_path / "turned.csv").write_text((tmp_path / "places.csv").read_text().replace("cell,x,y", "cell,y,x"))
    said = [check.found for check in importing.survey(tmp_path).checks if check.what == "Coordinates"]
    assert said == ["turned.csv places the same cells; places.csv is taken."]
    assert_is_the_tissue(tmp_path)


LATTICE = [(row, column) for row in range(8) for column in range(10) if (row + column) % 2 == 0][:N_CELLS]


@pytest.mark.parametrize(
    "titles",
    [
        "",
        "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres\n",
        ",tissue,row,col,imagerow,imagecol\n",
    ],
)
def test_positions_of_visium_beside_a_table_of_counts_are_its_lattice(tmp_path, titles):
    write(tmp_path)
    rows = [
        f"{cell},{int(n != 5)},{row},{column},{120 * row + 7},{69.3 * column + 9}"
        for n, (cell, (row, column)) in enumerate(zip(CELLS, LATTICE, strict=True))
    ]
    (tmp_path / "places.csv").write_text(titles + "\n".join(rows))
    sample = importing.read(tmp_path, ImportChoices())
    inside = [n for n in range(N_CELLS) if n != 5]
    assert sample.barcodes.tolist() == [CELLS[n] for n in inside]
    assert sample.lattice.tolist() == [list(LATTICE[n]) for n in inside]
    assert (np.asarray(sample.expression) == COUNTS[inside]).all()
    np.testing.assert_allclose(
        sample.coords_px, [(120 * row + 7, 69.3 * column + 9) for row, column in np.array(LATTICE)[inside]]
    )


@pytest.mark.parametrize("beside", [{}, {"position.txt": "0,3x7,4x7"}, {"readme.md": "DBiT-seq"}])
@pytest.mark.parametrize("given", ["", "filtered_matrix.tsv"])
def test_spots_that_are_named_by_their_places_need_no_other_table(tmp_path, beside, given):
    places = [(column, row) for column in range(3, 11) for row in range(7, 12)]
    names = [f"{column}x{row}" for column, row in places]
    pd.DataFrame(COUNTS, index=pd.Index(names, name="X"), columns=GENES).to_csv(
        tmp_path / "filtered_matrix.tsv", sep="\t"
    )
    for name, text in beside.items():
        (tmp_path / name).write_text(text)
    sample = importing.read(tmp_path / given, ImportChoices(um_per_unit=20))
    assert (sample.barcodes.tolist(), sample.gene_names.tolist()) == (names, GENES)
    assert (np.asarray(sample.expression) == COUNTS).all()
    assert (sample.coords_um == np.array(places)[:, ::-1] * 20).all()
    assert not importing.read(tmp_path / given, ImportChoices()).unit_known
