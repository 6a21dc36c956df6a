"""Damaged variants of every kind of source: each gets one sentence, and nothing else happens."""

import pickle
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.errors import DomainsError
from tests.security.hostile import KINDS, Exploit, Source, bring, edited

Damage = Callable[[Source], None]


def main_file(source: Source) -> Path:
    """The file that is damaged: the source itself, or its matrix."""
    return source.path if source.path.is_file() else source.path / "filtered_feature_bc_matrix.h5"


def cut(share: float) -> Damage:
    def damage(source: Source) -> None:
        content = main_file(source).read_bytes()
        main_file(source).write_bytes(content[: int(len(content) * share)])

    return damage


def filled(content: bytes, name: str = "") -> Damage:
    def damage(source: Source) -> None:
        (source.path / name if name else main_file(source)).write_bytes(content)

    return damage


def without(name: str) -> Damage:
    return lambda source: (source.path / name).unlink()


def h5(change: Callable[[h5py.File], None]) -> Damage:
    return lambda source: edited(main_file(source), change)


def dropped(*keys: str) -> Damage:
    def change(file: h5py.File) -> None:
        for key in keys:
            del file[key]

    return h5(change)


def put(key: str, value: object) -> Damage:
    def change(file: h5py.File) -> None:
        if key in file:
            del file[key]
        file[key] = value

    return h5(change)


def declared(key: str, *shape: int) -> Damage:
    """Declare a dataset of absurd size, which takes no room in the file."""

    def change(file: h5py.File) -> None:
        if key in file:
            del file[key]
        file.create_dataset(key, shape, "f8", chunks=tuple(min(side, 1000) for side in shape))

    return h5(change)


def linked(key: str) -> Damage:
    def change(file: h5py.File) -> None:
        if key in file:
            del file[key]
        file[key] = h5py.ExternalLink("/etc/hostname", "/")

    return h5(change)


def stored_elsewhere(key: str) -> Damage:
    def change(file: h5py.File) -> None:
        if key in file:
            del file[key]
        file.create_dataset(key, (8,), "u1", external=[("/etc/hostname", 0, 8)])

    return h5(change)


def nested(file: h5py.File) -> None:
    file.create_group("/".join(["g"] * 40))


def pickled(file: h5py.File) -> None:
    file.attrs["note"] = np.bytes_(pickle.dumps(Exploit(Path("/nowhere/ran")), 0))


def labels(content: bytes) -> Damage:
    def damage(source: Source) -> None:
        assert source.table is not None
        source.table.write_bytes(content)

    return damage


TABLE = "spatial/tissue_positions_list.csv"
HDF5 = {
    "empty": filled(b""),
    "text": filled(b"barcode,layer\n"),
    "half of it": cut(0.5),
    "all but its end": cut(0.97),
    "a pickle in it": h5(pickled),
    "an external link in it": linked("elsewhere"),
    "external storage in it": stored_elsewhere("elsewhere"),
    "groups without end in it": h5(nested),
    "an absurd shape in it": declared("elsewhere", 10**9, 10**9),
}
OWN: dict[str, dict[str, Damage]] = {
    "lab": HDF5
    | {
        "no counts": dropped("X"),
        "no positions": dropped("pos"),
        "absurd counts": declared("X", 10**9, 10**9),
        "counts of text": put("X", [b"a"] * 192),
        "too few positions": put("pos", np.zeros((2, 7), int)),
        "all spots in one place": put("pos", np.zeros((2, 192), int)),
        "positions that are no number": put("pos", np.full((2, 192), np.nan)),
        "labels too few": put("Y", [b"WM"] * 3),
    },
    "matrix": HDF5
    | {
        "no barcodes": dropped("matrix/barcodes"),
        "no features": dropped("matrix/features"),
        "no values": dropped("matrix/data"),
        "a shape that is absurd": put("matrix/shape", np.array([10**9, 10**9])),
        "a shape that is negative": put("matrix/shape", np.array([-1, 192])),
        "indices beyond the genes": put("matrix/indices", np.full(2000, 10**6)),
        "no positions": without(TABLE),
        "positions of another slide": filled(b"CCCC-1,1,0,0,1,1\n", TABLE),
        "positions cut off": filled(b"AAAAAAAAAAAAAAAA-1,1,0\n", TABLE),
        "positions of text": filled(b"AAAAAAAAAAAAAAAA-1,1,a,b,c,d\n", TABLE),
        "positions of nothing": filled(b"", TABLE),
        "positions of bytes": filled(bytes(range(256)), TABLE),
    },
    "zip": {
        "empty": filled(b""),
        "half of it": cut(0.5),
        "another kind": filled(b"Rar!\x1a\x07\x00" + bytes(600)),
        "only an end": filled(b"PK\x05\x06" + bytes(18)),
        "rubbish behind its first bytes": filled(b"PK\x03\x04" + bytes(500)),
    },
    "tar": {
        "half of it": cut(0.5),
        "all but its end": cut(0.98),
        "rubbish in gzip": filled(b"\x1f\x8b\x08\x00" + bytes(60)),
    },
    "table": {
        "empty": labels(b""),
        "one column": labels(b"barcode\nAAAC-1\n"),
        "barcodes of another section": labels(b"barcode,layer\nCCCC-1,WM\n"),
        "bytes": labels(bytes(range(256)) * 4),
        "one endless line": labels(b"," * 3_000_000),
    },
    "h5ad": HDF5
    | {
        "no counts": dropped("X"),
        "no spots": dropped("obs"),
        "no genes": dropped("var"),
        "no values": dropped("X/data"),
        "a shape that is absurd": h5(lambda file: file["X"].attrs.modify("shape", [10**9, 10**9])),
        "indices beyond the genes": put("X/indices", np.full(2000, 10**6)),
    },
}  # fmt: skip
VARIANTS = [(kind, name) for kind, variants in OWN.items() for name in variants]


LEFT_OUT = {
    "no scale factors": without("spatial/scalefactors_json.json"),
    "scale factors of nothing": filled(b"{", "spatial/scalefactors_json.json"),
    "scale factors nested without end": filled(b"[" * 100_000, "spatial/scalefactors_json.json"),
    "an image cut off": filled(b"\x89PNG\r\n\x1a\n", "spatial/tissue_lowres_image.png"),
}
"""Damage of the image alone, which never blocks the counts."""


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_damaged_image_is_left_out_and_the_rest_comes_in_whole(name: str, tmp_path: Path) -> None:
    source = KINDS["matrix"](tmp_path)
    whole = bring(source)
    LEFT_OUT[name](source)
    damaged = bring(source)
    assert (damaged.image, damaged.content_hash) == (None, whole.content_hash)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_sources_come_in_where_they_are_whole(kind: str, tmp_path: Path) -> None:
    sample = bring(KINDS[kind](tmp_path))
    assert sample.n_spots == 192
    assert len(sample.layer_names) == 3


def test_there_are_at_least_fifty_of_them() -> None:
    assert len(VARIANTS) >= 50


@pytest.mark.parametrize(("kind", "name"), VARIANTS)
def test_a_damaged_source_gets_one_sentence_and_nothing_else_happens(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    source = KINDS[kind](tmp_path)
    OWN[kind][name](source)
    before = {path: path.stat().st_size for path in tmp_path.rglob("*")}
    started = time.monotonic()
    with pytest.raises(DomainsError) as caught:
        bring(source)
    assert time.monotonic() - started < 5
    sentence = str(caught.value)
    assert sentence.endswith((".", "?"))
    assert sentence.isprintable()
    assert len(sentence) < 700
    assert {path: path.stat().st_size for path in tmp_path.rglob("*")} == before
