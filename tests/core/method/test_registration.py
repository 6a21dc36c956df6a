import numpy as np

from core.coordinates import off_lattice, on_lattice
from core.io import lab
from core.io.visium import spatial
from core.method.registration import um_to_image


def placed(tissue_um, affine):
    a, b, c, d, e, f = affine
    x, y = tissue_um.T
    return np.column_stack((a * x + c * y + e, b * x + d * y + f))


def test_a_turned_and_mirrored_image_is_found_exactly():
    lattice = np.array([(row, col) for row in range(6) for col in range(row % 2, 10, 2)])
    cells = np.random.default_rng(0).uniform(-50, 400, (30, 2))
    for tissue_um in (on_lattice(lattice).tissue_um, off_lattice(cells).tissue_um):
        x, y = tissue_um.T
        rows, cols = 40 - 0.02 * x + 0.3 * y, 900 - 0.3 * x - 0.02 * y
        found = placed(tissue_um, um_to_image(tissue_um, np.column_stack((rows, cols)), 0.5))
        np.testing.assert_allclose(found, np.column_stack((cols, rows)) * 0.5)


def test_spots_of_real_sections_lie_within_a_pixel_of_where_space_ranger_saw_them(shared_data):
    for section in ("151507", "151669"):
        sample = lab.read(shared_data / "spca_dat" / f"sample_{section}.h5")
        sample = spatial.attach(sample, spatial.read_spatial(shared_data / "histology" / section))
        assert sample.coords_px is not None
        found = placed(sample.tissue_um, um_to_image(sample.tissue_um, sample.coords_px, sample.image.scale))
        assert np.abs(found - sample.coords_px[:, ::-1] * sample.image.scale).max() < 1
