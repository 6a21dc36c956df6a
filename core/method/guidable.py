"""Whether guidance can guide a sample at all: known before anything is computed."""

from core.guidance import Guidance
from core.method import by_markers, transfer
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
