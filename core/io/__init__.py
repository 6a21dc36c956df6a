"""Samples in and out of files. Nothing in a file is ever run."""
