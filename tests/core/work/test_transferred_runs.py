"""Runs that a reference or marker genes guided: kept, sent and repeated as those that strokes guided."""

import runpy
import sys

import numpy as np
import pytest

from core.guidance import Guidance
from core.io import lab
from core.marker_table import parse
from core.method.pipeline import Pipeline
from core.method.reference import learn
from core.params import preset
from core.report.html import html_report
from core.report.script import reproduction_script
from core.strokes import strokes_of
from core.work.runs import Record
from core.work.runs.reported import reported
from tests.teaching import LAYERS, section

TABLE = parse(
    "\n".join(f"{layer},GENE{number},GENE{number + 4}" for number, layer in enumerate(LAYERS)) + "\nVessel,NO"
)


@pytest.fixture(scope="module")
def sample():
    return section("B", 1)


@pytest.fixture(scope="module", params=["reference", "corrected", "markers"])
def result(sample, request):
    labels = np.full(sample.n_spots, "NA", dtype="<U8")
    labels[:3] = "Layer2"
    strokes = strokes_of(labels) if request.param == "corrected" else None
    taught = {"markers": TABLE} if request.param == "markers" else {"reference": learn([section("A", 0)])}
    return Pipeline(sample).run_guided(preset("recommended", 5), Guidance(strokes=strokes, **taught))


@pytest.fixture
def record(tmp_path):
    opened = Record(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path / "runs")
    yield opened
    opened.close()


def test_what_taught_a_run_is_read_as_it_was_kept_and_goes_with_its_file(record, sample, result, tmp_path):
    run = record.run(record.keep(sample, result, who="Ana").id)
    read = record.result(run)
    assert run.guided == result.guidance.in_words()
    assert (read.labels.tolist(), read.names) == (result.labels.tolist(), result.names)
    assert (read.guidance.digest, read.guidance.kind) == (result.guidance.digest, result.guidance.kind)
    record.export(run.id, tmp_path / "one.run.zip")
    elsewhere = Record(f"sqlite:///{tmp_path / 'other.sqlite3'}", tmp_path / "other")
    assert elsewhere.result(elsewhere.import_(tmp_path / "one.run.zip")).guidance.digest == result.guidance.digest
    elsewhere.close()


def test_the_script_gives_every_label_again(record, sample, result, tmp_path, monkeypatch, capsys):
    run = record.keep(sample, result)
    script = tmp_path / "reproduce.py"
    script.write_text(reproduction_script(reported(run, record.result(run))))
    lab.write(sample, tmp_path / "sample.h5")
    monkeypatch.setattr(sys, "argv", [str(script), str(tmp_path / "sample.h5")])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    said = capsys.readouterr().out
    assert ended.value.code == 0, said
    assert f"all {sample.n_spots} are the run's" in said
    assert "not label-free" in said


def test_the_report_says_what_taught_it(record, sample, result):
    run = record.keep(sample, result, name="mine")
    page = html_report([reported(run, record.result(run))], {sample.content_hash: sample}).decode()
    assert run.guided in page
    assert "(guided)" in page
