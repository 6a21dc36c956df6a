"""A record that version 0.1 wrote (`tests/data/record_0_1`), taken over once and without loss."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from sqlalchemy import NullPool

from core.errors import RecordError
from core.work.runs import Record, tables, taking_over
from core.work.runs.run import facts_of
from tests import postgres

ROOT = Path(__file__).resolve().parents[3]
OLD = ROOT / "tests" / "data" / "record_0_1"


def as_now(facts):
    """What version 0.1 called hops is a window now; that, scale and X weight take part where they did not; bends have a degree."""
    params = facts["params"]
    hops, kind = params["embedding"].pop("hops"), params["embedding"]["kind"]
    if kind == "factors":
        params["pooling"] = {"window": hops + 1, "scale": 1.0}
    if params["clustering"]["read_out"] == "mixture":
        params["clustering"]["x_weight"] = 1.0
    params["direction"]["degree"] = 3
    return facts


EXPECTED = [as_now(facts) for facts in json.loads((OLD / "expected.json").read_text())]

opened: list[Record] = []


def record_at(url, folder):
    opened.append(Record(url, folder / "runs"))
    return opened[-1]


def record_in(folder):
    return record_at(url_in(folder), folder)


def url_in(folder):
    return f"sqlite:///{folder / 'runs.sqlite3'}"


@pytest.fixture(autouse=True)
def _close_all():
    yield
    while opened:
        opened.pop().close()


@pytest.fixture
def old(tmp_path):
    """A folder with a record of version 0.1 that nobody has opened since."""
    shutil.copytree(OLD, tmp_path, dirs_exist_ok=True)
    return tmp_path


def all_of(record):
    return [*record.runs(), *record.runs(deleted=True)]


def told(record, run):
    """Everything that is known of a run, as `expected.json` has it."""
    result, facts = record.result(run), json.loads(json.dumps(facts_of(run)))
    assert facts["direction"] is None or not facts["direction"].pop("set_aside")  # which version 0.1 did not know
    return facts | {
        "deleted": run.deleted,
        "params": run.params.as_dict(),
        "labels": result.labels.tolist(),
        "confidence": None if result.confidence is None else result.confidence.tolist(),
        "losses": None if result.autoencoder is None else list(result.autoencoder.losses),
        "map_bytes": len(record.picture(run)),
    }


def check_that_nothing_is_lost(record):
    assert sorted((told(record, run) for run in all_of(record)), key=by_id) == sorted(EXPECTED, key=by_id)
    latest_first = [run.created for run in record.runs()]
    assert latest_first == sorted(latest_first, reverse=True)


def by_id(facts):
    return facts["id"]


def names(record):
    return sorted(run.name for run in all_of(record))


def test_all_that_version_0_1_read_of_its_record_is_there(old):
    check_that_nothing_is_lost(record_in(old))
    check_that_nothing_is_lost(record_in(old))


def test_what_version_0_1_did_not_know_of_a_run_is_still_there_for_a_later_version(old):
    record_in(old).runs()
    with sqlite3.connect(old / "runs.sqlite3") as rows:
        [(facts, params)] = rows.execute("SELECT facts, params FROM runs WHERE id = ?", ("c" * 32,))
    rows.close()
    assert json.loads(facts)["colour"] == "green"
    assert json.loads(params)["pooling.shape"] == "round"


def test_the_tables_of_version_0_1_stay_as_they_were(old):
    before = tables_of_optuna(old)
    record = record_in(old)
    record.change(EXPECTED[0]["id"], name="changed here")
    record.delete(EXPECTED[0]["id"])
    assert tables_of_optuna(old) == before


def tables_of_optuna(folder):
    with sqlite3.connect(folder / "runs.sqlite3") as database:
        dump = [line for line in database.iterdump() if "runs" not in line.split("(")[0]]
    database.close()
    assert any("trial_user_attributes" in line for line in dump)
    return dump


def test_a_run_is_found_by_its_link_before_any_other_is_read(old):
    wanted = next(facts for facts in EXPECTED if facts["name"] == "Bent, renamed")
    assert record_in(old).run(wanted["id"]).direction.bend is not None


def test_what_is_changed_here_stays_and_what_version_0_1_adds_later_comes_in(old):
    record = record_in(old)
    first = EXPECTED[0]
    record.change(first["id"], name="changed here")
    record.delete(EXPECTED[1]["id"])
    kept_by_version_0_1(old, "d" * 32, "Added later")
    record.close()
    again = record_in(old)
    assert again.run("d" * 32).name == "Added later"
    assert again.run(first["id"]).name == "changed here"
    assert again.run(EXPECTED[1]["id"]).deleted
    assert len(all_of(again)) == len(EXPECTED) + 1


def kept_by_version_0_1(folder, run_id, name):
    storage = storage_at(url_in(folder))
    study = optuna.load_study(study_name=optuna.get_all_study_names(storage)[0], storage=storage)
    like = study.trials[0]
    facts = like.user_attrs["run"] | {"id": run_id, "name": name}
    study.add_trial(
        optuna.trial.create_trial(
            value=like.value, params=like.params, distributions=like.distributions, user_attrs={"run": facts}
        )
    )
    storage.remove_session()


def storage_at(url):
    return optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})


def test_several_processes_that_open_it_at_once_take_it_over_once(old):
    program = "import sys; from pathlib import Path; from core.work.runs import Record; print(len(Record(sys.argv[1], Path(sys.argv[2])).runs()))"
    words = [sys.executable, "-c", program, url_in(old), str(old / "runs")]
    started = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    n_listed = sum(not facts["deleted"] for facts in EXPECTED)
    assert [process.communicate(timeout=120)[0] for process in started] == [f"{n_listed}\n"] * 3
    check_that_nothing_is_lost(record_in(old))


def test_what_is_interrupted_leaves_nothing_and_is_done_again(old, monkeypatch):
    inserted = tables.insert

    def cut_off(connection, rows):
        inserted(connection, rows[:3])
        raise OSError("the power failed")

    with monkeypatch.context() as patched:
        patched.setattr(taking_over, "insert", cut_off)
        with pytest.raises(RecordError, match="the power failed"):
            record_in(old).runs()
    with sqlite3.connect(old / "runs.sqlite3") as rows:
        assert rows.execute("SELECT count(*) FROM runs").fetchall() == [(0,)]
    rows.close()
    check_that_nothing_is_lost(record_in(old))


def test_a_record_of_another_optuna_is_told_and_left_as_it_is(old):
    with sqlite3.connect(old / "runs.sqlite3") as other:
        other.execute("UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    other.close()
    with pytest.raises(RecordError, match="another version of Optuna"):
        record_in(old).runs()


def test_on_postgresql_nothing_is_lost_either(old):
    with postgres.running() as server:
        here, there = storage_at(url_in(old)), storage_at(server.url)
        for study in optuna.get_all_study_names(here):
            optuna.copy_study(from_study_name=study, from_storage=here, to_storage=there)
        here.remove_session()
        there.remove_session()
        check_that_nothing_is_lost(record_at(server.url, old))
        record = record_at(server.url, old)
        record.change(EXPECTED[0]["id"], note="changed here")
        assert record_at(server.url, old).run(EXPECTED[0]["id"]).note == "changed here"
        assert names(record) == sorted(facts["name"] for facts in EXPECTED)
        while opened:
            opened.pop().close()


def test_labels_of_runs_taken_over_are_those_of_their_files(old):
    record = record_in(old)
    for run in record.runs():
        np.testing.assert_array_equal(np.load(old / "runs" / run.artifacts["labels.npy"]), record.result(run).labels)
