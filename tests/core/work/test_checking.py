"""Imported runs belong to who imports them, and their scores count as claimed until they are computed here."""

import dataclasses
import json
import threading
import zipfile

import numpy as np
import pytest

from core.errors import RecordError
from core.figures.thumbnail import map_png
from core.guidance import Guidance
from core.method import pipeline
from core.method.pipeline import Pipeline
from core.params import preset
from core.result import Scores
from core.sample import UNANNOTATED
from core.strokes import strokes_of
from core.work.runs import Record, one_file
from core.work.runs.checking import confirm, recompute, why_not
from tests.small_tissue import small_sample

SAMPLE = small_sample("first")


def record_in(folder):
    folder.mkdir(exist_ok=True)
    return Record(f"sqlite:///{folder / 'runs.sqlite3'}", folder / "runs")


@pytest.fixture(scope="module")
def result():
    return pipeline.run(SAMPLE, preset("paper", n_clusters=4))


@pytest.fixture
def sent(tmp_path, result):
    """A run of Ben's with scores that are too good, as one file."""
    there = record_in(tmp_path / "there")
    better = dataclasses.replace(result, scores=Scores(ari=0.99, nmi=0.99))
    there.export(there.keep(SAMPLE, better, who="Ben", name="sent").id, tmp_path / "sent.run.zip")
    return tmp_path / "sent.run.zip"


def test_an_imported_run_is_its_importers_and_says_by_whom_it_claims_to_be(tmp_path, sent):
    run = record_in(tmp_path / "here").import_(sent, who="Ada")
    assert (run.who, run.claimed, run.imported) == ("Ada", "Ben", True)
    assert record_in(tmp_path / "here").run(run.id) == run


def test_a_file_cannot_say_that_it_was_computed_here(tmp_path, sent):
    with zipfile.ZipFile(sent) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["run.json"] = json.dumps(json.loads(members["run.json"]) | {"imported": False, "claimed": "Eve"}).encode()
    with zipfile.ZipFile(sent, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    run = record_in(tmp_path / "here").import_(sent, who="Ada")
    assert (run.claimed, run.imported) == ("Ben", True)


def test_a_check_puts_the_scores_that_are_computed_here(tmp_path, sent, result):
    here = record_in(tmp_path / "here")
    run = here.import_(sent, who="Ada")
    assert run.scores.ari == 0.99
    assert why_not(run, SAMPLE) == ""
    checked = confirm(here, run, SAMPLE, recompute(here.result(run), SAMPLE, tmp_path))
    assert (checked.imported, checked.scores, checked.claimed) == (False, result.scores, "Ben")


def test_a_check_leaves_nothing_that_only_the_file_claims_but_what_people_call_things(tmp_path):
    there, here = record_in(tmp_path / "there"), record_in(tmp_path / "here")
    own = pipeline.run(SAMPLE, preset("recommended", n_clusters=3))
    assert own.confidence is not None
    forged = dataclasses.replace(own, confidence=np.ones(SAMPLE.n_spots), seconds={"cluster": 1e6})
    run = there.keep(SAMPLE, forged, name="sent")
    named = there.name_domains(run.id, {0: "Mine"})
    wrong = tuple(dataclasses.replace(one, layer="Layer9", colour="#123456") for one in named.domains)
    there.export(run.id, path := tmp_path / "forged.run.zip")
    read, contents = one_file.read(path)
    contents["map.png"] = map_png(SAMPLE.coordinates, np.zeros(SAMPLE.n_spots, dtype=int), {0: "#FF0000"})
    one_file.write(path, dataclasses.replace(read, domains=wrong), contents)
    run = here.import_(path, who="Ada")
    checked = confirm(here, run, SAMPLE, recompute(here.result(run), SAMPLE, tmp_path))
    kept = there.keep(SAMPLE, own)  # as it is where it is computed
    np.testing.assert_allclose(here.result(checked).confidence, own.confidence, atol=1e-6)
    assert here.picture(checked) == there.picture(kept)
    assert checked.seconds.keys() != {"cluster"}
    assert [one.layer for one in checked.domains] == [one.layer for one in kept.domains]
    assert [one.given for one in checked.domains] == ["Mine", *[""] * (len(checked.domains) - 1)]
    assert (checked.name, checked.who, checked.imported) == ("sent", "Ada", False)


def test_a_run_whose_labels_are_others_stays_unchecked(tmp_path, result):
    there, here = record_in(tmp_path / "there"), record_in(tmp_path / "here")
    labels = result.labels.copy()
    labels[:3] = (labels[:3] + 1) % 4
    false = there.keep(SAMPLE, dataclasses.replace(result, labels=labels))
    there.export(false.id, tmp_path / "false.run.zip")
    run = here.import_(tmp_path / "false.run.zip")
    with pytest.raises(RecordError, match=f"3 spots of {SAMPLE.n_spots} have another label"):
        confirm(here, run, SAMPLE, recompute(here.result(run), SAMPLE, tmp_path))
    assert here.run(run.id).imported


def test_a_guided_run_is_checked_as_it_was_guided(tmp_path):
    there, here = record_in(tmp_path / "there"), record_in(tmp_path / "here")
    painted = np.where(np.arange(SAMPLE.n_spots) % 9 == 0, SAMPLE.labels_true, UNANNOTATED)
    guided = Pipeline(SAMPLE).run_guided(preset("recommended", n_clusters=3), Guidance(strokes=strokes_of(painted)))
    there.export(there.keep(SAMPLE, guided).id, tmp_path / "guided.run.zip")
    run = here.import_(tmp_path / "guided.run.zip")
    checked = confirm(here, run, SAMPLE, recompute(here.result(run), SAMPLE, tmp_path))
    assert (checked.imported, checked.scores) == (False, guided.scores)


def test_what_cannot_be_checked_says_why(tmp_path, sent):
    run = record_in(tmp_path / "here").import_(sent)
    assert "not here" in why_not(run, None)
    assert "clustered as one" in why_not(dataclasses.replace(run, together=("a", "b")), SAMPLE)
    bare = dataclasses.replace(SAMPLE, labels_true=None)
    assert "another annotation" in why_not(run, bare)


def test_a_deleted_run_comes_back_by_import_only_for_who_may_delete_it(tmp_path, sent):
    here = record_in(tmp_path / "here")
    run = here.import_(sent, who="Ada")
    here.delete(run.id)
    with pytest.raises(RecordError, match="who alone can bring it back"):
        here.import_(sent, who="Eve", may_restore=lambda known: known.who == "Eve")
    assert here.runs() == []
    assert here.import_(sent, who="Ada", may_restore=lambda known: known.who == "Ada").who == "Ada"
    assert [known.id for known in here.runs()] == [run.id]


def test_three_imports_at_once_are_one_run(tmp_path, sent):
    here, arrived = record_in(tmp_path / "here"), []
    ready = threading.Barrier(3)

    def take_in(who):
        ready.wait()
        arrived.append(here.import_(sent, who=who))

    threads = [threading.Thread(target=take_in, args=(who,)) for who in ("Ada", "Ben", "Cem")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (run,) = here.runs()
    assert {one.who for one in arrived} == {run.who}
    assert len(here.result(run).labels) == SAMPLE.n_spots
