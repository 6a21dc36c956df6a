"""What the page offers to take home, from `app.py`; what the files hold is in tests/browser and tests/core/io."""

import dataclasses

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from tests.pages.conftest import APP
from tests.small_tissue import small_sample

FILES = [
    "Maps as PNG",
    "Maps as SVG",
    "Maps as HTML",
    "Labels as CSV",
    "Thickness as CSV",
    "Labels for Loupe",
    "Sample as h5ad",
]


def offered(app):
    """Buttons of files by their label, and whether they can be pressed."""
    return {item.proto.label: not item.proto.disabled for item in app.get("download_button")}


@pytest.fixture
def app(samples_folder):
    plain = small_sample("named")
    barcodes = np.array([f"SPOT{spot}-1" for spot in range(plain.n_spots)])
    lab.write(dataclasses.replace(plain, barcodes=barcodes), samples_folder / "named.h5")
    return AppTest.from_file(APP, default_timeout=120).run()


def test_everything_is_offered_and_nothing_is_made_while_knobs_are_moved(app, monkeypatch):
    for name in ("write_h5ad", "write_lab_h5", "labels_csv", "loupe_csv", "as_bytes", "run_embeddings"):
        owner = "ui.tune.downloads.compute" if name == "run_embeddings" else "ui.tune.downloads"
        monkeypatch.setattr(f"{owner}.{name}", lambda *args, **kwargs: pytest.fail("made though nobody asked"))
    app.slider("widget:pooling.window").set_value(3).run()
    assert not app.exception
    assert dict.fromkeys([*FILES, "Sample as the lab's h5"], True).items() <= offered(app).items()


def test_without_barcodes_loupe_is_closed_and_the_rest_open(samples_folder):
    lab.write(small_sample("bare"), samples_folder / "bare.h5")
    files = offered(AppTest.from_file(APP, default_timeout=120).run())
    assert not files["Labels for Loupe"]
    assert files["Sample as h5ad"]
