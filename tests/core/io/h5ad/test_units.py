"""What else a file says of the same spots tells the unit of coordinates, or contradicts them."""

import anndata
import numpy as np
import pandas as pd
import pytest

from core.io import importing
from core.io.incoming import ImportChoices

N_SPOTS = 60
RANDOM = np.random.default_rng(4)
NUMBERS = np.column_stack([np.arange(N_SPOTS) // 10 + 40, np.arange(N_SPOTS) % 10 + 7])
"""Row and column in a square grid."""

XY_UM = NUMBERS[:, ::-1] * 11.0 + RANDOM.uniform(-2, 2, (N_SPOTS, 2))


def write(path, xy, names=None, **columns):
    index = pd.Index(np.array(names or [f"cell-{number}" for number in range(N_SPOTS)], dtype=object), dtype=object)
    genes = pd.DataFrame(index=pd.Index(np.array(["SNAP25", "MBP"], dtype=object), dtype=object))
    adata = anndata.AnnData(np.ones((N_SPOTS, 2), dtype=np.float32), obs=pd.DataFrame(columns, index=index), var=genes)
    adata.obsm["spatial"] = xy
    adata.write_h5ad(path)
    return path


def positions_said(path):
    return [(check.status, check.found) for check in importing.survey(path).checks if check.what == "Positions"]


def turned(xy, angle=0.3):
    return xy @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize(
    ("titles", "others", "unit"),
    [
        (("x_um", "y_um"), {}, 1.0),
        (("x_mm", "y_mm"), {}, 1e-3),
        (("x_centroid", "y_centroid"), {"transcript_counts": 9, "cell_area": 80.0}, 1.0),
        (("center_x", "center_y"), {"fov": 3, "volume": 500.0}, 1.0),
    ],
)
def test_pixels_are_measured_by_columns_of_the_same_cells(tmp_path, titles, others, unit):
    # Pixels count from the other edge, and the image was turned.
    pixels = turned(np.column_stack([XY_UM[:, 0], -XY_UM[:, 1]])) / 0.2125 + 7000
    places = dict(zip(titles, (XY_UM * unit).T, strict=True))
    path = write(tmp_path / "a.h5ad", pixels, **places, **others)
    assert positions_said(path) == [
        ("good", f"Coordinates from obsm/spatial, 0.2125 µm per unit, told by obs/{titles[0]} and obs/{titles[1]}.")
    ]
    sample = importing.read(path, ImportChoices())
    np.testing.assert_allclose(sample.coords_um, pixels[:, ::-1] * 0.2125, rtol=1e-12)
    assert sample.unit_known


@pytest.mark.parametrize("size", [2, 8, 16])
def test_names_of_visium_hds_bins_measure_their_pixels(tmp_path, size):
    names = [f"s_{size:03}um_{row:05}_{column:05}-1" for row, column in NUMBERS]
    path = write(tmp_path / "a.h5ad", turned(NUMBERS[:, ::-1] * (size / 0.2738)), names)
    assert positions_said(path)[0][1] == "Coordinates from obsm/spatial, 0.2738 µm per unit, told by the names of bins."
    np.testing.assert_allclose(
        importing.read(path, ImportChoices()).coords_um, turned(NUMBERS[:, ::-1] * float(size))[:, ::-1], rtol=1e-9
    )


def test_the_same_in_single_precision_stays_as_it_is_to_the_last_bit(tmp_path):
    single = XY_UM.astype(np.float32)
    path = write(tmp_path / "a.h5ad", single, x_um=XY_UM[:, 0], y_um=XY_UM[:, 1])
    assert (importing.read(path, ImportChoices()).coords_um == single[:, ::-1]).all()


def test_columns_that_lie_elsewhere_or_are_of_no_instrument_measure_nothing(tmp_path):
    elsewhere = RANDOM.permutation(XY_UM)
    path = write(tmp_path / "a.h5ad", XY_UM * 4, x_um=elsewhere[:, 0], y_um=elsewhere[:, 1])
    assert "guessed" in positions_said(path)[0][1]
    path = write(tmp_path / "b.h5ad", XY_UM * 4, x_centroid=XY_UM[:, 0], y_centroid=XY_UM[:, 1])
    assert "guessed" in positions_said(path)[0][1]


def test_columns_that_exchange_x_and_y_are_said_and_can_be_taken(tmp_path):
    path = write(tmp_path / "a.h5ad", XY_UM, x=XY_UM[:, 1], y=XY_UM[:, 0])
    found = importing.survey(path)
    said = [check.found for check in found.checks if check.what == "Coordinates"]
    assert said == ["obs/x and obs/y are the same with x and y exchanged; obsm/spatial is taken."]
    assert found.contradicts
    assert (importing.read(path, ImportChoices()).coords_um == XY_UM[:, ::-1]).all()
    assert (importing.read(path, ImportChoices(positions="turned")).coords_um == XY_UM).all()
    same = write(tmp_path / "b.h5ad", XY_UM, x=XY_UM[:, 0], y=XY_UM[:, 1])
    assert not importing.survey(same).contradicts
