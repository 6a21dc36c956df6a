"""Strokes from tables: which spots they paint, and what is said of the rest."""

import dataclasses
import gzip

import numpy as np
import pytest

from core.annotation import Region, new_annotation
from core.errors import DomainsError
from core.io.label_files import annotation_csv
from core.io.label_tables import MAX_TABLE_BYTES
from core.io.stroke_files import read_strokes
from tests.small_tissue import small_sample

BARE = small_sample("bare")
SAMPLE = dataclasses.replace(
    BARE, name="named", barcodes=np.array([f"SPOT{number}-1" for number in range(BARE.n_spots)])
)


def painted(tmp_path, content, sample=SAMPLE, name="strokes.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    read = read_strokes(path, sample)
    spots = np.flatnonzero(read.strokes.painted >= 0)
    return {int(spot): read.strokes.names[read.strokes.painted[spot]] for spot in spots}, read.notes


@pytest.mark.parametrize(
    "content",
    [
        "barcode,label\nSPOT3-1,a\nSPOT7-1,b\n",
        "label\tbarcode\na\tSPOT3-1\nb\tSPOT7-1\n",
        "SPOT3-1;a\nSPOT7-1;b\n",
        "barcode\tlabel\nSPOT3-1\ta\nSPOT7-1\tb\n".encode("utf-16"),
        b"\xef\xbb\xbfbarcode,label\r\nSPOT3-1,a\r\nSPOT7-1,b\r\nSPOT9-1,NA\r\n",
        gzip.compress(b"barcode,label\nSPOT3-1,a\nSPOT7-1,b\n", mtime=0),
    ],
)
def test_tables_of_any_program_paint_the_same_spots(tmp_path, content):
    name = "strokes.csv.gz" if content[:2] == b"\x1f\x8b" else "strokes.csv"
    assert painted(tmp_path, content, name=name) == ({3: "a", 7: "b"}, ())


def test_spellings_of_one_layer_are_one_domain_also_beside_others(tmp_path):
    spots, _ = painted(tmp_path, "barcode,label\nSPOT1-1,L1\nSPOT2-1,Layer 1\nSPOT3-1,Tumour\n")
    assert spots[1] == spots[2] != spots[3] == "Tumour"


@pytest.mark.parametrize("sample", [BARE, SAMPLE])
def test_what_the_page_exports_is_read_as_it_was_painted_with_barcodes_or_without(tmp_path, sample):
    assigned = np.full(sample.n_spots, -1)
    assigned[[2, 5, 11]] = [0, 0, 1]
    regions = (Region("Layer 2", "#123456"), Region("Tumour", "#ABCDEF"))
    made = new_annotation(sample.n_spots, name="Strokes", regions=regions).with_assigned(assigned)
    spots, notes = painted(tmp_path, annotation_csv(made, sample), sample)
    assert spots == {2: "Layer 2", 5: "Layer 2", 11: "Tumour"}
    assert notes == ()


def test_what_plays_no_part_is_said(tmp_path):
    for table, said in (
        (
            "barcode,label\nSPOT3-1,a\nSPOT3-1,b\nSPOT7-1,b\nNOBODY,a\nSPOT8-1,a,more\n",
            [
                "1 row has more or fewer cells than the first, and is left out.",
                "1 row names no spot of the sample, and is left out.",
                "SPOT3-1 is painted in several domains, and so in none.",
            ],
        ),
        ("barcode,label,other\nSPOT7-1,b,x\n", ["domains are taken from its column label, not from other."]),
    ):
        spots, notes = painted(tmp_path, table)
        assert spots == {7: "b"}
        assert [note.removeprefix("strokes.csv: ") for note in notes] == said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "no table of barcodes and labels"),
        ("barcode\nSPOT1-1\n", "no table of barcodes and labels"),
        ("barcode,label\nNOBODY-1,a\n", "names none of the sample's spots"),
        ("barcode,label\nSPOT1-1,\n", "labels no spot"),
        (b"PK\x03\x04 a workbook", "Excel workbook"),
        (b"\0" * (MAX_TABLE_BYTES + 1), "larger than 64 MiB"),
        (
            "barcode,label\nSPOT1-1,a\nSPOT1-1,b\n",
            "SPOT1-1 is painted in several domains, and so in none. No other spot is painted",
        ),
    ],
)
def test_what_paints_nothing_is_a_sentence(tmp_path, content, sentence):
    with pytest.raises(DomainsError, match=sentence):
        painted(tmp_path, content)


def test_a_few_numbers_are_no_strokes_of_a_sample_without_barcodes(tmp_path):
    with pytest.raises(DomainsError, match=r"names 2 spots\. bare has no barcodes.* number all its 192 spots from 0"):
        painted(tmp_path, "spot,label\n1,a\n2,b\n", BARE)


def test_more_domains_than_an_annotation_has_regions_are_refused_with_the_number(tmp_path):
    rows = "".join(f"SPOT{number}-1,d{number}\n" for number in range(101))
    with pytest.raises(DomainsError, match="at most 100 different ones"):
        painted(tmp_path, f"barcode,label\n{rows}")
