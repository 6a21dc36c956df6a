"""The record of runs: kept in one place, read from another, changed, deleted, restored, and taken along as one file."""

import dataclasses
import io
import json
import shutil
import zipfile
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import RecordError
from core.method import pipeline
from core.params import ClusteringParams, MethodParams, PoolingParams, preset, replaced
from core.result import AutoencoderReport, Result, Scores
from core.work.runs import Record, knobs, one_file
from core.work.runs.optuna_export import objective
from tests.small_tissue import small_sample

SAMPLE = small_sample("first")


def record_in(folder):
    return Record(f"sqlite:///{folder / 'runs.sqlite3'}", folder / "runs")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A record without runs: making its tables takes a second, copying it none."""
    folder = tmp_path_factory.mktemp("empty")
    assert record_in(folder).runs() == []
    return folder / "runs.sqlite3"


@pytest.fixture
def record(tmp_path, empty):
    shutil.copy(empty, tmp_path)
    return record_in(tmp_path)


@pytest.fixture
def elsewhere(tmp_path, empty):
    """The record of another server."""
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(empty, tmp_path / "elsewhere")
    return record_in(tmp_path / "elsewhere")


@pytest.fixture(scope="module")
def result():
    return pipeline.run(SAMPLE, preset("paper", n_clusters=4))


@pytest.fixture(scope="module")
def exported(tmp_path_factory, empty, result):
    """A run that was kept on another server, as one file."""
    folder = tmp_path_factory.mktemp("exported")
    shutil.copy(empty, folder)
    record = record_in(folder)
    record.export(record.keep(SAMPLE, result).id, folder / "good.run.zip")
    return folder / "good.run.zip"


def trained(result):
    report = AutoencoderReport(explained_variance=0.34, losses=(3.0, 2.0, 1.5), reused=True)
    params = replaced(result.params, ("embedding", "kind"), "code")
    return dataclasses.replace(result, autoencoder=report, params=params)


def test_a_kept_run_is_found_by_another_process_with_everything_that_was_kept(tmp_path, record, result):
    before = datetime.now(UTC)
    kept = record.keep(SAMPLE, result, who="Ada", name="Good one", note="Look at layer 4", starred=True)
    assert record_in(tmp_path).runs() == [kept]
    found = record_in(tmp_path).run(kept.id)
    assert found == kept
    assert (found.who, found.name, found.note, found.starred, found.sweep) == (
        "Ada", "Good one", "Look at layer 4", True, "",
    )  # fmt: skip
    assert (found.sample_name, found.content_hash, found.annotation_hash) == (
        "first", SAMPLE.content_hash, SAMPLE.annotation_hash,
    )  # fmt: skip
    assert (found.params, found.scores, found.direction) == (result.params, result.scores, result.direction)
    assert before <= found.created <= datetime.now(UTC)


def test_labels_and_losses_come_back_as_they_were(tmp_path, record, result):
    kept = record.keep(SAMPLE, trained(result))
    again = record_in(tmp_path).result(record_in(tmp_path).run(kept.id))
    np.testing.assert_array_equal(again.labels, result.labels)
    assert again.autoencoder == trained(result).autoencoder
    assert again.seconds == result.seconds


def test_confidence_comes_back_to_seven_digits(tmp_path, record, result):
    sure = np.linspace(0, 1, SAMPLE.n_spots)
    kept = record.keep(SAMPLE, dataclasses.replace(result, confidence=sure))
    np.testing.assert_allclose(record_in(tmp_path).result(kept).confidence, sure, atol=1e-7)


def test_without_an_annotation_runs_are_compared_by_how_many_spots_agree_with_their_neighbours():
    assert objective(Scores(ari=0.5, pas=0.2)) == 0.5
    assert objective(Scores(pas=0.25)) == 0.75


def test_the_small_map_shows_each_domain_in_the_colour_of_its_layer(record):
    perfect = Result(sample_name="first", labels=layers_of(SAMPLE), params=MethodParams())
    picture = Image.open(io.BytesIO(record.picture(record.keep(SAMPLE, perfect))))
    shades: list[Any] = picture.convert("RGBA").getcolors(1 << 16)
    colours = {colour for _, colour in shades if colour[3] == 255}
    # The first three layers as `docs/decisions/0003-colours.md` gives them.
    assert {(0xEF, 0xBD, 0x47, 255), (0xD9, 0x73, 0x60, 255), (0xA1, 0x20, 0x4D, 255)} <= colours
    assert max(picture.size) == 240


def layers_of(sample):
    return sample.lattice[:, 0] * 3 // 16


def test_what_another_process_adds_changes_and_deletes_is_seen(tmp_path, record, result):
    first, second = record.keep(SAMPLE, result, name="a"), record.keep(SAMPLE, result, name="b")
    elsewhere = record_in(tmp_path)
    assert {run.id for run in elsewhere.runs()} == {first.id, second.id}
    third = record.keep(SAMPLE, result, name="c")
    record.change(first.id, name="renamed", note="so it is", starred=True)
    record.delete(second.id)
    assert [run.name for run in elsewhere.runs()] == ["c", "renamed"]
    assert elsewhere.runs()[0] == third
    assert elsewhere.runs()[1].note == "so it is"
    assert elsewhere.runs()[1].starred
    assert [run.name for run in elsewhere.runs(deleted=True)] == ["b"]


def test_deleting_can_be_undone(record, result):
    kept = record.keep(SAMPLE, result, name="a")
    record.delete(kept.id)
    assert record.runs() == []
    record.restore(kept.id)
    assert record.runs() == [kept]


def test_only_new_runs_are_read_and_the_reading_says_how_far_it_is(tmp_path, record, result):
    for _ in range(3):
        record.keep(SAMPLE, result)
    elsewhere, heard = record_in(tmp_path), []
    elsewhere.runs(on_read=lambda done, of: heard.append((done, of)))
    assert heard == [(3, 3)]
    record.keep(SAMPLE, result)
    elsewhere.runs(on_read=lambda done, of: heard.append((done, of)))
    assert heard[1:] == [(1, 1)]


def test_runs_are_chosen_by_sample_and_by_sweep(tmp_path, record, result):
    other = dataclasses.replace(small_sample("second"), labels_true=None)
    unscored = dataclasses.replace(result, sample_name="second", scores=Scores())
    [mine], theirs = record.keep_all(SAMPLE, [result], who="", sweep="s"), record.keep(other, unscored)
    assert record.runs(sample_name="first") == [mine]
    assert record.runs(sample_name="second") == [theirs]
    assert record.runs(sweep="s") == [mine]
    assert record_in(tmp_path).run(mine.id).sweep == "s"  # as another process finds it


def test_every_knob_has_a_distribution_that_contains_its_value_and_comes_back():
    odd = MethodParams(
        pooling=PoolingParams(window=11, scale=0.125),
        clustering=ClusteringParams(x_weight=3.5, n_clusters=7, init="k-means++", random_state=2**32 - 1),
    )
    values, distributions = knobs.trial_params(odd), knobs.distributions()
    assert values.keys() == distributions.keys()
    for name, value in values.items():
        inside = distributions[name].to_internal_repr(value)
        assert distributions[name]._contains(inside)
        assert distributions[name].to_external_repr(inside) == value
    assert knobs.method_params(values) == (odd, {})


def test_a_record_of_another_version_is_read_as_far_as_it_is_understood():
    values = {"pooling.window": 9, "pooling.shape": "round", "clustering.n_clusters": 1000, "embedding.kind": "magic"}
    params, aside = knobs.method_params(values)
    assert params == MethodParams(pooling=PoolingParams(window=9))
    assert aside == {"pooling.shape": "round", "clustering.n_clusters": 1000, "embedding.kind": "magic"}


def test_names_and_notes_have_a_longest_length(record, result):
    kept = record.keep(SAMPLE, result, name="  a  ")
    assert kept.name == "a"
    with pytest.raises(RecordError, match="121 signs"):
        record.change(kept.id, name="x" * 121)
    with pytest.raises(RecordError, match="shorten it"):
        record.keep(SAMPLE, result, note="x" * 4001)
    assert len(record.runs()) == 1


def test_a_run_that_nobody_kept_is_refused_in_a_sentence(record):
    with pytest.raises(RecordError, match="kept here"):
        record.run("0" * 32)
    with pytest.raises(RecordError, match="32 hexadecimal digits"):
        record.run("../../etc/passwd")


def test_a_missing_or_changed_file_of_labels_is_told(tmp_path, record, result):
    kept = record.keep(SAMPLE, result)
    file = tmp_path / "runs" / kept.artifacts["labels.npy"]
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(RecordError, match="damaged"):
        record.result(kept)
    file.unlink()
    with pytest.raises(RecordError, match="missing"):
        record.result(kept)


def test_a_run_travels_as_one_file_under_the_same_id(tmp_path, record, elsewhere, result):
    kept = record.keep(SAMPLE, trained(result), name="travels", note="far", starred=True)
    record.export(kept.id, tmp_path / "one.run.zip")
    arrived = elsewhere.import_(tmp_path / "one.run.zip")
    assert dataclasses.replace(arrived, artifacts=kept.artifacts, imported=False) == kept
    np.testing.assert_array_equal(elsewhere.result(arrived).labels, result.labels)
    assert elsewhere.result(arrived).autoencoder.losses == (3.0, 2.0, 1.5)
    assert elsewhere.picture(arrived) == record.picture(kept)
    assert elsewhere.import_(tmp_path / "one.run.zip") == arrived
    elsewhere.delete(arrived.id)
    elsewhere.import_(tmp_path / "one.run.zip")
    assert [run.id for run in elsewhere.runs()] == [kept.id]


def changed_file(path, out, **contents):
    """The same zip with some of its members replaced; None leaves one out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        members = {name: old.read(name) for name in old.namelist()} | contents
        for name, content in members.items():
            if content is not None:
                new.writestr(name, content)
    return out


def pickled():
    content = io.BytesIO()
    np.save(content, np.array([print], dtype=object), allow_pickle=True)
    return content.getvalue()


def npy(array):
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def of_many(out, n=100_000):
    """A zip whose list names very many files, as no run has: it takes ten times as much memory as the file."""
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.json", b"{}")
        (entry,) = archive.infolist()
        archive.filelist = [entry] * n
        archive._didModify = True  # type: ignore[attr-defined]
    return out


HOSTILE = {
    "a list of very many": lambda path, out: of_many(out),
    "no zip": lambda path, out: out.write_bytes(b"hello") and out,
    "cut off": lambda path, out: out.write_bytes(path.read_bytes()[:900]) and out,
    "a further member": lambda path, out: changed_file(path, out, **{"../../evil.py": b"print()"}),
    "no labels": lambda path, out: changed_file(path, out, **{"labels.npy": None}),
    "a pickle": lambda path, out: changed_file(path, out, **{"labels.npy": pickled()}),
    "other labels": lambda path, out: changed_file(path, out, **{"labels.npy": npy(np.zeros(192, dtype=np.uint8))}),
    "confidence of other spots": lambda path, out: changed_file(path, out, **{"confidence.npy": npy(np.zeros(5))}),
    "no confidence": lambda path, out: changed_file(path, out, **{"confidence.npy": npy(np.full(192, np.nan))}),
    "labels of other spots": lambda path, out: changed_file(path, out, **{"labels.npy": npy(np.zeros(5, dtype=int))}),
    "a script for a picture": lambda path, out: changed_file(path, out, **{"map.png": b"<script>"}),
    "a bomb": lambda path, out: changed_file(path, out, **{"run.json": b" " * (2 << 20)}),
    "no facts": lambda path, out: changed_file(path, out, **{"run.json": b"[]"}),
    "deep facts": lambda path, out: changed_file(path, out, **{"run.json": b"[" * 100_000}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_strangers_file_is_refused_in_a_sentence_before_anything_is_written(tmp_path, exported, kind):
    bad = HOSTILE[kind](exported, tmp_path / "bad.run.zip")
    with pytest.raises(RecordError, match=r"bad\.run\.zip|damaged"):
        record_in(tmp_path).import_(bad)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.run.zip"]


FALSE_FACTS = [
    {"id": "../x"}, {"id": 5}, {"n_spots": 10**12}, {"n_spots": True}, {"name": "x" * 121}, {"name": 3},
    {"scores": {"ari": "high"}}, {"scores": {"ari": 1.5}}, {"scores": {"nmi": -0.5}}, {"scores": {"n_tiny": -1}}, {"direction": []}, {"scores": [1]}, {"scores": {"ari": float("nan")}}, {"created": "yesterday"},
    {"direction": {"angle": None, "method": "x"}}, {"params": {"pooling.window": [1]}}, {"params": []},
    {"aside": {"x": {"y": 1}}}, {"format": 99}, {"note": [[[[[[[[[["deep"]]]]]]]]]]}, {"starred": "yes"}, {"artifacts": 5},
    {"direction": {"angle": 1.0, "method": "bending", "bend": {"centre_um": [0, 0], "scale_um": 1, "coefficients": [1]}}},
    {"seconds": {f"step {number}": 1.0 for number in range(101)}}, {"autoencoder": {"explained_variance": "all"}},
    {"params": {"x" * 201: 1}}, {"created": 5}, {"labels_hash": "x" * 65}, {"content_hash": None, "sample_name": "x" * 201},
]  # fmt: skip


@pytest.mark.parametrize("facts", FALSE_FACTS, ids=lambda facts: str(facts)[:80])
def test_false_facts_in_a_strangers_file_are_refused(tmp_path, exported, facts):
    with pytest.raises(RecordError):
        one_file.read(changed_facts(exported, tmp_path / "bad.run.zip", facts))


def changed_facts(path, out, facts):
    with zipfile.ZipFile(path) as good:
        changed = json.loads(good.read("run.json")) | facts
    return changed_file(path, out, **{"run.json": json.dumps(changed).encode()})


def test_what_this_version_does_not_know_of_a_strangers_run_is_kept_aside(tmp_path, record, exported):
    with zipfile.ZipFile(exported) as good:
        facts = json.loads(good.read("run.json"))
    scores, params = facts["scores"] | {"beauty": 1.0}, facts["params"] | {"pooling.shape": "round"}
    new = changed_facts(exported, tmp_path / "new.run.zip", {"scores": scores, "params": params})
    arrived = record.import_(new)
    assert arrived.aside == {"pooling.shape": "round"}
    assert record.run(arrived.id).aside == {"pooling.shape": "round"}
    assert record_in(tmp_path).run(arrived.id).aside == {"pooling.shape": "round"}
    assert arrived.params == preset("paper", n_clusters=4)
