"""Guided runs in the record: what guided them is kept, sent, reported and repeated, and never called label-free."""

import json
import re
import runpy
import sys
import zipfile

import numpy as np
import pytest

from core.errors import RecordError
from core.evaluation.matching import guided_domains, kept_domains
from core.figures.colours import domain_colours
from core.guidance import Guidance
from core.io import lab
from core.method.pipeline import Pipeline
from core.params import preset
from core.report.html import html_report
from core.report.script import reproduction_script
from core.strokes import strokes_of
from core.work.runs import Record
from core.work.runs.optuna_export import study_name
from core.work.runs.reported import reported
from tests.sections import shipped_part

COLOURS = {"Deep <b>": "#102030", "Layer1": "#405060"}


@pytest.fixture(scope="module")
def sample():
    return shipped_part(600, 60)


@pytest.fixture(scope="module", params=[False, True], ids=["painted", "others too"])
def result(sample, request):
    """Two domains that nobody named so before; a third may exist."""
    labels = np.full(sample.n_spots, "NA", dtype=object)
    labels[:20:4], labels[-20::4] = "Deep <b>", "Layer1"
    guidance = Guidance(strokes=strokes_of(labels.astype(str)), others=request.param, colours=COLOURS)
    return Pipeline(sample).run_guided(preset("recommended", 5), guidance)


@pytest.fixture
def record(tmp_path):
    opened = Record(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path / "runs")
    yield opened
    opened.close()


def test_what_guided_a_run_is_read_as_it_was_kept(record, sample, result):
    run = record.run(record.keep(sample, result, who="Ana").id)
    read = record.result(run)
    assert run.guided == result.guidance.in_words()
    assert read.labels.tolist() == result.labels.tolist()
    assert read.guidance.digest == result.guidance.digest
    assert read.names == result.names
    assert (read.n_painted, read.params) == (10, result.params)


def test_domains_have_the_names_and_colours_that_people_gave(record, sample, result):
    run = record.keep(sample, result)
    for found in (
        guided_domains(sample, result),
        kept_domains(sample, result.labels, run.domains, run.annotation_hash),
    ):
        assert tuple(found.names.values()) == result.names
        shades = domain_colours(found, sample.classes, "light")
        assert [shades[cluster] for cluster in (0, 1)] == ["#102030", "#405060"]
        assert len(set(shades.values())) == len(shades)


def test_a_run_as_one_file_brings_its_strokes(record, sample, result, tmp_path):
    run = record.keep(sample, result)
    record.export(run.id, tmp_path / "one.run.zip")
    elsewhere = Record(f"sqlite:///{tmp_path / 'other.sqlite3'}", tmp_path / "other")
    brought = elsewhere.import_(tmp_path / "one.run.zip")
    assert elsewhere.result(brought).guidance.to_json() == result.guidance.to_json()
    assert brought.guided == run.guided
    elsewhere.close()


@pytest.mark.parametrize(
    ("guidance", "sentence"),
    [
        (None, "does not hold what guided it"),
        (b"{}", "holds no strokes"),
        (b"not JSON", "cannot be read"),
        (json.dumps({"strokes": {"n_spots": 3, "spots": {"WM": [1]}}}).encode(), "belong to another sample"),
    ],
)
def test_a_file_without_its_strokes_or_with_others_is_refused(record, sample, result, tmp_path, guidance, sentence):
    record.export(record.keep(sample, result).id, tmp_path / "one.run.zip")
    with zipfile.ZipFile(tmp_path / "one.run.zip") as whole, zipfile.ZipFile(tmp_path / "two.zip", "w") as damaged:
        for name in whole.namelist():
            content = guidance if name == "guidance.json" else whole.read(name)
            if content is not None:
                damaged.writestr(name, content)
    with pytest.raises(RecordError, match=sentence):
        record.import_(tmp_path / "two.zip")


def test_the_script_gives_every_label_again_and_says_that_it_was_guided(
    record, sample, result, tmp_path, monkeypatch, capsys
):
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
    assert "all 600 are the run's" in said
    assert "not label-free" in said


def test_report_and_study_call_it_guided(record, sample, result):
    run = record.keep(sample, result, name="mine")
    page = html_report([reported(run, record.result(run))], {sample.content_hash: sample}).decode()
    assert "1  mine (guided)" in page
    assert run.guided in page
    assert "Deep <b>" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    free = record.keep(sample, Pipeline(sample).run(preset("recommended", 5)))
    assert study_name(run) == f"{study_name(free)} guided"
