"""`python -m core runs`: the record of runs without a browser."""

import json

import pytest

from core.cli import main
from core.method import pipeline
from core.params import preset
from core.work.runs import open_record
from tests.small_tissue import small_sample

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
