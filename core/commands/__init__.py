"""What the command line does: read, work, print. Results go to standard output, progress to standard error."""
