"""Sections clustered together: predicted above annotated, with one colour for each label in all of them."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core import units
from core.evaluation.matching import Matching, match_domains
from core.figures import charts, colours
from core.figures.colours import STYLES, Theme
from core.figures.small_maps import SmallMap, of_clusters, side_by_side
from core.layer_names import display_name
from core.result import Result
from core.sample import UNANNOTATED, Sample
from core.text import in_figure

_MOST_COLUMNS = 4
_HEIGHT_PX = 360


def match_together(samples: Sequence[Sample], results: Mapping[str, Result]) -> Matching:
    """Match the clusters of all sections with layers at once, since they mean the same in all.

    Parameters
    ----------
    samples : sequence of Sample
    results : mapping of str to Result
        By name of the section.

    Returns
    -------
    Matching
        Its labels are those of all sections, one after another.
    """
    labels = np.concatenate([results[sample.name].labels for sample in samples])
    return match_domains(labels, annotation(samples))


def layers_of(samples: Sequence[Sample]) -> list[str]:
    """List the layers that are annotated in any of the sections, in their order.

    Parameters
    ----------
    samples : sequence of Sample

    Returns
    -------
    list of str
        Without the unannotated.
    """
    return charts.layers_of(_truth(samples), unannotated=False)


def sections_figure(
    samples: Sequence[Sample],
    results: Mapping[str, Result] | None,
    found: Matching | None = None,
    *,
    theme: Theme = "light",
) -> go.Figure:
    """Draw every section: what was predicted, and below it what was annotated.

    Parameters
    ----------
    samples : sequence of Sample
    results : mapping of str to Result, or None
        By name of the section; None draws only the annotation.
    found : Matching, optional
        Domains of all sections, where people gave them names; else as :func:`match_together` finds them.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        All maps on one scale, up to four sections in a row, one legend. Without any annotation, only the predictions.
    """
    n_columns = min(len(samples), _MOST_COLUMNS)
    predicted, annotated = maps_of_sections(samples, results, found, theme=theme)
    maps: list[SmallMap] = []
    for first in range(0, len(samples), n_columns):
        row = samples[first : first + n_columns]
        for kind in (predicted, annotated):
            of_row = [kind[sample.name] for sample in row if sample.name in kind]
            maps += of_row + [_empty(row[-1])] * ((n_columns - len(of_row)) if of_row else 0)
    return side_by_side(samples[0].coordinates, maps, theme=theme, height_px=_HEIGHT_PX, n_columns=n_columns)


def maps_of_sections(
    samples: Sequence[Sample],
    results: Mapping[str, Result] | None,
    found: Matching | None = None,
    *,
    theme: Theme = "light",
) -> tuple[dict[str, SmallMap], dict[str, SmallMap]]:
    """Give every label one name and one colour in all sections.

    Parameters
    ----------
    samples : sequence of Sample
    results : mapping of str to Result, or None
        By name of the section; None for the annotation alone.
    found : Matching, optional
        As for :func:`sections_figure`.
    theme : {"light", "dark"}

    Returns
    -------
    predicted, annotated : dict of str to SmallMap
        By name of the section; empty where there is nothing to draw.
    """
    predicted = (
        {} if results is None else _predicted(samples, results, found or match_together(samples, results), theme)
    )
    annotated = _annotated(samples, theme) if layers_of(samples) or results is None else {}
    return predicted, annotated


def annotation(samples: Sequence[Sample]) -> np.ndarray | None:
    """Put the annotations of all sections one after another.

    Parameters
    ----------
    samples : sequence of Sample

    Returns
    -------
    ndarray of str, or None
        None where no section is annotated.
    """
    return _truth(samples) if layers_of(samples) else None


def _truth(samples: Sequence[Sample]) -> np.ndarray:
    return np.concatenate(
        [
            np.full(sample.n_spots, UNANNOTATED) if sample.labels_true is None else sample.labels_true
            for sample in samples
        ]
    )


def _predicted(
    samples: Sequence[Sample], results: Mapping[str, Result], matching: Matching, theme: Theme
) -> dict[str, SmallMap]:
    whole, maps, first = of_clusters("", "", matching, annotation(samples), theme), {}, 0
    for sample in samples:
        spots = slice(first, first + sample.n_spots)
        areas = tuple((name, shade, there[spots]) for name, shade, there in whole.areas if there[spots].any())
        maps[sample.name] = SmallMap(
            sample.name, _score_words(results[sample.name]), areas, coordinates=sample.coordinates
        )
        first += sample.n_spots
    return maps


def _score_words(result: Result) -> str:
    if result.scores.ari is None:
        return "predicted"
    return f"predicted, ARI {units.score('ari', result.scores.ari)}"


def _annotated(samples: Sequence[Sample], theme: Theme) -> dict[str, SmallMap]:
    own = {name: colour for sample in samples for name, colour in sample.class_colours.items()}
    shades = colours.layer_colours(charts.layers_of(_truth(samples)), theme, own)
    return {sample.name: _layers_map(sample, shades, theme) for sample in samples}


def _layers_map(sample: Sample, shades: Mapping[str, str], theme: Theme) -> SmallMap:
    truth = sample.labels_true
    if truth is None:
        bare = (("Spots", STYLES[theme].border, np.ones(sample.n_spots, dtype=bool)),)
        return SmallMap(sample.name, "without an annotation", bare, in_legend=False, coordinates=sample.coordinates)
    areas = tuple(
        (in_figure(display_name(name)), shade, truth == name) for name, shade in shades.items() if (truth == name).any()
    )
    return SmallMap(sample.name, "annotated", areas, coordinates=sample.coordinates)


def _empty(sample: Sample) -> SmallMap:
    """Keep the next row from moving up into this one."""
    return SmallMap("", "", (), in_legend=False, coordinates=sample.coordinates)
