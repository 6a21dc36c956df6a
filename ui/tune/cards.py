"""The score cards of Tune."""

import streamlit as st

from core import units
from core.depth import FoundDirection, direction_in_words, support_in_words
from core.result import Result, Scores
from ui.shell import terms
from ui.tune.shown import Shown


def cards(shown: Shown) -> None:
    """Show the scores of a result in a row of cards, each with its change against the pinned result."""
    kept = None if shown.pinned is None else shown.pinned.result
    makers = (_card_ari, _card_nmi, _card_stability, _card_pas, _card_direction, _card_time)
    row = st.container(key="tune-cards", horizontal=True, gap="small")  # page.css keeps them in one row down to 641 px
    for label, value, note, description, help_text in (make(shown.result, kept) for make in makers):
        row.metric(
            label,
            value,
            # Always given, so that cards never change their height.
            delta=note,
            delta_color="off",
            delta_arrow="off",
            delta_description=description,
            help=help_text,
            border=True,
        )


_Card = tuple[str, str, str, str, str]
_VERSUS = "vs pin"  # a longer text is cut off in a window of 1024 pixels; the help explains it


def _card_ari(result: Result | None, kept: Result | None) -> _Card:
    help_text = "Adjusted Rand index on annotated spots: 1 is full agreement with the annotation, 0 is chance. "
    found, pinned = _scores_of(result), _scores_of(kept)
    note = _all_spots("ari", found) if kept is None else _against(found.ari, pinned.ari, ".3f")
    return "ARI", units.score("ari", found.ari), *note, help_text + _on_all_spots("ari", found) + terms.more_on("ARI")


def _card_nmi(result: Result | None, kept: Result | None) -> _Card:
    help_text = "Normalised mutual information on annotated spots: 1 if either labelling determines the other, 0 if they are independent. "
    found, pinned = _scores_of(result), _scores_of(kept)
    note = _all_spots("nmi", found) if kept is None else _against(found.nmi, pinned.nmi, ".3f")
    return "NMI", units.score("nmi", found.nmi), *note, help_text + _on_all_spots("nmi", found) + terms.more_on("NMI")


def _all_spots(name: str, found: Scores) -> tuple[str, str]:
    """Give the score on all spots, where it says something else than that on annotated ones."""
    on_annotated, on_all = (units.score(name, getattr(found, field)) for field in (name, f"{name}_all"))
    repeated = on_all == on_annotated != units.UNKNOWN
    return ("all", "annotated") if repeated else (on_all, "all spots")


def _on_all_spots(name: str, found: Scores) -> str:
    if found.ari is None:
        return "This result has no annotation to compare with."
    if _all_spots(name, found)[1] == "annotated":
        return "Every spot is annotated. The small number is the change against a pinned result."
    value = units.score(name, getattr(found, f"{name}_all"))
    return (
        f"On all spots, with the unannotated as a class of their own, as in the paper: {value}. The small number is this "
        "value, or the change against the pinned result."
    )


def _against(value: float | None, pinned: float | None, digits: str, unit: str = "") -> tuple[str, str]:
    """Write the change against the pinned result."""
    if value is None or pinned is None:
        return units.UNKNOWN, _VERSUS
    return f"{round(value - pinned, 6) + 0.0:+z{digits}}{unit}", _VERSUS


def _scores_of(result: Result | None) -> Scores:
    return Scores() if result is None else result.scores


def _card_stability(result: Result | None, kept: Result | None) -> _Card:
    help_text = (
        "Mean adjusted Rand index between every two fits of the consensus, without the annotation: 1 means that all agree. "
        "k-means is a single fit and has no stability; Repeats, below, runs it again. Note: few, large domains are the most stable. "
    )
    found, pinned = _scores_of(result), _scores_of(kept)
    note = (units.score("smallest_share", found.smallest_share), "smallest")
    if kept is not None:
        note = _against(found.stability, pinned.stability, ".3f")
    return (
        "Stability",
        units.score("stability", found.stability),
        *note,
        help_text + _on_sizes(found, pinned) + terms.more_on("Stability"),
    )


def _card_pas(result: Result | None, kept: Result | None) -> _Card:
    help_text = (
        "Share of spots for which more than 5 of the 10 nearest spots have another label, without the annotation: lower is smoother. "
        "CHAOS is the mean distance to the nearest spot of the same domain, in standard deviations of position: lower is more "
        "compact. Note: both are best if one domain contains all spots. "
    )
    found, pinned = _scores_of(result), _scores_of(kept)
    note = (units.score("chaos", found.chaos), "CHAOS")
    if kept is not None:
        note = _against(_hundredfold(found.pas), _hundredfold(pinned.pas), ".1f", " points")
    return (
        "PAS",
        units.score("pas", found.pas),
        *note,
        help_text + _on_chaos(found, pinned) + terms.more_on("PAS", "CHAOS"),
    )


def _on_sizes(found: Scores, pinned: Scores) -> str:
    if found.smallest_share is None:
        return "The small number is the share of the smallest domain, or the change against the pinned result."
    before = "" if pinned.smallest_share is None else f" (pinned {units.percent(pinned.smallest_share)})"
    return (
        f"The smallest domain has {units.percent(found.smallest_share)} of the spots{before}, the largest "
        f"{units.score('largest_share', found.largest_share)}; "
        f"{found.n_tiny:.0f} domains have less than 1% of the spots, {found.n_empty:.0f} of them none."
    )


def _on_chaos(found: Scores, pinned: Scores) -> str:
    before = "" if pinned.chaos is None else f" (pinned {units.score('chaos', pinned.chaos)})"
    return f"CHAOS is {units.score('chaos', found.chaos)}{before}. The small number is CHAOS, or the change of PAS against the pinned result, in percentage points."


def _hundredfold(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _card_direction(result: Result | None, kept: Result | None) -> _Card:
    help_text = (
        "The direction across the layers, in array rows and columns, or down and across off the array. The arrow on the map points to greater depth; a bending direction shows lines of equal depth. "
        "The small number is how clear the found direction is, from 0% to 100% (a bending one is tried where it was not learnt, and takes part from 50%, unless fits hardly agree), or its turn in degrees against the pinned result. If the direction is off, it says what "
        "the clustering uses instead." + terms.more_on("Direction", "Support")
    )
    if result is None:
        return "Direction", units.UNKNOWN, units.UNKNOWN, "support", help_text
    if result.direction is None:
        return "Direction", direction_in_words(None), *_without_direction(result), help_text
    straight = result.direction.bend is None
    note = _turn(result.direction, kept.direction) if straight and kept is not None else _support(result.direction)
    return "Direction", direction_in_words(result.direction), *note, help_text


def _without_direction(result: Result) -> tuple[str, str]:
    # The mixture uses depth if there is a direction, and otherwise no position.
    return ("both", "coordinates") if result.params.clustering.by_kmeans else ("expression", "alone")


def _turn(direction: FoundDirection, kept: FoundDirection | None) -> tuple[str, str]:
    return (units.UNKNOWN if kept is None else units.degrees(direction.turned_from(kept), signed=True)), _VERSUS


def _support(direction: FoundDirection) -> tuple[str, str]:
    return support_in_words(direction), "support" if direction.support is not None else ""


_CLUSTERING = "clustering"


def _card_time(result: Result | None, kept: Result | None) -> _Card:
    help_text = (
        "How long embedding and clustering took when this result was first computed. Cached steps took no time. Training in the "
        "background does not count, but reading its model does. The small number is the clustering alone, with the search for the direction, or the change against the pinned result."
    )
    if result is None:
        return "Time", units.UNKNOWN, units.UNKNOWN, _CLUSTERING, help_text
    total = sum(result.seconds.values())
    note = (units.seconds(result.seconds["cluster"]), _CLUSTERING)
    if kept is not None:
        note = (units.seconds(total - sum(kept.seconds.values()), signed=True), _VERSUS)
    return "Time", units.seconds(total), *note, help_text
