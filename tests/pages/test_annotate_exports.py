"""Files that Annotate offers, from `app.py`."""

import io

import anndata
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.annotation import Region, new_annotation
from core.io import lab
from core.io.annotation_store import AnnotationStore
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from tests.tissue_view import given
from ui.annotate import exports


@pytest.fixture
def drawn(samples_folder, ana):
    """An annotation by Ana, of two regions, the first spots in one and all others in the other."""
    sample = small_sample("first")
    lab.write(sample, samples_folder / "first.h5")
    regions = Region("Top", "#123456"), Region("Rest", "#ABCDEF")
    start = new_annotation(sample.n_spots, name="mine", author="Ana", regions=regions)
    made = start.with_assigned((np.arange(sample.n_spots) >= 60).astype(int))
    return AnnotationStore(samples_folder / "first.h5", sample).save(made, "Ana").annotation


def test_the_sample_with_its_regions_has_domains_as_they_are_called_and_coloured_on_the_map(drawn, monkeypatch):
    made = {}
    monkeypatch.setattr(exports, "download", lambda label, make, *words, **more: made.update({label: make}))
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["annotation"] = drawn.id
    app.switch_page("pages/annotate.py").run()
    while not made["Sample as h5ad"]():  # until the domains are found
        app.run()
        assert not app.exception
    shown = next(item for item in given(app)["maps"] if "Predicted" in item["title"])
    adata = anndata.read_h5ad(io.BytesIO(made["Sample as h5ad"]()))
    assert adata.obs["domain"].tolist() == [shown["names"][label] for label in shown["labels"]]
    shades = dict(zip(adata.obs["domain"].cat.categories, adata.uns["domain_colors"], strict=True))
    assert shades == {shown["names"][label]: shown["colours"][label] for label in set(shown["labels"])}
    assert set(adata.obs["mine"]) == {"Top", "Rest"}
