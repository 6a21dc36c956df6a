"""Tables of text or Parquet from outside, streamed within limits: columns by their names, and counts as sparse matrices."""
