"""Background work: jobs on a cluster of processes, and the tasks that they execute."""
