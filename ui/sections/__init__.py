"""The Sections page."""
