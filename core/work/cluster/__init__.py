"""The processes that execute jobs, on this machine or on a Dask cluster elsewhere."""
