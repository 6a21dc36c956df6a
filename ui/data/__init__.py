"""What pages ask core for: results, jobs, the record of runs, and whose they are."""
