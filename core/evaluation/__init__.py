"""How good a clustering is, with and without an annotation."""
