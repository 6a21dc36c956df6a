"""A sample that the tests of the lab's files share."""

import numpy as np
import pytest

from core.sample import Sample, TissueImage
from tests.lab_files import COUNTS, LABELS, LATTICE


@pytest.fixture
def sample() -> Sample:
    return Sample(
        name="small",
        expression=COUNTS,
        lattice=LATTICE,
        labels_true=LABELS,
        gene_names=np.array(["MOBP", "SNAP25", "GFAP"]),
        gene_ids=np.array(["ENSG00000168314", "ENSG00000132639", ""]),
        barcodes=np.array(["AAAC-1", "AAAG-1", "AAAT-1", "AACA-1"]),
        coords_px=np.array([[10.5, 20.0], [10.5, 40.0], [20.0, 30.0], [20.0, 50.0]]),
        spot_rgb=np.arange(12, dtype=np.uint8).reshape(4, 3),
        image=TissueImage(pixels=np.arange(90, dtype=np.uint8).reshape(5, 6, 3), scale=0.045004502),
        source="Made by hand. No licence needed.",
        synthetic=True,
    )
