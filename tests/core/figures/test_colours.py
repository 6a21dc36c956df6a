"""Colours: one per layer, the same everywhere, told apart by every pair of eyes."""

import itertools
import re

import numpy as np
import pytest

from core.figures import charts, colours
from core.figures.colours import STYLES, cluster_colours, in_order, layer_colours
from core.layer_names import LAYERS, canonical, display_name
from tests.core.figures import vision

THEMES = ("light", "dark")
BLIND = ("protanopia", "deuteranopia", "tritanopia")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_of_colours_equals_the_published_examples(first, second, expected):
    assert vision.ciede2000(np.array(first), np.array(second)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", BLIND)
def test_all_layers_look_different_to_the_colour_blind(theme, eyes):
    palette = list(layer_colours(LAYERS, theme).values())
    assert min(vision.difference(a, b, eyes) for a, b in itertools.combinations(palette, 2)) > 13


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", BLIND)
def test_neighbouring_layers_look_more_different_still(theme, eyes):
    palette = list(layer_colours(LAYERS[:-1], theme).values())
    assert min(vision.difference(a, b, eyes) for a, b in itertools.pairwise(palette)) > 15


@pytest.mark.parametrize("theme", THEMES)
def test_all_layers_look_different_to_everyone_else(theme):
    palette = list(layer_colours(LAYERS, theme).values())
    assert min(vision.difference(a, b) for a, b in itertools.combinations(palette, 2)) > 20


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", vision.EYES)
def test_every_layer_stands_out_from_the_panel_behind_it(theme, eyes):
    panel = STYLES[theme].panel
    assert min(vision.difference(colour, panel, eyes) for colour in layer_colours(LAYERS, theme).values()) > 8


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", vision.EYES)
def test_the_first_unmatched_clusters_stand_out_from_the_panel_behind_them(theme, eyes):
    panel = STYLES[theme].panel
    assert min(vision.difference(colours.further_colour(index, theme), panel, eyes) for index in range(3)) > 20


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", ["normal", "protanopia", "deuteranopia"])
def test_the_first_unmatched_clusters_look_like_no_layer_and_unlike_each_other(theme, eyes):
    layers = list(layer_colours(LAYERS, theme).values())
    alone = [colours.further_colour(index, theme) for index in range(4)]
    pairs = [*itertools.product(layers, alone), *itertools.combinations(alone, 2)]
    assert min(vision.difference(a, b, eyes) for a, b in pairs) > (15 if eyes == "normal" else 9)


def contrast(one, other):
    """WCAG 2.2: (lighter + 0.05) / (darker + 0.05), of relative luminances."""

    def luminance(colour):
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def palette(theme):
    layers = layer_colours(LAYERS[:-1], theme).values()  # without the unannotated
    return [*layers, *(colours.further_colour(index, theme) for index in range(8))]


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


def test_every_colour_of_the_dark_theme_has_the_contrast_with_the_panel_that_graphics_need():
    faint = {colour: contrast(colour, STYLES["dark"].panel) for colour in palette("dark")}
    assert min(faint.values()) >= 3, faint


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", vision.EYES)
def test_no_two_of_all_fifteen_colours_are_alike(theme, eyes):
    every = palette(theme)
    assert len(every) == 15
    assert min(vision.difference(a, b, eyes) for a, b in itertools.combinations(every, 2)) > 8.5


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_written_in_a_cell_of_a_heat_map_has_the_contrast_that_text_needs(theme):
    shades = charts.scale_colours(theme, 101)
    (written,) = charts.on_scale([["0.5"] * 101], np.linspace(0, 1, 101)[None], theme)
    inks = [text.split('"')[1].removeprefix("color:") for text in written]
    cells = ["#" + "".join(f"{int(channel):02X}" for channel in re.findall(r"\d+", shade)) for shade in shades]
    assert min(map(contrast, inks, cells)) >= 4.5


def test_a_colour_has_one_hue_in_both_themes():
    turns = {}
    for light, dark in zip(palette("light"), palette("dark"), strict=True):
        (_, a, b), (_, c, d) = vision.seen_lab(light, "normal"), vision.seen_lab(dark, "normal")
        if min(np.hypot(a, b), np.hypot(c, d)) > 5:  # else it is a grey
            turns[light, dark] = abs((np.degrees(np.arctan2(b, a) - np.arctan2(d, c)) + 180) % 360 - 180)
    assert len(turns) == 14
    assert max(turns.values()) < 30, turns


def test_spellings_of_a_layer_share_its_colour():
    for names in (("L1", "Layer1", "Layer 1", "layer_1"), ("WM", "wm", "White matter", "white_matter")):
        assert len({layer_colours([name], "light")[name] for name in names}) == 1


def test_names_that_no_atlas_knows_stay_as_they_are():
    assert (canonical("Layer7"), canonical("Tumour"), display_name("Tumour")) == ("Layer7", "Tumour", "Tumour")


def test_other_names_take_their_colours_by_sorted_order_whatever_the_order_given():
    assert layer_colours(["stroma", "gland", "WM"], "light") == layer_colours(["WM", "gland", "stroma"], "light")
    assert len(set(layer_colours(["stroma", "gland", "WM"], "light").values())) == 3


def test_layers_stand_from_the_surface_inwards_and_the_unannotated_last():
    assert in_order(["NA", "WM", "stroma", "Layer6", "L2"]) == ["L2", "Layer6", "WM", "stroma", "NA"]


@pytest.mark.parametrize("theme", THEMES)
def test_a_cluster_wears_its_layers_colour_and_an_unmatched_one_its_own(theme):
    names = ["Layer1", "WM", "stroma"]
    layers = layer_colours(names, theme)
    found = cluster_colours({0: "WM", 1: None, 2: "stroma", 3: None}, names, theme)
    assert (found[0], found[2]) == (layers["WM"], layers["stroma"])
    assert len({*found.values(), *layers.values()}) == len(layers) + 2


@pytest.mark.parametrize("n", [15, 30])
def test_clusters_without_any_annotation_all_differ(n):
    assert len(set(cluster_colours(dict.fromkeys(range(n)), [], "light").values())) == n


def test_layers_that_a_file_joins_are_called_and_sorted_like_the_others():
    assert [display_name(name) for name in in_order(["L4", "WM", "L2/3", "HPC", "L1"])] == [
        "Layer 1", "Layer 2/3", "Layer 4", "White matter", "HPC",
    ]  # fmt: skip


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("n_classes", [8, 15, 24])
def test_no_domain_has_the_colour_of_another_class_however_many_there_are(n_classes, theme):
    names = [f"class {index}" for index in range(n_classes)]
    layers = layer_colours(names, theme)
    found = cluster_colours({0: None, 1: None, 2: names[0]}, names, theme)
    assert len({*layers.values(), found[0], found[1]}) == n_classes + 2


@pytest.mark.parametrize("theme", THEMES)
def test_no_domain_has_a_colour_that_an_annotation_brings(theme):
    own = {"Top": colours.further_colour(3, "light"), "Rest": colours.further_colour(2, "light")}
    found = cluster_colours({0: None, 1: None, 2: "Top"}, own, theme, own=own)
    assert len({*layer_colours(own, theme, own).values(), found[0], found[1]}) == 4


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("colour", ["#EFBD47", "#9F6A01", "#123456"])
def test_a_colour_that_is_chosen_as_a_page_shows_it_is_the_one_that_was_kept(theme, colour):
    shown = colours.layer_colours(["Mine"], theme, {"Mine": colour})["Mine"]
    assert colours.kept_colour(shown.lower(), theme) == colour
