"""Whose turn it is."""

import sys
from collections import Counter

import numpy as np

from core.work.board.queue import FairQueue


def queued(**lines):
    queue = FairQueue()
    for owner, jobs in lines.items():
        for job in jobs:
            queue.add(job, owner)
    return queue


def test_one_users_jobs_keep_their_order():
    assert queued(ada=["a", "b", "c"]).order({}) == ["a", "b", "c"]


def test_users_take_turns_however_many_jobs_each_has():
    queue = queued(ada=[f"a{n}" for n in range(75)], ben=["b0", "b1"])
    assert queue.order({})[:5] == ["a0", "b0", "a1", "b1", "a2"]


def test_a_newcomer_comes_before_every_waiting_job_of_somebody_whose_tasks_run():
    queue = queued(ada=[f"a{n}" for n in range(75)])
    queue.take({})
    queue.take({"ada": 1})
    queue.add("b", "ben")
    assert queue.take({"ada": 1}) == ("b", "ben")


def test_a_job_for_two_users_comes_at_the_turn_of_whoever_is_first():
    queue = queued(ada=["a0", "shared"], ben=["shared"])
    assert queue.order({}) == ["a0", "shared"]
    assert queue.take({"ada": 2}) == ("shared", "ben")
    assert "shared" not in queue
    assert queue.order({}) == ["a0"]


def test_who_leaves_a_shared_job_takes_it_from_nobody_else():
    queue = queued(ada=["shared"], ben=["shared"])
    queue.leave("shared", "ada")
    assert queue.take({}) == ("shared", "ben")


def test_nobody_runs_more_than_is_allowed():
    queue = queued(ada=["a0", "a1"])
    assert queue.take({"ada": 1}, most=1) is None
    assert queue.take({}, most=1) == ("a0", "ada")


def test_each_job_goes_to_workers_that_can_do_it():
    queue = FairQueue()
    queue.add("far", "ada", "outside")
    queue.add("near", "ada", "home")
    assert queue.take({}, "home") == ("near", "ada")
    assert queue.take({}, "home") is None


def test_asking_for_the_order_changes_nothing():
    queue = queued(ada=["a"], ben=["b"])
    assert queue.order({}) == queue.order({}) == ["a", "b"]
    assert len(queue) == 2


def test_of_the_jobs_of_one_user_the_lowest_rank_comes_first_and_of_equals_the_oldest():
    queue = FairQueue()
    for job in ("far", "near", "nearer", "near too"):
        queue.add(job, "ada")
    ranks = {"far": 2, "near": 1, "nearer": 0, "near too": 1}
    taken = [queue.take({}, rank=ranks.__getitem__) for _ in range(4)]
    assert taken == [("nearer", "ada"), ("near", "ada"), ("near too", "ada"), ("far", "ada")]


def test_the_order_is_that_in_which_jobs_are_taken():
    chance = np.random.default_rng(3)
    for _ in range(30):
        queue = FairQueue()
        for number in range(60):
            queue.add(str(number), chance.choice(list("abcd")), chance.choice(["home", "outside"]))
            if (shared := str(chance.integers(number + 1))) in queue:
                queue.add(shared, chance.choice(list("abcd")))
            if chance.random() < 0.2:
                queue.take({"a": 2}, "home")
        running, taken = Counter({"a": 3, "c": 1}), []
        told = queue.order(running)
        for lane in ("home", "outside"):
            while (one := queue.take(running, lane)) is not None:
                taken.append(one[0])
                running[one[1]] += 1
        assert told == taken


def test_a_queue_that_many_have_filled_is_ordered_without_looking_at_all_of_it_for_each_job():
    def n_steps(n_jobs):
        queue, counted = FairQueue(), 0
        for number in range(n_jobs):
            queue.add(str(number), f"user {number % 20}")

        def count(*_):
            nonlocal counted
            counted += 1
            return count

        sys.settrace(count)
        try:
            assert len(queue.order({})) == n_jobs
        finally:
            sys.settrace(None)
        return counted

    assert n_steps(2000) < 12 * n_steps(200)  # in proportion, not with the square


def at(places, **lines):
    queue = FairQueue(lambda owner: places.get(owner, owner))
    for owner, jobs in lines.items():
        for job in jobs:
            queue.add(job, owner)
    return queue


def taken(queue, n):
    """The next jobs, none of which ends."""
    running: Counter[str] = Counter()
    found = []
    for _ in range(n):
        job, owner = queue.take(running)
        running[owner] += 1
        found.append(job)
    return found


def test_many_names_at_one_address_take_turns_as_one():
    flood = {f"guest{n}": [f"g{n}"] for n in range(20)}
    places = dict.fromkeys(flood, "192.0.2.7") | {"ada": "192.0.2.8"}
    queue = at(places, **flood, ada=["a0", "a1", "a2"], ben=["b0"])
    order = queue.order({})
    assert order[:7] == ["g0", "a0", "b0", "g1", "a1", "g2", "a2"]
    assert taken(queue, 24) == order


def test_at_one_address_users_take_turns():
    queue = at(dict.fromkeys(("ada", "ben"), "192.0.2.7"), ada=["a0", "a1", "a2"], ben=["b0", "b1"])
    assert queue.order({}) == ["a0", "b0", "a1", "b1", "a2"]
    assert taken(queue, 5) == ["a0", "b0", "a1", "b1", "a2"]
