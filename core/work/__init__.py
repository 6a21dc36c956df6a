"""Background work: jobs on a cluster of processes, and what they do."""
