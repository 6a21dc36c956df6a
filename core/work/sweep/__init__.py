"""Sweeps: many settings of one or several samples, planned, run and recorded."""
