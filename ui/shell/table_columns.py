"""Columns of scores in tables that can be sorted: written as everywhere else."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import units


def values(score: str, found: Sequence[float | None]) -> list[float | None]:
    """Give the numbers of a column: of a share its percent, which its format writes."""
    return [None if value is None else _factor(score) * value for value in found]


def column(score: str, help_text: str) -> Any:
    """Make the column of a score."""
    digits = units.score_format(score)
    format_text = f"%{digits.replace('%', 'f')}{'%%' * digits.endswith('%')}"
    return st.column_config.NumberColumn(format=format_text, help=help_text)


def _factor(score: str) -> int:
    return 100 if units.score_format(score).endswith("%") else 1
