"""The record of runs between processes and programs: several that write at once, PostgreSQL, Optuna's dashboard, faults."""

import dataclasses
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from sqlalchemy import NullPool

from core.errors import RecordError
from core.params import MethodParams
from core.result import Result
from core.work.runs import Record, database
from core.work.runs.optuna_export import write_studies
from tests import postgres
from tests.core.work import recording

ROOT = Path(__file__).resolve().parents[3]
RESULT = Result(sample_name="shared", labels=recording.labels(0), params=MethodParams())
N_PROCESSES, N_RUNS = 2, 4


opened: list[Any] = []


def record_at(url, folder):
    opened.append(Record(url, folder / "runs"))
    return opened[-1]


def record_in(folder):
    return record_at(f"sqlite:///{folder / 'runs.sqlite3'}", folder)


@pytest.fixture(autouse=True)
def _close_all():
    """Connections left to the garbage collector are warnings, and those are errors here."""
    yield
    while opened:
        opened.pop().close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty")
    record_in(folder).runs()
    return folder / "runs.sqlite3"


@pytest.fixture
def record(tmp_path, empty):
    shutil.copy(empty, tmp_path)
    return record_in(tmp_path)


def keep_from_several_processes(url, folder):
    words = [sys.executable, "-m", "tests.core.work.recording", url, str(folder)]
    started = [subprocess.Popen([*words, f"p{index}", str(N_RUNS)], cwd=ROOT) for index in range(N_PROCESSES)]
    assert [process.wait(120) for process in started] == [0] * N_PROCESSES


def check_that_nothing_is_lost(record):
    runs = record.runs()
    assert sorted(run.name for run in runs) == [
        f"p{index} {seed}" for index in range(N_PROCESSES) for seed in range(N_RUNS)
    ]
    for run in runs:
        seed = run.params.clustering.random_state
        np.testing.assert_array_equal(record.result(run).labels, recording.labels(seed))
    standing = record._database.standing(0)
    assert (standing.n_runs, standing.n_changes) == (len(runs), 2 * len(runs))  # each was kept, then renamed


def test_several_processes_that_begin_a_record_and_write_at_once_lose_nothing(tmp_path):
    record = record_in(tmp_path)
    keep_from_several_processes(record.url, tmp_path / "runs")
    check_that_nothing_is_lost(record)


@pytest.fixture(scope="module")
def server():
    with postgres.running() as running:
        yield running


def test_on_postgresql_several_processes_lose_nothing_either(tmp_path, server):
    keep_from_several_processes(server.url, tmp_path / "runs")
    record = record_at(server.url, tmp_path)
    check_that_nothing_is_lost(record)
    first, second = record.runs()[:2]
    record.delete(first.id)
    assert first.id not in {run.id for run in record_at(server.url, tmp_path).runs()}
    assert record_at(server.url, tmp_path).run(second.id) == second


def test_a_postgresql_server_that_stops_is_told_and_used_again_once_it_is_back(tmp_path, server):
    record = record_at(server.url, tmp_path)
    before = record.keep(recording.SAMPLE, RESULT, name="before")
    server.stop()
    with pytest.raises(RecordError, match="does not answer") as told:
        record.runs()
    assert "127.0.0.1" in str(told.value)
    with pytest.raises(RecordError, match="does not answer"):
        record.keep(recording.SAMPLE, RESULT)
    server.start()
    assert record.run(before.id) == before
    after = record.keep(recording.SAMPLE, RESULT, name="after")
    assert record.runs()[0] == after


def test_optunas_dashboard_lists_the_runs_that_were_exported_for_it(tmp_path, record):
    import optuna_dashboard

    url = f"sqlite:///{tmp_path / 'studies.sqlite3'}"
    write_studies([record.keep(recording.SAMPLE, RESULT, name="seen")], url)
    storage = optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})
    app = optuna_dashboard.wsgi(storage, optuna.artifacts.FileSystemArtifactStore(str(Path("."))))
    studies = asked(app, "/api/studies")["study_summaries"]
    assert [study["study_name"].split()[0] for study in studies] == ["shared"]
    trials = asked(app, f"/api/studies/{studies[0]['study_id']}")["trials"]
    assert [trial["state"] for trial in trials] == ["Complete"]
    assert {param["name"] for param in trials[0]["params"]} >= {"pooling.window", "clustering.n_clusters"}
    assert {entry["filename"] for entry in trials[0]["artifacts"]} == {"labels.npy", "map.png"}
    storage.remove_session()


def asked(app, path):
    import json
    from wsgiref.util import setup_testing_defaults

    environ = {"PATH_INFO": path, "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    return json.loads(b"".join(app(environ, lambda *response: None)))


def test_a_record_that_another_program_holds_is_told(tmp_path, record, monkeypatch):
    monkeypatch.setitem(database._ENGINE[True]["connect_args"], "timeout", 0.1)
    with sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RecordError, match=r"runs\.sqlite3.*another program holds it"):
            record.runs()
        other.execute("ROLLBACK")
    other.close()
    assert record.runs() == []


def test_a_record_of_another_schema_is_told(tmp_path, record):
    with sqlite3.connect(tmp_path / "runs.sqlite3") as other:
        other.execute("UPDATE runs_schema SET version = 99")
    other.close()
    with pytest.raises(RecordError, match="a newer version of this program wrote it"):
        record.runs()


def test_a_record_that_lost_its_content_does_not_look_like_a_fresh_start(tmp_path):
    path = tmp_path / "runs.sqlite3"
    path.write_bytes(b"")
    os.utime(path, (1e9, 1e9))
    with pytest.raises(RecordError, match="it is empty, so all runs in it are lost"):
        record_in(tmp_path).runs()
    assert path.stat().st_size == 0
    path.unlink()
    assert record_in(tmp_path).runs() == []


def test_a_file_that_is_no_record_is_told(tmp_path):
    (tmp_path / "runs.sqlite3").write_bytes(b"This is not a database." * 100)
    with pytest.raises(RecordError, match="not a database"):
        record_in(tmp_path).runs()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://ada:secret@127.0.0.1:1/runs",
        "postgresql+psycopg://ada:se@cret@127.0.0.1:1/runs",  # an @ that is not written as %40
        "postgresql+psycopg://ada:@secret@127.0.0.1:1/runs",
        "postgresql+psycopg://ada:se@cret/x@127.0.0.1:1/runs",
        "postgresql+psycopg://ada:se?@cret@127.0.0.1:1/runs",
        "postgresql+psycopg://ada:secret@127.0.0.1:none/runs",
        "postgresql+psycopg://127.0.0.1:1/runs?user=ada&password=secret",
        "postgresql+psycopg:/ada:secret@127.0.0.1:1/runs",  # one slash too few, so that it is no address
        "ada:secret@127.0.0.1:1/runs",
        "nosuch://ada:se@cret@127.0.0.1:1/runs",
    ],
)
def test_passwords_are_not_told(tmp_path, address):
    record = record_at(address, tmp_path)
    with pytest.raises(RecordError, match=r"127\.0\.0\.1") as told:
        record.runs()
    assert "cret" not in str(told.value)


def test_a_password_with_a_sign_that_ends_it_is_told_how_to_write(tmp_path):
    record = record_at("postgresql+psycopg://ada:se@cret@127.0.0.1:1/runs", tmp_path)
    with pytest.raises(RecordError, match="Write %40 for it in RUNS_URL"):
        record.runs()


def test_what_others_put_into_the_database_is_no_run(record):
    storage = optuna.storages.RDBStorage(record.url, engine_kwargs={"poolclass": NullPool})
    study = optuna.create_study(storage=storage, study_name="theirs")
    study.add_trial(optuna.trial.create_trial(value=1.0))
    study.add_trial(optuna.trial.create_trial(value=1.0, user_attrs={"run": "something else"}))
    storage.remove_session()
    assert record.runs() == []


def test_a_record_that_was_exported_into_its_own_database_has_each_run_once(record, monkeypatch):
    monkeypatch.setattr(
        "core.work.runs.optuna_export._check_place", lambda url: None
    )  # as versions before did, and PostgreSQL can
    kept = record.keep(recording.SAMPLE, RESULT)
    record.delete(kept.id)
    write_studies([kept], record.url)
    record.close()
    assert record.runs() == []
    assert record.runs(deleted=True) == [dataclasses.replace(kept, deleted=True)]


def test_a_run_whose_row_was_deleted_is_gone(tmp_path, record):
    kept, other = record.keep(recording.SAMPLE, RESULT), record.keep(recording.SAMPLE, RESULT)
    assert record.runs() == [other, kept]
    with sqlite3.connect(tmp_path / "runs.sqlite3") as rows:
        rows.execute("DELETE FROM runs WHERE id = ?", (kept.id,))
    rows.close()
    assert record.runs() == [other]
    with pytest.raises(RecordError, match="kept here"):
        record.run(kept.id)
    assert record.keep(recording.SAMPLE, RESULT).id in {run.id for run in record.runs()}


def test_a_backup_put_in_place_of_a_record_that_was_read_is_read_anew(tmp_path, record):
    before = record.keep(recording.SAMPLE, RESULT, name="before")
    shutil.copy(tmp_path / "runs.sqlite3", tmp_path / "backup")
    record.change(before.id, name="renamed")
    record.keep(recording.SAMPLE, RESULT, name="later")
    assert [run.name for run in record.runs()] == ["later", "renamed"]
    record.close()
    shutil.copy(tmp_path / "backup", tmp_path / "runs.sqlite3")
    assert record.runs() == [before]


def test_a_row_that_holds_no_run_is_passed_over(tmp_path, record):
    kept = record.keep(recording.SAMPLE, RESULT)
    for facts in ("{", "[]", '{"n_spots": -1}'):
        bad = record.keep(recording.SAMPLE, RESULT)
        with sqlite3.connect(tmp_path / "runs.sqlite3") as rows:
            rows.execute("UPDATE runs SET facts = ? WHERE id = ?", (facts, bad.id))
        rows.close()
    assert record.runs() == [kept]
    assert record.runs() == [kept]
    with pytest.raises(RecordError, match="of the run"):
        record.run(bad.id)
