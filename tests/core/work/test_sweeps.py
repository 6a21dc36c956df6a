"""Sweeps on a real cluster of processes, with a real record."""

import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from core.annotation import compared
from core.annotation_labels import from_labels
from core.errors import LimitError, ParameterError, WorkError
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.method import pipeline
from core.params import AutoencoderParams, DirectionParams, EmbeddingParams, MethodParams, preset, replaced
from core.work.board.board import shared_board
from core.work.runs import Record, one_file
from core.work.sweep.folder import SweepFolder
from core.work.sweep.outcome import Event, SweepStatus
from core.work.sweep.plan import Section, Sweep, as_json, from_json
from core.work.sweep.results import runs_by_setting, tried
from core.work.sweep.sweeps import Sweeps
from core.work.sweep.varied import Axis, Range, Search
from tests.core.work import chores
from tests.small_tissue import small_sample

ROOT = Path(__file__).resolve().parents[3]
PLAIN = MethodParams(direction=DirectionParams(method="off"))
WINDOWS = Axis(knob="window", values=(1, 2, 3))
WEIGHTS = Axis(knob="x_weight", values=(0.5, 2.0))


@pytest.fixture
def section(tmp_path):
    """Make a sample's file, and name it for a sweep."""

    def made(name="first", params=PLAIN):
        path = tmp_path / f"{name}.h5"
        lab.write(small_sample(name, n_rows=16 if name == "first" else 20), path)
        sample = lab.read(path)
        return Section.of(sample, path, replaced(params, ("clustering", "n_clusters"), 4))

    return made


@pytest.fixture
def record(tmp_path):
    return Record(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path / "artifacts")


@pytest.fixture
def sweeps(tmp_path, record):
    """Sweeps whose workers write down what they do."""
    models = tmp_path / "models"
    models.mkdir()
    made = Sweeps(tmp_path / "sweeps", shared_board(), record, models, task=chores.counted_runs)
    yield made
    made.close()


def finished(sweeps, sweep, seconds=120.0):
    sweep_id = sweeps.start(sweep)
    assert sweeps.wait(sweep_id, seconds)
    status = sweeps.find(sweep_id)
    assert (status.outcome.status, status.outcome.error, status.outcome.failed) == (SweepStatus.DONE, "", {})
    return status


def steps_done(tmp_path):
    return Counter(line.split()[0] for line in (tmp_path / "models" / "steps.log").read_text().splitlines())


def test_each_load_and_pooling_happens_once_over_all_workers_and_each_run_is_clustered_once(sweeps, section, tmp_path):
    status = finished(sweeps, Sweep(sections=(section(), section("second")), axes=(WEIGHTS, WINDOWS), n_starts=3))
    assert status.outcome.n_done == 2 * 3 * 2 * 3
    assert steps_done(tmp_path) == {"load": 2, "pool": 2 * 3, "cluster": 36}


def test_an_autoencoder_is_trained_once_for_all_that_can_use_it(sweeps, section, tmp_path):
    trained = MethodParams(
        direction=DirectionParams(method="off"),
        embedding=EmbeddingParams(kind="code", autoencoder=AutoencoderParams(width=4, epochs=3, batch_size=32)),
    )
    kinds = Axis(knob="embedding", values=("code", "reconstruction"))
    finished(sweeps, Sweep(sections=(section(params=trained),), axes=(kinds, WEIGHTS), n_starts=2))
    assert steps_done(tmp_path) == {"load": 1, "pool": 1, "train": 1, "cluster": 8}


def test_factors_are_found_once_whatever_the_number_of_clusters_and_starts(sweeps, section, tmp_path):
    params = preset("recommended")
    finished(
        sweeps, Sweep(sections=(section(params=params),), axes=(Axis(knob="n_clusters", values=(3, 4)),), n_starts=2)
    )
    assert steps_done(tmp_path) == {"load": 1, "embed": 2}  # factors are averaged twice: over one ring, and over two


def test_every_run_is_recorded_with_the_labels_that_the_pipeline_gives(sweeps, section, record):
    sweep = Sweep(sections=(section(),), axes=(WINDOWS, WEIGHTS), n_starts=2)
    status = finished(sweeps, sweep)
    indices = runs_by_setting(status.outcome, record.runs(sweep=sweep.id), 0)
    assert {index: [run.params.clustering.random_state for run in runs] for index, runs in indices.items()} == {
        (window, weight): [0, 1] for window in range(3) for weight in range(2)
    }
    sample = lab.read(Path(sweep.sections[0].path))
    for setting in sweep.settings():
        run = indices[setting.index][setting.params.clustering.random_state]
        assert run.params == setting.params
        assert run.params.pooling.window == WINDOWS.values[setting.index[0]]
        expected = pipeline.run(sample, setting.params)
        assert record.result(run).labels.tolist() == expected.labels.tolist()
        assert run.scores == expected.scores


def test_scores_are_with_the_annotation_that_the_sample_is_compared_with(sweeps, section, record, tmp_path):
    path = Path(section().path)
    own = lab.read(path)
    sides = np.where(own.positions[:, 1] < np.median(own.positions[:, 1]), "left", "right")
    drawn = from_labels(sides, name="sides", author="Ana", colours={"left": "#112233"})
    AnnotationStore(path, own).save(drawn, "Ana")
    sample, bare = compared(own, drawn), compared(own, None)
    for asked, annotation in ((sample, "sides · Ana"), (bare, "")):
        sweep = Sweep(sections=(Section.of(asked, path, PLAIN),), axes=(WINDOWS,))
        finished(sweeps, sweep)
        for run in record.runs(sweep=sweep.id):
            found = adjusted_rand_score(sides, record.result(run).labels)
            assert run.annotation == annotation
            assert run.scores.ari == (pytest.approx(found) if asked is sample else None)


def test_which_annotation_a_sweep_is_scored_with_is_a_part_of_what_it_is(section):
    path = Path(section().path)
    own = lab.read(path)
    plain, bare = (
        Sweep(sections=(Section.of(one, path, PLAIN),), axes=(WINDOWS,)) for one in (own, compared(own, None))
    )
    assert plain.id != bare.id
    before = dataclasses.replace(plain.sections[0], annotation="", annotated=True)
    assert Sweep(sections=(before,), axes=(WINDOWS,)).id == plain.id


def test_a_sweep_asked_for_again_makes_only_the_runs_that_are_not_recorded(sweeps, section, record, tmp_path):
    sweep = Sweep(sections=(section(),), axes=(WINDOWS,), n_starts=2)
    finished(sweeps, sweep)
    before = record.runs(sweep=sweep.id)
    record.delete(before[0].id)
    finished(sweeps, sweep)
    after = record.runs(sweep=sweep.id)
    assert {run.id for run in before[1:]} < {run.id for run in after}
    assert len(after) == 6
    assert steps_done(tmp_path)["cluster"] == 7


def test_a_paused_sweep_makes_no_runs_until_it_goes_on(section, record, tmp_path):
    sweeps = Sweeps(tmp_path / "sweeps", shared_board(), record, tmp_path, task=chores.slow_runs)
    axis = Axis(knob="x_weight", values=tuple(map(float, range(1, 21))))
    sweep_id = sweeps.start(Sweep(sections=(section(),), axes=(axis,)), "Ada")
    until(lambda: sweeps.find(sweep_id).outcome.n_done >= 2)
    assert sweeps.find(sweep_id).seconds_left > 0
    sweeps.pause(sweep_id)
    assert sweeps.wait(sweep_id, 60)
    status = sweeps.find(sweep_id)
    assert status.outcome.status is SweepStatus.PAUSED
    assert 2 <= status.outcome.n_done == len(record.runs(sweep=sweep_id)) < 20
    assert status.plan.who == "Ada"
    time.sleep(0.6)
    assert sweeps.find(sweep_id).outcome.n_done == status.outcome.n_done
    sweeps.go_on(sweep_id)
    until(lambda: sweeps.find(sweep_id).outcome.n_done > status.outcome.n_done)
    sweeps.cancel(sweep_id)
    assert sweeps.wait(sweep_id, 10)
    assert sweeps.find(sweep_id).outcome.status is SweepStatus.CANCELLED


def test_who_asks_for_the_paused_sweep_of_another_does_not_continue_it_by_that(section, record, tmp_path):
    sweeps = Sweeps(tmp_path / "sweeps", shared_board(), record, tmp_path, task=chores.slow_runs)
    axis = Axis(knob="x_weight", values=tuple(map(float, range(1, 21))))
    sweep = Sweep(sections=(section(),), axes=(axis,))
    sweep_id = sweeps.start(sweep, "Ada", "Ada")
    ask_as_bo = functools.partial(sweeps.start, sweep, "Bo", "Bo", may_continue=lambda who: who == "Bo")
    ask_as_bo()  # to look at it while it runs
    until(lambda: sweeps.find(sweep_id).outcome.n_done >= 1)
    sweeps.pause(sweep_id)
    with pytest.raises(WorkError, match="is Ada's, who alone may continue it"):  # also before its last task has ended
        ask_as_bo()
    assert sweeps.wait(sweep_id, 60)
    for act in (ask_as_bo, lambda: sweeps.go_on(sweep_id, "Bo", may_continue=lambda who: who == "Bo")):
        with pytest.raises(WorkError, match="is Ada's, who alone may continue it"):
            act()
    assert sweeps.find(sweep_id).outcome.status is SweepStatus.PAUSED
    sweeps.start(sweep, "Ada", "Ada", may_continue=lambda who: who == "Ada")
    sweeps.cancel(sweep_id)
    assert sweeps.wait(sweep_id, 10)
    with pytest.raises(WorkError, match="is Ada's, who alone may continue it"):
        ask_as_bo()
    assert {run.who for run in record.runs(sweep=sweep_id)} == {"Ada"}


def test_one_user_has_so_many_sweeps_at_work_and_another_starts_his(section, record, tmp_path, monkeypatch):
    monkeypatch.setenv("SPCA_SWEEPS_PER_USER", "2")
    sweeps, part = Sweeps(tmp_path / "sweeps", shared_board(), record, tmp_path, task=chores.slow_runs), section()

    def of(window):
        weights = Axis(knob="x_weight", values=tuple(map(float, range(1, 21))))
        params = replaced(PLAIN, ("clustering", "n_clusters"), 3 + window)
        return Sweep(sections=(dataclasses.replace(part, params=params),), axes=(weights,))

    first, second = (sweeps.start(of(n), "Ada", "Ada") for n in range(2))
    with pytest.raises(
        LimitError, match=r"Ada already has 2 sweeps at work.*SPCA_SWEEPS_PER_USER.*pause or cancel one"
    ):
        sweeps.start(of(2), "Ada", "Ada")
    assert sweeps.find(of(2).id) is None  # nothing of it is left on the disk
    assert sweeps.start(of(0), "Ada", "Ada") == first  # to look at it
    others = [sweeps.start(of(3), "Bo", "Bo")]
    sweeps.cancel(second)
    assert sweeps.wait(second, 10)
    others.append(sweeps.start(of(2), "Ada", "Ada"))
    with pytest.raises(LimitError):
        sweeps.go_on(second, "Ada")
    for one in (first, *others):
        sweeps.cancel(one)
        assert sweeps.wait(one, 10)


def test_a_sweep_of_somebody_who_has_too_many_jobs_says_so_and_goes_on_once_there_are_fewer(
    section, record, tmp_path, monkeypatch
):
    monkeypatch.setenv("SPCA_JOBS_PER_USER", "1")
    sweeps = Sweeps(tmp_path / "sweeps", shared_board(), record, tmp_path, task=chores.slow_runs)
    job_id = shared_board().submit("in the way", chores.count, tmp_path / "count", 1000, 0.1, owner="Ada")
    sweep_id = sweeps.start(Sweep(sections=(section(),), axes=(WINDOWS,)), "Ada", "Ada")
    until(lambda: "Ada already has 1 job waiting or running" in sweeps.find(sweep_id).message)
    shared_board().cancel(job_id)
    until(lambda: sweeps.find(sweep_id).outcome.n_done >= 1)
    assert sweeps.find(sweep_id).message == ""
    assert sweeps.wait(sweep_id, 60)
    assert sweeps.find(sweep_id).outcome.status is SweepStatus.DONE


def test_a_run_that_came_in_as_a_file_takes_no_place_of_a_sweep_that_it_names(sweeps, section, record, tmp_path):
    sweep = Sweep(sections=(section(),), axes=(WINDOWS,))
    finished(sweeps, sweep)
    first = record.runs(sweep=sweep.id)[0]
    record.export(first.id, out := tmp_path / "first.run.zip")
    facts, contents = one_file.read(out)
    forged = dataclasses.replace(facts, id="f" * 32, scores=dataclasses.replace(facts.scores, ari=1.0))
    one_file.write(out, forged, contents)
    record.delete(first.id)
    record.import_(out, who="Mallory")
    finished(sweeps, sweep)
    own = [run for run in record.runs(sweep=sweep.id) if not run.imported]
    assert len(own) == 3
    shown = runs_by_setting(sweeps.find(sweep.id).outcome, record.runs(sweep=sweep.id), 0)
    assert {run.id for runs in shown.values() for run in runs} == {run.id for run in own}


def test_a_folder_of_sweeps_that_cannot_be_written_is_told(section, record, tmp_path):
    (tmp_path / "sweeps").write_text("no folder")
    sweeps = Sweeps(tmp_path / "sweeps", shared_board(), record, tmp_path)
    with pytest.raises(WorkError, match="cannot be written to sweeps"):
        sweeps.start(Sweep(sections=(section(),), axes=(WINDOWS,)))


def test_an_id_that_leads_out_of_the_folder_finds_nothing(sweeps, section, tmp_path):
    sweep_id = finished(sweeps, Sweep(sections=(section(),), axes=(WINDOWS,))).id
    shutil.copytree(tmp_path / "sweeps" / sweep_id, tmp_path / "elsewhere" / sweep_id)
    assert sweeps.find(f"../elsewhere/{sweep_id}") is None
    assert sweeps.find(str(tmp_path / "elsewhere" / sweep_id)) is None
    assert sweeps.find(sweep_id) is not None


def test_what_was_recorded_before_the_program_was_killed_is_not_made_again(sweeps, section, record, tmp_path):
    axis = Axis(knob="x_weight", values=tuple(map(float, range(1, 41))))
    sweep = Sweep(sections=(section(),), axes=(axis,))
    command = [sys.executable, "-m", "core", "sweep", sweep.sections[0].path, "--models", str(tmp_path / "models")]
    command += ["--preset", "paper", "--angle", "off", "--n-clusters", "4"]
    command += ["--grid", "x-weight=" + ",".join(map(str, axis.values))]
    settings = {"RUNS_URL": record.url, "RUNS_ARTIFACTS": str(tmp_path / "artifacts")}
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL) as program:
        until(lambda: len(record.runs(sweep=sweep.id)) >= 2)
        program.kill()
    before = {run.id for run in record.runs(sweep=sweep.id)}
    assert 2 <= len(before) < 40
    (tmp_path / "models" / "sweeps").rename(tmp_path / "sweeps")
    assert sweeps.find(sweep.id).outcome.status is SweepStatus.STOPPED
    assert finished(sweeps, sweep).outcome.n_done == 40
    after = record.runs(sweep=sweep.id)
    assert len(after) == 40
    assert before < {run.id for run in after}
    assert steps_done(tmp_path)["cluster"] == 40 - len(before)


def until(true, seconds=120.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_search_asks_for_the_same_trials_again_whatever_ends_first(sweeps, section, record):
    ranges = (Range(knob="x_weight", low=0.1, high=10.0, log=True), Range(knob="window", low=1, high=4))
    search = Search(objective="ari", n_trials=13, ranges=ranges, random_state=3)
    sweep = Sweep(sections=(section(),), search=search)
    first = finished(sweeps, sweep)
    trials = tried(sweep, search, first.outcome, record.runs(sweep=sweep.id))
    assert len(trials) == 13
    for values, _ in trials:
        assert 0.1 <= values["x_weight"] <= 10
        assert values["window"] in (1, 2, 3, 4)
    for run in record.runs(sweep=sweep.id)[:9]:
        record.delete(run.id)
    again = finished(sweeps, sweep)
    assert tried(sweep, search, again.outcome, record.runs(sweep=sweep.id)) == trials


def few_spots(tmp_path, section):
    lab.write(small_sample("first", n_rows=4), tmp_path / "few.h5")
    sample = lab.read(tmp_path / "few.h5")
    hashes = {"content_hash": sample.content_hash, "annotation_hash": sample.annotation_hash}
    return dataclasses.replace(section, path=str(tmp_path / "few.h5"), **hashes)


def test_a_setting_that_cannot_be_run_fails_with_its_sentence_and_the_others_go_on(sweeps, section, tmp_path):
    sweep = Sweep(sections=(few_spots(tmp_path, section()),), axes=(Axis(knob="n_clusters", values=(3, 100)),))
    sweep_id = sweeps.start(sweep)
    assert sweeps.wait(sweep_id, 60)
    outcome = sweeps.find(sweep_id).outcome
    assert (outcome.status, set(outcome.runs)) == (SweepStatus.DONE, {(0, (0,), 0)})
    assert "100 clusters were asked for" in outcome.failed[0, (1,), 0]


def test_a_setting_that_fails_takes_none_of_those_with_it_that_were_handed_out_together(sweeps, section, tmp_path):
    axis = Axis(knob="n_clusters", values=(3, 4, 100, 5, 6))
    sweep = Sweep(sections=(few_spots(tmp_path, section()),), axes=(axis,), n_starts=2)
    sweep_id = sweeps.start(sweep)
    assert sweeps.wait(sweep_id, 60)
    outcome = sweeps.find(sweep_id).outcome
    assert outcome.status is SweepStatus.DONE
    assert set(outcome.runs) == {(0, (index,), seed) for index in (0, 1, 3, 4) for seed in (0, 1)}
    assert set(outcome.failed) == {(0, (2,), 0), (0, (2,), 1)}


def test_two_sweeps_of_one_plan_in_two_processes_are_refused(sweeps, section, tmp_path):
    sweep = Sweep(sections=(section(),), axes=(WINDOWS,))
    journal = SweepFolder(tmp_path / "sweeps" / sweep.id)
    journal.begin(sweep, "")
    with journal.hold(), pytest.raises(WorkError, match="Another process"):
        sweeps.start(sweep)


def test_a_sweep_that_another_server_works_on_is_told_from_those_of_this_one(sweeps, section, tmp_path):
    sweep = Sweep(sections=(section(),), axes=(WINDOWS,))
    journal = SweepFolder(tmp_path / "sweeps" / sweep.id)
    journal.begin(sweep, "Ada")
    journal.add(Event(state=SweepStatus.RUNNING))
    with journal.hold():
        assert (sweeps.find(sweep.id).running, sweeps.find(sweep.id).elsewhere) == (True, True)
    left = sweeps.find(sweep.id)
    assert (left.outcome.status, left.elsewhere) == (SweepStatus.STOPPED, False)
    sweeps.start(sweep)
    assert not sweeps.find(sweep.id).elsewhere


def test_a_look_at_a_sweep_that_was_left_keeps_nobody_from_going_on_with_it(sweeps, section, tmp_path):
    sweep = Sweep(sections=(section(),), axes=(WINDOWS,))
    journal = SweepFolder(tmp_path / "sweeps" / sweep.id)
    journal.begin(sweep, "")
    journal.add(Event(state=SweepStatus.RUNNING))
    looks = journal.hold()  # as who asks how it stands does for a moment
    threading.Timer(0.1, looks.close).start()
    sweeps.start(sweep)
    assert sweeps.find(sweep.id).outcome.status in (SweepStatus.RUNNING, SweepStatus.DONE)


def test_a_knob_that_changes_nothing_in_any_run_is_refused_and_one_that_another_knob_brings_in_is_not(sweeps, section):
    components = Axis(knob="components", values=(2, 4))
    with pytest.raises(ParameterError, match="components changes nothing in these settings"):
        sweeps.start(Sweep(sections=(section(),), axes=(components,)))
    assert sweeps.all() == []
    embeddings = Axis(knob="embedding", values=("none", "factors"))
    Sweep(sections=(section(),), axes=(embeddings, components)).check_knobs()
    found = Search(
        objective="pas", n_trials=2, ranges=(Range(knob="embedding"), Range(knob="components", low=2, high=4))
    )
    Sweep(sections=(section(),), search=found).check_knobs()
    with pytest.raises(ParameterError, match="components changes nothing"):
        Sweep(sections=(section(),), search=dataclasses.replace(found, ranges=found.ranges[1:])).check_knobs()


def test_a_plan_read_back_from_json_is_the_plan(section):
    search = Search(objective="nmi", n_trials=5, ranges=(Range(knob="window", low=1, high=4), Range(knob="read_out")))
    for sweep in (
        Sweep(sections=(section(), section("second")), axes=(WINDOWS, WEIGHTS), n_starts=2),
        Sweep(sections=(section(params=preset("recommended")),), search=search),
    ):
        read = from_json(json.loads(json.dumps(as_json(sweep))))
        assert read == sweep
        assert read.id == sweep.id


def test_where_its_files_lie_does_not_change_what_a_sweep_is(section):
    here = section()
    there = dataclasses.replace(here, path="elsewhere.h5")
    assert Sweep(sections=(here,), axes=(WINDOWS,)).id == Sweep(sections=(there,), axes=(WINDOWS,)).id


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda of: Axis(knob="window", values=(2, 2)), "twice"),
        (lambda of: Axis(knob="window", values=(-1,)), "between 0 and 40"),
        (lambda of: Axis(knob="window", values=()), "no values"),
        (lambda of: Axis(knob="wind", values=(1,)), "no knob"),
        (lambda of: Range(knob="x_weight", low=2.0, high=1.0), "lower end"),
        (lambda of: Range(knob="x_weight", low=0.0, high=1.0, log=True), "above 0"),
        (lambda of: Search(objective="speed", n_trials=3, ranges=(Range(knob="window", low=1, high=2),)), "no score"),
        (lambda of: Sweep(sections=(of,)), "a grid over one or two knobs, or a search"),
        (lambda of: Sweep(sections=(of,), axes=(WINDOWS, WINDOWS)), "turned twice"),
        (lambda of: Sweep(sections=(of,), axes=(WINDOWS,), n_starts=10_000), "30,000 runs"),
        (lambda of: Sweep(sections=(of,), axes=(Axis(knob="seed", values=(1, 2)),), n_starts=2), "seed"),
    ],
)
def test_what_makes_no_sweep_is_refused_with_a_sentence(section, make, words):
    with pytest.raises(ParameterError, match=words):
        make(section())
