"""One long name does not make every other one as long: numpy's text is as wide as its longest, in every file that names anything."""

import resource
import sys
from contextlib import contextmanager

import anndata
import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from core import memory
from core.errors import SampleFileError
from core.io import importing
from core.io.annotations import read_annotations
from core.io.h5ad import columns
from core.io.h5ad.tables import Table
from core.io.incoming import ImportChoices
from core.io.visium.positions import read_positions
from tests import space_ranger
from tests.h5ad_files import categories, saved, text

N = 20_000
LONG = "A" * 100_000
"""Written out for each of `N` spots this would take 8 GB."""


@contextmanager
def little_memory(most_mib=150):
    """Whatever is read takes no more than this beyond what the process has had."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    if sys.platform == "linux":  # which counts in KiB
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < most_mib << 10


@pytest.fixture(autouse=True)
def limit(monkeypatch):
    monkeypatch.setenv(memory.SETTING, "100M")


def test_a_long_barcode_among_positions_is_refused(tmp_path):
    path = tmp_path / "tissue_positions.csv"
    rows = [f"B{number},1,{number % 78},{number // 78},{number},1" for number in range(N)]
    path.write_text("\n".join([space_ranger.HEADER, *rows, f"{LONG},1,77,300,1,1"]) + "\n")
    with little_memory(), pytest.raises(SampleFileError, match=r"positions\.csv holds a text of 100,000 signs"):
        read_positions(path)


def test_a_barcode_that_parquet_stores_once_and_all_rows_have_is_refused_before_it_is_written_out(tmp_path):
    path = tmp_path / "tissue_positions.parquet"
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(N, "i4")), pa.array([LONG]))
    numbers = {name: np.ones(N, dtype="i4") for name in space_ranger.HEADER.split(",")[1:]}
    parquet.write_table(pa.table({"barcode": names, **numbers}), path, store_schema=False)
    assert path.stat().st_size < 1 << 20
    with little_memory(), pytest.raises(SampleFileError, match=r"Barcodes of .* would take .* at most 100 MiB"):
        read_positions(path)


@pytest.mark.parametrize("which", ["barcodes", "features"])
def test_a_long_name_in_the_three_text_files_of_10x_is_refused(tmp_path, which):
    folder = space_ranger.write_text_matrix(tmp_path / "filtered_feature_bc_matrix", packed=False)
    path = folder / ("barcodes.tsv" if which == "barcodes" else "genes.tsv")
    more = [LONG, *(f"X{number}" for number in range(N))]
    path.write_text(path.read_text() + "\n".join(more if which == "barcodes" else [f"{x}\t{x}" for x in more]) + "\n")
    space_ranger.write_spatial(tmp_path / "spatial")
    with little_memory(), pytest.raises(SampleFileError, match="holds a text of 100,000 signs"):
        importing.read(tmp_path, ImportChoices(genes="all"))


def test_a_long_remark_in_a_table_of_several_sections_widens_no_other(tmp_path):
    barcodes = np.array([f"B{number}" for number in range(N // 10)])
    rows = [f"{name},{section},{section}{number % 2},short" for section in "xy" for number, name in enumerate(barcodes)]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["barcode,section,label,remark", f"none,x,x0,{LONG}", *rows]) + "\n")
    with little_memory():
        read = read_annotations(path, barcodes, ("y",))
    assert read.labels("label").tolist() == [f"y{number % 2}" for number in range(len(barcodes))]


def with_column(folder, values, n=N):
    counts = np.ones((n, 1), dtype=np.float32)
    adata = anndata.AnnData(counts, obs=pd.DataFrame(index=text(f"c{number}" for number in range(n))))
    adata.obs["kind"] = values
    adata.obsm["spatial"] = np.random.default_rng(0).random((n, 2)) * 1000
    return saved(adata, folder, compression="gzip")


def test_one_long_class_of_an_h5ad_is_not_written_out_for_each_cell(tmp_path):
    n = 10 * N
    codes = (np.arange(n) % 2).astype("i1")
    names = pd.Index(text(["a" * 1000, "b"]), dtype=object)
    path = with_column(tmp_path, pd.Categorical.from_codes(codes, categories=names), n)
    with little_memory(), h5py.File(path) as file:
        obs = Table(file, "obs")
        assert columns.annotation_columns(obs) == {"kind": 2}
        for read in (lambda: columns.labels(obs, "kind"), lambda: obs.text("kind")):
            with pytest.raises(SampleFileError, match="Names of 1000 signs, one for each row, would take 763 MiB"):
                read()


def test_names_of_more_classes_than_an_annotation_has_are_not_read_to_know_that(tmp_path):
    path = with_column(tmp_path, categories([f"{number:05}{'x' * 900}" for number in range(N)]))
    with h5py.File(path) as file, little_memory(20):
        obs = Table(file, "obs")
        assert obs.has_more_classes("kind", N - 1)
        assert not obs.has_more_classes("kind", N)
        assert columns.annotation_columns(obs) == {}
    with h5py.File(path) as file, little_memory(), pytest.raises(SampleFileError, match="longest text has 905 signs"):
        Table(file, "obs").classes("kind")
