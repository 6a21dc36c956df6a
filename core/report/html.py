"""A page that reports on runs, in one file: it opens from a disk, without internet, and loads nothing else.

Whatever people or files call things is escaped on its way in (the template does that by itself, figures through
:func:`core.text.in_figure`), and the page forbids itself every connection.
"""

import base64
import importlib.metadata
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from core import __version__, expression_kinds
from core.depth import FoundDirection
from core.errors import FigureError
from core.evaluation.matching import Matching, kept_domains
from core.evaluation.stability import adjusted_rand
from core.evaluation.thickness import called, in_words, measure
from core.figures.confusion import confusion
from core.figures.runs import agreement_of_runs, maps_of_runs, scores_by_layer
from core.layer_names import display_name
from core.report.facts import Fact, facts_of
from core.report.reported import ReportedRun
from core.report.script import reproduction_script
from core.report.settings import NO_PART, settings
from core.sample import Sample
from core.text import counted

MAX_RUNS = 6
"""More maps than this are too small to be read beside one another."""

_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch")
_GUIDED = " (guided)"
_FIGURE_CONFIG = {"responsive": True, "displayModeBar": False}


@dataclass(frozen=True, slots=True)
class _Figure:
    drawn: Markup
    caption: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    """Thickness in one run: rows of a name, the domains' or layers', a thickness in words, and the ways that it is measured on."""

    heading: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class _Tissue:
    """What is shown of the runs on one sample: figures, or the runs' own pictures where the sample is missing."""

    name: str
    note: str
    figures: tuple[_Figure, ...] = ()
    pairs: tuple[_Figure, ...] = ()
    confusions: tuple[_Figure, ...] = ()
    thicknesses: tuple[_Table, ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Script:
    file_name: str
    label: str
    code: str
    address: str


def html_report(
    runs: Sequence[ReportedRun], samples: Mapping[str, Sample], *, written: datetime | None = None
) -> bytes:
    """Write the page.

    Parameters
    ----------
    runs : sequence of ReportedRun
        One to six, on one sample or on several.
    samples : mapping of str to Sample
        By content hash, those that are at hand. Of the others the page shows the pictures that the runs themselves hold.
    written : datetime, optional
        Now by default.

    Returns
    -------
    bytes
        HTML in UTF-8.

    Raises
    ------
    FigureError
        If there are no runs, or more than six.
    """
    if not 1 <= len(runs) <= MAX_RUNS:
        raise FigureError(f"A report on {counted(len(runs), 'run')} was asked for: choose 1 to {MAX_RUNS}.")
    page = _templates().get_template("report.html.jinja").render(
        title=_title(runs),
        written=f"{(written or datetime.now(UTC)).astimezone(UTC):%d %B %Y, %H:%M} UTC",
        version=__version__,
        plotlyjs=Markup(get_plotlyjs()),  # noqa: S704 - plotly's own code
        n_runs=len(runs),
        facts=[row for row in zip(*map(facts_of, runs), strict=True) if any(fact.text for fact in row)],
        tissues=_tissues(runs, samples),
        settings=settings([run.result.params for run in runs]),
        no_part=NO_PART,
        scripts=[_script(index, run) for index, run in enumerate(runs, start=1)],
        versions=_versions(),
    )  # fmt: skip
    return page.encode()


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def _title(runs: Sequence[ReportedRun]) -> str:
    names = dict.fromkeys(run.result.sample_name for run in runs)
    return f"{counted(len(runs), 'run')} on {', '.join(names)}"


def _tissues(runs: Sequence[ReportedRun], samples: Mapping[str, Sample]) -> list[_Tissue]:
    tissues = []
    for content_hash in dict.fromkeys(run.content_hash for run in runs):
        here = {index: run for index, run in enumerate(runs, start=1) if run.content_hash == content_hash}
        sample = samples.get(content_hash)
        tissues.append(_from_pictures(here) if sample is None else _from_sample(sample, here))
    return tissues


def _label(index: int, run: ReportedRun) -> str:
    said = run.name.endswith(_GUIDED)  # as lists of runs name it
    return f"{index}  {run.name}" + _GUIDED * (run.result.guidance is not None and not said)


def _from_pictures(here: Mapping[int, ReportedRun]) -> _Tissue:
    note = "The sample was not at hand when this page was written. These are the pictures that were kept with the runs."
    pictures = tuple(
        (_label(index, run), _data_address("image/png", run.picture) if run.picture else "")
        for index, run in here.items()
    )
    return _Tissue(next(iter(here.values())).result.sample_name, note, pictures=pictures)


def _from_sample(sample: Sample, here: Mapping[int, ReportedRun]) -> _Tissue:
    labels, results = [_label(index, run) for index, run in here.items()], [run.result for run in here.values()]
    made = "Synthetic tissue: made by a program, not measured. " * sample.synthetic
    note = made + expression_kinds.note(sample.expression_kind) + sample.source
    domains = [_domains(sample, run) for run in here.values()]
    colours = "A domain has the name and colour of the layer that it is matched with, or else a number that is one in all maps."
    return _Tissue(
        sample.name,
        note,
        figures=(_figure(maps_of_runs(sample, labels, results, domains), colours),),
        pairs=(*_agreement(here), *_layers(sample, here, domains)),
        confusions=_confusions(sample, labels, domains),
        thicknesses=tuple(
            _thicknesses(sample, label, found, result.direction)
            for label, found, result in zip(labels, domains, results, strict=True)
            if result.direction is not None
        ),
    )


def _domains(sample: Sample, run: ReportedRun) -> Matching:
    labels, together = run.result.labels, bool(run.together)
    return kept_domains(sample, labels, run.domains, run.annotation_hash, together=together)


def _thicknesses(sample: Sample, heading: str, domains: Matching, direction: FoundDirection) -> _Table:
    found = called(measure(direction, sample.coordinates, domains.merged, sample.labels_true), domains.names)
    rows = [
        *((item.label, item) for item in found.predicted),
        *((f"annotated {display_name(item.label)}", item) for item in found.annotated),
    ]
    ways = ((item, item.reason or f"{item.n_whole} of {item.n_ways} ways") for _, item in rows)
    return _Table(
        heading,
        tuple((name, in_words(item, found.unit), words) for (name, _), (item, words) in zip(rows, ways, strict=True)),
    )


def _agreement(here: Mapping[int, ReportedRun]) -> list[_Figure]:
    if len(here) < 2:
        return []
    caption = "Adjusted Rand index between every two runs: 1 where they agree, 0 where no more than by chance."
    found = [run.result.labels for run in here.values()]
    figure = agreement_of_runs([run.name for run in here.values()], adjusted_rand(found, found), numbers=list(here))
    return [_figure(figure, caption, "Agreement between runs")]


def _layers(sample: Sample, here: Mapping[int, ReportedRun], domains: Sequence[Matching]) -> list[_Figure]:
    if sample.labels_true is None or not sample.layer_names:
        return []
    caption = (
        "F1 of each annotated layer with the domain that is matched with it: 1 where that domain is exactly the layer, 0 "
        "where no domain is."
    )
    names = [run.name for run in here.values()]
    figure = scores_by_layer(sample.labels_true, names, domains, numbers=list(here))
    return [_figure(figure, caption, "Which layers are found")]


def _confusions(sample: Sample, labels: Sequence[str], domains: Sequence[Matching]) -> tuple[_Figure, ...]:
    if sample.labels_true is None or not sample.layer_names:
        return ()
    return tuple(
        _figure(confusion(sample.labels_true, matching), "", label)
        for label, matching in zip(labels, domains, strict=True)
    )


def _figure(figure: go.Figure, caption: str, heading: str = "") -> _Figure:
    drawn = figure.to_html(full_html=False, include_plotlyjs=False, config=_FIGURE_CONFIG)
    return _Figure(Markup(drawn), caption, heading)  # noqa: S704 - plotly escapes the data in its script


def _script(index: int, run: ReportedRun) -> _Script:
    code = reproduction_script(run)
    return _Script(script_name(run), _label(index, run), code, _data_address("text/x-python", code.encode()))


def script_name(run: ReportedRun) -> str:
    """Name the file of a run's script.

    Parameters
    ----------
    run : ReportedRun

    Returns
    -------
    str
        Letters, digits, dots, dashes and underscores.
    """
    return f"reproduce_{file_stem(f'{run.result.sample_name}_{run.name}')}.py"


def file_stem(text: str) -> str:
    """Make a file name from any text.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Letters, digits, dots, dashes and underscores, at most 80 of them.

    Examples
    --------
    >>> file_stem("151673 / my <best> run")
    '151673_my_best_run'
    """
    return re.sub(r"[^A-Za-z0-9.-]+", "_", text)[:80].strip("_.")


def _data_address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _versions() -> list[Fact]:
    installed = [Fact(name, importlib.metadata.version(name)) for name in _PACKAGES]
    return [Fact("spatial-domains", __version__), Fact("Python", platform.python_version()), *installed]
