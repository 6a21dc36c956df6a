"""Events on disk, as they are found after a process ended in the middle of a line, or while it runs."""

from dataclasses import dataclass

import pytest

from core.errors import CodecError
from core.work.event_log import EventLog


@dataclass(frozen=True)
class Step:
    name: str
    number: int = 0


@pytest.fixture
def log(tmp_path):
    return EventLog(tmp_path / "events.jsonl")


def test_events_come_back_in_their_order(log):
    assert list(log.events(Step)) == []
    log.append(Step("a\nb", 1))
    log.append(Step("c"))
    assert list(log.events(Step)) == [Step("a\nb", 1), Step("c")]


def test_a_line_that_was_cut_off_costs_no_event_but_its_own(log):
    log.append(Step("before"))
    log.append(Step("cut off"))
    log.path.write_bytes(log.path.read_bytes()[:-5])
    log.append(Step("after"))
    assert list(log.events(Step)) == [Step("before"), Step("after")]


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"\xff\xfe", b'{"name": 1}', b'{"name": "x", "speed": 1}', b"[" * 100_000]
)
def test_lines_of_another_version_or_of_nobody_are_passed_over(log, line):
    log.append(Step("before"))
    log.path.write_bytes(log.path.read_bytes() + line + b"\n")
    log.append(Step("after"))
    assert list(log.events(Step)) == [Step("before"), Step("after")]


def test_a_log_that_is_too_long_to_read_is_not_read(log, monkeypatch, caplog):
    log.append(Step("x" * 100))
    monkeypatch.setattr("core.work.event_log._MOST_BYTES", 50)
    assert list(log.events(Step)) == []
    assert "is not read" in caplog.text


def test_what_is_no_data_is_not_written(log):
    with pytest.raises(CodecError):
        log.append(print)
    assert not log.path.exists()


def test_a_log_is_held_by_one_at_a_time(log, tmp_path):
    held = log.hold()
    other = EventLog(tmp_path / "events.jsonl")
    assert other.hold() is None
    held.close()
    other.hold().close()
