"""A reference as a file, and what strangers may write in its place."""

import json

import numpy as np
import pytest

from core import reference
from core.errors import TransferError
from core.method.reference import learn
from core.reference import from_json, species_of
from tests.teaching import section


@pytest.fixture(scope="module")
def learnt():
    return learn([section("A", 0)])


@pytest.fixture(scope="module")
def written(learnt):
    return json.loads(learnt.to_json())


def test_it_reads_as_it_was_written(learnt, tmp_path):
    learnt.save(tmp_path / "model.json")
    read = reference.read(tmp_path / "model.json")
    assert (read.names, read.genes, read.samples, read.hops) == (
        learnt.names,
        learnt.genes,
        learnt.samples,
        learnt.hops,
    )
    np.testing.assert_array_equal(read.loadings, learnt.loadings)
    assert read.digest == learnt.digest


def test_a_file_of_an_earlier_version_names_no_contents_and_is_read(written, learnt):
    read = from_json(json.dumps({key: value for key, value in written.items() if key != "contents"}).encode())
    assert (read.contents, read.digest) == ((), learnt.digest)


def test_marks_before_the_text_as_editors_write_them_do_no_harm(learnt):
    assert from_json(b"\xef\xbb\xbf" + learnt.to_json()).digest == learnt.digest


def text_of(array):
    from core.codec import encode

    return json.loads(encode(np.asarray(array, dtype=float)))


DAMAGE: dict[str, list[object]] = {
    "names": [["Layer1"], ["Layer1"] * 4, ["Layer1", "", "x", "y"], ["a" * 500, "b", "c", "d"], 7, [1, 2]],
    "samples": [[], [""], ["a\n"], "A"],
    "genes": [[], ["GENE0"] * 80, ["GENE0"], None],
    "ids": [["ENSG1"], 3],
    "abundance": [
        text_of(np.zeros(3)),
        text_of(np.full(80, np.nan)),
        text_of(np.full(80, -1.0)),
        "x",
        text_of(np.zeros((80, 1))),
    ],
    "loadings": [text_of(np.zeros((3, 50))), text_of(np.full((80, 50), np.inf)), text_of(np.zeros(80)), 0],
    "noise": [text_of(np.zeros(3)), text_of(np.full(50, -1.0)), None],
    "turn": [text_of(np.zeros((3, 30))), text_of(np.full((50, 30), np.nan)), []],
    "means": [text_of(np.zeros((3, 30))), text_of(np.zeros((4, 3))), text_of(np.full((4, 30), np.nan)), {}],
    "within": [
        text_of(np.zeros((30, 30))),
        text_of(-np.eye(30)),
        text_of(np.triu(np.ones((30, 30)))),
        text_of(np.eye(3)),
        True,
    ],
    "frequencies": [text_of([1.0]), text_of([0.5, 0.5, 0.5, 0.5]), text_of([2.0, -1.0, 0.0, 0.0]), "AAAA"],
    "hops": [-1, 1000, "two", 1.5],
    "usual": [0, -1.0, float("nan"), "far"],
    "unusual": [0, float("inf"), None],
    "contents": [["x"], ["A" * 32], ["a" * 32, "b" * 32], 7, [7]],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in DAMAGE.items() for value in values])
def test_each_damaged_field_is_a_sentence(written, name, value):
    with pytest.raises(TransferError, match=r"^It is no reference .*\.$"):
        from_json(json.dumps(written | {name: value}).encode())


def test_every_field_is_damaged_above(written):
    assert set(DAMAGE) == set(written)


@pytest.mark.parametrize("name", sorted(DAMAGE.keys() - {"contents"}))
def test_each_missing_field_is_a_sentence(written, name):
    with pytest.raises(TransferError, match="It is no reference"):
        from_json(json.dumps({key: value for key, value in written.items() if key != name}).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b"\x80\x04pickle", b'{"names": ["a", "b"], "more": 1}'])
def test_what_is_no_reference_is_a_sentence(data):
    with pytest.raises(TransferError, match="It is no reference"):
        from_json(data)


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "MAX_BYTES", 100)
    (tmp_path / "model.json").write_bytes(b"x" * 1000)
    with pytest.raises(TransferError, match="more than 100 bytes"):
        reference.read(tmp_path / "model.json")


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(TransferError, match="cannot be read"):
        reference.read(tmp_path / "model.json")


@pytest.mark.parametrize(
    ("genes", "species"),
    [
        (["SNAP25", "MBP", "C1orf122"], "human"),
        (["Snap25", "Mbp", "Gfap"], "mouse"),
        (["ENSG00000132639", "ENSG00000197971"], "human"),
        (["ENSMUSG00000027273"], "mouse"),
        (["1", "2", ""], ""),
        ([], ""),
    ],
)
def test_the_species_is_guessed_from_how_genes_are_named(genes, species):
    assert species_of(genes) == species
