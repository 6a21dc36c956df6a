"""What the maps are given, and what they give back, without a browser."""

import numpy as np
import pytest
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest

from core.coordinates import on_lattice
from core.errors import FigureError
from tests.tissue_view import fetched, given, shared_store, unpack
from ui.tissue_view import TissueMap, selected_in
from ui.tissue_view.packing import Packing
from ui.tissue_view.spots import pack


def page():
    import numpy as np
    import streamlit as st

    from core.coordinates import on_lattice
    from ui.tissue_view import TissueMap, tissue_view
    from ui.tissue_view.spots import pack

    labels = TissueMap(title="Left", labels=np.array([0, 1, 1]), names=["one", "two"], colours=["#112233", "#445566"])
    lines = [np.array([[0.0, 0.0], [50.0, 86.6]]), np.array([[0.0, 10.0], [5.0, 20.0], [9.0, 30.0]])]
    values = TissueMap(title="Right", values=np.array([0.5, np.nan, 2.0]), scale=["#000000", "#FFFFFF"], lines_um=lines)
    spots = pack(on_lattice(np.array([[0, 0], [0, 2], [1, 1]])), ["a", "b", "c"])
    st.text(str(tissue_view("v", spots=spots, maps=[labels, values], theme="light")))


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


def test_the_browser_is_given_labels_and_values_and_where_to_fetch_places_and_names(monkeypatch):
    store = shared_store(monkeypatch)
    app = AppTest.from_function(page).run()
    assert not app.exception
    header, spots = given(app), fetched(app, store)
    left, right = header["maps"]
    np.testing.assert_allclose(spots["centres_um"], [0, 0, 100, 0, 50, 86.6], rtol=1e-4)
    assert (spots["width_um"], spots["array_um"]) == (100, pytest.approx([86.6, 50], rel=1e-4))
    assert (spots["names"], spots["stain"], spots["digest"]) == (["a", "b", "c"], None, header["spots"]["digest"])
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
    from ui.tissue_view.spots import pack

    cells = off_lattice(np.argwhere(np.ones((20, 20))) * 8.0)
    values = TissueMap(title="Map", values=np.arange(400.0), scale=["#000000", "#FFFFFF"])
    tissue_view("v", spots=pack(cells, ["a"] * 400), maps=[values], theme="light")


def test_cells_off_the_lattice_are_as_wide_as_they_lie_apart_and_have_no_array(monkeypatch):
    store = shared_store(monkeypatch)
    spots = fetched(AppTest.from_function(cells_page).run(), store)
    assert spots["centres_um"][2:4].tolist() == [8, 0]
    assert spots["width_um"] == pytest.approx(8, rel=0.05)
    assert spots["array_um"] is None


def wrong_page():
    import numpy as np
    import streamlit as st

    from core.coordinates import on_lattice
    from core.errors import FigureError
    from ui.tissue_view import TissueMap, tissue_view
    from ui.tissue_view.spots import pack

    labels = TissueMap(title="Left", labels=np.array([0]), names=["one"], colours=["#112233"])
    try:
        tissue_view("v", spots=pack(on_lattice(np.array([[0, 0], [1, 1]])), ["a", "b"]), maps=[labels], theme="light")
    except FigureError as error:
        st.text(str(error))


def test_a_map_that_does_not_fit_the_spots_is_refused_in_a_sentence():
    (words,) = AppTest.from_function(wrong_page).run().text
    assert words.value == "There are 1 labels of the map 'Left', but 2 spots: each spot needs one."


def lasso_page():
    import numpy as np

    from core.coordinates import on_lattice
    from ui.tissue_view import Choice, TissueMap, tissue_view
    from ui.tissue_view.spots import pack

    rows = on_lattice(np.column_stack((np.arange(11), np.arange(11) % 2)))
    labels = TissueMap(title="Map", labels=np.zeros(11, int), names=["one"], colours=["#112233"])
    tissue_view("v", spots=pack(rows, None), maps=[labels], theme="light", choice=Choice(1, np.array([0, 1, 9])))


def test_spots_without_names_are_numbered_by_the_browser_and_a_selection_goes_out_as_a_bit_for_each(monkeypatch):
    store = shared_store(monkeypatch)
    app = AppTest.from_function(lasso_page).run()
    assert given(app)["selected"].tolist() == [1 + 2, 2]
    assert fetched(app, store)["names"] is None


@pytest.mark.parametrize(
    ("bits", "spots"),
    [
        ("Ag==", [1]), ("BQ==", [0, 2]), ("/w==", [0, 1, 2]), ("AA==", None), ("", None), ("AgA=", None), ("A", None), ("ä", None), (7, None),
        (None, None), (["Ag=="], None), ("Ag==\n", None),
    ],
)  # fmt: skip
def test_a_selection_of_the_browser_is_read_and_what_is_none_is_none(monkeypatch, bits, spots):
    packed = pack(LATTICE, ["a", "b", "c"])
    for digest, wanted in ((packed.digest, spots), ("others", None)):
        monkeypatch.setattr("streamlit.session_state", {"v": {"selection": {"spots": digest, "bits": bits}}})
        read = selected_in("v", packed)
        assert (None if read is None else read.tolist()) == wanted
    monkeypatch.setattr("streamlit.session_state", {"v": {"selection": [bits]}})
    assert selected_in("v", packed) is None


LATTICE = on_lattice(np.array([[0, 0], [0, 2], [1, 1]]))
STAIN = np.zeros((3, 3), dtype=np.uint8)


def test_other_places_names_or_stain_have_another_digest_and_equal_ones_the_same():
    names, moved = ["a", "b", "c"], on_lattice(np.array([[0, 0], [0, 2], [1, 3]]))
    packed = [
        pack(LATTICE, names), pack(moved, names), pack(LATTICE, ["a", "b", "d"]), pack(LATTICE, names, STAIN),
        pack(LATTICE, names, STAIN + 1),
    ]  # fmt: skip
    assert len({spots.digest for spots in packed}) == 5
    again = pack(on_lattice(np.array([[0, 0], [0, 2], [1, 1]])), list(names), STAIN.copy())
    assert (again.digest, again.packed) == (packed[3].digest, packed[3].packed)


def test_large_blocks_that_differ_in_one_name_have_two_addresses_in_the_store_of_media():
    store = MemoryMediaFileStorage("/media")
    rows = on_lattice(np.argwhere(np.ones((200, 200))) * [1, 2])
    names = [f"{number:040d}" for number in range(40_000)]
    blocks = [pack(rows, names).packed, pack(rows, [*names[:9000], "x" * 40, *names[9001:]]).packed]
    assert len(blocks[0]) == len(blocks[1]) > 2**20
    ids = [store.load_and_get_id(block, "application/octet-stream", MediaFileKind.MEDIA) for block in blocks]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("names", "stain", "words"),
    [
        (["a", "b"], None, "There are 2 names of spots, but 3 spots"),
        (["a", "b", "c"], STAIN[:2], r"shape \(2, 3\), but there are 3 spots"),
    ],
)
def test_names_and_stain_that_do_not_fit_the_spots_are_refused_in_a_sentence(names, stain, words):
    with pytest.raises(FigureError, match=words):
        pack(LATTICE, names, stain)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            {"labels": np.array([0, 2]), "names": ["a", "b"], "colours": ["#000000", "#FFFFFF"]},
            "from 0 to 2 but 2 names",
        ),
        ({"labels": np.array([0]), "names": ["a"], "colours": []}, "1 name, 0 colours"),
        ({"values": np.array([1.0]), "scale": ["#000000"]}, "two or more"),
        ({"values": np.array([1.0]), "labels": np.array([0])}, "one of them"),
    ],
)
def test_a_map_that_lacks_something_is_refused_in_a_sentence(wrong, words):
    with pytest.raises(FigureError, match=words):
        TissueMap(title="Map", **wrong)
