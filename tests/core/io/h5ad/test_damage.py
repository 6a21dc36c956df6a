"""h5ad files that are damaged, hostile or lack what is needed: each is refused with a sentence."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.errors import SampleError, SampleFileError, UnsafeFileError
from core.io import h5ad
from core.io.incoming import Check, ImportChoices, Survey
from tests.h5ad_files import saved, tissue, visium_adata

ALL = ImportChoices(genes="all")


def check(survey: Survey, what: str) -> Check:
    return next(found for found in survey.checks if found.what == what)


def _set(key: str, value: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[key]
        file[key] = value

    return change


def _without(key: str) -> Callable[[h5py.File], None]:
    return lambda file: file.__delitem__(key)


def _shape(n_spots: int, n_genes: int) -> Callable[[h5py.File], None]:
    return lambda file: file["X"].attrs.modify("shape", np.array([n_spots, n_genes]))


def _absurd(file: h5py.File) -> None:
    del file["X"]
    file.create_dataset("X", (10**9, 10**9), "f4", chunks=(1000, 1000), compression="gzip")


def _elsewhere(file: h5py.File) -> None:
    del file["X"]
    file["X"] = h5py.ExternalLink("other.h5", "/X")


DAMAGE: list[tuple[str, Callable[[h5py.File], None], str]] = [
    ("no obs", _without("obs"), "no table `obs`"),
    ("obs is a number", _set("obs", 3), "no table `obs`"),
    ("no var", _without("var"), "no table `var`"),
    ("no X", _without("X"), "no counts in it"),
    ("no data", _without("X/data"), "no `data`"),
    ("no indices", _without("X/indices"), "no `indices`"),
    ("no indptr", _without("X/indptr"), "no `indptr`"),
    ("data is text", _set("X/data", [b"a"]), "needs numbers"),
    ("indices are fractions", _set("X/indices", np.zeros(4)), "needs whole numbers"),
    ("fewer values", _set("X/data", np.ones(4)), "4 values but"),
    ("indptr too short", _set("X/indptr", np.zeros(9, int)), "9 entries"),
    ("more rows than spots", _shape(10**9, 12), "1000000000 rows, but its `indptr` has 193"),
    ("absurdly many genes", _shape(192, 10**12), "1,000,000,000,000 columns"),
    ("no shape", lambda file: file["X"].attrs.__delitem__("shape"), "does not say its shape"),
    ("absurd table", _absurd, "far more than its"),
    ("link to another file", _elsewhere, "link to another file"),
    ("index gone", _without("obs/_index"), "no index in `obs`"),
    ("column too short", _set("obs/array_row", np.zeros(5)), "has the shape (5,)"),
    ("spatial too short", _set("obsm/spatial", np.zeros((5, 2))), "5 rows, but `obs` has 192"),
    ("spatial is text", _set("obsm/spatial", [[b"a", b"b"]] * 192), ""),
]


@pytest.mark.parametrize(("change", "words"), [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE])
def test_each_kind_of_damage_gets_its_sentence(tmp_path: Path, change: Callable[[h5py.File], None], words: str):
    path = saved(visium_adata(tissue()), tmp_path)
    with h5py.File(path, "a") as file:
        change(file)
    if not words:  # another way to the positions is left
        assert h5ad.read(path, ALL).on_lattice
        return
    with pytest.raises(SampleError) as found:
        h5ad.read(path, ALL)
    assert words in str(found.value)
    assert str(found.value).startswith("a.h5ad")


def test_values_that_are_not_finite_or_lie_outside_are_told(tmp_path: Path):
    path = saved(visium_adata(tissue()), tmp_path)
    with h5py.File(path, "a") as file:
        file["X/data"][3] = np.nan
    with pytest.raises(SampleError, match="not finite"):
        h5ad.read(path, ALL)
    with h5py.File(path, "a") as file:
        file["X/data"][3] = 1
        file["X/indices"][3] = 99
    with pytest.raises(SampleError, match="from 0 to 99"):
        h5ad.read(path, ALL)


def test_a_file_without_positions_says_which_it_looks_for(tmp_path: Path):
    adata = visium_adata(tissue())
    del adata.obs["array_row"], adata.obsm["spatial"]
    path = saved(adata, tmp_path)
    found = h5ad.survey(path)
    assert not found.importable
    assert "array_row" in check(found, "Positions").found
    with pytest.raises(SampleFileError, match="no positions"):
        h5ad.read(path)


def test_an_annotation_that_is_not_there_is_told_with_those_that_are(tmp_path: Path):
    path = saved(visium_adata(tissue()), tmp_path)
    with pytest.raises(SampleFileError, match=r"no column `layers`.*ground_truth"):
        h5ad.read(path, ImportChoices(annotation="layers"))


def test_an_object_in_uns_is_refused_before_anything_is_read(tmp_path: Path):
    path = saved(visium_adata(tissue()), tmp_path)
    with h5py.File(path, "a") as file:
        file["uns/object"] = np.void(b"\x80\x04c" + b"os\nsystem\n.")
    for look in (h5ad.survey, h5ad.read):
        with pytest.raises(UnsafeFileError):
            look(path)


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("index", ["spot_id", "_index"])
def test_the_index_is_found_by_its_name_in_headers_old_and_new(tmp_path: Path, libver: str, index: str):
    adata = visium_adata(tissue())
    adata.obs.index.name = None if index == "_index" else index
    path = saved(adata, tmp_path)
    with h5py.File(path) as old, h5py.File(tmp_path / "b.h5ad", "w", libver=libver) as new:
        for key in old:
            old.copy(key, new)
    found = h5ad.read(tmp_path / "b.h5ad", ALL).barcodes
    assert found is not None
    assert found.tolist() == adata.obs_names.tolist()


def test_a_byte_that_makes_hdf5_loop_for_ever_in_an_attribute_is_told_at_once(tmp_path: Path):
    path = saved(visium_adata(tissue()), tmp_path)
    raw = bytearray(path.read_bytes())
    index = raw.index(b"GCOL")
    while index >= 0:
        raw[index + 17] = 0x7F  # the first object's index, in every heap
        index = raw.find(b"GCOL", index + 1)
    path.write_bytes(raw)
    with pytest.raises(SampleFileError, match="damaged"):
        h5ad.read(path)
