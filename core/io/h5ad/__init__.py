"""h5ad files: counts, positions, names, annotation and image in; results out."""

from core.io.h5ad.reading import read, read_barcodes, survey

__all__ = ["read", "read_barcodes", "survey"]
