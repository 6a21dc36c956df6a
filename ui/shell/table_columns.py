"""Columns of tables that can be sorted: scores as everywhere else, and text that nobody runs."""

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from core import units
from core.csv_text import harmless
from core.text import printable


def values(score: str, found: Sequence[float | None]) -> list[float | None]:
    """Give the numbers of a column: of a share its percent, which its format writes."""
    return [None if value is None else _factor(score) * value for value in found]


def texts(names: Iterable[str]) -> list[str]:
    """Give a column of what files and people call things: Streamlit's own tools save a table as CSV, where some would be formulas."""
    return [str(harmless("\n".join(map(printable, name.split("\n"))))) for name in names]


def column(score: str, help_text: str) -> Any:
    """Make the column of a score."""
    digits = units.score_format(score)
    format_text = f"%{digits.replace('%', 'f')}{'%%' * digits.endswith('%')}"
    return st.column_config.NumberColumn(format=format_text, help=help_text)


_GENE_FORMATS = ("%.1f", "%.2f", "%.1e", "percent", "percent", "%.2f", "%.2f")


def of_ranked_genes(
    names: Sequence[str], labels: Sequence[tuple[str, str]], *, shares_as_bars: bool = False
) -> dict[str, Any]:
    """Make the columns of a table of ranked genes: gene, score, fold change, adjusted p, two shares of spots and two means."""
    config: dict[str, Any] = {names[0]: st.column_config.TextColumn(labels[0][0], pinned=True)}
    for name, (label, text), format_text in zip(names[1:], labels[1:], _GENE_FORMATS, strict=True):
        if shares_as_bars and format_text == "percent":
            config[name] = st.column_config.ProgressColumn(
                label, help=text, format=format_text, min_value=0.0, max_value=1.0
            )
        else:
            config[name] = st.column_config.NumberColumn(label, help=text, format=format_text)
    return config


def _factor(score: str) -> int:
    return 100 if units.score_format(score).endswith("%") else 1
