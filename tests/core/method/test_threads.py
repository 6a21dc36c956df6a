"""Threads of numerical libraries: few for small problems, and one throughout where many threads work side by side."""

import os
import subprocess
import sys

import pytest
import threadpoolctl

from core.method.threads import few_threads, one_thread

SIDE_BY_SIDE = """
import os
import threading
import numpy, threadpoolctl
from core.method.threads import one_thread, one_thread_from_now_on

def n_threads():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}

assert n_threads() == {min(2, os.cpu_count())}
one_thread_from_now_on()
assert n_threads() == {1}
entered, may_leave = threading.Event(), threading.Event()

def other():
    with one_thread():
        entered.set()
        assert may_leave.wait(10)
    seen.append(n_threads())

seen, thread = [], threading.Thread(target=other)
with one_thread():
    thread.start()
    assert entered.wait(10)
seen.append(n_threads())
may_leave.set()
thread.join()
assert seen == [{1}, {1}], seen
"""


def n_blas_threads():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def _three_threads():
    with threadpoolctl.threadpool_limits(3):
        yield


@pytest.mark.usefixtures("_three_threads")
def test_a_block_has_one_thread_and_afterwards_there_are_as_many_as_before():
    assert n_blas_threads() == {3}
    with one_thread():
        assert n_blas_threads() == {1}
    assert n_blas_threads() == {3}


@pytest.mark.usefixtures("_three_threads")
def test_large_problems_keep_all_threads():
    with few_threads(10**8):
        assert n_blas_threads() == {3}
    with few_threads(10**8 - 1):
        assert n_blas_threads() == {1}


def test_a_server_has_one_thread_throughout_whoever_enters_and_leaves_blocks():
    # In a process of its own, which it changes for good. OpenBLAS takes its own variable before OpenMP's.
    subprocess.run([sys.executable, "-c", SIDE_BY_SIDE], env={**os.environ, "OPENBLAS_NUM_THREADS": "2"}, check=True)
