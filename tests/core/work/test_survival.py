"""What outlives the server: results of finished jobs, and the knowledge of those that were cut off."""

import json
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import codec, files
from core.errors import CodecError, WorkError
from core.evaluation.differential import Differential, Group, find_differential
from core.evaluation.markers import Markers
from core.io import lab
from core.io.public.dlpfc import Sources
from core.method import pipeline
from core.method.version import METHOD_VERSION
from core.params import AutoencoderParams, EmbeddingParams, MethodParams, preset
from core.result import AutoencoderReport, Result
from core.work import bringing, tasks
from core.work.board.board import Board, JobStatus
from core.work.board.job import About, Job
from core.work.board.job_log import JobLog
from core.work.board.results import Results
from core.work.board.tasks_by_name import arguments_of, result_of, task_named
from core.work.tasks import SampleFile
from tests.small_tissue import small_sample

ROOT = Path(__file__).resolve().parents[3]
PARAMS = MethodParams(embedding=EmbeddingParams(kind="code", autoencoder=AutoencoderParams(width=8, epochs=6)))


def back_and_forth(kind, value):
    return codec.decode(kind, codec.encode(value))


def test_a_run_comes_back_as_it_was():
    result = pipeline.run(small_sample("first"), MethodParams())
    again = back_and_forth(list[Result], [result])[0]
    assert again.labels.tolist() == result.labels.tolist()
    assert again.labels.dtype == result.labels.dtype
    for name in ("sample_name", "params", "scores", "direction", "autoencoder", "seconds"):
        assert getattr(again, name) == getattr(result, name), name


def test_a_run_whose_depth_bends_comes_back_with_its_bend():
    result = pipeline.run(small_sample("bent"), preset("recommended", 4))
    again = back_and_forth(Result, result)
    assert result.direction.bend is not None
    assert (again.direction, again.params) == (result.direction, result.params)


def test_markers_come_back_as_they_were():
    numbers = np.array([[1.0, np.nan], [np.inf, -3.5]])
    found = Markers(
        clusters=(0, 2), too_small={1: 3}, genes=np.array(["A", "B"]), scores=numbers, log2_fold_changes=numbers,
        p_adjusted=numbers, shares_inside=numbers, shares_outside=numbers, means_inside=numbers, means_outside=numbers,
    )  # fmt: skip
    again = back_and_forth(Markers, found)
    assert (again.clusters, again.too_small, again.genes.tolist()) == ((0, 2), {1: 3}, ["A", "B"])
    np.testing.assert_array_equal(again.scores, numbers)


def test_a_comparison_of_two_groups_comes_back_as_it_was_and_so_does_what_was_asked():
    group, against = back_and_forth(
        tuple[Group, Group], (Group("Layer5", np.array([True, False])), Group("<b>", np.array([False, True])))
    )
    assert (group.name, group.spots.tolist(), against.name) == ("Layer5", [True, False], "<b>")
    assert group.spots.dtype == bool
    found = find_differential(
        np.array([[3, 0], [2, 1], [0, 4], [1, 1]]), Group("left", np.array([True, True, False, False]))
    )
    again = back_and_forth(Differential, found)
    assert again.sizes == (2, 2)
    np.testing.assert_array_equal(again.log2_fold_change, found.log2_fold_change)


def test_nothing_of_an_unknown_kind_is_written_or_made():
    with pytest.raises(Exception, match="cannot be kept"):
        codec.encode(subprocess.Popen)
    with pytest.raises(CodecError):
        codec.from_plain(Result, {"kind": "Popen", "fields": {"args": ["true"]}})
    with pytest.raises(CodecError, match="pickle"):
        codec.encode(np.array([object()]))


def test_a_result_is_found_again_under_its_key_alone_and_damage_is_left_out(tmp_path):
    results = Results(tmp_path)
    results.put("key", [1, 2.5, np.arange(3)])
    kind: Any = tuple[int, float, np.ndarray]
    assert Results(tmp_path).get("key", kind)[2].tolist() == [0, 1, 2]
    assert results.get("other key", kind) is None
    [path] = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[:-40])
    assert results.get("key", kind) is None


def test_a_result_of_another_method_is_not_found_and_one_of_another_release_is(tmp_path, monkeypatch):
    Results(tmp_path).put("key", [1])
    monkeypatch.setattr("core.method.version.__version__", "9.9.9")
    assert Results(tmp_path).get("key", list[int]) == [1]
    monkeypatch.setattr("core.work.board.results.METHOD_VERSION", METHOD_VERSION + 1)
    assert Results(tmp_path).get("key", list[int]) is None


def test_results_that_were_used_longest_ago_make_room(tmp_path):
    results = Results(tmp_path, max_bytes=25_000)
    for key in ("a", "b"):
        results.put(key, np.zeros(1250))
    results.get("a", np.ndarray)
    results.put("c", np.zeros(1250))
    assert [results.get(key, np.ndarray) is not None for key in "abc"] == [True, False, True]


@pytest.fixture
def opened(tmp_path):
    """Open logs, as servers do that start; all are closed in the end."""
    logs = []

    def open_one():
        logs.append(JobLog(tmp_path))
        return logs[-1]

    yield open_one
    for log in logs:
        log.close()


def asked(log, job_id="1", owner="Ada"):
    job = Job(id=job_id, key="key", owners=(owner,), about=About(what="Training", sample="first"), asked=7.0)
    sample = SampleFile(Path("first.h5"), "content", "annotation")
    log.asked(job, tasks.train, (sample, PARAMS, Path("models")), at_home=False, again=True)


def test_what_was_begun_and_not_finished_is_told_with_all_that_is_needed_to_begin_again(opened, tmp_path):
    before = opened()
    asked(before, "1")
    asked(before, "2")
    before.ended("2", "done")
    before.close()
    [cut] = opened().interrupted()
    assert (cut.id, cut.owners, str(cut.about), cut.asked) == ("1", ("Ada",), "Training of first", 7.0)
    assert cut.task is tasks.train
    assert cut.args == (SampleFile(Path("first.h5"), "content", "annotation"), PARAMS, Path("models"))
    assert cut.again


def test_a_server_that_runs_keeps_its_journal_to_itself(opened, tmp_path):
    running = opened()
    asked(running)
    assert opened().interrupted() == []


def test_a_server_that_starts_gets_its_journal_though_another_looks_into_it(opened, tmp_path, monkeypatch):
    name = uuid.uuid4()
    monkeypatch.setattr(uuid, "uuid4", lambda: name)
    looks = files.open_locked(path := tmp_path / f"{name.hex}.jsonl")

    def let_go():
        path.unlink()  # as of a server that ended
        looks.close()

    threading.Timer(0.1, let_go).start()
    asked(opened())
    assert len(path.read_text().splitlines()) == 1


def test_interrupted_work_is_told_until_it_is_settled_over_any_number_of_restarts(opened, tmp_path):
    first = opened()
    asked(first)
    first.close()
    second = opened()
    second.close()
    third = opened()
    assert len(third.interrupted()) == 1
    third.settle("1")
    assert third.interrupted() == []
    third.close()
    fourth = opened()
    assert fourth.interrupted() == []
    assert len(list(tmp_path.glob("*.jsonl"))) == 1


def test_a_line_cut_off_in_the_middle_and_a_task_that_is_none_of_ours_are_left_out(opened, tmp_path):
    before = opened()
    asked(before)
    before.close()
    [path] = tmp_path.glob("*.jsonl")
    foreign = json.loads(path.read_text()) | {"id": "2", "task": "os:system"}
    path.write_text(path.read_text() + json.dumps(foreign) + "\n" + '{"event": "asked", "id": "3", "ke')
    assert [cut.id for cut in opened().interrupted()] == ["1"]


def test_every_kind_of_argument_of_a_task_that_outlives_the_server_comes_back():
    fetch = ("dlpfc", ("151507", "151508"), Path("samples"), Sources(counts="https://elsewhere"))
    assert codec.decode(arguments_of(bringing.fetch), codec.encode(fetch)) == fetch
    assert result_of(tasks.train) is AutoencoderReport
    assert result_of(tasks.joint) == dict[str, Result]


@pytest.mark.parametrize(
    "name",
    ["os:system", "core.work.tasks:_read", "core.work.tasks:model_shelf", "core.work.tasks:Path", "core.work.nothing:x", "", ":", "core.work.tasks:"],
)  # fmt: skip
def test_only_a_task_is_looked_up_by_its_name(name):
    assert task_named("core.work.tasks:train") is tasks.train
    with pytest.raises(WorkError, match="no task of this program"):
        task_named(name)


SERVER = """
import sys, time
from pathlib import Path
from typing import Any
from core.params import *
from core.work import tasks
from core.work.board.job import About
from core.work.board.board import Board
from core.work.tasks import SampleFile
board = Board()
folder, content, annotation = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
board.keep_in(folder)
sample = SampleFile(folder / "first.h5", content, annotation)
done = board.submit("done", tasks.repeat, sample, MethodParams(), 2, folder, owner="Ada", lasting=True)
board.wait(done, 60)
long = MethodParams(embedding=EmbeddingParams(kind="code", autoencoder=AutoencoderParams(width=8, epochs=10000)))
about = About(what="Training", sample="first")
board.submit("long", tasks.train, sample, long, folder, owner="Ada", lasting=True, again=True, about=about)
print("asked", flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_after_a_server_was_killed_its_results_are_there_and_its_unfinished_work_is_offered_again(tmp_path):
    lab.write(small_sample("first"), tmp_path / "first.h5")
    sample = lab.read(tmp_path / "first.h5")
    words = [sys.executable, "-c", SERVER, str(tmp_path), sample.content_hash, sample.annotation_hash]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "asked\n"
        server.kill()
    board = Board()
    board.keep_in(tmp_path)
    done = board.find("done", tasks.repeat)
    expected = pipeline.repeat(sample, MethodParams(), 2)
    assert done.status is JobStatus.DONE
    assert [result.labels.tolist() for result in done.result] == [result.labels.tolist() for result in expected]
    [cut] = board.interrupted()
    assert (str(cut.about), cut.owners) == ("Training of first", ("Ada",))
    board.take_up(cut.id, "Ben")
    assert board.interrupted() == []
    again = board.find("long")
    assert (again.owners, again.finished) == (("Ben",), False)
    board.cancel(again.id)
    board.close()
