"""Trials that are put straight into Optuna's tables, beside those that Optuna writes."""

import threading
from datetime import UTC, datetime

import optuna
import pytest

from core.params import MethodParams
from core.result import Scores
from core.work.runs.database import Database
from core.work.runs.run import Run
from core.work.runs.trial import trial_of

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('tables') / 'runs.sqlite3'}"


def a_trial(number):
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
    return trial_of(run)


def test_optuna_reads_what_it_would_have_written_itself(url):
    trials = [a_trial(number) for number in range(3)]
    Database(url).add("ours", {}, trials)
    theirs = optuna.create_study(storage=url, study_name="theirs", direction="maximize")
    theirs.add_trials(trials)
    ours = optuna.load_study(storage=url, study_name="ours")
    assert ours.trials == [with_the_id_of(trial, own) for trial, own in zip(theirs.trials, ours.trials, strict=True)]
    assert ours.best_trial.number == 2


def with_the_id_of(trial, like):
    trial._trial_id = like._trial_id
    return trial


def test_threads_that_add_to_one_study_count_its_trials_without_a_gap(url):
    adding = [
        threading.Thread(target=Database(url).add, args=("shared", {}, [a_trial(n), a_trial(n + 1)])) for n in range(4)
    ]
    for thread in adding:
        thread.start()
    for thread in adding:
        thread.join()
    trials = optuna.load_study(storage=url, study_name="shared").trials
    assert [trial.number for trial in trials] == list(range(8))


def test_trials_are_added_all_or_none(url):
    broken = a_trial(1)
    broken.user_attrs["text"] = object()  # no JSON
    database = Database(url)
    with pytest.raises(TypeError):
        database.add("whole", {}, [a_trial(0), broken])
    assert optuna.load_study(storage=url, study_name="whole").trials == []
