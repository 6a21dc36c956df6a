"""Background jobs: what waits, runs and is done, and what outlives the server."""
