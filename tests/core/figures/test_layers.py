from core.figures.colours import layer_colours
from core.figures.layers import spots_per_layer


def test_bars_stand_from_the_surface_inwards_in_the_layers_colours_with_number_and_share():
    names = ["WM", "NA", "Layer2", "Layer1"]
    (bar,) = spots_per_layer({"Layer1": 30, "WM": 10}, names, theme="dark").data
    assert list(bar.y) == ["Layer 1", "Layer 2", "White matter", "Not annotated"]
    assert list(bar.text) == ["30  (75%)", "0  (0%)", "10  (25%)", "0  (0%)"]
    shade = layer_colours(names, "dark")
    assert list(bar.marker.color) == [shade[name] for name in ("Layer1", "Layer2", "WM", "NA")]
