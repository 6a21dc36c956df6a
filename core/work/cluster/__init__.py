"""The processes that jobs run in: of this machine, or of a Dask cluster elsewhere."""
