"""What the maps are given, and what they give back, without a browser."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.errors import FigureError
from tests.tissue_view import given, unpack
from ui.tissue_view import TissueMap
from ui.tissue_view.packing import Packing


def page():
    import numpy as np
    import streamlit as st

    from core.coordinates import on_lattice
    from ui.tissue_view import TissueMap, tissue_view

    labels = TissueMap(title="Left", labels=np.array([0, 1, 1]), names=["one", "two"], colours=["#112233", "#445566"])
    lines = [np.array([[0.0, 0.0], [50.0, 86.6]]), np.array([[0.0, 10.0], [5.0, 20.0], [9.0, 30.0]])]
    values = TissueMap(title="Right", values=np.array([0.5, np.nan, 2.0]), scale=["#000000", "#FFFFFF"], lines_um=lines)
    coordinates = on_lattice(np.array([[0, 0], [0, 2], [1, 1]]))
    spots = tissue_view("v", coordinates=coordinates, maps=[labels, values], spot_names=["a", "b", "c"], theme="light")
    st.text(str(spots))


def test_arrays_of_every_kind_come_back_from_the_packing_aligned():
    packing, header = Packing(), {"maps": [], "hover_only": [], "title": "µm"}
    arrays = [np.arange(5, dtype=kind) for kind in (np.uint8, np.uint16, np.int32, np.float32)]
    coordinates = [packing.add(array, array.dtype) for array in arrays]
    for array, index in zip(arrays, coordinates, strict=True):
        read = unpack(packing.finish({**header, "centres_um": index}))
        assert (read["centres_um"] == array).all()
        assert read["centres_um"].dtype == array.dtype
        assert all(offset % 8 == 0 for _, offset, _ in read["arrays"])
    assert packing.add(None, np.uint8) is None


def test_the_browser_is_given_places_labels_and_values():
    app = AppTest.from_function(page).run()
    assert not app.exception
    header = given(app)
    left, right = header["maps"]
    np.testing.assert_allclose(header["centres_um"], [0, 0, 100, 0, 50, 86.6], rtol=1e-4)
    assert (header["width_um"], header["array_um"]) == (100, pytest.approx([86.6, 50], rel=1e-4))
    assert (left["labels"].tolist(), left["hover_names"]) == ([0, 1, 1], ["one", "two"])
    assert right["limits"] == [0.5, 2.0]
    assert np.isnan(right["values"][1])
    assert (left["lines"], right["line_lengths"]) == (None, [2, 3])
    assert right["lines"].tolist() == pytest.approx([0, 0, 50, 86.6, 0, 10, 5, 20, 9, 30], rel=1e-6)
    assert app.text[0].value == "None"


def cells_page():
    import numpy as np

    from core.coordinates import off_lattice
    from ui.tissue_view import TissueMap, tissue_view

    cells = off_lattice(np.argwhere(np.ones((20, 20))) * 8.0)
    values = TissueMap(title="Map", values=np.arange(400.0), scale=["#000000", "#FFFFFF"])
    tissue_view("v", coordinates=cells, maps=[values], spot_names=["a"] * 400, theme="light")


def test_cells_off_the_lattice_are_as_wide_as_they_lie_apart_and_have_no_array():
    header = given(AppTest.from_function(cells_page).run())
    assert header["centres_um"][2:4].tolist() == [8, 0]
    assert header["width_um"] == pytest.approx(8, rel=0.05)
    assert header["array_um"] is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            {"labels": np.array([0, 2]), "names": ["a", "b"], "colours": ["#000000", "#FFFFFF"]},
            "from 0 to 2 but 2 names",
        ),
        ({"labels": np.array([0]), "names": ["a"], "colours": []}, "1 names, 0 colours"),
        ({"values": np.array([1.0]), "scale": ["#000000"]}, "two or more"),
        ({"values": np.array([1.0]), "labels": np.array([0])}, "one of them"),
    ],
)
def test_a_map_that_lacks_something_is_refused_in_a_sentence(wrong, words):
    with pytest.raises(FigureError, match=words):
        TissueMap(title="Map", **wrong)
