"""The Tissue page."""
