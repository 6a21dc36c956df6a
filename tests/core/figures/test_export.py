"""Figures as files, opened again."""

import dataclasses
import html
import struct
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from core.errors import FigureError
from core.figures import export, origin
from core.figures.export import HEIGHT_PX, WIDTH_PX, write_figure
from core.params import preset
from scripts.chromium import chromium_path

SVG = "{http://www.w3.org/2000/svg}"
FIGURE = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], name="a trace"))


def test_html_holds_everything_it_needs(tmp_path):
    write_figure(FIGURE, tmp_path / "map.html")
    text = (tmp_path / "map.html").read_text()
    assert "a trace" in text
    assert "Plotly.newPlot" in text
    assert len(text) > 1_000_000
    assert '<script src="http' not in text


@pytest.fixture
def _browser_for_kaleido(monkeypatch):
    if path := chromium_path():
        monkeypatch.setenv("BROWSER_PATH", path)
        return
    with sync_playwright() as playwright:
        monkeypatch.setenv("BROWSER_PATH", playwright.chromium.executable_path)


@pytest.mark.browser
@pytest.mark.usefixtures("_browser_for_kaleido")
def test_png_has_twice_the_pixels_of_the_figure(tmp_path):
    write_figure(FIGURE, tmp_path / "map.png")
    head = (tmp_path / "map.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:24]) == (2 * WIDTH_PX, 2 * HEIGHT_PX)


@pytest.mark.browser
@pytest.mark.usefixtures("_browser_for_kaleido")
def test_svg_is_a_picture_of_vectors(tmp_path):
    write_figure(FIGURE, tmp_path / "map.SVG")
    root = ElementTree.parse(tmp_path / "map.SVG").getroot()  # noqa: S314 - written by this test
    assert root.tag.endswith("svg")
    assert not list(root.iter("{http://www.w3.org/2000/svg}image"))


@pytest.mark.parametrize("name", ["map.pdf", "map", "map.jpeg"])
def test_another_suffix_is_refused_with_those_that_work(tmp_path, name):
    with pytest.raises(FigureError, match=r"\.html, \.png, \.svg"):
        write_figure(FIGURE, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FigureError, match=r"no folder .*nowhere"):
        write_figure(FIGURE, tmp_path / "nowhere" / "map.html")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "map.html").mkdir()
    with pytest.raises(FigureError, match=r"map\.html cannot be written"):
        write_figure(FIGURE, tmp_path / "map.html")


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_without_a_browser_one_sentence_says_what_to_do(tmp_path, monkeypatch, kind):
    def no_browser(*args, **kwargs):
        raise RuntimeError("\n\nKaleido requires Google Chrome to be installed.\n\nLong advice")

    monkeypatch.setattr(go.Figure, "to_image", no_browser)
    with pytest.raises(FigureError, match=r"apt install chromium") as caught:
        write_figure(FIGURE, tmp_path / f"map.{kind}")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_an_exception_without_words_is_called_by_its_type():
    assert export._first_line(ValueError()) == "ValueError"


ORIGIN = dataclasses.replace(
    origin.of_run("151673 <b>", preset("recommended", 7), made=datetime(2024, 5, 1, tzinfo=UTC)), version="0.2.0"
)
LINE = "151673 <b> · Recommended, K 7, seed 0 · Spatial domains 0.2.0 · 2024-05-01"
FACTS = {"Sample": "151673 <b>", "Preset": "Recommended", "Clusters": "7", "Seed": "0", "Version": "0.2.0"}


def test_a_page_says_below_the_figure_and_in_its_meta_tags_where_it_comes_from(tmp_path):
    write_figure(FIGURE, tmp_path / "map.html", ORIGIN)
    text = (tmp_path / "map.html").read_text()
    assert f'<meta name="description" content="{html.escape(LINE)}">' in text
    for name, value in FACTS.items():
        assert f'<meta name="{name.lower()}" content="{html.escape(value)}">' in text
    assert "K 7, seed 0" in text.partition("Plotly.newPlot")[2]
    assert not FIGURE.layout.annotations  # the figure itself is left as it was


def test_what_is_guided_says_so_below_the_figure_and_in_its_file():
    guided = origin.of_run("151673", preset("recommended", 7), guided="guided by 100 painted spots of 4 domains")
    assert "guided by 100 painted spots of 4 domains" in guided.line
    assert guided.by_name["Guided"] == "guided by 100 painted spots of 4 domains"
    assert "Guided" not in ORIGIN.by_name


@pytest.mark.browser
@pytest.mark.usefixtures("_browser_for_kaleido")
def test_a_picture_holds_where_it_comes_from_in_its_text_chunks_and_below_the_figure(tmp_path):
    write_figure(FIGURE, tmp_path / "map.png", ORIGIN)
    write_figure(FIGURE, tmp_path / "bare.png")
    with Image.open(tmp_path / "map.png") as picture, Image.open(tmp_path / "bare.png") as bare:
        assert picture.info["Description"] == LINE
        assert FACTS.items() <= picture.info.items()
        picture.load()  # every chunk is whole
        assert picture.size == bare.size
        assert np.asarray(picture.convert("L"))[-50:].min() < 200  # a line stands at the bottom


@pytest.mark.browser
@pytest.mark.usefixtures("_browser_for_kaleido")
def test_vector_graphics_hold_where_they_come_from_in_their_metadata(tmp_path):
    write_figure(FIGURE, tmp_path / "map.svg", ORIGIN)
    root = ElementTree.parse(tmp_path / "map.svg").getroot()  # noqa: S314 - of this test
    facts = {fact.get("name"): fact.text for fact in root.iter("fact")}
    assert facts["Description"] == LINE
    assert FACTS.items() <= facts.items()
    assert "K 7, seed 0" in "".join(root.itertext()).replace(LINE, "", 1)


@pytest.mark.browser
@pytest.mark.usefixtures("_browser_for_kaleido")
@pytest.mark.parametrize("name", ["Layer", "A name as long as people give them to domains, number"])
def test_the_line_below_a_map_stands_below_the_last_row_of_its_legend(tmp_path, name):
    figure = go.Figure([go.Scatter(x=[1, 2], y=[3, 4], name=f"{name} {number}") for number in range(9)])
    figure.update_layout(
        showlegend=True, margin={"b": 16}, legend={"orientation": "h", "x": 0, "y": -0.015, "yanchor": "top"}
    )
    write_figure(figure, tmp_path / "map.svg", ORIGIN)
    root = ElementTree.parse(tmp_path / "map.svg").getroot()  # noqa: S314 - of this test
    [legend] = [part for part in root.iter(f"{SVG}g") if part.get("class") == "legend"]
    top = float(legend.get("transform").removesuffix(")").split(",")[1])
    rows = [part for part in legend.iter(f"{SVG}g") if part.get("class") == "traces"]
    down = [float(row.get("transform").removesuffix(")").split(",")[1]) for row in rows]
    [line] = [part for part in root.iter(f"{SVG}text") if "K 7, seed 0" in "".join(part.itertext())]
    assert len(rows) == 9
    font_px, half_a_row_px = 11, 9.5
    assert top + max(down) + half_a_row_px <= float(line.get("y")) - font_px
    assert float(line.get("y")) <= HEIGHT_PX
