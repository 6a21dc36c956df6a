"""Files of other programs are named with a next step that leads somewhere, alone or in a folder."""

import lzma

import numpy as np
import pytest

from core.errors import SampleError
from core.io import importing
from core.io.genes import date_check
from tests.instruments import CELLS, X_UM, Y_UM

PLACES = "cell,x,y\n" + "\n".join(f"{cell},{x},{y}" for cell, x, y in zip(CELLS, X_UM, Y_UM, strict=True))


@pytest.mark.parametrize(
    ("files", "step"),
    [
        ({"counts.xlsx": b"PK\3\4", "coords.csv": PLACES.encode()}, "workbook of Excel: save each sheet as CSV"),
        (
            {"counts.feather": b"ARROW1\0\0", "coords.csv": PLACES.encode()},
            r"pandas\.read_feather\(.counts\.feather.\)",
        ),
        ({"counts.gct": b"#1.2\n", "coords.csv": PLACES.encode()}, r"counts\.gct .* take its first two lines"),
        ({"counts.npz": b"PK\3\4", "coords.csv": PLACES.encode()}, "names neither cells nor genes"),
        ({"A.dcc": b"<Header>"}, "GeoMx"),
        ({"counts.csv.zst": b"\x28\xb5\x2f\xfd", "coords.csv": PLACES.encode()}, "unpack it, or compress it with gzip"),
        ({"assays.h5": b"\x89HDF\r\n\x1a\n", "se.rds": b"\x1f\x8b"}, "loadHDF5SummarizedExperiment"),
        ({"detected_transcripts.csv": b"barcode_id,gene\n1,A\n"}, "part of MERSCOPE's output"),
        ({"long.csv": b"cell,gene,count\ncell00-1,A,3\ncell00-1,B,1\n", "coords.csv": PLACES.encode()}, "pivot_table"),
    ],
)
def test_a_folder_of_other_programs_says_what_to_do(tmp_path, files, step):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SampleError, match=step):
        importing.survey(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "step"),
    [
        ("a.cloupe", b"\x93LCF", "the folder `outs`"),
        ("a.mat", b"MATLAB 5.0 MAT-file", "writetable"),
        ("a.rds", lzma.compress(b"X\n\0\0\0\3"), "anndataR"),
        ("a.tar.xz", lzma.compress(b"some"), "pack the folder as zip or tar.gz"),
    ],
)
def test_a_single_file_of_other_programs_says_what_to_do(tmp_path, name, content, step):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SampleError, match=step):
        importing.survey(tmp_path / name)


def test_genes_that_a_spreadsheet_took_for_dates_are_said():
    found = date_check(np.array(["1-Mar", "MARCHF1", "Sep-02", "DEC1", "2001-03-01", "SEPTIN2"]))
    assert found is not None
    assert found.found == "3 genes are called as dates, such as 1-Mar."
    assert date_check(np.array(["MARCH1", "SEPT2", "DEC1", "H2-K1", "Nov", "HLA-DRB1"])) is None
