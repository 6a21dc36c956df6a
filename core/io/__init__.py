"""Samples in and out of files. Nothing in a file is ever run."""

from collections.abc import Callable

OnProgress = Callable[[float, str], None]
"""Called with the share done, from 0 to 1, and a description of what is being done."""
