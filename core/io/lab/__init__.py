"""The lab's own files: `X` (spots x genes), `Y` (layer names) and `pos` (array row and column) in one HDF5 file."""

from core.io.lab.reading import (
    MAX_GENES,
    MAX_TEXT_BYTES,
    UNANNOTATED_SPELLINGS,
    SampleSummary,
    check_filters,
    decoded,
    list_samples,
    naming,
    native_type,
    peek,
    read,
    read_barcodes,
    read_labels,
    sample_name,
    write,
)

__all__ = [
    "MAX_GENES",
    "MAX_TEXT_BYTES",
    "UNANNOTATED_SPELLINGS",
    "SampleSummary",
    "check_filters",
    "decoded",
    "list_samples",
    "naming",
    "native_type",
    "peek",
    "read",
    "read_barcodes",
    "read_labels",
    "sample_name",
    "write",
]
