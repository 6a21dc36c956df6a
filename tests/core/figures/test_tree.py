import colorsys

import numpy as np
import pytest

from core.figures.colours import shade
from core.figures.nested import Named, of_cut, part_name
from core.figures.tree import branch_names, tree_figure
from core.method.tree import DomainTree, Join

# Domains 0, 1 and 2 of a result; 3 and 4 split off from 1, by hand.
TREE = DomainTree(
    leaves=np.array([0, 0, 1, 1, 1, 3, 3, 4, 2]),
    joins=(
        Join(kept=1, gone=4, apart=0.1),
        Join(kept=1, gone=3, apart=0.6),
        Join(kept=1, gone=0, apart=0.4),
        Join(kept=1, gone=2, apart=1.0),
    ),
    n_clusters=3,
)
DOMAINS = {0: Named("Layer 1", "#EFBD47"), 1: Named("Layer 2", "#D97360"), 2: Named("White matter", "#6A6B71")}


def called(n_domains):
    return {number: item.name for number, item in of_cut(TREE, n_domains, DOMAINS).items()}


def test_a_split_gives_parts_letters_and_all_others_keep_name_and_colour():
    assert called(3) == {0: "Layer 1", 1: "Layer 2", 2: "White matter"}
    assert called(4) == {0: "Layer 1", 1: "Layer 2a", 3: "Layer 2b", 2: "White matter"}
    assert called(5) == {0: "Layer 1", 1: "Layer 2a", 3: "Layer 2b", 4: "Layer 2c", 2: "White matter"}
    three, five = of_cut(TREE, 3, DOMAINS), of_cut(TREE, 5, DOMAINS)
    assert {number: five[number].colour for number in three} == {
        number: item.colour for number, item in DOMAINS.items()
    }


def test_domains_that_join_have_the_colour_of_the_larger():
    assert called(2) == {1: "Layer 2 with Layer 1", 2: "White matter"}
    assert called(1) == {1: "Layer 2 and 2 more"}
    assert of_cut(TREE, 2, DOMAINS)[1].colour == DOMAINS[1].colour


def test_letters_follow_a_digit_at_once_and_words_after_a_space():
    assert [part_name("L3", at) for at in (0, 1, 25, 26)] == ["L3a", "L3b", "L3z", "L3aa"]
    assert part_name("WM", 1) == "WM b"


@pytest.mark.parametrize("colour", ["#EFBD47", "#A1204D", "#14A7A8", "#2D533B"])
def test_shades_differ_and_keep_the_hue(colour):
    shades = [shade(colour, index) for index in range(7)]
    assert shades[0] == colour
    assert len(set(shades)) == 7
    hues = [colorsys.rgb_to_hls(*(int(item[at : at + 2], 16) / 255 for at in (1, 3, 5)))[0] for item in shades]
    assert np.ptp(hues) < 0.02


def test_each_branch_is_called_by_the_domains_in_it():
    assert branch_names(TREE, DOMAINS) == [
        "Layer 1", "Layer 2a", "White matter", "Layer 2b", "Layer 2c",
        "Layer 2a, Layer 2c", "Layer 2", "Layer 1, Layer 2", "Layer 1, Layer 2, White matter",
    ]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_joins_stand_at_their_share_and_branches_have_the_colour_of_their_domain_of_the_cut(theme):
    figure = tree_figure(TREE, 3, DOMAINS, theme=theme)
    points = figure.data[-1]
    assert list(points.x[:9]) == [0, 0, 0, 0, 0, 0.1, 0.6, 0.4, 1.0]
    assert list(points.marker.color[:7]) == ["#EFBD47", "#D97360", "#6A6B71", *["#D97360"] * 4]
    assert points.marker.color[7] == points.marker.color[8] not in {item.colour for item in DOMAINS.values()}
    assert sorted(points.customdata[9:]) == list(range(8))  # every branch but the last has a line to be clicked
    assert points.hovertext[6] == (
        "60% of the merging steps of all fits<br>tell <b>Layer 2a, Layer 2c</b><br>from <b>Layer 2b</b>.<br>Together 6 spots"
    )


def test_lines_do_not_cross_and_leaves_follow_the_order_of_domains():
    figure = tree_figure(TREE, 3, DOMAINS)
    names = [figure.layout.yaxis.ticktext[at].split("</span> ")[1] for at in np.argsort(figure.layout.yaxis.tickvals)]
    assert names == ["Layer 1", "Layer 2a", "Layer 2c", "Layer 2b", "White matter"]


def test_a_chosen_branch_has_a_rim_around_its_lines_alone():
    plain, chosen = tree_figure(TREE, 3, DOMAINS), tree_figure(TREE, 3, DOMAINS, chosen=5)
    assert len(chosen.data) == len(plain.data) + 1
    ends = [x for x in chosen.data[0].x if x is not None]
    assert sorted(ends) == [0, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.6]


def test_names_are_plain_text():
    figure = tree_figure(TREE, 3, {**DOMAINS, 0: Named("<b>x</b>", "#EFBD47")})
    assert "<b>x" not in figure.layout.yaxis.ticktext[0]
    assert "<b>x" not in figure.data[-1].hovertext[0]
