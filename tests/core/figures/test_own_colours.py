"""Colours that an annotation brings: the same everywhere, and in the dark theme the pair of those of the light palette."""

from core.figures.colours import layer_colours


def test_a_colour_of_its_own_is_the_same_in_both_themes_and_other_layers_keep_theirs():
    for theme in ("light", "dark"):
        found = layer_colours(["Layer1", "Tumour", "WM"], theme, {"Tumour": "#123456"})
        assert found["Tumour"] == "#123456"
        assert found["WM"] == layer_colours(["WM"], theme)["WM"]


def test_the_colour_of_a_layer_in_the_light_theme_is_that_of_the_layer_in_the_dark_one():
    own = {"Mine": layer_colours(["Layer4"], "light")["Layer4"]}
    assert layer_colours(["Mine"], "dark", own) == {"Mine": layer_colours(["Layer4"], "dark")["Layer4"]}
