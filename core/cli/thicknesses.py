"""How thick domains are, as `cluster` tells it: measured where somebody asks, or where it takes hardly any time."""

from typing import Any

from core.evaluation import thickness
from core.evaluation.matching import Matching
from core.evaluation.thickness import Thicknesses
from core.layer_names import display_name
from core.result import Result
from core.sample import Sample
from core.text import shown

MOST_UNASKED = 100_000
"""Spots up to which thickness is measured though nobody asked: there it takes a second or two, a twentieth of the run. Ways grow
longer with the tissue, and are looked up one by one on a large one: a million cells take a fifth of the run."""

LEFT_OUT = f"left out above {MOST_UNASKED:,} spots, where it takes long: ask for it with --thickness OUT.csv"


def measured(sample: Sample, result: Result, found: Matching, *, asked: bool) -> Thicknesses | None:
    """Measure domains and layers; None without a direction, and where it is left out.

    Parameters
    ----------
    sample : Sample
    result : Result
    found : Matching
        What the domains are called.
    asked : bool
        Whether somebody asked for it.

    Returns
    -------
    Thicknesses or None
    """
    if result.direction is None or left_out(sample, result, asked=asked):
        return None
    of_domains = thickness.measure(result.direction, sample.coordinates, found.merged, sample.labels_true)
    return thickness.called(of_domains, found.names)


def left_out(sample: Sample, result: Result, *, asked: bool) -> bool:
    """Whether there is a direction to measure along, but too many spots to do so unasked.

    Parameters
    ----------
    sample : Sample
    result : Result
    asked : bool

    Returns
    -------
    bool
    """
    return result.direction is not None and not asked and sample.n_spots > MOST_UNASKED


def in_words(found: Thicknesses) -> dict[str, str]:
    """Write all thicknesses as the lines for people have them.

    Parameters
    ----------
    found : Thicknesses

    Returns
    -------
    dict of str to str
        By domain, then by annotated layer.
    """
    predicted = {shown(item.label): thickness.in_words(item, found.unit) for item in found.predicted}
    annotated = {
        f"annotated {shown(display_name(item.label))}": thickness.in_words(item, found.unit) for item in found.annotated
    }
    return predicted | annotated


def facts(found: Thicknesses | None, *, is_left_out: bool) -> dict[str, Any]:
    """List thicknesses for JSON, or say that they were left out.

    Parameters
    ----------
    found : Thicknesses or None
    is_left_out : bool

    Returns
    -------
    dict
    """
    return {
        "thickness": None if found is None else thickness.facts(found),
        "thickness_left_out": LEFT_OUT if is_left_out else None,
    }
