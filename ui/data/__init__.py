"""Doors into core that pages share: computing, jobs and the record of runs."""
