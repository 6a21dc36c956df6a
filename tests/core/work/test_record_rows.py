"""Rows of the record: added all or none, counted in the order in which they can be seen; and runs as studies of Optuna."""

import dataclasses
import shutil
import threading
from datetime import UTC, datetime

import optuna
import pytest
from sqlalchemy import NullPool

from core.errors import RecordError
from core.params import MethodParams
from core.result import Scores
from core.work.runs.database import Database
from core.work.runs.optuna_export import study_name, trial_of, write_studies
from core.work.runs.run import Run
from core.work.runs.tables import row_of, run_from

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    file = tmp_path_factory.mktemp("tables") / "runs.sqlite3"
    database = Database(f"sqlite:///{file}")
    assert database.standing(0).n_runs == 0
    database.close()
    return file


@pytest.fixture
def database(tmp_path, empty):
    shutil.copy(empty, tmp_path)
    database = Database(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    yield database
    database.close()


def a_run(number, **facts):
    run = Run(
        id=f"{number:032x}",
        sample_name="first",
        content_hash="c",
        n_spots=5,
        params=MethodParams(),
        created=datetime(2026, 1, 2, tzinfo=UTC),
        scores=Scores(ari=number / 10),
        artifacts={"labels.npy": f"id-{number}"},
    )
    return dataclasses.replace(run, **facts)


def all_rows(database):
    return [row for rows in database.rows(0, database.standing(0).n_changes) for row in rows]


def test_threads_that_add_and_change_at_once_count_changes_without_a_gap(database):
    def add(number):
        database.add([row_of(a_run(number)), row_of(a_run(number + 100))])
        database.change(f"{number:032x}", {"name": "changed"})

    adding = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in adding:
        thread.start()
    for thread in adding:
        thread.join()
    assert database.standing(0).n_changes == 8
    counts = sorted(row["changed"] for row in all_rows(database))
    assert len(set(counts)) == 8
    assert counts[-1] == 8


def test_runs_are_added_all_or_none(database):
    broken = row_of(a_run(1)) | {"content_hash": None}
    with pytest.raises(RecordError, match="was not read or written"):
        database.add([row_of(a_run(0)), broken])
    assert all_rows(database) == []
    assert database.standing(0).n_changes == 0


def test_a_run_that_is_there_already_stays_as_it_is(database):
    database.add([row_of(a_run(1, name="first"))])
    database.add([row_of(a_run(1, name="second")), row_of(a_run(2))])
    assert sorted(row["name"] for row in all_rows(database)) == ["", "first"]


def test_two_who_change_different_things_of_a_run_lose_nothing(tmp_path, database):
    database.add([row_of(a_run(1))])
    other = Database(f"sqlite:///{tmp_path / 'runs.sqlite3'}")
    database.change(f"{1:032x}", {"name": "mine"})
    other.change(f"{1:032x}", {"note": "theirs"})
    other.close()
    [row] = all_rows(database)
    assert (row["name"], row["note"]) == ("mine", "theirs")


def test_more_runs_than_are_read_at_once_are_all_read_once(database):
    database.add([row_of(a_run(number)) for number in range(1, 1200)])
    database.add([row_of(a_run(number)) for number in range(1200, 1300)])
    pages = list(database.rows(0, 2))
    assert [len(page) for page in pages] == [500, 500, 299]
    assert len({row["id"] for page in pages for row in page}) == 1299
    assert [row["id"] for page in database.rows(1, 2) for row in page] == [f"{n:032x}" for n in range(1200, 1300)]


@pytest.mark.parametrize("text", ["a\0b", "half \ud800 a pair"], ids=["zero", "surrogate"])
def test_text_that_no_database_takes_is_replaced(database, text):
    facts = row_of(a_run(1))
    run = run_from(facts | {"name": text})
    database.add([row_of(run)])
    [row] = all_rows(database)
    assert row["name"] == text.replace("\0", "?").replace("\ud800", "?")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'studies.sqlite3'}"


def storage_at(url):
    return optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})


def test_runs_become_trials_of_one_study_a_sample_as_optuna_itself_would_keep_them(url):
    runs = [a_run(number) for number in range(3)]
    names = write_studies([*runs, a_run(5, sample_name="other", content_hash="d")], url)
    assert [name.split()[0] for name in names] == ["first", "other"]
    storage = storage_at(url)
    study = optuna.load_study(study_name=study_name(runs[0]), storage=storage)
    assert study.best_trial.number == 2
    for found, run in zip(study.trials, runs, strict=True):
        wanted = trial_of(run)
        assert (found.params, found.value, found.user_attrs, found.system_attrs, found.distributions) == (
            wanted.params, wanted.value, wanted.user_attrs, wanted.system_attrs, wanted.distributions,
        )  # fmt: skip
    storage.remove_session()


def test_a_study_that_is_there_is_not_overwritten_and_nothing_else_is_written(url):
    write_studies([a_run(1)], url)
    with pytest.raises(RecordError, match=r"studies\.sqlite3 has a study first \w+ already.*delete that study"):
        write_studies([a_run(2, content_hash="another"), a_run(3)], url)
    storage = storage_at(url)
    [name] = optuna.get_all_study_names(storage)
    assert len(optuna.load_study(study_name=name, storage=storage).trials) == 1
    storage.remove_session()


@pytest.mark.parametrize(
    "url", ["no address", "sqlite:////no/such/folder/x.sqlite3", "postgresql://a:secret@127.0.0.1:1/x"]
)
def test_a_storage_that_cannot_be_written_is_told(url):
    with pytest.raises(RecordError, match="Optuna storage") as told:
        write_studies([a_run(1)], url)
    assert "secret" not in str(told.value)
