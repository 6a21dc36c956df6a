import os
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.errors import SampleFileError
from core.io import lab
from core.sample import Sample
from tests.lab_files import write_h5


def test_a_list_of_samples_says_what_each_holds_in_order_of_name(sample: Sample, tmp_path: Path):
    lab.write(sample, tmp_path / "sample_b.hdf5")
    write_h5(tmp_path / "sample_a.h5")
    (tmp_path / "c.h5").write_text("not HDF5")
    (tmp_path / "notes.txt").write_text("no sample")
    (tmp_path / "folder.h5").mkdir()
    write_h5(tmp_path / "folder.h5" / "deeper.h5")
    found = lab.list_samples(tmp_path)
    assert [summary.name for summary in found] == ["a", "b", "c"]
    a, b, c = found
    assert (a.n_spots, a.n_genes, a.annotated, a.synthetic, a.problem) == (4, 3, False, False, "")
    assert (b.n_spots, b.n_genes, b.annotated, b.synthetic, b.problem) == (4, 3, True, True, "")
    assert c.problem.startswith("c.h5 is not an HDF5 file")


def test_listing_never_reads_counts_and_is_instant_however_many_there_are(tmp_path: Path):
    n_spots = 20_000
    for number in range(20):
        with h5py.File(tmp_path / f"{number}.h5", "w") as file:
            file["pos"] = np.stack([np.arange(n_spots), np.arange(n_spots)]).astype(np.int32)
            counts = file.create_dataset("X", (n_spots, 30_000), "f4", chunks=(n_spots, 100), compression="gzip")
            # Three chunks of rubbish, 48 GB of declared counts in all: reading one of them fails.
            for first in (0, 100, 29_900):
                counts.id.write_direct_chunk((0, first), os.urandom(1_000_000))
    started = time.perf_counter()
    found = lab.list_samples(tmp_path)
    assert time.perf_counter() - started < 1
    assert [(summary.n_genes, summary.problem) for summary in found] == [(30_000, "")] * 20


def test_links_that_lead_out_of_the_folder_are_not_listed(tmp_path: Path):
    outside, folder = tmp_path / "outside", tmp_path / "samples"
    outside.mkdir()
    folder.mkdir()
    write_h5(outside / "secret.h5")
    write_h5(folder / "sample_a.h5")
    (folder / "b.h5").symlink_to(outside / "secret.h5")
    (folder / "c.h5").symlink_to("sample_a.h5")
    (folder / "d.h5").symlink_to("nowhere.h5")
    assert [summary.name for summary in lab.list_samples(folder)] == ["a", "c"]


def test_a_folder_that_is_not_there_is_said_in_a_sentence(tmp_path: Path):
    with pytest.raises(SampleFileError, match="nowhere cannot be read"):
        lab.list_samples(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("sample_151507.h5", "151507"),
        ("sample_151507_named.h5", "151507_named"),
        ("my.h5", "my"),
        ("sample_.h5", "sample_"),
    ],
)
def test_a_sample_is_called_after_its_file(file: str, name: str):
    assert lab.sample_name(Path(file)) == name


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_whose_name_is_no_text_is_read_listed_and_can_be_written_down(sample: Sample, tmp_path: Path):
    path = tmp_path / os.fsdecode(b"sample_caf\xe9.h5")
    lab.write(sample, tmp_path / "a.h5")
    (tmp_path / "a.h5").rename(path)
    [summary] = lab.list_samples(tmp_path)
    assert (summary.name, lab.read(path).name, summary.problem) == ("caf?", "caf?", "")
    path.write_bytes(path.read_bytes()[:500])
    [summary] = lab.list_samples(tmp_path)
    assert summary.problem.encode().startswith(b"sample_caf?.h5 ")
