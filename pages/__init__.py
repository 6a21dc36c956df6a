"""Pages of the dashboard, one short script each: ask, compute, show."""
