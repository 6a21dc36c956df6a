"""Whether guidance can guide a sample at all: known before anything is computed."""

from core.guidance import Guidance
from core.marker_table import MarkerTable
from core.method import by_markers, transfer
from core.method.by_markers import MarkerScores
from core.method.neighbours import neighbour_graph
from core.sample import Sample


def check_guidable(guidance: Guidance, sample: Sample) -> None:
    """Raise what a run would raise for want of genes, or because the sample itself has taught the guidance.

    Parameters
    ----------
    guidance : Guidance
    sample : Sample

    Raises
    ------
    TransferError
        As :func:`core.method.transfer.shared_with`.
    ParameterError
        As :func:`core.method.by_markers.check_has_markers`.
    """
    if guidance.reference is not None:
        transfer.shared_with(guidance.reference, sample)
    if guidance.markers is not None:
        by_markers.check_has_markers(guidance.markers, sample)


def marker_scores(table: MarkerTable, sample: Sample) -> MarkerScores:
    """Look for the marker genes of a table in a sample, with no step of the method before.

    Parameters
    ----------
    table : MarkerTable
    sample : Sample

    Returns
    -------
    MarkerScores
        Its notes say which genes the sample lacks, as those of a run do.

    Raises
    ------
    ParameterError
        As :func:`core.method.by_markers.marker_scores`.
    """
    return by_markers.marker_scores(table, sample, neighbour_graph(sample.coordinates), hops=1)
