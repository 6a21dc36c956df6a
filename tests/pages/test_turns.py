"""Redraws of many sessions at once: a few are worked on, the others stand in line, and nobody for long."""

import threading

import pytest

from ui.turns import Turns


class Visitor:
    """A redraw that lasts until it is told to end."""

    def __init__(self, turns):
        self.inside, self.may_end = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._redraw, args=(turns,), daemon=True)
        self.thread.start()

    def _redraw(self, turns):
        with turns.taken():
            self.inside.set()
            self.may_end.wait(30)

    def leave(self):
        self.may_end.set()
        self.thread.join(30)


def test_as_many_redraws_as_there_are_places_go_on_at_once_and_the_next_one_follows():
    turns = Turns(2, patience_seconds=30)
    first, second = Visitor(turns), Visitor(turns)
    assert first.inside.wait(10)
    assert second.inside.wait(10)
    third = Visitor(turns)
    assert not third.inside.wait(0.2)
    first.leave()
    assert third.inside.wait(10)
    second.leave()
    third.leave()


def test_nobody_waits_for_a_redraw_that_takes_its_time():
    turns = Turns(1, patience_seconds=0.05)
    slow = Visitor(turns)
    assert slow.inside.wait(10)
    quick = Visitor(turns)
    assert quick.inside.wait(10)
    quick.leave()
    late = Visitor(turns)  # who went in without a place leaves none behind
    assert slow.thread.is_alive()
    assert late.inside.wait(10)
    late.leave()
    slow.leave()


def test_a_redraw_that_fails_leaves_its_place():
    turns = Turns(1, patience_seconds=30)
    with pytest.raises(ZeroDivisionError), turns.taken():
        1 // 0  # noqa: B018
    following = Visitor(turns)
    assert following.inside.wait(10)
    following.leave()
