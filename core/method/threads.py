"""How many threads numerical libraries may use."""

import functools
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

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


def one_thread_from_now_on() -> None:
    """Hold BLAS to one thread until the process ends: for one in which many threads work side by side.

    To be called before any other thread is in a block of :func:`one_thread`, which would put its own number back.

    Notes
    -----
    OpenBLAS has one number for the whole process, so blocks of :func:`one_thread` that overlap in several threads put back what
    another has set; and the threads that it keeps wait for their next product at full speed. A server with 20 sessions took half
    as much processor time again. The price: large problems, which :func:`few_threads` leaves all threads, have one here, too.
    """
    import scipy.linalg  # noqa: F401 - brings a BLAS of its own, which must be there to be held

    ThreadpoolController().limit(limits=1, user_api="blas")


_TORCH = threading.Lock()


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Hold torch to one thread, for the same reason; one block of work at a time, since the number is the process's.

    Yields
    ------
    None
    """
    import torch

    with _TORCH:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


@functools.cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()  # looking for the libraries takes milliseconds: once
