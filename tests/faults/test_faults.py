"""Nothing recorded is lost or half-written; every fault ends in a sentence, and work goes on."""

import gc
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import RecordError
from core.method import pipeline
from core.params import preset
from core.work.board.board import Board, JobStatus, shared_board
from core.work.board.results import Results
from core.work.runs import Record
from tests import postgres
from tests.core.work import chores
from tests.core.work.outside_cluster import outside_cluster, wait_until
from tests.small_tissue import small_sample

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = small_sample("first")


@pytest.fixture(scope="module")
def result():
    return pipeline.run(SAMPLE, preset("paper", n_clusters=4))


@pytest.fixture(scope="module")
def empty_record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty")
    Record(f"sqlite:///{folder / 'runs.sqlite3'}", folder / "runs").runs()
    return folder / "runs.sqlite3"


@pytest.fixture
def record(tmp_path, empty_record):
    shutil.copy(empty_record, tmp_path)
    return Record(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path / "runs")


def ended(board, job_id):
    assert board.wait(job_id, 120)
    return board.job(job_id)


def test_a_worker_that_is_killed_costs_time_and_nothing_else(tmp_path):
    board = shared_board()
    job_id = board.submit(f"killed {tmp_path}", chores.count, tmp_path / "x", 20, 0.05)
    wait_until(lambda: board.job(job_id).losses)
    os.kill(int((tmp_path / "x.pid").read_text()), signal.SIGKILL)
    assert ended(board, job_id).result == 20
    assert (tmp_path / "x").read_text() == "x\nx\n"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with outside_cluster(tmp_path_factory.mktemp("outside"), n_workers=1) as cluster:
        yield cluster


@pytest.fixture
def far_board(cluster, monkeypatch):
    for name, value in cluster.settings.items():
        monkeypatch.setenv(name, value)
    board = Board()
    yield board
    board.close()


@pytest.mark.slow
def test_when_an_outside_scheduler_dies_running_work_fails_with_a_sentence_and_the_rest_waits_for_its_return(
    far_board, cluster, tmp_path
):
    running = far_board.submit("running", chores.count, tmp_path / "running", 1000, 0.1)
    wait_until(lambda: far_board.job(running).status is JobStatus.RUNNING)
    cluster.scheduler.kill()
    cluster.scheduler.wait()
    waiting = far_board.submit("waiting", chores.count, tmp_path / "waiting")
    assert "Start it again" in ended(far_board, running).error
    cluster.start_scheduler()
    assert ended(far_board, waiting).result == 3


WRITER = """
import sys
from pathlib import Path
import numpy as np
from core.method import pipeline
from core.params import preset
from core.work.board.results import Results
from core.work.runs import Record
from tests.small_tissue import small_sample
folder = Path(sys.argv[1])
record, results = Record(f"sqlite:///{folder / 'runs.sqlite3'}", folder / "runs"), Results(folder / "results")
sample = small_sample("first")
result = pipeline.run(sample, preset("paper", n_clusters=4))
for number in range(1000):
    results.put(f"key {number}", np.full(20_000, number))
    run = record.keep(sample, result, name=str(number))
    print(number, flush=True)
"""


@pytest.mark.slow
def test_an_app_killed_in_the_middle_of_writing_leaves_whole_records_and_all_that_it_said_were_kept(
    record, tmp_path, time_over
):
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as app:
        assert app.stdout.readline() == "0\n"
        time.sleep(0.05 + 0.037 * time_over)
        app.kill()
        said = [0, *map(int, app.stdout.read().split())]
    kept = {int(run.name): run for run in record.runs()}
    assert set(said) <= set(kept) <= {*said, len(said)}
    results = Results(tmp_path / "results")
    for number, run in kept.items():
        assert record.result(run).labels.size == SAMPLE.n_spots
        assert (results.get(f"key {number}", np.ndarray) == number).all()


FULL = """
import json, subprocess, sys
from pathlib import Path
import numpy as np
from core.errors import DomainsError
from core.method import pipeline
from core.params import preset
from core.work.board.results import Results
from core.work.runs import Record
from tests.small_tissue import small_sample
folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)], check=True)
record, results = Record(f"sqlite:///{folder / 'runs.sqlite3'}", folder / "runs"), Results(folder / "results")
sample = small_sample("first")
result = pipeline.run(sample, preset("paper", n_clusters=4))
first = record.keep(sample, result, name="first")
results.put("small", [1])
filler = folder / "filler"
with filler.open("wb", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError:
        pass
said = ""
try:
    for number in range(50):
        record.keep(sample, result, name=f"full {number}")
except DomainsError as error:
    said = str(error)
results.put("large", np.zeros(100_000))
filler.unlink()
last = record.keep(sample, result, name="last")
whole = [record.result(run).labels.size == sample.n_spots for run in record.runs()]
names = [run.name for run in record.runs()]
print(json.dumps({"said": said, "whole": whole, "names": names, "small": results.get("small", list[int]), "large": results.get("large", np.ndarray)}))
"""


@pytest.mark.slow
def test_a_full_disk_is_said_in_a_sentence_and_once_there_is_room_work_goes_on(tmp_path):
    own_mounts = [shutil.which("unshare") or "", "--mount", "--map-root-user"]
    if not own_mounts[0] or subprocess.run([*own_mounts, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk of its own (unshare --mount --map-root-user)")
    words = [*own_mounts, sys.executable, "-c", FULL, str(tmp_path)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["said"].endswith(".")
    assert all(found["whole"])
    assert {"first", "last"} <= set(found["names"])
    assert (found["small"], found["large"]) == ([1], None)


def test_a_record_that_another_process_locks_is_said_in_a_sentence_and_works_again_afterwards(
    record, result, tmp_path, monkeypatch
):
    monkeypatch.setattr("core.work.runs.database._ENGINE", {True: {"connect_args": {"timeout": 0.2}}, False: {}})
    record.keep(SAMPLE, result, name="before")
    other = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(RecordError, match="another program holds it"):
        record.keep(SAMPLE, result, name="meanwhile")
    other.execute("ROLLBACK")
    other.close()
    record.keep(SAMPLE, result, name="after")
    assert [run.name for run in record.runs()] == ["after", "before"]


@pytest.fixture(scope="module")
def server():
    with postgres.running() as server:
        yield server


# Connections to a server that is gone are closed by the garbage collector, which complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
def test_a_postgresql_that_stops_is_said_in_a_sentence_and_used_again_once_it_is_back(
    server, result, tmp_path, time_over
):
    record = Record(server.url, tmp_path / "runs")
    record.keep(SAMPLE, result, name=f"before {time_over}")
    server.stop()
    try:
        with pytest.raises(RecordError, match="does not answer"):
            record.keep(SAMPLE, result, name="meanwhile")
    finally:
        server.start()
    record.keep(SAMPLE, result, name=f"after {time_over}")
    record.close()
    reader = Record(server.url, tmp_path / "runs")
    names = [run.name for run in reader.runs()]
    reader.close()
    assert {f"before {time_over}", f"after {time_over}"} <= set(names)
    assert "meanwhile" not in names
    gc.collect()


def test_who_goes_away_finds_the_job_done_on_coming_back(tmp_path):
    board = shared_board()
    job_id = board.submit(f"gone {tmp_path}", chores.count, tmp_path / "x", 5, 0.05, owner="Ada")
    del job_id  # the session is gone, and with it all that it knew
    wait_until(lambda: board.find(f"gone {tmp_path}").finished)
    found = board.find(f"gone {tmp_path}")
    assert (found.status, found.result, found.owners) == (JobStatus.DONE, 5, ("Ada",))
    assert np.all(np.diff(found.losses) == 1)
