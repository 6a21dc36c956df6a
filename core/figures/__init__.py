"""Plotly figures, returned and never shown."""
