"""Selections that were drawn in Xenium Explorer: corners of their outlines, and lists of their cells."""

import numpy as np
import pytest

from core.errors import AnnotationError
from core.io.annotations import read_annotations
from core.io.geojson import is_geojson, read, reading

ONE = "#Selection name: Tumour edge\n#Area (µm^2): 5000\nX,Y\n0,0\n100,0\n100,50\n0,50\n"
SEVERAL = "#Selection names: A, B\n#Areas (µm^2): 1, 2\nSelection,X,Y\nA,0,0\nA,2,0\nA,2,2\nB,10,10\nB,10,20\nB,20,20\n"
CELLS = "#Selection name: Tumour edge\n#Area (µm^2): 5000\nCell ID,Cluster,Transcripts,Area (µm^2)\naaaa-1,Cluster 1,17,50.5\nbbbb-1,Unassigned,3,20.1\n"


@pytest.fixture
def written(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "selection.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_selection_is_a_region_of_its_name_in_micrometres(written, encoding, newline):
    path = written(ONE.replace("\n", newline), encoding)
    assert is_geojson(path)
    drawing = read(path)
    (shape,) = drawing.shapes
    assert (drawing.unit, shape.name, shape.area.area, shape.area.bounds) == (
        "um",
        "Tumour edge",
        5000,
        (0, 0, 100, 50),
    )


@pytest.mark.parametrize("head", [2, 0], ids=["with its head", "table alone"])
def test_each_of_several_selections_is_a_region(written, head):
    path = written("\n".join(SEVERAL.split("\n")[2 - head :]))
    assert is_geojson(path)
    assert [(shape.name, shape.area.area) for shape in read(path).shapes] == [("A", 2), ("B", 50)]


def test_a_corner_that_is_no_number_is_named(written):
    with pytest.raises(AnnotationError, match=r"selection\.csv has 100,here where x and y of a corner should be"):
        read(written(ONE.replace("100,50", "100,here")))


def test_a_selection_of_two_corners_is_no_area(written):
    with pytest.raises(AnnotationError, match="holds no area"):
        read(written("\n".join(ONE.split("\n")[:5])))


@pytest.mark.parametrize(
    "text",
    [
        'Selection,"X,Y"\na,1,2\n',
        'Selection,X,"Y\na,1,2\n',
        'Selection,X,Y\n"' + "a" * 140_000 + '",1,2\n',
        "Selection,X,Y\na,1\n",
        "Selection,X,Y\n",
        "#Selection name: A\n",
    ],
    ids=["one title", "open quote", "long field", "short row", "titles alone", "head alone"],
)
def test_what_only_begins_as_a_selection_ends_in_a_sentence(written, text):
    with pytest.raises(AnnotationError, match=r"^selection\.csv "):
        read(written(text))


def test_more_selections_than_are_read_end_in_a_sentence(written, monkeypatch):
    monkeypatch.setattr(reading, "MOST_SHAPES", 2)
    with pytest.raises(AnnotationError, match="has more than 2 selections"):
        read(written("Selection,X,Y\n" + "".join(f"{n},0,0\n" for n in range(3))))


def test_lines_without_text_are_no_corners(written):
    path = written(ONE.replace("100,50\n", "100,50\n  \n,\n"))
    assert read(path).shapes[0].area.area == 5000


def test_cells_with_positions_are_no_corners(written):
    assert not is_geojson(written("#Selection name: A\nCell ID,X,Y\naaaa-1,1,2\n"))


def test_the_cells_of_a_selection_are_labelled_by_its_name(written):
    path = written(CELLS)
    assert not is_geojson(path)
    found = read_annotations(path, np.array(["aaaa-1", "cccc-1", "bbbb-1"]))
    assert found.labels("Selection").tolist() == ["Tumour edge", "NA", "Tumour edge"]
    assert found.suggested == "Selection"


def test_a_list_of_nothing_but_cells_is_labelled_by_its_selection(written):
    path = written("#Selection name: Rim\nCell ID\naaaa-1\n")
    assert read_annotations(path, np.array(["aaaa-1", "bbbb-1"])).labels(None).tolist() == ["Rim", "NA"]
