"""Sources inside of others."""

import gzip
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.errors import SampleFileError, UnsafeFileError
from core.io import importing
from core.io.incoming import ImportChoices
from tests import space_ranger
from tests.h5ad_files import saved, tissue, visium_adata
from tests.space_ranger import BARCODES, COUNTS

ALL = ImportChoices(genes="all")


def zipped(path: Path, *files: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, file.name)
    return path


def test_an_h5ad_compressed_as_a_whole_or_in_a_zip_reads_the_same(tmp_path):
    path = saved(visium_adata(tissue()), tmp_path)
    packed = tmp_path / "b.h5ad.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for source in (packed, zipped(tmp_path / "c.zip", path), zipped(tmp_path / "d.zip", packed)):
        sample = importing.read(source, ALL)
        np.testing.assert_array_equal(np.asarray(sample.expression), np.asarray(tissue().expression))
        assert importing.survey(source).kind == "h5ad"


def test_a_zip_in_a_zip_is_unpacked(tmp_path):
    space_ranger.write_output(tmp_path / "made" / "block_9")
    inner = Path(shutil.make_archive(str(tmp_path / "inner"), "zip", tmp_path / "made"))
    sample = importing.read(zipped(tmp_path / "outer.zip", inner), ALL)
    assert np.asarray(sample.expression).tolist() == COUNTS.tolist()
    assert (sample.name, sample.barcodes.tolist()) == ("block_9", BARCODES)


def test_of_several_sources_in_an_archive_one_is_picked(tmp_path):
    first = saved(visium_adata(tissue()), tmp_path).rename(tmp_path / "one.h5ad")
    shutil.copy(first, tmp_path / "two.h5ad")
    both = zipped(tmp_path / "both.zip", first, tmp_path / "two.h5ad")
    assert list(importing.survey(both).sections) == ["one", "two"]
    with pytest.raises(SampleFileError, match=r"holds 2 samples.*name one as the section: one, two"):
        importing.read(both, ALL)
    assert importing.read(both, ALL, section="two").name == "two"


def test_a_bomb_in_a_single_compressed_file_is_refused(tmp_path):
    (tmp_path / "a.h5ad.gz").write_bytes(gzip.compress(bytes(100 << 20), 1))
    with pytest.raises(UnsafeFileError, match="unpacks to more than"):
        importing.read(tmp_path / "a.h5ad.gz", ALL)
