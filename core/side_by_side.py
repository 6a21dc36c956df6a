"""Large work in pieces, two of them side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 2
"""Pieces of large work that are done side by side, each on one thread, where this changes no digit of what comes out."""

_ROWS = 16_384  # of a block: what is made of it stays near the processor


def by_blocks(work: Callable[[slice], None], n_rows: int, size: int = _ROWS) -> None:
    """Do work for blocks of rows, two of them side by side.

    Parameters
    ----------
    work : callable
        Given the rows of a block, as a slice; must change nothing that another block reads.
    n_rows : int
    size : int
        Rows of a block.
    """
    blocks = [slice(first, min(first + size, n_rows)) for first in range(0, n_rows, size)]
    if len(blocks) <= 1:  # threads would cost more
        for rows in blocks:
            work(rows)
        return
    with ThreadPoolExecutor(AT_ONCE) as workers:
        for _ in workers.map(work, blocks):  # also raises what a block raised
            pass
