"""What is stored as bytes, cut off, blanked and changed: it is told in a sentence, made again, or not taken for what it was not."""

import itertools
import shutil
import sqlite3
import zipfile

import numpy as np
import pytest

from core.errors import CheckpointError, RecordError
from core.method import checkpoints, pipeline
from core.params import MethodParams, preset, replaced
from core.result import Result
from core.work.board.results import Results
from core.work.runs import Record, artifacts, one_file
from core.work.sweep.steps import SharedSteps
from tests.damage import in_a_sentence, is_sentence, torn
from tests.stores import LABELS, SAMPLE, a_run

RESULT = Result(
    sample_name="first", labels=LABELS, params=preset("paper", 4), confidence=np.linspace(0, 1, LABELS.size)
)


def test_torn_weights_are_a_sentence(tmp_path):
    params = replaced(
        replaced(MethodParams(), ("embedding", "kind"), "code"), ("embedding", "autoencoder", "epochs"), 1
    )
    params = replaced(params, ("embedding", "autoencoder", "width"), 4)
    pipeline.train(SAMPLE, params, models=tmp_path)
    [path] = tmp_path.glob("*.pt")
    network = params.embedding.network
    whole = {name: value.clone() for name, value in checkpoints.load(path, SAMPLE, params.pooling, network).network.state_dict().items()}  # fmt: skip
    for what, data in torn(path.read_bytes()):
        path.write_bytes(data)
        with in_a_sentence(CheckpointError, what):
            found = checkpoints.load(path, SAMPLE, params.pooling, network).network.state_dict()
            assert all((found[name] == value).all() for name, value in whole.items()), what


def test_a_torn_result_is_none_or_what_was_kept(tmp_path, caplog):
    results = Results(tmp_path)
    results.put("key", [RESULT])
    [path] = tmp_path.glob("*.npz")
    for what, data in torn(path.read_bytes()):
        path.write_bytes(data)
        found = results.get("key", list[Result])
        assert found is None or np.array_equal(found[0].labels, LABELS), what


def npz_that_declares(path, shape, method):
    with zipfile.ZipFile(path, "w", method) as archive:
        with zipfile.ZipFile(path.with_suffix(".good")) as good:
            archive.writestr("tree.npy", good.read("tree.npy"))
        header = {"descr": "<f8", "fortran_order": False, "shape": shape}
        with archive.open("a0.npy", "w") as member:
            np.lib.format.write_array_header_1_0(member, header)
            member.write(bytes(80 << 20 if method == zipfile.ZIP_DEFLATED else 80))


@pytest.mark.parametrize(
    ("shape", "method"), [((10**13,), zipfile.ZIP_STORED), ((10 << 20,), zipfile.ZIP_DEFLATED)], ids=["says", "packs"]
)
def test_a_result_that_takes_more_memory_than_its_file_is_not_read(tmp_path, shape, method, caplog):
    results = Results(tmp_path)
    results.put("key", [RESULT])
    [path] = tmp_path.glob("*.npz")
    shutil.copy(path, path.with_suffix(".good"))
    npz_that_declares(path, shape, method)
    assert results.get("key", list[Result]) is None
    assert "passed over" in caplog.text


HEADERS = ["{'descr': '<i8', 'fortran_order': False, 'shape': (192,)", "-" * 5000 + "1", "(" * 5000, "[" * 90 + "]" * 90, "\t\n  x", "7", "{'descr': {}, 'fortran_order': 0, 'shape': 'x'}", "{'descr': '<i8', 'fortran_order': False, 'shape': (-192,)}"]  # fmt: skip


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
@pytest.mark.parametrize("version", [b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x00"])
def test_a_header_of_labels_that_is_none_is_a_sentence(header, version):
    n_bytes = len(header).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    with pytest.raises(RecordError) as told:
        artifacts.read_labels(b"\x93NUMPY" + version + n_bytes + header.encode() + bytes(8 * 192), 192)
    assert is_sentence(str(told.value))


@pytest.fixture
def record(tmp_path):
    record = Record(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path / "runs")
    yield record
    record.close()


@pytest.mark.parametrize("name", ["labels.npy", "confidence.npy", "map.png"])
def test_a_torn_file_of_a_run_is_a_sentence_or_taken_for_no_other_labels(record, tmp_path, name):
    kept = record.keep(SAMPLE, RESULT)
    file = tmp_path / "runs" / kept.artifacts[name]
    for what, data in torn(file.read_bytes()):
        file.write_bytes(data)
        with in_a_sentence(RecordError, what):
            assert np.array_equal(record.result(kept).labels, LABELS), what
            record.picture(kept)


def test_a_torn_run_as_a_file_is_a_sentence_or_the_run(tmp_path):
    path = tmp_path / "one.run.zip"
    one_file.write(path, a_run(), artifacts.files_of(RESULT, b"\x89PNG\r\n\x1a\n" + bytes(8) + b"\0\0\0\x08" * 2))
    whole, _ = one_file.read(path)
    for what, data in torn(path.read_bytes()):
        path.write_bytes(data)
        with in_a_sentence(RecordError, what):
            assert one_file.read(path)[0] == whole, what


COLUMNS = ["changed", "sample_name", "content_hash", "annotation_hash", "sweep", "created", "name", "note", "starred", "deleted", "params", "facts"]  # fmt: skip
VALUES = {"text": "wrong", "zero": "a\0b", "none": "", "long": "x" * 10_000, "deep": "[" * 100_000, "list": "[]", "number": -1, "fraction": 0.5, "large": 2**62, "infinity": float("inf"), "bytes": b"\xff\xfe", "no text": b"caf\xe9", "year": "0001-01-01T00:00:00+23:59"}  # fmt: skip


def test_damaged_columns_of_runs_hide_no_other_run_and_end_in_sentences(record, tmp_path, caplog):
    good = record.keep(SAMPLE, RESULT, name="good")
    record.close()
    bad = [(column, what, f"{number:032x}") for number, (column, what) in enumerate(itertools.product(COLUMNS, VALUES))]
    with sqlite3.connect(tmp_path / "runs.sqlite3") as rows:
        rest = ", ".join(["changed", *COLUMNS[1:]])
        for column, what, run_id in bad:
            rows.execute(f"INSERT INTO runs (id, {rest}) SELECT ?, {rest} FROM runs WHERE id = ?", (run_id, good.id))  # noqa: S608
            place = "CAST(? AS TEXT)" if what == "no text" else "?"
            rows.execute(f"UPDATE runs SET {column} = {place} WHERE id = ?", (VALUES[what], run_id))  # noqa: S608
    rows.close()
    found = {run.id: run for deleted in (False, True) for run in record.runs(deleted=deleted)}
    assert found.pop(good.id) == good
    assert len(record.damaged) == len(bad) - len(found)
    for column, what, run_id in bad:
        for act in (
            record.run,
            lambda run_id: record.result(record.run(run_id)),
            lambda run_id: record.name_domains(run_id, {0: "x"}),
            lambda run_id: record.change(run_id, name="new"),
        ):
            with in_a_sentence(RecordError, column, what):
                act(run_id)
    refused = [(column, what) for column, what, run_id in bad if run_id not in found and column in ("params", "facts")]
    assert len(refused) >= 2 * len(VALUES) - 2  # neither is ever anything but names and values in JSON


@pytest.mark.parametrize("change", ["DELETE FROM runs_schema", "UPDATE runs_schema SET n_changes = 'x'", "UPDATE runs_schema SET version = 'x'", "UPDATE runs_schema SET n_changes = -5", "DROP TABLE runs_schema", "DROP TABLE runs", "UPDATE runs_schema SET n_changes = 0"])  # fmt: skip
def test_a_damaged_count_of_changes_is_a_sentence_or_every_run_is_there(record, tmp_path, change):
    kept = record.keep(SAMPLE, RESULT)
    record.close()
    with sqlite3.connect(tmp_path / "runs.sqlite3") as rows:
        rows.execute(change)
    rows.close()
    with in_a_sentence(RecordError):
        assert record.runs() == [kept]
        record.keep(SAMPLE, RESULT)
        assert len(record.runs()) == 2


def test_a_torn_record_is_a_sentence_or_what_was_kept(record, tmp_path, caplog):
    kept = record.keep(SAMPLE, RESULT)
    record.close()
    path = tmp_path / "runs.sqlite3"
    for what, data in torn(path.read_bytes()):
        path.write_bytes(data)
        with in_a_sentence(RecordError, what):
            assert {run.id for run in record.runs()} <= {kept.id}, what
        record.close()


def test_a_torn_step_of_a_sweep_is_computed_again(tmp_path, caplog):
    value = np.arange(200.0)
    SharedSteps(tmp_path).share("key", lambda: value)
    whole = (tmp_path / "key.npy").read_bytes()
    for data in (b"", whole[:60], whole[:-8], bytes(len(whole))):
        (tmp_path / "key.npy").write_bytes(data)
        assert np.array_equal(SharedSteps(tmp_path).share("key", lambda: value), value)
        assert (tmp_path / "key.npy").read_bytes() == whole


def test_a_torn_sample_of_a_sweep_is_read_again(tmp_path, caplog):
    SharedSteps(tmp_path).sample("key", lambda: SAMPLE)
    for file in sorted((tmp_path / "key").iterdir()):
        whole = file.read_bytes()
        for data in (b"", whole[:40], whole[:-1]):
            file.write_bytes(data)
            found = SharedSteps(tmp_path).sample("key", lambda: SAMPLE)
            assert found.content_hash == SAMPLE.content_hash, file.name
            assert found.annotation_hash == SAMPLE.annotation_hash, file.name
