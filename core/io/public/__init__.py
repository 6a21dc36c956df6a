"""Public sections, brought from their addresses and checked."""
