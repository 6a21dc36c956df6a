"""Speed and memory: against the paper's loops (`python -m benchmarks paper`), and of the page (`... page`)."""
