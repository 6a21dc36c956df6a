"""Blended genes: colours that all eyes tell apart, codes for spots, and a legend."""

import itertools

import numpy as np
import pytest

from core.errors import FigureError
from core.figures.blending import blended, coded, corners, legend
from tests.core.figures import vision

THEMES = ("light", "dark")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", vision.EYES)
@pytest.mark.parametrize("n_genes", [2, 3])
def test_every_two_corners_of_a_blend_look_different_to_all_eyes(theme, eyes, n_genes):
    shades = corners(n_genes, theme).values()
    assert len(set(shades)) == 2**n_genes
    assert min(vision.difference(a, b, eyes) for a, b in itertools.combinations(shades, 2)) > 20


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("n_genes", [2, 3])
def test_more_of_a_gene_is_always_darker_on_light_and_lighter_on_dark(theme, n_genes):
    shades = corners(n_genes, theme)
    for corner, more in itertools.permutations(shades, 2):
        if all(one <= other for one, other in zip(corner, more, strict=True)):
            less_light, more_light = (vision.seen_lab(shades[at], "normal")[0] for at in (corner, more))
            assert (more_light > less_light) == (theme == "dark"), (corner, more)


def test_a_spot_of_nothing_of_all_and_of_halves_has_the_colours_by_hand():
    found = blended(np.array([[0, 0], [1, 1], [1, 0], [0.5, 0]]), "dark")
    assert found[:3].tolist() == [[0x21, 0x2C, 0x3D], [255, 255, 255], [0x4C, 0x6F, 0xFF]]
    np.testing.assert_allclose(found[3], [(0x21 + 0x4C) / 2, (0x2C + 0x6F) / 2, (0x3D + 0xFF) / 2])


@pytest.mark.parametrize("n_genes", [2, 3])
def test_codes_lead_to_the_corner_colours_at_and_beyond_the_limits(n_genes):
    values = [np.array([-5.0, 0, 10, 99])] * n_genes
    codes, colours = coded(values, [(0, 10)] * n_genes, "light")
    lowest, highest = corners(n_genes, "light")[(0,) * n_genes], corners(n_genes, "light")[(1,) * n_genes]
    assert [colours[code] for code in codes] == [lowest, lowest, highest, highest]
    assert len(colours) < 600


def test_the_first_gene_alone_has_its_own_colour_and_a_gene_of_zeros_adds_nothing():
    codes, colours = coded([np.array([2.0, 0]), np.zeros(2)], [(0, 2), (0, 0)], "light")
    assert [colours[code] for code in codes] == [corners(2, "light")[1, 0], corners(2, "light")[0, 0]]


@pytest.mark.parametrize("n_genes", [1, 4])
def test_other_numbers_of_genes_are_refused_in_a_sentence(n_genes):
    with pytest.raises(FigureError, match=f"{n_genes} genes cannot be blended: choose two or three"):
        coded([np.zeros(3)] * n_genes, [(0, 1)] * n_genes, "light")


def test_the_legend_of_two_genes_is_one_square_and_of_three_four_with_names_as_plain_text():
    two = legend(("PCP4", "<b>x</b>"), ((0, 2.5), (0, 1)))
    assert [two.layout.xaxis.title.text, two.layout.yaxis.title.text] == ["PCP4", "&lt;b&gt;x&lt;/b&gt;"]
    assert two.layout.xaxis.ticktext == ("0", "2.5")
    assert np.asarray(two.data[0].z)[-1, -1].tolist() == [0x2A, 0x1F, 0x3D]
    three = legend(("A", "B", "C"), ((0, 1),) * 3, theme="dark")
    assert len(three.data) == 4
    assert [note.text for note in three.layout.annotations] == [
        "C at its least", "B at its least", "A at its least", "C at its most",
    ]  # fmt: skip
