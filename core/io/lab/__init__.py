"""The lab's own files: `X` (spots x genes), `Y` (layer names) and `pos` (array row and column) in one HDF5 file.

Samples off the lattice have `coords_um` (n x 2: vertical, then horizontal position in micrometres) instead of `pos`.

The product adds, all of them optional: `gene`, `cell`, `pxl_row_in_fullres`, `pxl_col_in_fullres`, `rgb`,
`image` (height x width x 3 bytes) with `image_scale`, the outlines of cells (`outline_corners`, `outline_begins`,
`outline_unit_um`), `source`, `synthetic` and `unit_unknown`.
"""

from core.io.lab.listing import SampleSummary, list_samples, peek
from core.io.lab.reading import read, read_barcodes, read_gene_names, read_labels, sample_name
from core.io.lab.writing import write

__all__ = [
    "SampleSummary",
    "list_samples",
    "peek",
    "read",
    "read_barcodes",
    "read_gene_names",
    "read_labels",
    "sample_name",
    "write",
]
