"""How many threads numerical libraries may use."""

import functools
from contextlib import AbstractContextManager, nullcontext

from threadpoolctl import ThreadpoolController

_ONE_THREAD_BELOW = 10**8  # values; more threads make small fits slower, and a busy server's much slower


def few_threads(n_values: int) -> AbstractContextManager[object]:
    """Hold small problems to one thread.

    Parameters
    ----------
    n_values : int
        Size of the largest matrix that is worked on.

    Returns
    -------
    context manager
    """
    return one_thread() if n_values < _ONE_THREAD_BELOW else nullcontext()


def one_thread() -> AbstractContextManager[object]:
    """Hold everything to one thread: sums then have the same last digits however many processors there are.

    Returns
    -------
    context manager
    """
    return _thread_pools().limit(limits=1)


@functools.cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()  # looking for the libraries takes milliseconds: once
