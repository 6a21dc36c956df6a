"""`python -m core runs`: the record of runs without a browser."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from sqlalchemy import NullPool

from core.cli import main
from core.evaluation.matching import domains_of
from core.io import lab
from core.method import pipeline
from core.params import preset
from core.work.runs import open_record
from tests.small_tissue import small_sample

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = small_sample("first")


@pytest.fixture(scope="module")
def result():
    return pipeline.run(SAMPLE, preset("paper", n_clusters=4))


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "save_model"
    yield folder
    open_record(folder).close()


def ran(capsys, *words):
    status = main(["runs", *map(str, words)])
    said = capsys.readouterr()
    return status, said.out, said.err


def answer(capsys, *words):
    status, out, err = ran(capsys, *words, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_runs_are_listed_shown_sent_brought_in_deleted_and_restored(tmp_path, models, result, capsys):
    kept = open_record(models).keep(SAMPLE, result, name="Best", who="Ada", starred=True)
    other = open_record(models).keep(SAMPLE, result)
    here = ("--models", models)

    assert [run["id"] for run in answer(capsys, "list", *here)["runs"]] == [other.id, kept.id]
    (starred,) = answer(capsys, "list", "--starred", *here)["runs"]
    assert (starred["name"], starred["who"], starred["scores"]["ari"]) == ("Best", "Ada", result.scores.ari)
    assert answer(capsys, "list", "--sample", "second", *here) == {"runs": []}
    _, lines, _ = ran(capsys, "list", *here)
    assert lines.splitlines()[1].startswith(kept.id)
    assert lines.splitlines()[0].endswith("Paper without autoencoder, 4 clusters")

    assert answer(capsys, "show", kept.id[:8], *here)["params"] == result.params.as_dict()
    _, lines, _ = ran(capsys, "show", kept.id, *here)
    assert "settings: Paper without autoencoder, 4 clusters" in lines

    answer(capsys, "export", kept.id, "--out", tmp_path / "one.run.zip", *here)
    there = ("--models", tmp_path / "elsewhere")
    assert answer(capsys, "import", tmp_path / "one.run.zip", *there)["imported"] == kept.id
    assert answer(capsys, "show", kept.id, *there)["name"] == "Best"

    assert answer(capsys, "delete", kept.id, other.id[:6], *here)["deleted"] == [kept.id, other.id]
    assert answer(capsys, "list", *here) == {"runs": []}
    assert len(answer(capsys, "list", "--deleted", *here)["runs"]) == 2
    assert answer(capsys, "delete", "--undo", kept.id, *here)["restored"] == [kept.id]
    assert [run["id"] for run in answer(capsys, "list", *here)["runs"]] == [kept.id]


def test_runs_are_exported_as_studies_of_optuna_which_are_not_overwritten(tmp_path, models, result, capsys):
    kept, gone = (open_record(models).keep(SAMPLE, result, name=name) for name in ("Best", "Deleted"))
    open_record(models).delete(gone.id)
    url, here = f"sqlite:///{tmp_path / 'studies.sqlite3'}", ("--models", models)
    said = answer(capsys, "export", "--optuna", url, *here)
    assert said["runs"] == 1
    storage = optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})
    [study] = optuna.get_all_study_summaries(storage)
    assert [study.study_name] == said["studies"]
    assert study.best_trial.value == result.scores.ari
    assert study.best_trial.user_attrs["name"] == "Best"
    storage.remove_session()
    status, out, err = ran(capsys, "export", kept.id, "--optuna", url, *here)
    assert (status, out) == (2, "")
    assert "studies.sqlite3 has a study" in err
    assert err.count("\n") == 1
    status, out, err = ran(capsys, "export", *here)
    assert (status, out) == (2, "")
    assert "give the whole id" in err


def test_names_of_domains_go_with_the_run_into_its_file_its_report_and_what_show_says(tmp_path, models, result, capsys):
    here, there = ("--models", models), ("--models", tmp_path / "elsewhere")
    kept = open_record(models).keep(SAMPLE, result, domains=domains_of(SAMPLE, result.labels, {0: "<b>Tumour</b>"}))
    answer(capsys, "export", kept.id, "--out", tmp_path / "one.run.zip", *here)
    answer(capsys, "import", tmp_path / "one.run.zip", *there)
    for options in (here, there):
        given = {item["cluster"]: item["given"] for item in answer(capsys, "show", kept.id, *options)["domains"]}
        assert given == {**dict.fromkeys(np.unique(result.labels).tolist(), ""), 0: "<b>Tumour</b>"}
        assert "0: <b>Tumour</b>" in ran(capsys, "show", kept.id, *options)[1]
    lab.write(SAMPLE, tmp_path / "sample.h5")
    answer(capsys, "report", kept.id, "--samples", tmp_path, "--out", tmp_path / "report.html", *here)
    page = (tmp_path / "report.html").read_text()
    assert "&lt;b&gt;Tumour&lt;/b&gt;" in page
    assert "<b>Tumour</b>" not in page
    open_record(models).name_domains(kept.id, {})
    assert {item["given"] for item in answer(capsys, "show", kept.id, *here)["domains"]} == {""}


def test_a_report_and_a_script_are_written_and_the_script_makes_every_label_again(tmp_path, models, result, capsys):
    lab.write(SAMPLE, tmp_path / "renamed.h5")
    kept, other = (open_record(models).keep(SAMPLE, result, name=name) for name in ("Best <one>", ""))
    here = ("--models", models, "--samples", tmp_path)
    page, program = tmp_path / "report.html", tmp_path / "again.py"
    assert answer(capsys, "report", kept.id, other.id[:8], "--out", page, *here) == {
        "report": str(page), "runs": [kept.id, other.id],
    }  # fmt: skip
    told = page.read_text()
    assert "Best &lt;one&gt;" in told
    assert f"Run {other.id[:6]}" in told
    assert answer(capsys, "script", kept.id, "--out", program, *here) == {"script": str(program), "id": kept.id}
    again = subprocess.run(
        [sys.executable, program, tmp_path / "renamed.h5"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr


def test_a_run_whose_sample_is_not_there_is_reported_by_its_small_map(tmp_path, models, result, capsys):
    kept = open_record(models).keep(SAMPLE, result)
    page = tmp_path / "report.html"
    answer(capsys, "report", kept.id, "--out", page, "--models", models, "--samples", tmp_path / "nowhere")
    assert "data:image/png;base64," in page.read_text()


def test_a_report_on_more_than_six_runs_is_refused(tmp_path, models, result, capsys):
    kept = open_record(models).keep(SAMPLE, result)
    status, out, err = ran(capsys, "report", *[kept.id] * 7, "--out", tmp_path / "a.html", "--models", models)
    assert (status, out) == (2, "")
    assert "choose 1 to 6" in err


def test_the_record_is_that_of_the_server_whose_setting_is_set(models, result, capsys, monkeypatch):
    kept = open_record(models).keep(SAMPLE, result)
    monkeypatch.setenv("SPCA_MODELS", str(models))
    assert [run["id"] for run in answer(capsys, "list")["runs"]] == [kept.id]


def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path, models, capsys):
    (tmp_path / "bad.run.zip").write_text("no zip")
    for words, sentence in [
        (("show", "abc"), "No run begins with abc"),
        (("show", "0" * 32), "kept here"),
        (("import", tmp_path / "bad.run.zip"), "bad.run.zip is not a run"),
        (("import", tmp_path / "missing.run.zip"), "missing.run.zip cannot be read"),
    ]:
        status, out, err = ran(capsys, *words, "--models", models)
        assert (status, out) == (2, "")
        assert sentence in err
        assert err.count("\n") == 1
