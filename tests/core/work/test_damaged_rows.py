"""One damaged row of the record: every other run is there, and which one is not, where it is and what to do is said."""

import json
import random
import re
import sqlite3
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from core.cli import main
from core.errors import RecordError
from core.params import MethodParams
from core.work import health
from core.work.board.board import Board
from core.work.runs import Record, open_record
from core.work.runs.run import Run
from core.work.runs.tables import row_of
from tests import postgres
from tests.damage import in_a_sentence, is_sentence

N_RUNS = 40
PAGE_BYTES = 4096


def run_id(number):
    return f"{number:02x}{number:030x}"


def a_run(number):
    # Its note is longer than a page of SQLite, and than what PostgreSQL keeps in a row.
    signs = random.Random(number)  # noqa: S311 - the same in every run
    note = "".join(chr(signs.randrange(33, 900)) for _ in range(3900))
    facts: dict[str, Any] = {"sample_name": "first", "content_hash": "c", "n_spots": 5, "note": note}
    return Run(id=run_id(number), params=MethodParams(), created=datetime(2026, 1, 2, tzinfo=UTC), **facts)


ROWS = [row_of(a_run(number)) for number in range(N_RUNS)]


def filled(url, folder):
    record = Record(url, folder / "runs")
    record._database.add(ROWS)
    assert len(record.runs()) == N_RUNS
    return record


@pytest.fixture
def record(tmp_path):
    record = filled(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path)
    yield record
    record.close()


def change(tmp_path, number, column, damage):
    """Damage a column of a run as an expression of SQL says."""
    with sqlite3.connect(tmp_path / "runs.sqlite3") as rows:
        rows.execute(f"UPDATE runs SET {column} = {damage} WHERE id = ?", (run_id(number),))  # noqa: S608
    rows.close()


def read_again(record, tmp_path):
    """Give the ids of runs that are read, and of damaged ones; none where a sentence says that all are lost."""
    again, found, damaged = Record(record.url, tmp_path / "runs"), set(), set()
    with in_a_sentence(RecordError):
        found, damaged = {run.id for run in again.runs()}, set(again.damaged)
    again.close()
    return found, damaged


@pytest.mark.parametrize("filling", [0, 255], ids=["blanked", "overwritten"])
def test_a_damaged_page_of_a_file_hides_no_run_of_other_pages(record, tmp_path, filling, caplog):
    record.close()
    file = tmp_path / "runs.sqlite3"
    whole = file.read_bytes()
    n_read = 0
    for start in range(0, len(whole), PAGE_BYTES):
        file.write_bytes(whole[:start] + bytes([filling]) * PAGE_BYTES + whole[start + PAGE_BYTES :])
        found, damaged = read_again(record, tmp_path)
        assert found | damaged in (set(), {row["id"] for row in ROWS})
        assert not found & damaged
        n_read += bool(found) and len(damaged) <= 4  # no more rows of this length have their beginnings in one page
    assert n_read >= 0.8 * len(whole) / PAGE_BYTES  # the others hold the tables' names, indexes, and where pages are


def test_which_run_is_damaged_where_and_what_to_do_is_said(record, tmp_path, caplog):
    change(tmp_path, 7, "facts", "'{'")
    again = Record(record.url, tmp_path / "runs")
    assert len(again.runs()) == N_RUNS - 1
    again.close()
    said = again.said_of_damaged
    assert re.search(rf"1 run in the record, runs\.sqlite3, .*{run_id(7)}: .*not JSON.*backup", said)
    assert is_sentence(said)


def test_a_run_whose_facts_name_something_twice_is_damaged(record, tmp_path):
    change(tmp_path, 7, "facts", "'{\"n_spots\": 6, ' || substr(facts, 2)")
    again = Record(record.url, tmp_path / "runs")
    assert len(again.runs()) == N_RUNS - 1
    assert "n_spots stands in it twice" in again.said_of_damaged
    again.close()


def test_a_damaged_run_that_was_dismissed_is_named_no_more_until_that_is_undone(record, tmp_path):
    change(tmp_path, 7, "params", "'['")
    again = Record(record.url, tmp_path / "runs")
    again.runs()
    assert again.owners_of_damaged == {run_id(7): ""}
    again.dismiss(run_id(8))  # which is whole
    again.dismiss(run_id(7))
    assert len(again.runs()) == N_RUNS - 1
    assert (again.damaged, again.said_of_damaged, again.dismissed) == ({}, "", [run_id(7)])
    with sqlite3.connect(tmp_path / "runs.sqlite3") as rows:
        assert rows.execute("SELECT params FROM runs WHERE id = ?", (run_id(7),)).fetchone() == ("[",)
    again.dismiss(run_id(7), undo=True)
    again.runs()
    assert list(again.damaged) == [run_id(7)]
    again.close()


@pytest.mark.parametrize("damage", ["'wrong'", "-3", str(2**40)])
def test_a_run_whose_number_of_changes_is_damaged_is_named(record, tmp_path, damage):
    change(tmp_path, 7, "changed", damage)
    again = Record(record.url, tmp_path / "runs")
    assert len(again.runs()) == N_RUNS - 1
    assert list(again.damaged) == [run_id(7)]
    again.close()


@pytest.mark.parametrize("damage", ["CAST(x'ff00ff' AS TEXT)", "CAST(x'3031ff' AS TEXT)", "x'ff'", "''", "42"])
@pytest.mark.parametrize("number", [0, N_RUNS - 1])
def test_a_damaged_id_is_read_once_and_no_more(record, tmp_path, damage, number, caplog):
    change(tmp_path, number, "id", damage)
    again, found = Record(record.url, tmp_path / "runs"), []
    reading = threading.Thread(target=lambda: found.extend(again.runs()), daemon=True)
    reading.start()
    reading.join(60)
    assert len(found) == N_RUNS - 1
    assert len(again.damaged) == 1
    again.close()


def test_a_damaged_page_of_long_values_in_postgresql_hides_one_run(tmp_path, caplog):
    with postgres.running() as server:
        record = filled(server.url, tmp_path)
        engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            long_values = "SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE relname = 'runs'"
            file = server.folder / connection.execute(sa.text(long_values)).scalar_one()
            connection.execute(sa.text("CHECKPOINT"))
        engine.dispose()
        record.close()
        server.stop()
        whole = file.read_bytes()
        file.write_bytes(whole[:16384] + b"\xff" * 8192 + whole[24576:])
        server.start()
        again = Record(server.url, tmp_path / "runs")
        found, damaged = {run.id for run in again.runs()}, list(again.damaged)
        assert 1 <= len(damaged) <= 4
        assert found | set(damaged) == {row["id"] for row in ROWS}
        with pytest.raises(RecordError, match=r"Its row in the record of runs, postgresql.* is damaged"):
            again.run(damaged[0])
        again.close()


def test_the_command_line_and_health_name_a_damaged_run(tmp_path, monkeypatch, capsys, caplog):
    record = open_record(tmp_path)
    record._database.add(ROWS)
    record.close()
    change(tmp_path, 7, "params", "'['")
    assert main(["runs", "list", "--models", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == N_RUNS - 1
    assert run_id(7) in said.err
    assert "runs.sqlite3" in said.err
    assert main(["runs", "list", "--models", str(tmp_path), "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["damaged"]) == [run_id(7)]
    assert main(["runs", "show", run_id(7)[:4], "--models", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    board = Board()
    found = {check.name: check for check in health.check_all(board, tmp_path, tmp_path)}
    board.close()
    assert not found["Record of runs"].ok
    assert run_id(7) in found["Record of runs"].message


def test_the_command_line_dismisses_a_damaged_run_and_names_it_again(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("RUNS_URL", raising=False)
    record = open_record(tmp_path)
    record._database.add(ROWS)
    record.close()
    change(tmp_path, 7, "params", "'['")

    def named():
        assert main(["runs", "list", "--models", str(tmp_path)]) == 0
        return run_id(7) in capsys.readouterr().err

    assert named()
    assert main(["runs", "delete", run_id(7)[:8], "--models", str(tmp_path)]) == 0
    assert run_id(7) in capsys.readouterr().out
    assert not named()
    assert main(["runs", "delete", run_id(7), "--undo", "--models", str(tmp_path)]) == 0
    capsys.readouterr()
    assert named()
