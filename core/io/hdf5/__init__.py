"""HDF5 files from strangers: what is refused before reading, and text that HDF5's own reader can hang on."""
