"""The script that repeats a run, run as a colleague runs it: as a process of its own."""

import dataclasses
import runpy
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from core.io import lab
from core.params import AutoencoderParams, EmbeddingParams, preset
from core.report.script import labels_sha256, reproduction_script
from tests.core.report.runs import HOSTILE, reported
from tests.sections import SHIPPED
from tests.small_tissue import small_sample

ROOT = Path(__file__).resolve().parents[3]


def write_script(folder, run):
    path = folder / "reproduce.py"
    path.write_text(reproduction_script(run), encoding="utf-8")
    return path


def started(script, *arguments, cwd=ROOT):
    """Run a script as a process of its own."""
    command = [sys.executable, script, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Run a script in this process, which has most of the imports already."""

    def run(script, *arguments, cwd=ROOT):
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", [str(script), *map(str, arguments)])
        monkeypatch.setattr(sys, "path", list(sys.path))
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(script), run_name="__main__")
        return Done(int(ended.value.code), *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def sample():
    return small_sample("small")


@pytest.fixture
def file(sample, tmp_path):
    lab.write(sample, tmp_path / "renamed by a colleague.h5")
    return tmp_path / "renamed by a colleague.h5"


def test_a_colleague_gets_the_recommended_labels_from_another_folder(sample, file, tmp_path):
    run = reported(sample, preset("recommended", n_clusters=3))
    script = write_script(tmp_path, run)
    done = started(script, file, "--project", ROOT, "--labels", tmp_path / "labels.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"all 192 are the run's (sha256 {labels_sha256(run.result.labels)})" in done.stdout
    rows = (tmp_path / "labels.csv").read_text().splitlines()
    assert [int(row.split(",")[1]) for row in rows[1:]] == run.result.labels.tolist()


def test_a_colleague_gets_the_papers_labels_of_the_shipped_section(tmp_path):
    shipped = lab.read(SHIPPED)
    run = reported(shipped, preset("paper", n_clusters=shipped.suggested_n_clusters()))
    done = started(write_script(tmp_path, run), SHIPPED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{shipped.n_spots} spots, 2000 genes; content hash {shipped.content_hash}, the run's" in done.stdout
    assert f"all {shipped.n_spots} are the run's" in done.stdout


@pytest.mark.slow
def test_an_autoencoder_is_trained_again_and_said_to_be(sample, file, tmp_path):
    embedding = EmbeddingParams(kind="reconstruction", autoencoder=AutoencoderParams(width=8, epochs=3))
    params = dataclasses.replace(preset("paper", n_clusters=3), embedding=embedding)
    script = write_script(tmp_path, reported(sample, params))
    done = started(script, file, "--models", tmp_path / "models")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "it is trained now" in done.stdout


def test_other_labels_are_counted_and_end_with_status_one(sample, file, tmp_path, run_here):
    run = reported(sample)
    labels = run.result.labels.copy()
    labels[:7] = (labels[:7] + 1) % 3
    moved = dataclasses.replace(run, result=dataclasses.replace(run.result, labels=labels), code_version="0.0.1+older")
    done = run_here(write_script(tmp_path, moved), file)
    assert done.returncode == 1
    assert "7 of 192 are not the run's" in done.stdout
    assert "the run's was 0.0.1+older, so labels may differ" in done.stdout


def test_other_data_are_refused_before_any_work(sample, tmp_path, run_here):
    counts = np.array(sample.expression)
    counts[0, 0] += 1
    lab.write(dataclasses.replace(sample, expression=counts), tmp_path / "small.h5")
    done = run_here(write_script(tmp_path, reported(sample)), tmp_path / "small.h5")
    assert done.returncode == 2
    assert "holds other data than the run was made on" in done.stderr
    assert sample.content_hash in done.stderr


@pytest.mark.parametrize("where", ["project", "sample"])
def test_what_is_missing_is_said_in_a_sentence(sample, tmp_path, where, run_here):
    script = write_script(tmp_path, reported(sample))
    arguments = {"project": ["small.h5", "--project", tmp_path], "sample": ["no.h5", "--project", ROOT]}[where]
    done = run_here(script, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert {"project": "run this inside the project's folder", "sample": "no.h5"}[where] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_knob_that_the_project_does_not_know_is_named(sample, file, tmp_path, run_here):
    script = write_script(tmp_path, reported(sample, unknown=("bend",)))
    script.write_text(script.read_text().replace("window=6,", "window=6,\n            shape='round',"))
    done = run_here(script, file)
    assert done.returncode == 2
    assert "these knobs of the run, so labels may differ: bend" in done.stdout
    assert "does not know every knob of the run" in done.stderr
    assert "shape" in done.stderr


def test_whatever_a_run_is_called_is_never_code(sample, file, tmp_path, run_here):
    run = reported(sample, name=HOSTILE, who=HOSTILE, source=HOSTILE, code_version=HOSTILE)
    run = dataclasses.replace(run, result=dataclasses.replace(run.result, sample_name=HOSTILE))
    script = write_script(tmp_path, run)
    assert script.read_text().isascii()
    done = run_here(script, file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout


def test_scores_that_are_no_numbers_make_no_name_of_the_script(sample, file, tmp_path, run_here):
    run = reported(sample)
    scores = dataclasses.replace(run.result.scores, ari=float("nan"), nmi=float("inf"))
    script = write_script(tmp_path, dataclasses.replace(run, result=dataclasses.replace(run.result, scores=scores)))
    done = run_here(script, file)
    assert done.returncode == 0, done.stdout + done.stderr
