"""A file takes no more memory than may be taken, and that is known before it is read."""

import resource
import sys
from types import SimpleNamespace

import anndata
import h5py
import numpy as np
import pytest
from scipy import sparse

from core import memory
from core.errors import ParameterError, SampleFileError
from core.io import importing, lab
from core.io.incoming import ImportChoices
from tests import space_ranger
from tests.h5ad_files import saved
from tests.small_tissue import small_sample


@pytest.fixture
def limit(monkeypatch):
    """Let files take this much memory."""
    return lambda text: monkeypatch.setenv(memory.SETTING, text)


@pytest.mark.parametrize(
    ("text", "n_bytes"), [("1000", 1000), ("8G", 8 << 30), ("512 MiB".replace(" ", ""), 512 << 20), ("2kb", 2048)]
)
def test_the_setting_is_a_size(limit, text, n_bytes):
    limit(text)
    assert memory.limit_bytes() == n_bytes


@pytest.mark.parametrize("text", ["much", "-1", "1e9", "8 G"])
def test_what_is_no_size_is_a_sentence(limit, text):
    limit(text)
    with pytest.raises(ParameterError, match="SPCA_MAX_MEMORY is"):
        memory.limit_bytes()


def test_without_a_setting_it_is_half_of_what_is_free(monkeypatch):
    monkeypatch.delenv(memory.SETTING, raising=False)
    monkeypatch.setattr(memory, "free_bytes", lambda: 10 << 30)
    assert memory.limit_bytes() == 5 << 30
    with pytest.raises(
        SampleFileError, match=r"`X` would take 6.0 GiB of memory, and at most 5.0 GiB may be taken, half of"
    ):
        memory.check_fits(6 << 30, "`X`")


def test_a_machine_has_as_much_as_its_container_may_take(monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=64 << 30, available=8 << 30))
    monkeypatch.setattr(memory, "_in_container", lambda: [(1 << 62, 0)])
    assert memory.total_bytes() == 64 << 30
    monkeypatch.setattr(memory, "_in_container", lambda: [(1 << 62, 0), (4 << 30, 1 << 30)])
    assert memory.total_bytes() == 4 << 30
    monkeypatch.delenv(memory.SETTING, raising=False)
    assert memory.limit_bytes() == (3 << 30) // 2


def empty_file(path, **datasets):
    with h5py.File(path, "w") as file:
        file["pos"] = np.array([[0, 0, 1, 1], [0, 2, 1, 3]])
        for name, (shape, dtype) in datasets.items():
            file.create_dataset(name, shape, dtype, chunks=True, compression="gzip")
    return path


def test_a_small_file_that_declares_much_is_refused_before_memory_is_taken(tmp_path, limit):
    """The attack: 2,929 x 42,676 doubles, all zero, in a file of a megabyte."""
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        file["pos"] = np.column_stack(np.divmod(np.arange(2929), 60)).T
        counts = file.create_dataset("X", (2929, 42_676), "<f8", chunks=(100, 42_676), compression="gzip")
        for first in range(0, 2929, 100):
            counts[first : first + 100] = 0
    assert path.stat().st_size < 3 << 20
    limit("200M")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(
        SampleFileError, match=r"bomb.h5: `X` would take 954 MiB of memory, and at most 200 MiB may be taken"
    ):
        lab.read(path)
    if sys.platform == "linux":  # which counts in KiB
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


def test_a_sparse_matrix_counts_with_what_scipy_makes_of_it(tmp_path, limit):
    sample = small_sample("s")
    path = tmp_path / "s.h5"
    lab.write(sample, path)
    limit("10M")
    assert lab.read(path).n_spots == sample.n_spots
    with h5py.File(tmp_path / "sparse.h5", "w") as file:
        file["pos"] = sample.lattice.T
        counts = sparse.csr_array(np.ones((sample.n_spots, 5000)))
        group = file.create_group("X")
        group["shape"] = counts.shape
        for name in ("data", "indices", "indptr"):
            group.create_dataset(name, data=getattr(counts, name), compression="gzip")
    with pytest.raises(SampleFileError, match=r"`X` would take \d+ MiB of memory, and at most 10 MiB"):
        lab.read(tmp_path / "sparse.h5")


def test_one_long_label_does_not_widen_the_labels_of_all_spots(tmp_path, limit):
    sample = small_sample("s")
    path = tmp_path / "s.h5"
    lab.write(sample, path)
    with h5py.File(path, "r+") as file:
        del file["Y"]
        labels = ["a"] * sample.n_spots
        labels[0] = "x" * 60_000
        file.create_dataset("Y", data=labels, dtype=h5py.string_dtype())
    with pytest.raises(SampleFileError, match="text of more than 1024 bytes, where names belong"):
        lab.read(path)


def test_an_h5ad_and_a_matrix_of_10x_are_refused_before_their_counts_are_read(tmp_path, limit):
    n_spots, n_genes = 200, 20_000
    counts = sparse.csr_matrix(np.ones((n_spots, n_genes), dtype=np.float32))
    adata = anndata.AnnData(counts, obsm={"spatial": np.random.default_rng(0).random((n_spots, 2)) * 1000})
    path = saved(adata, tmp_path, compression="gzip")
    limit("20M")
    with pytest.raises(SampleFileError, match=r"would take \d+ MiB of memory, and at most 20 MiB may be taken"):
        importing.read(path, ImportChoices(genes="all"))
    space_ranger.write_output(tmp_path / "out")
    with h5py.File(tmp_path / "out" / "filtered_feature_bc_matrix.h5", "r+") as file:
        del file["matrix/data"]
        file["matrix"].create_dataset("data", data=np.ones(6_000_000, dtype=np.int32), compression="gzip")
    with pytest.raises(SampleFileError, match=r"`matrix/data` would take 23 MiB"):
        importing.read(tmp_path / "out", ImportChoices())


def pieces(file, chunks, shape=(200, 30)):
    file["pos"] = np.column_stack(np.divmod(np.arange(shape[0]), 20)).T
    counts = file.create_dataset("X", shape, "f4", chunks=chunks, maxshape=(None, None), compression="gzip")
    counts[0, 0] = 1


@pytest.mark.parametrize("dense_limit", [1, 10**9], ids=["made sparse", "dense"])
def test_values_that_are_unpacked_in_one_piece_larger_than_memory_are_refused(
    tmp_path, limit, monkeypatch, dense_limit
):
    """HDF5 unpacks a chunk as a whole, even one that reaches far beyond the values."""
    monkeypatch.setattr("core.io.lab.reading.DENSE_LIMIT", dense_limit)
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        pieces(file, (5000, 5000))
    assert path.stat().st_size < 1 << 20
    limit("64M")
    with pytest.raises(
        SampleFileError, match=r"bomb.h5: A chunk of `X` would take 95 MiB of memory, and at most 64 MiB"
    ):
        lab.read(path)
    limit("200M")
    assert lab.read(path).n_spots == 200


def test_an_h5ad_whose_counts_are_one_large_piece_is_refused_and_an_unused_layer_of_such_is_passed_over(
    tmp_path, limit
):
    counts = np.random.default_rng(0).poisson(3.0, (50, 20)).astype("f4")
    adata = anndata.AnnData(counts, obsm={"spatial": np.random.default_rng(0).random((50, 2)) * 1000})
    path = saved(adata, tmp_path)
    limit("64M")
    for key, passes in (("layers/other", True), ("X", False)):
        with h5py.File(path, "r+") as file:
            if key in file:
                del file[key]
            file.create_dataset(key, data=counts, chunks=(5000, 5000), maxshape=(None, None), compression="gzip")
        if passes:
            assert importing.read(path, ImportChoices(genes="all")).n_spots == 50
        else:
            with pytest.raises(SampleFileError, match="A chunk of `X` would take 95 MiB"):
                importing.read(path, ImportChoices(genes="all"))


@pytest.mark.parametrize("kind", ["numbers", "text of deepdish"])
def test_labels_that_are_small_in_a_file_and_large_as_text_are_refused_before_they_are_text(tmp_path, limit, kind):
    path = tmp_path / "s.h5"
    lab.write(small_sample("s"), path)
    n = 1_000_000
    with h5py.File(path, "r+") as file:
        del file["Y"]
        if kind == "numbers":
            file.create_dataset("Y", data=np.full(n, 7, "i4"), compression="gzip")
        else:
            text = np.tile(np.frombuffer("ab".encode("utf-32-le"), "u1"), n)
            labels = file.create_dataset("Y", data=text, compression="gzip")
            labels.attrs["strtype"], labels.attrs["itemsize"] = np.bytes_(b"unicode"), np.int64(2)
    limit("64M")
    with pytest.raises(SampleFileError, match=r"s.h5: `Y` would take \d+ MiB of memory, and at most 64 MiB"):
        lab.read(path)
