"""The board of jobs, on a real cluster of processes that all tests share."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from distributed import Client, Security

from core.errors import LimitError
from core.io import lab
from core.method import pipeline
from core.params import AutoencoderParams, EmbeddingParams, MethodParams
from core.work import bringing, tasks
from core.work.board.board import Board, JobStatus, shared_board
from core.work.cluster.host import sizes
from core.work.tasks import SampleFile
from tests.core.work import chores
from tests.incoming_tissue import write_zip
from tests.small_tissue import small_sample

ROOT = Path(__file__).resolve().parents[3]
SMALL = MethodParams(
    embedding=EmbeddingParams(kind="code", autoencoder=AutoencoderParams(width=8, epochs=6, batch_size=32))
)


@pytest.fixture(scope="module")
def board():
    return shared_board()  # the pages' tests use it, too: one cluster for all


@pytest.fixture
def saved_sample(tmp_path):
    path = tmp_path / "first.h5"
    lab.write(small_sample("first"), path)
    return SampleFile(path, lab.read(path).content_hash)


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def ended(board, job_id, seconds=120.0):
    assert board.wait(job_id, seconds)
    return board.job(job_id)


def test_equal_requests_share_one_job_and_its_result(board, tmp_path):
    path = tmp_path / "count"
    first = board.submit("same", chores.count, path, owner="Ada")
    second = board.submit("same", chores.count, path, owner="Ben")
    assert first == second
    assert ended(board, first).result == 3
    assert board.submit("same", chores.count, path, owner="Ada") == first
    assert board.job(first).owners == ("Ada", "Ben")
    assert path.read_text() == "x\n"


def test_asked_again_a_finished_job_is_done_anew(board, tmp_path):
    first = board.submit("anew", chores.count, tmp_path / "count")
    ended(board, first)
    assert board.submit("anew", chores.count, tmp_path / "count", again=True) != first


def test_a_job_goes_from_queued_over_running_to_done_with_its_losses_and_time_left(board, tmp_path):
    job_id = board.submit("states", chores.count, tmp_path / "count", 20, 0.15)
    assert board.job(job_id).status is JobStatus.QUEUED
    until(lambda: len(board.job(job_id).losses) > 3)
    running = board.job(job_id)
    assert running.status is JobStatus.RUNNING
    assert running.losses == tuple(float(step) for step in range(1, len(running.losses) + 1))
    assert 0 < running.seconds_left < 10
    done = ended(board, job_id)
    assert (done.status, done.share, done.seconds_left) == (JobStatus.DONE, 1.0, None)
    assert done.losses == tuple(map(float, range(1, 21)))
    assert board.find("states") == done


@pytest.mark.parametrize(("task", "more"), [(chores.count, (1000, 0.1)), (chores.deaf, ())])
def test_cancelling_ends_a_job_whether_it_listens_or_not(board, tmp_path, task, more):
    path = tmp_path / "begun"
    job_id = board.submit(f"cancel {task.__name__}", task, path, *more)
    until(path.exists)
    started = time.monotonic()
    board.cancel(job_id)
    assert time.monotonic() - started < 5
    assert board.job(job_id).status is JobStatus.CANCELLED
    again = board.submit(f"cancel {task.__name__}", chores.count, path)
    assert ended(board, again).status is JobStatus.DONE


def test_a_waiting_job_is_cancelled_before_it_begins(board, tmp_path):
    n_workers = sizes().n_workers
    busy = [board.submit(f"busy {n}", chores.count, tmp_path / f"{n}", 1000, 0.1) for n in range(n_workers)]
    until(lambda: all(board.job(job).status is JobStatus.RUNNING for job in busy))
    waiting = board.submit("waiting", chores.count, tmp_path / "waiting")
    time.sleep(0.3)
    assert board.job(waiting).status is JobStatus.QUEUED
    board.cancel(waiting)
    for job in busy:
        board.cancel(job)
    assert board.job(waiting).status is JobStatus.CANCELLED
    assert not (tmp_path / "waiting").exists()


def test_a_job_whose_process_is_killed_is_tried_once_more(board, tmp_path):
    assert ended(board, board.submit("killed once", chores.die, tmp_path / "deaths", 1)).result == "alive"


def test_a_job_whose_process_is_killed_again_fails_with_a_sentence_and_the_board_goes_on(board, tmp_path):
    job = ended(board, board.submit("killed twice", chores.die, tmp_path / "deaths", 9))
    assert job.status is JobStatus.FAILED
    assert "memory runs out" in job.error
    assert ended(board, board.submit("after", chores.count, tmp_path / "count")).status is JobStatus.DONE


def test_what_core_refuses_arrives_as_its_sentence(board):
    job = ended(board, board.submit("refused", chores.refuse))
    assert (job.status, job.error) == (JobStatus.FAILED, "The window is too wide.")


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_users_bad_file_is_one_warning_in_the_log_without_a_traceback(share, tmp_path, caplog, capfd):
    packed = write_zip(tmp_path / "mine.zip").read_bytes()
    (tmp_path / "mine.zip").write_bytes(packed[: int(share * len(packed))])
    source = bringing.Source(path=tmp_path / "mine.zip", called="mine.zip")
    board = Board()  # of its own, whose workers write to where this test reads
    try:
        job = ended(board, board.submit("bad file", bringing.look, source, at_home=True))
    finally:
        board.close()
    assert job.status is JobStatus.FAILED
    assert "mine.zip" in job.error
    (line,) = (record for record in caplog.records if record.name == "core.work.board.board")
    assert line.levelname == "WARNING"
    assert json.dumps(job.error) in line.getMessage()
    assert not re.search(r"Traceback|ERROR|Compute Failed", caplog.text + "".join(capfd.readouterr()))


def test_an_unforeseen_error_is_one_sentence_for_the_user_and_all_of_it_in_the_log(board, caplog):
    job = ended(board, board.submit("broken", chores.break_down))
    assert job.status is JobStatus.FAILED
    assert "KeyError" in job.error
    assert "nobody thought of this" not in job.error
    assert "nobody thought of this" in caplog.text
    assert "chores.py" in caplog.text


@pytest.mark.parametrize("credentials", ["none", "its own"])
def test_an_uninvited_client_is_refused(board, tmp_path, credentials):
    ended(board, board.submit("up", chores.count, tmp_path / "count"))
    address = board.cluster.address
    foreign = Security.temporary() if credentials == "its own" else None
    with pytest.raises((OSError, TimeoutError)):
        Client(
            address if foreign else address.replace("tls://", "tcp://"),
            security=foreign,
            timeout="3s",
            set_as_default=False,
        )


def test_every_port_is_on_loopback_and_no_dashboard_answers(board, tmp_path):
    ended(board, board.submit("up", chores.count, tmp_path / "count"))
    host = psutil.Process(board.cluster.process.pid)
    ports = {
        connection.laddr
        for process in (host, *host.children(recursive=True))
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert {port.ip for port in ports} == {"127.0.0.1"}
    for port in ports:
        with socket.create_connection((port.ip, port.port), timeout=5) as link:
            link.sendall(b"GET /info/main/workers.html HTTP/1.0\r\n\r\n")
            try:
                answer = link.recv(1000)
            except ConnectionError:
                answer = b""
        assert b"200 OK" not in answer


def test_training_saves_the_model_that_training_here_gives(board, saved_sample, tmp_path):
    models = tmp_path / "models"
    job = ended(board, board.submit("train", tasks.train, saved_sample, SMALL, models))
    sample = saved_sample.read()
    assert job.error == ""
    assert pipeline.has_model(sample, SMALL, models)
    assert job.losses == job.result.losses
    assert job.result.losses == pytest.approx(pipeline.train(sample, SMALL).losses)


def test_repeats_are_those_of_the_pipeline(board, saved_sample, tmp_path):
    params = MethodParams()
    job = ended(board, board.submit("repeat", tasks.repeat, saved_sample, params, 3, tmp_path))
    expected = pipeline.repeat(saved_sample.read(), params, 3)
    assert [result.labels.tolist() for result in job.result] == [result.labels.tolist() for result in expected]


def test_a_sample_that_changed_on_disk_is_refused_with_a_sentence(board, saved_sample, tmp_path):
    lab.write(small_sample("first", n_rows=18), saved_sample.path)
    job = ended(board, board.submit("changed", tasks.train, saved_sample, SMALL, tmp_path))
    assert "first.h5 changed on the disk" in job.error


def test_a_machine_is_divided_into_no_more_threads_than_cores():
    for n_cores in (1, 2, 3, 4, 7, 64):
        found = sizes(n_cores, 2**33)
        assert 1 <= found.n_workers * found.n_threads <= n_cores
        assert found.n_workers * found.memory_bytes <= 2**33


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_however_the_app_ends_no_process_stays_behind(end):
    code = (
        "import sys, time; from core.work.cluster.embedded import Cluster; cluster = Cluster(print); "
        "print(cluster.process.pid, flush=True); time.sleep(60)"
    )
    app = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with app:
        host = psutil.Process(int(app.stdout.readline()))
        family = [host, *host.children(recursive=True)]
        assert len(family) > sizes().n_workers
        os.kill(app.pid, end)
    _, alive = psutil.wait_procs(family, timeout=15)
    assert alive == []


def test_when_the_cluster_is_gone_its_jobs_fail_with_a_sentence_and_the_next_one_starts_another(board, tmp_path):
    job_id = board.submit("orphan", chores.deaf, tmp_path / "begun")
    until((tmp_path / "begun").exists)
    board.cluster.process.kill()
    assert "Start it again" in ended(board, job_id).error
    assert ended(board, board.submit("next", chores.count, tmp_path / "count")).status is JobStatus.DONE


def test_a_shared_job_goes_on_until_the_last_who_waits_for_it_leaves(board, tmp_path):
    job_id = board.submit("shared", chores.count, tmp_path / "count", 1000, 0.1, owner="Ada")
    board.submit("shared", chores.count, tmp_path / "count", 1000, 0.1, owner="Ben")
    board.leave(job_id, "Eve")
    board.leave(job_id, "Ada")
    assert not board.job(job_id).finished
    assert board.job(job_id).owners == ("Ben",)
    board.leave(job_id, "Ben")
    assert board.job(job_id).status is JobStatus.CANCELLED


def test_a_long_line_of_one_user_delays_another_by_the_tasks_that_run(board, tmp_path):
    many = [board.submit(f"many {n}", chores.count, tmp_path / "many", 5, 0.05, owner="Ada") for n in range(20)]
    until(lambda: board.job(many[0]).status is JobStatus.RUNNING)
    single = board.submit("single", chores.count, tmp_path / "single", owner="Ben")
    assert board.waiting()[0].id == single
    ended(board, single)
    assert sum(board.job(job_id).finished for job_id in many) <= 2 * sizes().n_workers
    for job_id in many:
        board.cancel(job_id)


def test_names_at_one_address_have_a_limit_together_and_somebody_elsewhere_does_not_feel_it(
    board, tmp_path, monkeypatch
):
    monkeypatch.setenv("SPCA_JOBS_PER_USER", "1")
    started = []

    def ask(name, place):
        board.is_at(name, place)
        started.append(board.submit(name, chores.count, tmp_path / name, 1000, 0.1, owner=name))

    for n in range(4):
        ask(f"Guest {n}", "192.0.2.7")
    with pytest.raises(LimitError, match=r"4 jobs of people at your address .*four times SPCA_JOBS_PER_USER"):
        ask("Guest 4", "192.0.2.7")
    ask("Ada", "192.0.2.8")
    ask("Ben", "")
    assert board.job(started[-2]).owners == ("Ada",)
    for job_id in started:
        board.cancel(job_id)
    ask("Guest 4", "192.0.2.7")
    board.cancel(started[-1])


def test_a_user_who_has_too_many_jobs_is_told_so_and_another_is_not(board, tmp_path, monkeypatch):
    monkeypatch.setenv("SPCA_JOBS_PER_USER", "1")
    first = board.submit("one", chores.count, tmp_path / "one", 1000, 0.1, owner="Ada")
    with pytest.raises(LimitError, match="Ada already has 1 job waiting or running"):
        board.submit("two", chores.count, tmp_path / "two", owner="Ada")
    other = board.submit("other", chores.count, tmp_path / "other", owner="Ben")
    board.cancel(first)
    board.cancel(other)
