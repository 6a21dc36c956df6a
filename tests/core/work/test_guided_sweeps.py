"""Guided sweeps on a real cluster of processes: every run follows what guides it, which the plan keeps."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from core.errors import ParameterError
from core.guidance import Guidance
from core.io import lab
from core.knobs import path_of
from core.method.pipeline import Pipeline
from core.method.reference import learn
from core.method.seeds import nth_start
from core.params import preset, replaced
from core.report.html import html_report
from core.report.script import reproduction_script
from core.strokes import strokes_of
from core.work.board.board import shared_board
from core.work.runs import Record
from core.work.runs.reported import reported
from core.work.sweep import suggestions
from core.work.sweep.outcome import SweepStatus
from core.work.sweep.plan import Section, Sweep, as_json, from_json
from core.work.sweep.sweeps import Sweeps
from core.work.sweep.varied import Axis
from tests.small_tissue import small_sample
from tests.teaching import section as layered

ROOT = Path(__file__).resolve().parents[3]
WINDOWS, WEIGHTS = Axis(knob="window", values=(1, 3)), Axis(knob="x_weight", values=(1.0, 3.0))


def painted(sample, every=15, **more):
    """Every fifteenth spot as the experts have it."""
    labels = np.where(np.arange(sample.n_spots) % every == 0, sample.labels_true, "NA")
    return Guidance(strokes=strokes_of(labels), **more)


@pytest.fixture
def sample(tmp_path):
    lab.write(small_sample("first"), tmp_path / "first.h5")
    return lab.read(tmp_path / "first.h5")


@pytest.fixture
def section(sample, tmp_path):
    def made(guidance):
        return Section.of(sample, tmp_path / "first.h5", preset("recommended", 3), guidance)

    return made


@pytest.fixture
def record(tmp_path):
    return Record(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path / "artifacts")


@pytest.fixture
def sweeps(tmp_path, record):
    made = Sweeps(tmp_path / "sweeps", shared_board(), record, tmp_path)
    yield made
    made.close()


def ended(sweeps, sweep_id):
    assert sweeps.wait(sweep_id, 120)
    return sweeps.find(sweep_id)


def test_every_run_follows_the_strokes_and_is_scored_on_spots_that_nobody_painted(sweeps, record, sample, section):
    guidance = painted(sample)
    sweep = Sweep(sections=(section(guidance),), axes=(WINDOWS, WEIGHTS))
    status = ended(sweeps, sweeps.start(sweep, "Ada", guidances=[guidance]))
    assert (status.outcome.status, status.outcome.failed) == (SweepStatus.DONE, {})
    runs = record.runs(sweep=sweep.id)
    assert {(run.params.pooling.window, run.params.clustering.x_weight) for run in runs} == {
        (1, 1.0), (1, 3.0), (3, 1.0), (3, 3.0)
    }  # fmt: skip
    left = (guidance.strokes.painted < 0) & (sample.labels_true != "NA")
    for run in runs:
        result = record.result(run)
        expected = Pipeline(sample).run_guided(run.params, guidance)
        assert result.labels.tolist() == expected.labels.tolist()
        assert run.scores.ari == pytest.approx(adjusted_rand_score(sample.labels_true[left], result.labels[left]))
        assert (run.guided, run.who) == (guidance.in_words(), "Ada")
        assert result.guidance.to_json() == guidance.to_json()
        assert [domain.name for domain in run.domains] == ["Layer1", "Layer2", "Layer3"]  # as they were painted
    assert len({run.artifacts["guidance.json"] for run in runs}) == 1  # one file for all of them


def test_what_guides_is_a_part_of_what_a_sweep_is_and_its_colours_are_not(sample, section):
    def id_with(guidance):
        return Sweep(sections=(section(guidance),), axes=(WINDOWS,)).id

    ids = [id_with(one) for one in (None, painted(sample), painted(sample, 14), painted(sample, others=True))]
    assert len(set(ids)) == 4
    assert id_with(painted(sample, colours={"Layer1": "#102030"})) == ids[1]


def test_plans_are_read_as_they_were_written_and_those_without_guidance_are_written_as_before(sample, section):
    for guidance in (None, painted(sample)):
        sweep = Sweep(sections=(section(guidance),), axes=(WINDOWS,))
        assert from_json(json.loads(json.dumps(as_json(sweep)))) == sweep
    assert "guided_by" not in as_json(Sweep(sections=(section(None),), axes=(WINDOWS,)))["sections"][0]


def test_a_cancelled_sweep_goes_on_with_what_guided_it(sweeps, record, sample, section):
    guidance = painted(sample)
    sweep = Sweep(sections=(section(guidance),), axes=(Axis(knob="window", values=tuple(range(1, 13))),))
    sweep_id = sweeps.start(sweep, guidances=[guidance])
    sweeps.cancel(sweep_id)
    assert ended(sweeps, sweep_id).outcome.status is SweepStatus.CANCELLED
    before = {run.id for run in record.runs(sweep=sweep_id)}
    sweeps.go_on(sweep_id)
    assert ended(sweeps, sweep_id).outcome.status is SweepStatus.DONE
    runs = record.runs(sweep=sweep_id)
    assert len(runs) == 12
    assert before <= {run.id for run in runs}
    assert {run.guided for run in runs} == {guidance.in_words()}


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda file: file.unlink(), "is not here"),
        (
            lambda file: file.write_bytes(file.read_bytes()[:-9]),
            "is damaged. What the run was guided by cannot be read",
        ),
        (lambda file: file.write_text('{"strokes":{"n_spots":3,"spots":{"WM":[1]}}}'), "belong to another sample"),
        (lambda file: file.write_text(file.read_text().replace("[15,", "[16,")), "was changed since it was started"),
    ],
)
def test_damaged_guidance_stops_the_sweep_with_a_sentence_and_whole_guidance_mends_it(
    sweeps, record, sample, section, tmp_path, damage, sentence
):
    guidance = painted(sample)
    sweep = Sweep(sections=(section(guidance),), axes=(WINDOWS,))
    sweep_id = sweeps.start(sweep, guidances=[guidance])
    sweeps.cancel(sweep_id)
    ended(sweeps, sweep_id)
    n_before = len(record.runs(sweep=sweep_id))
    (file,) = (tmp_path / "sweeps" / sweep_id / "guidance").iterdir()
    damage(file)
    sweeps.go_on(sweep_id)
    outcome = ended(sweeps, sweep_id).outcome
    assert outcome.status is SweepStatus.STOPPED
    assert sentence in outcome.error
    assert "Start the sweep again" in outcome.error
    assert len(record.runs(sweep=sweep_id)) == n_before
    sweeps.start(sweep, guidances=[guidance])
    assert ended(sweeps, sweep_id).outcome.status is SweepStatus.DONE


@pytest.mark.parametrize(
    "changed", [{"digest": "../../runs"}, {"kind": "luck"}, {"digest": 7}, {"words": ["a"]}, {"more": 1}]
)
def test_a_plan_that_names_its_guidance_in_another_way_is_refused(sample, section, changed):
    facts = as_json(Sweep(sections=(section(painted(sample)),), axes=(WINDOWS,)))
    facts["sections"][0]["guided_by"] |= changed
    with pytest.raises(ParameterError, match="no sweep of this version"):
        from_json(facts)


def test_knobs_of_label_free_domains_are_swept_only_where_such_domains_may_exist(sample, section):
    numbers = Axis(knob="n_clusters", values=(3, 4))
    alone, others = (
        Sweep(sections=(section(painted(sample, others=wanted)),), axes=(numbers,)) for wanted in (False, True)
    )
    with pytest.raises(ParameterError, match="n_clusters is of label-free domains"):
        alone.check_knobs()
    others.check_knobs()
    for sweep, there in ((alone, False), (others, True)):
        one = sweep.sections[0]
        assert ("n_clusters" in suggestions.relevant(one.params, one.guided_by)) == there
        assert {"window", "x_weight", "components"} <= set(suggestions.relevant(one.params, one.guided_by))


def test_knobs_that_are_not_offered_change_no_label_and_those_that_are_do(sample, section):
    one = section(guidance := painted(sample, 40))
    offered = suggestions.relevant(one.params, one.guided_by)
    steps = Pipeline(sample)

    def labels(knob, value):
        params = replaced(one.params, path_of(knob), value)
        return steps.run_guided(params, guidance).labels.tolist()

    as_it_is = labels("window", one.params.pooling.window)
    for knob, value, counts in (("refinement", 3, False), ("read_out", "kmeans", False), ("window", 8, True)):
        assert (labels(knob, value) != as_it_is) == counts == (knob in offered)
    assert "seed" in offered  # what is painted is learnt from label-free fits, which begin at random


def test_a_reference_gives_the_same_from_every_start(tmp_path):
    lab.write(layered("pupil", 1), tmp_path / "pupil.h5")
    sample, guidance = lab.read(tmp_path / "pupil.h5"), Guidance(reference=learn([layered("teacher", 0)]))
    one = Section.of(sample, tmp_path / "pupil.h5", preset("recommended", 4), guidance)
    runs = [Pipeline(sample).run_guided(nth_start(one.params, start), guidance) for start in range(2)]
    assert runs[0].labels.tolist() == runs[1].labels.tolist()
    with pytest.raises(ParameterError, match="same domains from every start"):
        Sweep(sections=(one,), axes=(WINDOWS,), n_starts=2)
    with pytest.raises(ParameterError, match="whatever the seed is"):
        Sweep(sections=(one,), axes=(Axis(knob="seed", values=(1, 2)),)).check_knobs()


def test_a_reference_guides_several_sections(sweeps, record, tmp_path):
    reference = learn([layered("teacher", 0)])
    sections, guidance = [], Guidance(reference=reference)
    for seed in (1, 2):
        lab.write(layered(f"pupil{seed}", seed), tmp_path / f"pupil{seed}.h5")
        path = tmp_path / f"pupil{seed}.h5"
        sections.append(Section.of(lab.read(path), path, preset("recommended", 4), guidance))
    sweep = Sweep(sections=tuple(sections), axes=(WINDOWS,))
    assert ended(sweeps, sweeps.start(sweep, guidances=[guidance])).outcome.status is SweepStatus.DONE
    runs = record.runs(sweep=sweep.id)
    assert len(runs) == 4
    for run in runs:
        expected = Pipeline(lab.read(tmp_path / f"{run.sample_name}.h5")).run_guided(run.params, guidance)
        assert record.result(run).labels.tolist() == expected.labels.tolist()


def test_one_tissue_under_two_names_has_one_guidance(sample, section):
    one, other = section(painted(sample)), section(painted(sample, 14))
    with pytest.raises(ParameterError, match="guided by different things"):
        Sweep(sections=(one, dataclasses.replace(other, name="copy")), axes=(WINDOWS,))


def test_a_run_of_a_sweep_is_reported_as_guided_and_its_script_gives_every_label_again(
    sweeps, record, sample, section, tmp_path
):
    guidance = painted(sample)
    sweep = Sweep(sections=(section(guidance),), axes=(WINDOWS,))
    assert ended(sweeps, sweeps.start(sweep, guidances=[guidance])).outcome.status is SweepStatus.DONE
    run = next(run for run in record.runs(sweep=sweep.id) if run.params.pooling.window == 3)
    told = reported(run, record.result(run))
    assert guidance.in_words() in html_report([told], {sample.content_hash: sample}).decode()
    script = tmp_path / "reproduce.py"
    script.write_text(reproduction_script(told))
    done = subprocess.run([sys.executable, script, tmp_path / "first.h5"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"all {sample.n_spots} are the run's" in done.stdout
    assert "not label-free" in done.stdout
