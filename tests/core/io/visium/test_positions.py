"""Tables of positions as programs and people save them again."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.errors import SampleFileError
from core.io.visium.positions import read_positions

HEAD = ["barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres"]
ROWS = [
    ["AAACAAGTATCTCCCA-1", "1", "3", "1", "180.5", "300"],
    ["AAACAATCTACTAGCA-1", "0", "0", "2", "100", "350.25"],
    ["AAACACCAATAACTGC-1", "1", "2", "0", "260", "200"],
]
BARCODES = [row[0] for row in ROWS]
INSIDE = [True, False, True]
ARRAY = [[3, 1], [0, 2], [2, 0]]
PIXELS = [[180.5, 300], [100, 350.25], [260, 200]]


def joined(rows: list[list[str]], separator: str = ",", end: str = "\n") -> bytes:
    return end.join(separator.join(row) for row in rows).encode()


def assert_are_the_positions(path: Path) -> None:
    found = read_positions(path)
    assert found.barcodes.tolist() == BARCODES
    assert found.in_tissue is not None
    assert found.in_tissue.tolist() == INSIDE
    assert found.lattice.tolist() == ARRAY
    assert found.coords_px.tolist() == PIXELS


def exchanged(rows: list[list[str]]) -> list[list[str]]:
    return [[*row[:4], row[5], row[4]] for row in rows]


def quoted(rows: list[list[str]]) -> list[list[str]]:
    return [[f'"{row[0]}"', *row[1:]] for row in rows]


def numbered(rows: list[list[str]]) -> list[list[str]]:
    return [[str(number), *row] for number, row in enumerate(rows)]


CONTENTS = {
    "as Space Ranger 1 writes it": joined(ROWS),
    "as Space Ranger 2 writes it": joined([HEAD, *ROWS]),
    "Excel's mark of UTF-8": b"\xef\xbb\xbf" + joined([HEAD, *ROWS], end="\r\n"),
    "UTF-16": joined([HEAD, *ROWS], "\t").decode().encode("utf-16"),
    "semicolons with decimal commas": joined([HEAD, *ROWS], ";").replace(b".", b","),
    "tabs without a header": joined(ROWS, "\t"),
    "spaces": joined([HEAD, *ROWS], " "),
    "pixel columns exchanged": joined(exchanged([HEAD, *ROWS])),
    "array columns exchanged": joined([[*row[:2], row[3], row[2], *row[4:]] for row in [HEAD, *ROWS]]),
    "an index in front": joined([["", *HEAD], *numbered(ROWS)]),
    "an index in front, no header": joined(numbered(ROWS)),
    "row names without a title": joined([HEAD[1:], *ROWS]),
    "quotes of R": joined(quoted([HEAD, *ROWS])),
    "titles that R makes up": joined([["V1", "V2", "V3", "V4", "V5", "V6"], *ROWS]),
    "words for flags": joined([HEAD, *([row[0], "TRUE" if row[1] == "1" else "FALSE", *row[2:]] for row in ROWS)]),
    "flags as floats": joined([HEAD, *([row[0], f"{row[1]}.0", *row[2:]] for row in ROWS)]),
    "other names": joined([["spot", "tissue", "row", "col", "imagerow", "imagecol"], *ROWS]),
    "capital letters": joined([[title.upper() for title in HEAD], *ROWS]),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_columns_are_found_by_name_in_any_form_of_the_table(tmp_path, kind):
    path = tmp_path / "tissue_positions.csv"
    path.write_bytes(CONTENTS[kind])
    assert_are_the_positions(path)


def test_a_compressed_table_reads_the_same(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(joined([HEAD, *ROWS])))
    assert_are_the_positions(tmp_path / "t.csv.gz")


@pytest.mark.parametrize("text", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
@pytest.mark.parametrize("flags", [pa.int64(), pa.bool_(), pa.string(), pa.float64()])
def test_parquet_of_any_type_of_text_and_of_flags_reads_the_same_under_tissue(tmp_path, text, flags):
    values = {"1": True, "0": False} if flags == pa.bool_() else {"1": "1", "0": "0"}
    inside = [values[row[1]] for row in ROWS]
    columns = {
        "barcode": pa.array(BARCODES).cast(text),
        "in_tissue": pa.array(inside, flags) if flags in (pa.bool_(), pa.string()) else pa.array([1, 0, 1], flags),
        **{name: pa.array([float(row[number]) for row in ROWS]) for number, name in enumerate(HEAD) if number > 1},
    }
    order = [0, 1, 3, 2, 5, 4]
    parquet.write_table(pa.table({HEAD[i]: columns[HEAD[i]] for i in order}), tmp_path / "tissue_positions.parquet")
    found = read_positions(tmp_path / "tissue_positions.parquet")
    assert found.in_tissue is not None
    assert found.barcodes[found.in_tissue].tolist() == [BARCODES[0], BARCODES[2]]
    assert found.lattice[found.in_tissue].tolist() == [ARRAY[0], ARRAY[2]]
    assert found.coords_px[found.in_tissue].tolist() == [PIXELS[0], PIXELS[2]]


def test_a_first_row_that_r_took_for_a_header_is_put_back_and_said(tmp_path):
    path = tmp_path / "tissue_positions_list.csv"
    path.write_bytes(joined([["AAACAAGTATCTCCCA-1", "X1", "X3", "X1.1", "X180.5", "X300"], *ROWS[1:]]))
    assert_are_the_positions(path)
    assert "its spot AAACAAGTATCTCCCA-1 was put back" in read_positions(path).notices[0]


def test_where_nothing_says_what_is_under_tissue_it_is_not_known(tmp_path):
    path = tmp_path / "tissue_positions.csv"
    path.write_bytes(joined([[row[0], *row[2:]] for row in [HEAD, *ROWS]]))
    found = read_positions(path)
    assert found.in_tissue is None
    assert found.coords_px.tolist() == PIXELS


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (joined([[*HEAD[:4], "y"], *(row[:5] for row in ROWS)]), "has no column pxl_row_in_fullres or pxl_col_in_fullres"),
        (joined([HEAD, ["A", "perhaps", "1", "2", "3", "4"]]), "holds 'perhaps' in its column in_tissue"),
        (joined([HEAD, ["A", "1", "1", "2", "", "4"]]), "not finite"),
        (joined([HEAD, ["A", "1", "1.5", "2", "3", "4"]]), "not whole numbers"),
        (b"\x00\x05\x16\x07" + bytes(200), "cannot be read as a table"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_positions_is_said_in_a_sentence(tmp_path, content, words):
    (tmp_path / "tissue_positions.csv").write_bytes(content)
    with pytest.raises(SampleFileError, match=words):
        read_positions(tmp_path / "tissue_positions.csv")


def test_a_spot_beside_the_tissue_needs_no_position(tmp_path):
    (tmp_path / "t.csv").write_bytes(joined([HEAD, *ROWS, ["AAAA-1", "0", "", "", "", ""]]))
    found = read_positions(tmp_path / "t.csv")
    assert np.isnan(found.coords_px[3]).all()


def test_a_spot_with_two_positions_is_refused_and_one_that_is_said_twice_is_not(tmp_path):
    elsewhere = [ROWS[0][0], "1", "5", "5", "9", "9"]
    (two := tmp_path / "two.csv").write_bytes(joined([HEAD, *ROWS, elsewhere]))
    with pytest.raises(SampleFileError, match=r"two\.csv gives AAACAAGTATCTCCCA-1 two positions"):
        read_positions(two)
    (twice := tmp_path / "twice.csv").write_bytes(joined([HEAD, *ROWS, ROWS[0]]))
    assert read_positions(twice).barcodes.tolist() == [*BARCODES, BARCODES[0]]
