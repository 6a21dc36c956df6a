"""What a server says of itself."""

import errno

import pytest

from core import __version__
from core.work import health
from core.work.board.board import Board
from core.work.board.job import About
from tests.core.work import chores


@pytest.fixture
def board():
    board = Board()
    yield board
    board.close()


def test_a_server_that_is_well_says_version_queue_memory_and_storage(board, tmp_path):
    (tmp_path / "first.h5").touch()
    found = {check.name: check for check in health.check_all(board, tmp_path, tmp_path / "models")}
    assert [name for name, check in found.items() if not check.ok] == []
    assert __version__ in found["Version"].message
    assert found["Queue"].message == "0 running, 0 waiting"
    assert found["Samples"].message == "1 files; can be written"


def test_samples_that_cannot_be_written_are_said(board, tmp_path, monkeypatch):
    def read_only(folder):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(health, "_write_something", read_only)
    found = {check.name: check for check in health.check_all(board, tmp_path, tmp_path / "models")}
    assert not found["Samples"].ok
    assert "none can be added and nothing can be annotated (Read-only file system)" in found["Samples"].message


def test_what_cannot_be_reached_is_said(board, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:1")
    (tmp_path / "models").touch()
    found = {check.name: check for check in health.check_all(board, tmp_path / "no", tmp_path / "models")}
    assert {name for name, check in found.items() if not check.ok} == {"Samples", "Models", "Record of runs", "Workers"}
    assert all(check.message.endswith((".", "!")) for check in found.values() if not check.ok)


def test_every_job_leaves_one_line_in_the_log(board, tmp_path, caplog):
    caplog.set_level("INFO", "core.work.board.board")
    about = About(what="Training", sample="151673", settings="window 6")
    job_id = board.submit("log", chores.count, tmp_path / "x", owner="Ada\nroot", about=about)
    board.wait(job_id, 120)
    lines = [record.getMessage() for record in caplog.records if record.name == "core.work.board.board"]
    assert len(lines) == 1
    assert lines[0].startswith(
        'job="Training" state="done" who="Ada\\nroot" sample="151673" settings="window 6" waited_s='
    )
    assert "\n" not in lines[0]
