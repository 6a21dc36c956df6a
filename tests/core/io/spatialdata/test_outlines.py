"""Polygons of a store are the outlines of its cells, through their transformation, and keep no counts out.

Stores are written here by the rules of their formats: WKB (OGC 06-103r4, 8.2), GeoParquet 1.0, and SpatialData's JSON.
"""

import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
import zarr
from pyarrow import parquet

from core.errors import SampleFileError
from core.io import importing, lab
from core.io.incoming import ImportChoices
from core.io.spatialdata import shapes

N_CELLS = 40
RANDOM = np.random.default_rng(11)
COUNTS = RANDOM.poisson(2.0, (N_CELLS, 4)).astype(np.float32)
XY = np.column_stack([np.arange(N_CELLS) % 8, np.arange(N_CELLS) // 8]) * 12.0 + RANDOM.uniform(-2, 2, (N_CELLS, 2))
NAMES = [f"cell-{number}" for number in range(N_CELLS)]
KITE = np.array([[-3.0, 0.0], [0.0, -4.0], [3.0, 0.0], [0.0, 4.0]])
"""Corners about a centre, which is their centroid."""


def point(xy: Sequence[float]) -> bytes:
    return struct.pack("<BIdd", 1, 1, *xy)


def polygon(*rings: np.ndarray) -> bytes:
    closed = [np.vstack([ring, ring[:1]]) for ring in rings]
    body = b"".join(struct.pack("<I", len(ring)) + ring.astype("<f8").tobytes() for ring in closed)
    return struct.pack("<BII", 1, 3, len(rings)) + body


def several(polygons: Sequence[bytes]) -> bytes:
    return struct.pack("<BII", 1, 6, len(polygons)) + b"".join(polygons)


def write(
    folder: Path, region: str, elements: dict[str, tuple[list[str], list[bytes]]], placed: dict[str, Any]
) -> Path:
    """Write a store of version 0.1 whose table stands for one of the elements."""
    root = zarr.open_group(str(folder), mode="w", zarr_format=2)
    root.attrs["spatialdata_attrs"] = {"version": "0.1"}
    obs = pd.DataFrame(index=_texts(NAMES))
    obs["region"] = pd.Categorical.from_codes([0] * N_CELLS, categories=_texts([region]))
    obs["cell_id"] = pd.Series(_texts(NAMES), index=obs.index, dtype=object)
    table = anndata.AnnData(COUNTS, obs=obs, var=pd.DataFrame(index=_texts(["SNAP25", "MBP", "GFAP", "PLP1"])))
    table.uns["spatialdata_attrs"] = {"region": region, "region_key": "region", "instance_key": "cell_id"}
    anndata.io.write_elem(root.create_group("tables"), "table", table)
    for name, (names, written) in elements.items():
        group = root.require_group("shapes").create_group(name)
        group.attrs["spatialdata_attrs"] = {"version": "0.2"}
        group.attrs["coordinateTransformations"] = [placed]
        write_shapes(folder / "shapes" / name / "shapes.parquet", names, written)
    return folder


def _texts(names: Sequence[str]) -> pd.Index:
    return pd.Index(np.array(names, dtype=object), dtype=object)  # anndata 0.12 writes text of objects


def write_shapes(path: Path, names: list[str], written: Iterable[bytes]) -> None:
    geo = {
        "primary_column": "geometry",
        "version": "1.0.0",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}},
    }
    told = {b"geo": json.dumps(geo).encode(), b"pandas": json.dumps({"index_columns": ["__index_level_0__"]}).encode()}
    columns = {"geometry": pa.array(list(written), pa.binary()), "__index_level_0__": pa.array(names)}
    parquet.write_table(pa.table(columns).replace_schema_metadata(told), path)


def placed(unit: str = "unit", kind: str = "turned") -> dict[str, Any]:
    """x of the system is 500 - 2 y of the element, y is 7 + 2 x; or both as they are."""
    axes = [{"name": name, "type": "space", "unit": unit} for name in ("x", "y")]
    sides = {"input": {"name": "xy", "axes": axes}, "output": {"name": "global", "axes": axes}}
    if kind == "same":
        return {"type": "identity", **sides}
    return {"type": "affine", "affine": [[0.0, -2.0, 500.0], [2.0, 0.0, 7.0]], **sides}


def turned(xy: np.ndarray) -> np.ndarray:
    return np.column_stack([500 - 2 * xy[:, 1], 7 + 2 * xy[:, 0]])


def said(path: Path, what: str = "Outlines"):
    return next((check for check in importing.survey(path).checks if check.what == what), None)


@pytest.fixture
def circles_and_boundaries(tmp_path):
    """Circles that the table stands for, and polygons of all but one of the cells, in another order."""
    order = RANDOM.permutation(N_CELLS - 1)
    elements = {
        "cell_circles": (NAMES, [point(xy) for xy in XY]),
        "cell_boundaries": ([NAMES[number] for number in order], [polygon(XY[number] + KITE) for number in order]),
    }
    return write(tmp_path / "beside.zarr", "cell_circles", elements, placed())


def test_corners_lie_where_the_transformation_puts_them(tmp_path):
    written = [polygon(xy + KITE) for xy in XY]
    path = write(tmp_path / "own.zarr", "cells", {"cells": (NAMES, written)}, placed())
    assert said(path).found == "Of 40 of 40 cells, in cells."
    sample = importing.read(path, ImportChoices())
    assert (sample.expression == COUNTS).all()
    for number, xy in enumerate(XY):
        ring = sample.outlines.ring_um(number, tuple(sample.tissue_um[number]))
        np.testing.assert_allclose(ring, turned(xy + KITE), atol=sample.outlines.unit_um / 2 + 1e-9)


def test_of_several_parts_the_largest_counts_and_a_hole_does_not(tmp_path):
    speck = polygon(XY[0] + 0.01 * KITE)
    written = [polygon(xy + KITE, xy + 0.5 * KITE[::-1]) for xy in XY]
    written[0] = several([speck, written[0]])
    path = write(tmp_path / "parts.zarr", "cells", {"cells": (NAMES, written)}, placed(kind="same"))
    sample = importing.read(path, ImportChoices())
    lengths = np.diff(sample.outlines.begins)
    assert lengths.tolist() == [4] * N_CELLS
    reach = np.abs(sample.outlines.corners).reshape(N_CELLS, 4, 2).max(axis=1) * sample.outlines.unit_um
    np.testing.assert_allclose(reach, np.tile([3.0, 4.0], (N_CELLS, 1)), atol=0.1)


def test_polygons_beside_the_circles_of_a_table_are_matched_by_name(circles_and_boundaries, tmp_path):
    assert said(circles_and_boundaries).found == "Of 39 of 40 cells, in cell_boundaries."
    sample = importing.read(circles_and_boundaries, ImportChoices())
    assert sample.outlines.has_outline.tolist() == [True] * (N_CELLS - 1) + [False]
    ring = sample.outlines.ring_um(5, tuple(sample.tissue_um[5]))
    np.testing.assert_allclose(ring, turned(XY[5] + KITE), atol=0.03)
    lab.write(sample, tmp_path / "kept.h5")
    assert lab.read(tmp_path / "kept.h5").outlines.digest == sample.outlines.digest


def test_lengths_in_millimetres_become_micrometres(tmp_path):
    written = [polygon((xy + KITE) / 1000) for xy in XY]
    path = write(tmp_path / "mm.zarr", "cells", {"cells": (NAMES, written)}, placed("millimeter", "same"))
    sample = importing.read(path, ImportChoices())
    assert sample.unit_known
    ring = sample.outlines.ring_um(7, tuple(sample.tissue_um[7]))
    np.testing.assert_allclose(ring, XY[7] + KITE, atol=0.03)


def test_a_table_that_stands_for_points_is_refused_with_what_to_do(tmp_path):
    path = write(tmp_path / "beads.zarr", "beads", {}, placed())
    zarr.open_group(str(path), mode="r+").create_group("points/beads")
    with pytest.raises(SampleFileError, match="stands for the points beads, which are not read: write them as shapes"):
        importing.read(path, ImportChoices())


def test_a_store_of_circles_alone_says_nothing_of_outlines(tmp_path):
    path = write(tmp_path / "circles.zarr", "spots", {"spots": (NAMES, [point(xy) for xy in XY])}, placed())
    assert said(path) is None
    assert importing.read(path, ImportChoices()).outlines is None


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _no_shapes(path: Path) -> None:
    write_shapes(path, NAMES, [b"no shape"] * N_CELLS)


def _corners_that_are_not_there(path: Path) -> None:
    write_shapes(path, NAMES, [struct.pack("<BIII", 1, 3, 1, 2**31)] * N_CELLS)


@pytest.mark.parametrize("damage", [_cut, _no_shapes, _corners_that_are_not_there])
def test_damaged_outlines_keep_no_counts_out(circles_and_boundaries, damage):
    damage(circles_and_boundaries / "shapes" / "cell_boundaries" / "shapes.parquet")
    check = said(circles_and_boundaries)
    assert check.status == "notice"
    assert "`shapes/cell_boundaries` holds no shapes that can be read" in check.found
    sample = importing.read(circles_and_boundaries, ImportChoices())
    assert sample.outlines is None
    assert (sample.expression == COUNTS).all()
    np.testing.assert_allclose(sample.tissue_um, turned(XY))


def test_polygons_of_elsewhere_are_left_out_and_counted(circles_and_boundaries):
    far = [polygon(xy + KITE + (400 if number < 3 else 0)) for number, xy in enumerate(XY)]
    far[3] = polygon(np.full((4, 2), np.nan))
    write_shapes(circles_and_boundaries / "shapes" / "cell_boundaries" / "shapes.parquet", NAMES, far)
    check = said(circles_and_boundaries)
    assert check.found.startswith("Of 36 of 40 cells, in cell_boundaries. 3 more enclose nothing or lie elsewhere")
    assert importing.read(circles_and_boundaries, ImportChoices()).outlines.has_outline.sum() == 36


def test_one_shape_that_cannot_be_read_costs_its_own_cell_alone(tmp_path):
    written = [polygon(xy + KITE) for xy in XY]
    written[4] = b"no shape"
    path = write(tmp_path / "one.zarr", "cells", {"cells": (NAMES, written)}, placed())
    assert said(path, "Shapes").found.startswith("39 cells at the centres of cells")
    sample = importing.read(path, ImportChoices())
    kept = np.delete(np.arange(N_CELLS), 4)
    assert sample.barcodes.tolist() == [NAMES[number] for number in kept]
    assert (sample.expression == COUNTS[kept]).all()
    assert sample.outlines.has_outline.all()


@pytest.mark.parametrize("kind", [6, 7])
def test_a_shape_inside_a_hundred_thousand_others_costs_its_own_cell_alone(tmp_path, kind):
    written = [polygon(xy + KITE) for xy in XY]
    written[4] = struct.pack("<BII", 1, kind, 1) * 100_000 + written[4]
    path = write(tmp_path / "deep.zarr", "cells", {"cells": (NAMES, written)}, placed())
    sample = importing.read(path, ImportChoices())
    assert sample.barcodes.tolist() == [name for name in NAMES if name != "cell-4"]
    assert sample.outlines.has_outline.all()


def test_metadata_of_shapes_that_are_nested_very_deep_are_a_sentence(circles_and_boundaries):
    path = circles_and_boundaries / "shapes" / "cell_boundaries" / "shapes.parquet"
    table = parquet.read_table(path).replace_schema_metadata({b"pandas": b"[" * 200_000})
    parquet.write_table(table, path)
    assert "holds no shapes that can be read" in said(circles_and_boundaries).found


def test_more_polygons_than_are_read_are_known_before_one_is(circles_and_boundaries, monkeypatch):
    many = [*NAMES, *(f"more-{number}" for number in range(200))]
    path = circles_and_boundaries / "shapes" / "cell_boundaries" / "shapes.parquet"
    write_shapes(path, many, [polygon(XY[0] + KITE)] * len(many))
    monkeypatch.setattr(shapes, "MAX_ROWS", 100)
    assert "more than are read" in said(circles_and_boundaries).found
    assert importing.read(circles_and_boundaries, ImportChoices()).outlines is None


def _counted_decoding(monkeypatch) -> list[int]:
    """How many shapes were decoded by each call of the library that decodes them."""
    decoded, decode = list[int](), shapely.from_wkb

    def counting(written, **more):
        decoded.append(len(written))
        return decode(written, **more)

    monkeypatch.setattr(shapely, "from_wkb", counting)
    return decoded


def test_polygons_that_give_positions_and_outlines_are_decoded_once(tmp_path, monkeypatch):
    path = write(tmp_path / "own.zarr", "cells", {"cells": (NAMES, [polygon(xy + KITE) for xy in XY])}, placed())
    decoded = _counted_decoding(monkeypatch)
    importing.read(path, ImportChoices())
    assert sum(decoded) == N_CELLS
    importing.survey(path)
    assert sum(decoded) == 2 * N_CELLS


def test_outlines_that_are_too_many_to_be_kept_are_decoded_again_to_the_same(tmp_path, monkeypatch):
    rings = [KITE * RANDOM.uniform(0.5, 1.5, (4, 2)) for _ in NAMES]
    written = [polygon(xy + ring) for xy, ring in zip(XY, rings, strict=True)]
    path = write(tmp_path / "own.zarr", "cells", {"cells": (NAMES, written)}, placed())
    kept, found = importing.read(path, ImportChoices()), said(path).found
    decoded = _counted_decoding(monkeypatch)
    monkeypatch.setattr(shapes, "MAX_KEPT_BYTES", 0)
    again = importing.read(path, ImportChoices())
    assert sum(decoded) == 2 * N_CELLS
    assert (again.tissue_um == kept.tissue_um).all()
    assert (again.outlines.corners == kept.outlines.corners).all()
    assert (again.outlines.begins == kept.outlines.begins).all()
    assert said(path).found == found


def test_a_cell_in_pieces_is_drawn_as_its_largest_and_counted_once(tmp_path):
    pieces = [
        several([polygon(xy + KITE), polygon(xy + [6, 0] + KITE / 8)]) if n % 3 == 0 else polygon(xy + KITE)
        for n, xy in enumerate(XY)
    ]
    path = write(tmp_path / "pieces.zarr", "cells", {"cells": (NAMES, pieces)}, placed())
    check = said(path)
    assert (check.status, check.found) == ("good", "Of 40 of 40 cells, in cells.")
    assert importing.read(path, ImportChoices()).outlines.has_outline.all()


def test_points_without_a_table_say_how_they_are_counted(tmp_path):
    root = zarr.open_group(str(tmp_path / "points.zarr"), mode="w", zarr_format=2)
    root.create_group("points/transcripts")
    root.create_group("shapes/nuclei")
    with pytest.raises(
        SampleFileError,
        match=r'holds points \(transcripts\).*aggregate\(values="transcripts", by="nuclei", value_key="gene"',
    ):
        importing.read(tmp_path / "points.zarr", ImportChoices())
