"""How much of the server's own time one person has."""

import threading
from contextlib import ExitStack

import pytest

from ui.data.seats import NotWantedError, Person, Seats

ADA, BEN = Person("Ada"), Person("Ben")


def starts(seats, person, seconds=0.6):
    """Whether another thread of a person gets a seat soon; it gives it back."""
    has_one = threading.Event()

    def work():
        try:
            with seats.taken(person, lambda: wanted):
                has_one.set()
        except NotWantedError:
            pass

    wanted = True
    thread = threading.Thread(target=work)
    thread.start()
    found = has_one.wait(seconds)
    wanted = False
    thread.join()
    return found


class Held:
    """Seats that threads of their own hold until they are told to end."""

    def __init__(self, seats, *people):
        self._end, self._threads = threading.Event(), []
        for person in people:
            begun = threading.Event()
            self._threads.append(threading.Thread(target=self._hold, args=(seats, person, begun)))
            self._threads[-1].start()
            assert begun.wait(10)

    def _hold(self, seats, person, begun):
        with seats.taken(person):
            begun.set()
            self._end.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()


def test_who_has_all_of_his_seats_waits_and_another_does_not():
    seats = Seats(most=2)
    with Held(seats, ADA, ADA):
        assert not starts(seats, ADA)
        assert starts(seats, BEN)
    assert starts(seats, ADA)


def test_names_of_one_address_have_four_times_as_many_together():
    seats = Seats(most=1)
    guests = [Person(f"Guest {n}", "192.0.2.7") for n in range(5)]
    with Held(seats, *guests[:4]):
        assert not starts(seats, guests[4])
        assert starts(seats, Person("Ada", "192.0.2.8"))
        assert starts(seats, Person("Ben"))
    assert starts(seats, guests[4])


def test_a_thread_with_a_seat_needs_no_other_and_nobody_needs_none():
    seats = Seats(most=1)
    with ExitStack() as held:
        held.enter_context(seats.taken(ADA))
        held.enter_context(seats.taken(ADA))
        held.enter_context(seats.taken(Person()))
        assert starts(seats, Person())
        assert not starts(seats, ADA)
    assert starts(seats, ADA)


def test_a_seat_is_given_back_by_work_that_fails_and_by_who_ends_to_wait():
    seats = Seats(most=1)
    with pytest.raises(ValueError, match="it failed"), seats.taken(ADA):
        raise ValueError("it failed")
    with Held(seats, ADA), pytest.raises(NotWantedError), seats.taken(ADA, lambda: False):
        pytest.fail("it did not wait")
    assert starts(seats, ADA)
