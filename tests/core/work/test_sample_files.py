"""How a worker knows a sample: by file and content, and by the annotation that its scores are counted with."""

import dataclasses
import os

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from core import codec
from core.annotation import compared
from core.annotation_labels import from_labels
from core.errors import SampleFileError
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.params import MethodParams
from core.work import tasks
from core.work.board.board import shared_board
from core.work.tasks import SampleFile
from tests.small_tissue import small_sample


@pytest.fixture
def path(tmp_path):
    lab.write(small_sample("first"), tmp_path / "first.h5")
    return tmp_path / "first.h5"


@pytest.fixture
def drawn(path):
    """Sides of the sample, as somebody drew them."""
    sample = lab.read(path)
    sides = np.where(sample.positions[:, 1] < np.median(sample.positions[:, 1]), "left", "right")
    annotation = from_labels(sides, name="sides", author="Ana")
    AnnotationStore(path, sample).save(annotation, "Ana")
    return annotation


def test_a_worker_sees_the_annotation_that_the_user_compares_with(path, drawn):
    shown = compared(lab.read(path), drawn)
    there = SampleFile.of(shown, path).read()
    assert there.labels_true.tolist() == shown.labels_true.tolist()
    assert there.annotation_id == drawn.id


def test_a_worker_sees_none_where_the_user_compares_with_none(path):
    own = lab.read(path)
    assert own.labels_true is not None
    assert SampleFile.of(compared(own, None), path).read().labels_true is None
    assert SampleFile.of(own, path).read().labels_true.tolist() == own.labels_true.tolist()


def test_scores_of_repeats_are_scikit_learns_with_that_annotation(path, drawn, tmp_path):
    board, sample = shared_board(), compared(lab.read(path), drawn)
    job_id = board.submit("drawn", tasks.repeat, SampleFile.of(sample, path), MethodParams(), 2, tmp_path)
    assert board.wait(job_id, 120)
    job = board.job(job_id)
    assert job.error == ""
    assert [result.scores.ari for result in job.result] == pytest.approx(
        [adjusted_rand_score(sample.labels_true, result.labels) for result in job.result]
    )


def test_another_sample_of_the_same_size_and_time_is_not_taken_for_the_one_before(path, tmp_path):
    sample = lab.read(path)
    asked, before = SampleFile.of(sample, path), path.stat()
    assert asked.read().content_hash == sample.content_hash
    lab.write(
        dataclasses.replace(sample, expression=np.fliplr(np.asarray(sample.expression))), other := tmp_path / "other.h5"
    )
    for file in (path, other):  # bytes after the end of HDF5 mean nothing
        file.write_bytes(file.read_bytes().ljust(before.st_size + 10_000, b"\0"))
        os.utime(file, ns=(before.st_mtime_ns, before.st_mtime_ns))
    assert asked.read().content_hash == sample.content_hash
    other.replace(path)
    with pytest.raises(SampleFileError, match="changed on the disk"):
        asked.read()


@pytest.mark.parametrize("change", ["drawn on", "deleted"])
def test_an_annotation_that_changed_meanwhile_is_told_in_a_sentence(path, drawn, change):
    sample = lab.read(path)
    asked, store = SampleFile.of(compared(sample, drawn), path), AnnotationStore(path, sample)
    if change == "deleted":
        store.delete(drawn.id, "Ana")
    else:
        store.save(dataclasses.replace(drawn, assigned=1 - drawn.assigned), "Ana")
    with pytest.raises(SampleFileError, match="changed on the disk: reload the page"):
        asked.read()


def test_a_request_survives_being_written(path, drawn):
    for sample in (lab.read(path), compared(lab.read(path), drawn), compared(lab.read(path), None)):
        asked = SampleFile.of(sample, path)
        assert codec.decode(SampleFile, codec.encode(asked)) == asked
