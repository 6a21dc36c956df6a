"""Redraws of many sessions at once: one is worked on, the others stand in line, and nobody for long."""

import sys
import threading

import pytest

from tests.core.work.outside_cluster import wait_until
from ui.data import turns as module
from ui.data.seats import NotWantedError, Person
from ui.data.turns import Turns


class Visitor:
    """A redraw that lasts until it is told to end."""

    def __init__(self, turns, who="", place="", *, behind=False):
        self.inside, self.may_end = threading.Event(), threading.Event()
        self.lends, self.waits, self.found = threading.Event(), threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._redraw, args=(turns, Person(who, place), behind), daemon=True)
        self.thread.start()

    def _redraw(self, turns, person, behind):
        with turns.taken(person, behind=behind):
            self.inside.set()
            self.may_end.wait(30)
            if self.lends.is_set():
                with turns.lent(person):
                    self.waits.set()
                    self.found.wait(30)

    @property
    def comes_in(self):
        return self.inside.wait(10)

    @property
    def stands_in_line(self):
        frame = sys._current_frames().get(self.thread.ident)
        return not self.inside.is_set() and frame is not None and frame.f_code is threading.Condition.wait.__code__

    @property
    def stays_out(self):
        return not self.inside.wait(0.2)

    def waits_for_something(self):
        self.lends.set()
        self.may_end.set()
        return self.waits.wait(10)

    def leave(self):
        self.found.set()
        self.may_end.set()
        self.thread.join(30)


def assert_is_free(turns):
    following = Visitor(turns)
    assert following.comes_in
    following.leave()


def test_redraws_go_on_one_after_the_other_in_the_order_in_which_they_came():
    turns = Turns(most_seconds=30)
    first = Visitor(turns)
    assert first.comes_in
    second = Visitor(turns)
    wait_until(lambda: second.stands_in_line)
    third = Visitor(turns)
    wait_until(lambda: third.stands_in_line)
    assert second.stays_out
    first.leave()
    assert second.comes_in
    assert third.stays_out
    second.leave()
    assert third.comes_in
    third.leave()


@pytest.mark.parametrize("place", ["", "192.0.2.7"])
def test_many_tabs_of_one_person_or_of_one_address_make_nobody_else_wait(place):
    turns = Turns(most_seconds=30)
    # One name in many tabs; or a new name in each, all from one address.
    tabs = [Visitor(turns, f"Guest {n}" if place else "Ada", place) for n in range(1)]
    assert tabs[0].comes_in
    for n in range(1, 6):
        tabs.append(Visitor(turns, f"Guest {n}" if place else "Ada", place))
        wait_until(lambda: tabs[-1].stands_in_line)
    ben = Visitor(turns, "Ben", "192.0.2.8")
    wait_until(lambda: ben.stands_in_line)
    tabs[0].leave()
    assert ben.comes_in
    ben.leave()
    for tab in tabs[1:]:
        assert tab.comes_in
        tab.leave()


def test_nobody_waits_for_long_for_redraws_that_take_their_time():
    turns = Turns(most_seconds=0.05)
    everyone = [Visitor(turns) for _ in range(4)]
    assert all(visitor.comes_in for visitor in everyone)
    for visitor in everyone:  # whose time was over leaves no place behind
        visitor.leave()
    assert_is_free(turns)


def test_who_leaves_after_its_time_does_not_let_two_in():
    turns = Turns(most_seconds=0.2)
    slow = Visitor(turns)
    assert slow.comes_in
    turns._most_seconds = 30
    second = Visitor(turns)
    assert second.comes_in
    slow.leave()
    third = Visitor(turns)
    assert third.stays_out
    second.leave()
    third.leave()


def test_a_redraw_that_fails_leaves_its_place():
    turns = Turns(most_seconds=30)
    with pytest.raises(ZeroDivisionError), turns.taken():
        1 // 0  # noqa: B018
    assert_is_free(turns)


def test_twenty_that_come_at_once_all_have_their_turn():
    turns, done = Turns(most_seconds=0.01), []

    def redraw(number):
        for _ in range(20):
            with turns.taken():
                done.append(number)

    threads = [threading.Thread(target=redraw, args=(number,), daemon=True) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == sorted(list(range(20)) * 20)


def test_a_part_of_a_page_goes_on_inside_the_turn_of_its_page():
    turns = Turns(most_seconds=30)
    with turns.taken(), turns.taken():
        pass
    assert_is_free(turns)


def test_what_can_wait_comes_after_the_pictures_of_others_whoever_asks():
    turns = Turns(most_seconds=30)
    first = Visitor(turns, "Ada")
    assert first.comes_in
    told = Visitor(turns, "Ben", behind=True)
    wait_until(lambda: told.stands_in_line)
    picture = Visitor(turns, "Ada")
    wait_until(lambda: picture.stands_in_line)
    first.leave()
    assert picture.comes_in
    assert told.stays_out
    picture.leave()
    assert told.comes_in
    told.leave()


def test_what_can_wait_has_waited_long_enough_after_some_seconds(monkeypatch):
    monkeypatch.setattr(module, "_MOST_SECONDS_BEHIND", 0.05)
    turns = Turns(most_seconds=30)
    first = Visitor(turns, "Ada")
    assert first.comes_in
    told = Visitor(turns, "Ben", behind=True)
    wait_until(lambda: told.stands_in_line)
    assert told.stays_out  # for 0.2 s
    picture = Visitor(turns, "Ada")
    wait_until(lambda: picture.stands_in_line)
    first.leave()
    assert told.comes_in
    assert picture.stays_out
    told.leave()
    picture.leave()


def test_what_has_waited_long_enough_comes_next_though_nobody_leaves(monkeypatch):
    monkeypatch.setattr(module, "_MOST_SECONDS_BEHIND", 0.1)
    turns = Turns(most_seconds=0.5)
    slow = Visitor(turns, "Ada")
    assert slow.comes_in
    picture = Visitor(turns, "Ada")  # next, until the other has waited long enough
    wait_until(lambda: picture.stands_in_line)
    told = Visitor(turns, "Ben", behind=True)
    assert told.comes_in
    assert picture.comes_in
    for visitor in (slow, told, picture):
        visitor.leave()


def test_who_waits_for_something_lets_others_have_the_turn_and_takes_it_again():
    turns = Turns(most_seconds=30)
    first = Visitor(turns, "Ada")
    assert first.comes_in
    second = Visitor(turns, "Ben")
    wait_until(lambda: second.stands_in_line)
    assert first.waits_for_something()
    assert second.comes_in
    first.found.set()
    first.thread.join(0.2)
    assert first.thread.is_alive()  # stands in line behind the second
    second.leave()
    first.leave()
    assert not first.thread.is_alive()
    assert_is_free(turns)


def test_what_nobody_wants_any_more_leaves_the_line():
    turns, wanted = Turns(most_seconds=30), [True]
    first = Visitor(turns)
    assert first.comes_in
    ended = []

    def wait():
        with pytest.raises(NotWantedError), turns.taken(is_wanted=lambda: wanted[0]):
            pass
        ended.append(True)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    third = Visitor(turns)
    wanted[0] = False
    waiting.join(10)
    assert ended
    first.leave()
    assert third.comes_in
    third.leave()


def test_a_redraw_that_is_given_up_while_it_waits_wants_no_turn():
    turns = Turns(most_seconds=30)
    second = []

    def give_up():
        second.append(Visitor(turns))
        assert second[0].comes_in
        raise InterruptedError

    with pytest.raises(InterruptedError), turns.taken(), turns.lent():
        give_up()
    second[0].leave()  # only now: who gave up did not wait for it
    assert_is_free(turns)


def test_who_has_no_turn_lends_none():
    turns = Turns(most_seconds=30)
    first = Visitor(turns)
    assert first.comes_in
    with turns.lent():
        second = Visitor(turns)
        assert second.stays_out
    for visitor in (first, second):
        visitor.leave()
