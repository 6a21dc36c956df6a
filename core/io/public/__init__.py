"""Public sections, downloaded and checked."""
