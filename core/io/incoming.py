"""Results and choices shared by all import readers: findings to check before saving, and choices to adjust.

Each reader offers `survey(path) -> Survey`, which reads no counts, and `read(path, choices) -> Sample`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.declarations import StepParams, knob


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one check of a source.

    Parameters
    ----------
    what : str
        Name of what was checked, such as `Positions`.
    found : str
        What was found, as a sentence or a short phrase.
    status : {"good", "notice", "bad"}
        A source with anything bad cannot be imported.
    advice : str
        What to do about it; empty if nothing needs to be done.
    """

    what: str
    found: str
    status: Literal["good", "notice", "bad"] = "good"
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a source holds, found without reading its counts.

    Parameters
    ----------
    kind : str
        Name of the format, such as `Space Ranger output`.
    name : str
        Suggested name of the sample.
    n_spots, n_genes : int
        0 where that is not known.
    annotations : mapping of str to int
        Columns that could be the annotation, and how many classes each has.
    suggested_annotation : str, optional
        The one of them that is most likely meant.
    layers : sequence of str
        Matrices of counts to choose from; empty where there is one only.
    sections : sequence of str
        Sections to choose from; empty where there is one only.
    contradicts : bool
        Whether array positions and coordinates contradict each other, so that `positions` is a choice.
    table_sections : sequence of str
        Sections in the table of labels, where it names spots more than once.
    columns : sequence of str
        Columns of numbers that could hold x and y, where titles do not tell.
    checks : sequence of Check
    """

    kind: str
    name: str
    n_spots: int = 0
    n_genes: int = 0
    annotations: Mapping[str, int] = field(default_factory=dict)
    suggested_annotation: str | None = None
    layers: Sequence[str] = ()
    sections: Sequence[str] = ()
    contradicts: bool = False
    table_sections: Sequence[str] = ()
    columns: Sequence[str] = ()
    checks: Sequence[Check] = ()

    @property
    def importable(self) -> bool:
        """Whether nothing bad was found."""
        return all(check.status != "bad" for check in self.checks)


def name_of_section(name: str, section: str, survey: Survey) -> str:
    """Name the sample that one of several sections becomes.

    Parameters
    ----------
    name : str
        Of the source.
    section : str
        One of `survey.sections`.
    survey : Survey
        Of the source, as a whole or of that section.

    Returns
    -------
    str
        The section's own name where each sample has one; else that of the source before it.
    """
    return section if survey.kind == "Several samples" or section in (name, survey.name) else f"{name}_{section}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChoices(StepParams):
    """What is kept of a source, and how it is read."""

    genes: str = knob(
        "usual",
        "Genes",
        "Which genes are kept: of panels (fewer than 1,500 genes) and of cells all by default. Counts stay counts.",
        choices={
            "usual": "All of panels, else in 10% of spots",
            "present": "In at least 10% of spots (the lab's rule)",
            "variable": "The most variable",
            "all": "All",
        },
    )
    n_genes: int = knob(
        3000, "Most variable genes", "How many of the most variable genes are kept.", minimum=1, maximum=1_000_000
    )
    um_per_unit: float = knob(
        1.0,
        "Micrometres per unit",
        "Size of one unit of the positions, where the file does not say it and spots lie on no lattice.",
        minimum=1e-9,
        maximum=1e9,
    )
    positions: str = knob(
        "found",
        "Positions",
        "Where spots lie, if array positions and coordinates of a file contradict each other.",
        choices={
            "found": "Where both agree",
            "array": "Array rows and columns, as written",
            "coordinates": "Coordinates, without the array",
            "turned": "Coordinates with row and column exchanged",
        },
    )
    annotation: str | None = None
    """Column that holds the annotation, for scoring only; None for none."""
    layer: str | None = None
    """Matrix of counts to read; None for the one that most likely holds counts."""
