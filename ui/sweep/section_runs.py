"""The runs of one sample of a sweep: ranked by a score, and drawn small."""

import dataclasses
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core import units
from core.evaluation.matching import Matching
from core.figures.charts import colours_of_clusters, layers_of
from core.figures.colours import Theme, layer_colours
from core.figures.origin import Origin, of_run
from core.figures.small_maps import of_clusters
from core.figures.thumbnail import map_png
from core.layer_names import display_name
from core.result import Scores
from core.sample import Sample
from core.work.runs import Run
from core.work.sweep import results as sweep_results
from core.work.sweep.guiding import GuidedBy
from core.work.sweep.plan import Sweep
from core.work.sweep.results import Index
from core.work.sweep.sweeps import SweepSnapshot
from ui.data import compute
from ui.data.record import record
from ui.shell import domain_names
from ui.sweep.labels import SCORE_LABELS, knob_label

_MAP_PX = 220


@dataclass(frozen=True, slots=True, eq=False)
class SectionRuns:
    """The runs of one sample of a sweep; `score` is the score that ranks them, or empty if there is none."""

    status: SweepSnapshot
    section: int
    by_index: Mapping[Index, Sequence[Run]]
    score: str
    theme: Theme

    @property
    def sweep(self) -> Sweep:
        """What is swept."""
        return self.status.plan.sweep

    @property
    def guided_by(self) -> GuidedBy | None:
        """What guides the runs of the sample; None where they are label-free."""
        return self.sweep.sections[self.section].guided_by

    @property
    def scores(self) -> dict[Index, tuple[float, ...]]:
        """The scores of the runs at each index of the grid."""
        return sweep_results.scores_by_setting(self.by_index, self.score) if self.score else {}

    @property
    def ranked(self) -> list[Index]:
        """Indices of the grid, the best first; sorted if there is no score."""
        return sweep_results.ranked(self.scores, self.score) if self.score else sorted(self.by_index)

    @property
    def origin(self) -> Origin:
        """Where a figure of these runs comes from."""
        section = self.sweep.sections[self.section]
        one = of_run(section.name, section.params, made=self.status.plan.created.astimezone())
        turned = " and ".join(map(knob_label, self.sweep.knobs))
        swept = (
            f"sweep of {turned}, {self.sweep.n_starts} start{'s' * (self.sweep.n_starts > 1)} each, from {one.settings}"
        )
        guided = "" if self.guided_by is None else f", {self.guided_by.words}"
        return dataclasses.replace(one, settings=swept + guided)

    def typical(self, index: Index) -> Run:
        """Choose the run at an index whose score is nearest to the mean, to represent all starts."""
        runs = self.by_index[index]
        values = self.scores.get(index, ())
        if len(values) < len(runs):
            return runs[0]
        return runs[int(np.abs(np.asarray(values) - np.mean(values)).argmin())]


def found(status: SweepSnapshot, section: int, score: str, theme: Theme) -> SectionRuns:
    """Read the runs of a sweep on one sample, ranked by `score`, or by another score if these runs lack it."""
    by_index = sweep_results.runs_by_setting(status.outcome, record().runs(sweep=status.id), section)
    names = sweep_results.known_scores([run for runs in by_index.values() for run in runs])
    chosen = score if score in names else (names or [""])[0]
    return SectionRuns(status, section, by_index, chosen, theme)


def known_scores(status: SweepSnapshot, section: int) -> list[str]:
    """Name the scores that the runs of a sweep on one sample have."""
    by_index = sweep_results.runs_by_setting(status.outcome, record().runs(sweep=status.id), section)
    return sweep_results.known_scores([run for runs in by_index.values() for run in runs])


def map_of(sample: Sample, run: Run, theme: Theme) -> bytes:
    """Draw the small map of a run in the colours that its domains have on all pages."""
    found = _domains(sample, run)
    colours = colours_of_clusters(found, sample.labels_true, theme)
    shades = ",".join(f"{cluster}{shade}" for cluster, shade in colours.items())
    return compute.kept(
        lambda: map_png(sample.coordinates, found.labels, colours, _MAP_PX), "sweep map", run.id, shades
    )


def legend_of(sample: Sample, runs: Sequence[Run], theme: Theme) -> list[tuple[str, str]]:
    """Give names and colours of what the maps of these runs show: the layers, then the domains without a layer."""
    layers = (
        {}
        if sample.labels_true is None
        else layer_colours(layers_of(sample.labels_true, unannotated=False), theme, sample.class_colours)
    )
    named = {display_name(layer): shade for layer, shade in layers.items()}
    for run in runs:
        areas = of_clusters("", "", _domains(sample, run), sample.labels_true, theme).areas
        named |= {html.unescape(name): shade for name, shade, _ in areas}
    return list(named.items())


def _domains(sample: Sample, run: Run) -> Matching:
    result = compute.kept(lambda: record().result(run), "kept run", run.id)
    return domain_names.domains(sample, result.labels, run)


def score_labels(scores: Scores, names: Sequence[str]) -> list[str]:
    """Write scores for a tooltip."""
    values = dataclasses.asdict(scores)
    return [f"{SCORE_LABELS[name][0]} {units.score(name, values[name])}" for name in names if values[name] is not None]
