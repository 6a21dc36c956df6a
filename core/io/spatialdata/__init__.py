"""SpatialData: zarr stores of tables, shapes and images, in and out, without the library of that name."""
