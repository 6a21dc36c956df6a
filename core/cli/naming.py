"""`cluster --name-by`: names for domains that were found without any, by marker genes."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.cli.guidance import table_of
from core.errors import ParameterError
from core.known_markers import KNOWN
from core.result import Result
from core.text import listed, shown

if TYPE_CHECKING:
    from core.method.by_markers import Suggestion
    from core.method.pipeline import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Suggested names, and what was left out."""

    suggestions: Sequence["Suggestion"]
    notes: tuple[str, ...]


def add_option(parser: argparse.ArgumentParser) -> None:
    """Declare the table."""
    parser.add_argument(
        "--name-by",
        metavar="TABLE",
        help=f"name the domains by marker genes, where these stand out: a CSV or TSV file (domain, genes), or {listed(list(KNOWN))}; the "
        "domains stay as they are, and --rename comes first",
    )


def check_alone(options: argparse.Namespace) -> None:
    """Refuse names where several sections are one."""
    if options.name_by is not None:
        raise ParameterError("--name-by names the domains of one sample: leave it out with --joint.")


def named(options: argparse.Namespace, steps: "Pipeline", result: Result) -> Named | None:
    """Suggest names, where a table is given."""
    from core.method.by_markers import suggest_names

    if options.name_by is None:
        return None
    table = table_of(options.name_by)
    scores = steps.marker_scores(result.params, table)
    return Named(suggestions=suggest_names(scores, result.labels), notes=(*table.notes, *scores.notes()))


def names_of(found: Named | None) -> dict[int, str]:
    """Take the names that are clear, by cluster."""
    return {} if found is None else {one.cluster: one.name for one in found.suggestions if one.name}


def facts(found: Named | None) -> dict[str, Any]:
    """Say all for programs."""
    if found is None:
        return {}
    suggestions = {
        str(one.cluster): {
            "name": one.name or None,
            "score": round(one.score, 4),
            "next": one.next_name,
            "next_score": round(one.next_score, 4),
            "genes": {gene: round(value, 4) for gene, value in one.genes},
        }
        for one in found.suggestions
    }
    return {"suggested_names": suggestions, "notes": list(found.notes)}


def in_short(found: Named | None) -> dict[str, Any]:
    """Say it for people."""
    if found is None:
        return {}
    said = {
        f"cluster {one.cluster}": f"{shown(one.name)} ({one.in_words()})" if one.name else one.in_words()
        for one in found.suggestions
    }
    return {"Suggested names": said, "Left out": " ".join(found.notes) or None}
