"""Knobs of runs side by side."""

from core.params import preset, replaced
from core.report.settings import NO_PART, settings

PAPER = preset("paper")


def by_label(*runs):
    return {(row.step, row.label): row for row in settings(runs)}


def test_only_the_knob_that_was_moved_differs():
    rows = settings([PAPER, replaced(PAPER, ("pooling", "window"), 9)])
    assert [(row.label, row.values) for row in rows if row.differs] == [("Window k", ("6", "9"))]


def test_knobs_stand_in_the_order_of_the_method_in_words_as_people_read_them():
    rows = settings([PAPER])
    assert [row.step for row in rows] == sorted(
        (row.step for row in rows), key=["Pooling", "Embedding", "Direction", "Clustering", "Refinement"].index
    )
    assert {row.label: row.values for row in rows}["Read-out"] == ("k-means (paper)",)


def test_a_knob_that_takes_no_part_in_any_run_is_left_out():
    labels = {label for _, label in by_label(PAPER)}
    assert not labels & {"Epochs", "Width", "Training seed", "Components", "Hops", "Angle"}


def test_a_knob_that_takes_part_in_one_run_says_so_for_the_others():
    rows = by_label(PAPER, preset("recommended"), preset("paper-ae"))
    assert rows["Embedding", "Components"].values == (NO_PART, "16", NO_PART)
    assert rows["Autoencoder", "Epochs"].values == (NO_PART, NO_PART, "100")
    assert rows["Pooling", "Scale alpha"].values == ("2", "1", "20000")
    assert rows["Clustering", "X weight"].values == ("1", "1", "1")
    assert rows["Clustering", "Starts"].values == ("1", NO_PART, "1")


def test_two_autoencoders_have_their_own_knobs_and_the_small_one_no_scale():
    rows = by_label(preset("paper-ae"), replaced(PAPER, ("embedding", "kind"), "latent"))
    assert rows["Autoencoder", "Learning rate"].values == ("0.01", NO_PART)
    assert rows["Small autoencoder", "Learning rate"].values == (NO_PART, "0.003")
    assert rows["Pooling", "Scale alpha"].values == ("20000", NO_PART)


def test_an_angle_matters_by_hand_alone():
    by_hand = replaced(replaced(PAPER, ("direction", "angle"), 0.38), ("direction", "method"), "manual")
    assert by_label(PAPER, by_hand)["Direction", "Angle"].values == (NO_PART, "21.8°")
