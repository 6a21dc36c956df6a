"""Archives of very many files are looked through soon: once, and not once for each of their samples."""

import io
import tarfile
import time
import zipfile

import pytest

from core.errors import DomainsError
from core.io import archives, importing
from tests.damage import in_a_sentence

N_FILES = 8_000  # when each sample was looked for among all files, these took minutes
MOST_SECONDS = 20.0

SHAPES = {
    "texts in folders": ["{}/matrix.mtx.gz", "{}/barcodes.tsv.gz", "{}/features.tsv.gz"],
    "texts with prefixes": ["GSM{}_matrix.mtx.gz", "GSM{}_barcodes.tsv.gz", "GSM{}_features.tsv.gz"],
    "Xenium": ["{}/cells.csv.gz", "{}/cell_feature_matrix.h5", "{}/experiment.xenium"],
    "CosMx": ["{}_exprMat_file.csv", "{}_metadata_file.csv"],
    "Visium HD": ["{}/filtered_feature_cell_matrix.h5", "{}/cell_segmentations.geojson"],
    "tables": ["{}/counts.csv", "{}/more.csv", "{}/other.csv"],
}


@pytest.mark.parametrize("files", SHAPES.values(), ids=SHAPES)
def test_very_many_samples_in_an_archive_are_listed_soon(tmp_path, files):
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(N_FILES):
            archive.writestr(files[number % len(files)].format(number // len(files)), b"a,b\n1,2\n")
    started = time.process_time()
    with in_a_sentence(DomainsError):
        importing.survey(tmp_path / "many.zip")
    assert time.process_time() - started < MOST_SECONDS


def packed(path, content):
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("a/notes.bin")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))


def test_an_archive_is_listed_once_and_another_of_its_name_anew(tmp_path, monkeypatch):
    path, opened, really = tmp_path / "one.tar.gz", [], archives._opened
    monkeypatch.setattr(archives, "_opened", lambda *given: opened.append(given) or really(*given))
    packed(path, b"first")
    for _ in range(3):
        assert list(archives.member_sizes(path).values()) == [5]
    assert len(opened) == 1
    packed(path, b"another one")
    assert list(archives.member_sizes(path).values()) == [11]
    archives.member_sizes(path).clear()
    assert list(archives.member_sizes(path).values()) == [11]
