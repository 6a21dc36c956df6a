"""One budget for everything that is large: what counts, how much, and how it is set."""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest
from scipy import sparse

from core.errors import ParameterError
from core.method.cache import StepCache, budget_bytes
from core.params import preset
from core.result import Result
from core.sample import Sample

COUNTS = np.ones((1000, 2), dtype=np.int32)
LATTICE = np.column_stack([np.arange(1000), np.arange(1000)]).astype(np.int32)


def section(**more):
    return Sample(name="one", expression=COUNTS, lattice=LATTICE, **more)


def test_samples_and_results_count_by_the_bytes_of_their_arrays():
    rgb = np.zeros((1000, 3), dtype=np.uint8)
    assert section().nbytes == 8000 + 8000
    assert section(spot_rgb=rgb).nbytes == 8000 + 8000 + 3000
    labels = np.zeros(1000, dtype=np.int32)
    assert Result(sample_name="one", labels=labels, params=preset("paper")).nbytes == 4000


def test_a_sparse_sample_counts_its_stored_numbers_and_their_places():
    counts = sparse.csr_array(COUNTS)
    stored = 2000 * 4 + 2000 * counts.indices.itemsize + 1001 * counts.indptr.itemsize
    assert dataclasses.replace(section(), expression=counts).nbytes == stored + 8000


def test_samples_results_arrays_and_bytes_share_one_budget():
    cache, made = StepCache(max_bytes=45_000), []

    def keep(name, value):
        cache.get(name, lambda: made.append(name) or value)
        assert cache.nbytes <= 45_000

    result = Result(sample_name="one", labels=np.zeros(1000, dtype=np.int32), params=preset("paper"))
    parts = {"sample": section(), "result": result, "picture": b"0" * 10_000, "step": np.zeros(1000)}
    for name, value in parts.items():
        keep(name, value)
    assert cache.nbytes >= 16_000 + 4_000 + 10_000 + 8_000
    keep("step again", np.zeros(1000))
    assert "sample" not in cache
    assert all(name in cache for name in ("result", "picture", "step", "step again"))


@pytest.mark.parametrize(("machine", "budget"), [(2 << 30, 512 << 20), (16 << 30, 2 << 30), (512 << 30, 4 << 30)])
def test_the_budget_is_an_eighth_of_the_memory_within_limits_unless_another_is_asked_for(monkeypatch, machine, budget):
    monkeypatch.setattr("core.memory.total_bytes", lambda: machine)
    assert budget_bytes(None) == budget_bytes("") == budget
    assert budget_bytes("64") == 67_108_864


def bytes_of(kib):
    return lambda: b"0" * (kib * 1024)


def test_large_values_never_drive_out_small_ones():
    cache = StepCache(max_bytes=1000 * 1024)
    for number in range(8):
        cache.get(f"labels {number}", bytes_of(29))
    for number in range(20):
        cache.get(f"step {number}", bytes_of(400))
        assert cache.nbytes <= 1000 * 1024
    assert all(f"labels {number}" in cache for number in range(8))
    assert [f"step {number}" in cache for number in range(17, 20)] == [False, False, True]


def test_small_values_keep_no_more_than_a_quarter_where_large_ones_need_the_room():
    cache = StepCache(max_bytes=1000 * 1024)
    for number in range(32):
        cache.get(f"labels {number}", bytes_of(30))
    assert all(f"labels {number}" in cache for number in range(32))  # nothing else wants the room
    cache.get("labels 0", bytes_of(30))
    cache.get("step", bytes_of(700))
    assert "step" in cache
    left = [number for number in range(32) if f"labels {number}" in cache]
    assert left == [0, *range(24, 32)]  # those used last: 9 of 31 KiB are left beside 701


def test_a_small_value_that_finds_no_room_takes_that_of_a_large_one():
    cache = StepCache(max_bytes=1000 * 1024)
    cache.get("step", bytes_of(980))
    cache.get("labels", bytes_of(25))
    assert "labels" in cache
    assert "step" not in cache


@pytest.mark.parametrize("text", ["0", "-5", "1.5", "much", "٥"])
def test_a_budget_that_is_no_number_of_mib_is_refused_with_a_sentence(text):
    with pytest.raises(ParameterError, match=r"SPCA_CACHE_MB.*whole number of MiB above 0"):
        budget_bytes(text)


def test_of_threads_that_ask_for_one_value_at_once_one_computes_and_the_others_get_it():
    cache, calls, begun, go_on = StepCache(), [], threading.Event(), threading.Event()

    def slowly():
        calls.append(1)
        begun.set()
        assert go_on.wait(10)
        return np.arange(3)

    def ask(asked):
        asked.set()
        return cache.get("step", slowly)

    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(cache.get, "step", slowly)
        assert begun.wait(10)
        asked = [threading.Event() for _ in range(2)]
        others = [threads.submit(ask, event) for event in asked]
        assert all(event.wait(10) for event in asked)
        assert cache.get("another step", lambda: 1) == 1  # nobody who asks for something else waits
        assert not wait(others, timeout=0.2).done
        go_on.set()
        assert all(other.result(10) is first.result(10) for other in others)
    assert calls == [1]


def test_where_the_first_fails_the_next_computes():
    cache = StepCache()
    with pytest.raises(ZeroDivisionError):
        cache.get("step", lambda: 1 // 0)
    assert cache.get("step", lambda: 7) == 7
