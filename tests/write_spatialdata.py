"""Writes stores with the library `spatialdata` itself: `python -m tests.write_spatialdata FOLDER`.

In a process of its own, since importing the library takes ten seconds and warns.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

warnings.simplefilter("ignore")

N_CELLS = 30
RANDOM = np.random.default_rng(3)
COUNTS = RANDOM.poisson(1.5, (N_CELLS, 4))
XY = RANDOM.uniform(0, 100, (N_CELLS, 2))
NAMES = [f"c{number:02}" for number in range(N_CELLS)]
GENES = ["SNAP25", "MBP", "GFAP", "Blank-7"]
UM_PER_PIXEL = 0.2125
PIXELS = RANDOM.integers(0, 256, (3, 64, 96)).astype(np.uint8)


def write(folder: Path) -> None:
    """Write `0.1.zarr` and `0.2.zarr`, of both containers, `xenium.zarr`, `polygons.zarr`, and both kinds of shapes as GeoArrow."""
    import anndata
    import geopandas
    import pandas as pd
    import shapely
    import spatialdata
    from scipy import sparse
    from spatialdata import models, transformations
    from spatialdata._io import format as formats

    pd.set_option("future.infer_string", False)  # anndata 0.12 writes text of objects

    def table(region: str) -> anndata.AnnData:
        obs = pd.DataFrame({"region": pd.Categorical([region] * N_CELLS), "cell_id": NAMES})
        obs["kind"] = pd.Categorical(["a" if x < 50 else "b" for x in XY[:, 0]])
        made = anndata.AnnData(sparse.csr_matrix(COUNTS.astype(np.float32)), obs=obs, var=pd.DataFrame(index=GENES))
        return models.TableModel.parse(made, region=region, region_key="region", instance_key="cell_id")

    order = RANDOM.permutation(N_CELLS)
    placed = transformations.Sequence(
        [transformations.Scale([2.0, 4.0], axes=("x", "y")), transformations.Translation([8.0, 16.0], axes=("x", "y"))]
    )
    circles = models.ShapesModel.parse(
        XY[order], geometry=0, radius=3.0, index=np.array(NAMES)[order], transformations={"global": placed}
    )
    containers = {"0.1": formats.SpatialDataContainerFormatV01(), "0.2": formats.SpatialDataContainerFormatV02()}
    for name, container in containers.items():
        store = spatialdata.SpatialData(shapes={"circles": circles}, tables={"table": table("circles")})
        store.write(folder / f"{name}.zarr", sdata_formats=[container], consolidate_metadata=False)
        _write_image(folder / f"{name}.zarr", zarr_format=2 if name == "0.1" else 3)
        read = spatialdata.read_zarr(folder / f"{name}.zarr")
        assert (read.images["he"]["scale0"]["image"].values == PIXELS).all()
    # As the reader of `spatialdata-io` writes Xenium: shapes and `obsm` in micrometres, `global` in pixels.
    in_pixels = {"global": transformations.Scale([1 / UM_PER_PIXEL] * 2, axes=("x", "y"))}
    cells = models.ShapesModel.parse(XY, geometry=0, radius=3.0, index=NAMES, transformations=in_pixels)
    of_xenium = table("cell_circles")
    of_xenium.obs["transcript_counts"], of_xenium.obs["cell_area"] = COUNTS.sum(axis=1), 80.0
    of_xenium.obsm["spatial"] = XY.copy()
    spatialdata.SpatialData(shapes={"cell_circles": cells}, tables={"table": of_xenium}).write(folder / "xenium.zarr")
    squares = [shapely.box(x - 1, y - 1, x + 1, y + 1) for x, y in XY]
    turned = transformations.Affine([[0, -1, 500], [1, 0, 7], [0, 0, 1]], input_axes=("x", "y"), output_axes=("x", "y"))
    frame = geopandas.GeoDataFrame({"geometry": squares}, index=NAMES)
    outlines = models.ShapesModel.parse(frame, transformations={"slide": turned})
    spatialdata.SpatialData(shapes={"cells": outlines}, tables={"counts": table("cells")}).write(
        folder / "polygons.zarr"
    )
    for name, element in (("points", circles), ("outlines", outlines)):
        spatialdata.SpatialData(shapes={"cells": element}, tables={"counts": table("cells")}).write(
            folder / f"geoarrow_{name}.zarr", shapes_geometry_encoding="geoarrow"
        )


def _write_image(store: Path, zarr_format: int) -> None:
    """Write a pyramid as the library lays it out; its own writer does not work with the newest `ome-zarr`."""
    import zarr

    root: Any = zarr.open_group(str(store), mode="r+", zarr_format=zarr_format)  # type: ignore[arg-type]
    group = root.require_group("images").create_group("he")
    named = {"dimension_names": ["c", "y", "x"]} if zarr_format == 3 else {}
    for level, pixels in enumerate((PIXELS, PIXELS[:, ::2, ::2])):
        group.create_array(str(level), data=pixels, chunks=(3, 32, 32), **named)
    axes = [
        {"name": "c", "type": "channel"},
        *({"name": name, "type": "space", "unit": "unit"} for name in ("y", "x")),
    ]
    systems = {side: {"name": name, "axes": axes} for side, name in (("input", "cyx"), ("output", "global"))}
    levels = [
        {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": [1.0, 2.0**level, 2.0**level]}]}
        for level in (0, 1)
    ]
    placed = [{"type": "scale", "scale": [1.0, 4.0, 4.0], **systems}]
    multiscales = [{"name": "he", "axes": axes, "datasets": levels, "coordinateTransformations": placed}]
    channels = {"channels": [{"label": name} for name in "rgb"]}
    if zarr_format == 2:
        versioned = [{"version": "0.4", **multiscales[0]}]
        group.attrs.update({"multiscales": versioned, "omero": channels, "spatialdata_attrs": {"version": "0.1"}})
    else:
        ome = {"version": "0.5-dev-spatialdata", "multiscales": multiscales, "omero": channels}
        group.attrs.update({"ome": ome, "spatialdata_attrs": {"version": "0.3"}})


if __name__ == "__main__":
    write(Path(sys.argv[1]))
