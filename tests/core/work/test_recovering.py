"""A record whose first page, index or pages between are damaged: what can be read is saved, and nothing that is there is touched."""

import os
import sqlite3

import pytest

from core.cli import main
from core.errors import RecordError
from core.work.runs import Record, recovering
from tests.core.work.test_damaged_rows import N_RUNS, PAGE_BYTES, filled, run_id

ALL = {run_id(number) for number in range(N_RUNS)}


@pytest.fixture
def file(tmp_path):
    """A record with a run that was renamed and one that was deleted, closed."""
    record = filled(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path)
    record.change(run_id(3), name="renamed")
    record.delete(run_id(4))
    record.close()
    return tmp_path / "runs.sqlite3"


def recovered(file, name="new.sqlite3"):
    out = file.with_name(name)
    before = file.read_bytes()
    said = recovering.recover(f"sqlite:///{file}", out)
    assert file.read_bytes() == before
    record = Record(f"sqlite:///{out}", file.parent / "runs")
    runs = {run.id: run for run in (*record.runs(), *record.runs(deleted=True))}
    assert record.damaged == {}
    record.close()
    assert len(runs) == said.n_runs
    return runs, said


def pages(file):
    content = file.read_bytes()
    return [content[start : start + PAGE_BYTES] for start in range(0, len(content), PAGE_BYTES)]


def damaged(file, number, n_bytes=PAGE_BYTES):
    with file.open("r+b") as content:
        content.seek((number - 1) * PAGE_BYTES)
        content.write(os.urandom(n_bytes))


def roots(file):
    with sqlite3.connect(file) as rows:
        return dict(rows.execute("SELECT name, rootpage FROM sqlite_master WHERE tbl_name = 'runs'"))


def test_with_a_damaged_first_page_all_runs_are_saved_with_what_was_changed_last(file):
    damaged(file, 1)
    with pytest.raises(
        RecordError, match=r"take it from a backup, or end the server and save .*`python -m core runs recover --out new"
    ):
        Record(f"sqlite:///{file}", file.parent / "runs").runs()
    runs, said = recovered(file)
    assert set(runs) == ALL
    assert said.n_unread == 0
    assert (runs[run_id(3)].name, runs[run_id(4)].deleted, runs[run_id(5)].deleted) == ("renamed", True, False)
    notes = {run.note for run in runs.values()}
    assert len(notes) == N_RUNS
    assert all(len(note) == 3900 for note in notes)


def test_with_damaged_indexes_and_pages_between_all_runs_are_saved(file):
    leading = roots(file)
    assert len(leading) == 3
    for number in leading.values():
        damaged(file, number)
    with pytest.raises(RecordError, match=r"Take it from a backup, or end the server and save .*runs recover"):
        Record(f"sqlite:///{file}", file.parent / "runs").runs()
    runs, _ = recovered(file)
    assert set(runs) == ALL


def test_a_damaged_page_with_rows_costs_no_run_of_other_pages(file):
    leaves = [number for number, page in enumerate(pages(file), 1) if page[0] == 13]
    assert len(leaves) > 3
    on_it = int.from_bytes(pages(file)[leaves[1] - 1][3:5], "big")  # by SQLite's own count of cells
    damaged(file, leaves[1])
    runs, _ = recovered(file)
    assert len(runs) >= N_RUNS - on_it
    assert on_it < N_RUNS / 2


def test_of_a_record_that_was_cut_off_what_is_there_is_saved(file):
    os.truncate(file, 30 * PAGE_BYTES + 7)
    runs, said = recovered(file)
    assert 0 < len(runs) < N_RUNS
    assert said.n_unread > 0


def test_a_run_whose_row_is_no_run_any_more_is_counted_and_left_out(file):
    with sqlite3.connect(file) as rows:
        rows.execute("UPDATE runs SET facts = 'x' WHERE id = ?", (run_id(7),))
    runs, said = recovered(file)
    assert set(runs) == ALL - {run_id(7)}
    assert said.n_unread == 1


def test_nothing_is_written_over_and_what_holds_no_run_is_told(file, tmp_path):
    (tmp_path / "kept.sqlite3").write_bytes(b"kept")
    with pytest.raises(RecordError, match="exists already"):
        recovering.recover(f"sqlite:///{file}", tmp_path / "kept.sqlite3")
    with pytest.raises(RecordError, match="There is no record"):
        recovering.recover(f"sqlite:///{tmp_path / 'none.sqlite3'}", tmp_path / "new.sqlite3")
    with pytest.raises(RecordError, match="pg_dump"):
        recovering.recover("postgresql://lab:secret@db/runs", tmp_path / "new.sqlite3")
    for content in (b"", b"x", os.urandom(20_000)):
        (tmp_path / "noise.sqlite3").write_bytes(content)
        with pytest.raises(RecordError, match="No run can be read"):
            recovering.recover(f"sqlite:///{tmp_path / 'noise.sqlite3'}", tmp_path / "new.sqlite3")
    assert (tmp_path / "kept.sqlite3").read_bytes() == b"kept"
    assert not (tmp_path / "new.sqlite3").exists()


def test_the_command_says_what_was_saved_and_what_to_do_next(file, monkeypatch, capsys):
    monkeypatch.delenv("RUNS_URL", raising=False)
    damaged(file, 1)
    command = ["runs", "recover", "--models", str(file.parent), "--out", str(file.with_name("new.sqlite3"))]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert f"{N_RUNS} runs of runs.sqlite3 are in" in said
    assert "move the damaged file away" in said
    assert main(command) != 0
    assert "name another file" in capsys.readouterr().err
