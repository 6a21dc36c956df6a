"""Facts of a run, one line each: its scores, what made it, and what identifies its data and labels."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC
from typing import NamedTuple

from core import units
from core.averaging import averaging_in_words
from core.depth import direction_in_full
from core.people import called
from core.report.reported import ReportedRun
from core.report.script import labels_sha256
from core.result import Scores


class ScoreWords(NamedTuple):
    """Name of a score, and what it means."""

    name: str
    help: str


SCORES = {
    "ari": ScoreWords("ARI", "Adjusted Rand index on annotated spots: 1 is full agreement with the annotation, 0 chance."),
    "nmi": ScoreWords("NMI", "Normalised mutual information on annotated spots: 1 if either labelling tells the other."),
    "ari_all": ScoreWords("ARI, all spots", "The unannotated counted as a class of their own, as in the paper."),
    "nmi_all": ScoreWords("NMI, all spots", "The unannotated counted as a class of their own, as in the paper."),
    "chaos": ScoreWords("CHAOS", "Mean distance to the nearest spot of the same domain, positions standardised; lower is better."),
    "pas": ScoreWords("PAS", "Share of spots that most of their ten nearest spots disagree with; lower is better."),
    "stability": ScoreWords("Stability", "Agreement (ARI) between the fits or starts that a run is made of; 1 where all agree."),
    "smallest_share": ScoreWords("Smallest domain", "Share of the spots in the smallest domain."),
    "largest_share": ScoreWords("Largest domain", "Share of the spots in the largest domain."),
    "n_tiny": ScoreWords("Tiny domains", "Domains with less than 1% of the spots."),
    "n_empty": ScoreWords("Empty domains", "Domains that were asked for and have no spot."),
}  # fmt: skip
"""Names for the fields of :class:`core.result.Scores`; a field that is missing here keeps its own name."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of a run.

    Parameters
    ----------
    name, text, help : str
        `text` is empty where it is not known.
    """

    name: str
    text: str
    help: str = ""


def facts_of(run: ReportedRun) -> list[Fact]:
    """List what is known of a run.

    Parameters
    ----------
    run : ReportedRun

    Returns
    -------
    list of Fact
        The same names in the same order for every run.
    """
    result = run.result
    autoencoder = result.autoencoder
    return [
        Fact("Name", run.name),
        Fact("Sample", result.sample_name),
        Fact("Together with", ", ".join(run.together), "Sections that it was clustered as one with."),
        Fact("Guided", "" if result.guidance is None else result.guidance.in_words(), "What people gave to it beside the sample: it is not label-free, and its scores count spots that they did not show."),
        *scores_in_facts(result.scores),
        Fact("Direction", direction_in_full(result.direction), "Line across which depth is measured, in degrees, or a depth that bends."),
        Fact("Averaging", "" if result.averaging is None else averaging_in_words(result.averaging), "How far expression was averaged, where the tissue decided it."),
        Fact(
            "Autoencoder explains", "" if autoencoder is None else units.percent(autoencoder.explained_variance),
            "Share of the differences between spots that the reconstruction keeps; below 5% it counts as dead.",
        ),
        Fact("Time", units.seconds(sum(result.seconds.values())) if result.seconds else "", "When it was first computed."),
        Fact("Made", f"{run.created.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
        Fact("By", called(run.who)),
        Fact("Note", run.note),
        Fact("Version", run.code_version, "Of this software and of its method, when the run was made."),
        Fact("Unknown knobs", ", ".join(run.unknown), "Knobs of the run that this version does not know: another one made it."),
        Fact("Content hash", run.content_hash, "Tells the data of the run from all others."),
        Fact("Labels, SHA-256", labels_sha256(result.labels), "Tells the labels from all others."),
    ]  # fmt: skip


def scores_in_facts(scores: Scores) -> list[Fact]:
    """List every score that there may be.

    Parameters
    ----------
    scores : Scores

    Returns
    -------
    list of Fact
        One for each field of `Scores`, its text empty where the run has none.
    """
    found = [(item.name, getattr(scores, item.name)) for item in dataclasses.fields(scores)]
    return [Fact(words_for(name).name, _in_words(name, value), words_for(name).help) for name, value in found]


def words_for(score: str) -> ScoreWords:
    """Look up what a score is called.

    Parameters
    ----------
    score : str
        A field of `Scores`.

    Returns
    -------
    ScoreWords
    """
    return SCORES.get(score) or ScoreWords(score.replace("_", " ").capitalize(), "")


def _in_words(score: str, value: float | None) -> str:
    return "" if value is None else units.score(score, value)
