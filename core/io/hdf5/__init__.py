"""Untrusted HDF5 files: checks before reading, and text on which HDF5's own reader can hang."""
