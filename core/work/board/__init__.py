"""Background jobs: those that wait, run or are done, and what is kept after the server ends."""
