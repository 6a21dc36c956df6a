"""The commands of docs/deploying.md that copy the record of runs, run as they stand."""

import re
import shlex
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.params import preset
from core.result import Result
from core.work.runs import Record
from tests import postgres
from tests.core.work import recording

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "deploying.md").read_text()
RESULT = Result(sample_name="shared", labels=recording.labels(0), params=preset("paper"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "models").mkdir()
    return tmp_path


@pytest.fixture
def server():
    with postgres.running() as server:
        yield server


@pytest.fixture
def record_at():
    """Open records, and close them in the end."""
    with ExitStack() as stack:

        def opened(url, artifacts):
            record = Record(url, artifacts)
            stack.callback(record.close)
            return record

        yield opened


def run_from_the_page(program, folder, database=""):
    [line] = re.findall(rf"^    (?:.*# or: )?({program} .*?)(?: +#.*)?$", PAGE, flags=re.M)
    words = shlex.split(line.replace("postgresql://runs@dbhost/runs", database))
    words[0] = shutil.which(program) or pytest.skip(f"needs {program}, which the page asks for")
    subprocess.run(words, cwd=folder, check=True, timeout=60)


def keep(record, name):
    return record.keep(recording.SAMPLE, RESULT, name=name)


def has_what_was_copied_and_takes_more(record, copied):
    assert record.runs() == [copied]
    assert (record.result(copied).labels == RESULT.labels).all()
    keep(record, "afterwards")
    assert [run.name for run in record.runs()] == ["afterwards", copied.name]


def test_a_copy_of_sqlite_made_while_the_app_runs_has_its_runs_and_takes_more(folder, record_at):
    running = record_at(f"sqlite:///{folder / 'models' / 'runs.sqlite3'}", folder / "models" / "runs")
    copied = keep(running, "before")
    run_from_the_page("sqlite3", folder)
    shutil.copytree(folder / "models" / "runs", folder / "elsewhere")
    keep(running, "later")
    has_what_was_copied_and_takes_more(
        record_at(f"sqlite:///{folder / 'backup' / 'runs.sqlite3'}", folder / "elsewhere"), copied
    )


@pytest.mark.slow
def test_a_dump_of_postgresql_made_while_the_app_runs_brings_its_runs_back_over_later_ones(folder, server, record_at):
    running = record_at(server.url, folder / "models" / "runs")
    copied = keep(running, "before")
    run_from_the_page("pg_dump", folder, server.url.replace("+psycopg", ""))
    running.delete(keep(running, "later").id)
    running.delete(copied.id)
    run_from_the_page("pg_restore", folder, server.url.replace("+psycopg", ""))
    has_what_was_copied_and_takes_more(record_at(server.url, folder / "models" / "runs"), copied)
