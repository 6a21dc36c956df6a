import dataclasses

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from core.errors import ParameterError
from core.guidance import Guidance
from core.method.guided import Guide, ask, follow, prepare, with_others
from core.method.listening import Listening, listening
from core.method.pipeline import Pipeline
from core.params import preset, replaced
from core.strokes import UNPAINTED, strokes_of
from tests.sections import shipped_part


def chain(n_spots: int = 5, weight: float = 1.0) -> Guide:
    """Spots in a row, each linked with the next, whose features say nothing."""
    links = sparse.csr_array(weight * row_of_spots(n_spots))
    heard = Listening(links=links, alike=np.zeros(n_spots, dtype=np.int16))
    return Guide(features=np.zeros((n_spots, 1)), within=np.ones((1, 1)), listening=heard)


def row_of_spots(n_spots: int) -> sparse.csr_array:
    return sparse.csr_array(np.eye(n_spots, k=1) + np.eye(n_spots, k=-1))


def strokes(n_spots: int, **classes: int) -> np.ndarray:
    painted = np.full(n_spots, UNPAINTED)
    for spot, number in classes.items():
        painted[int(spot[1:])] = number
    return painted


@pytest.fixture(scope="module")
def section():
    """Layers of the shipped section, three painted spots for each, and what the factors know of it."""
    sample = shipped_part(1500, 200)
    names, truth = np.unique(sample.labels_true, return_inverse=True)
    rng = np.random.default_rng(0)
    painted = np.full(sample.n_spots, UNPAINTED)
    for number in range(len(names)):
        own = np.flatnonzero(truth == number)
        painted[rng.choice(own, min(5, len(own)), replace=False)] = number
    return Pipeline(sample).guide(preset("recommended", len(names))), truth, painted, len(names)


def test_between_two_painted_ends_of_a_row_the_walker_is_as_sure_as_it_is_near_by_hand(monkeypatch):
    monkeypatch.setattr("core.method.guided._OWN_OPINION", 0.0)
    found = follow(chain(), strokes(5, s0=0, s4=1), 2)
    np.testing.assert_allclose(found.shares[:, 0], [1, 0.75, 0.5, 0.25, 0], atol=1e-4)


def test_how_strongly_all_spots_are_linked_does_not_matter():
    painted = strokes(6, s0=0, s5=1)
    np.testing.assert_allclose(follow(chain(6), painted, 2).shares, follow(chain(6, 7.0), painted, 2).shares, atol=1e-4)


def test_painted_spots_keep_their_class_even_among_others(section):
    guide, _, painted, n_classes = section
    found = follow(guide, painted, n_classes)
    assert (found.labels[painted >= 0] == painted[painted >= 0]).all()
    np.testing.assert_allclose(found.shares.sum(axis=1), 1)


def test_five_spots_of_each_layer_tell_more_than_the_same_factors_alone(section):
    guide, truth, painted, n_classes = section
    rest = painted < 0
    guided = adjusted_rand_score(truth[rest], follow(guide, painted, n_classes).labels[rest])
    # A window set by hand asks for factors, whether fits of them agree or not.
    by_hand = replaced(preset("recommended", n_classes), ("pooling", "window"), 3)
    alone = Pipeline(shipped_part(1500, 200)).run(by_hand).labels
    assert guided > adjusted_rand_score(truth[rest], alone[rest])


def test_the_same_strokes_give_the_same_labels_and_renamed_classes_the_same_domains(section):
    guide, _, painted, n_classes = section
    found = follow(guide, painted, n_classes).labels
    assert found.tolist() == follow(guide, painted, n_classes).labels.tolist()
    turned = np.where(painted >= 0, n_classes - 1 - painted, UNPAINTED)
    assert (n_classes - 1 - follow(guide, turned, n_classes).labels == found).mean() > 0.999


def test_every_spot_painted_is_what_was_painted(section):
    guide, truth, _, n_classes = section
    assert follow(guide, truth, n_classes).labels.tolist() == truth.tolist()


def test_one_class_takes_all_and_nothing_is_left_to_ask():
    guide, painted = chain(), strokes(5, s2=0)
    found = follow(guide, painted, 1)
    assert found.labels.tolist() == [0] * 5
    assert found.uncertainty.tolist() == [0] * 5
    assert ask(guide, found, painted).size == 0


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_class_that_nobody_painted_is_refused(n_classes):
    with pytest.raises(ParameterError, match="paint at least one spot of each"):
        follow(chain(), strokes(5, s0=0), n_classes)


def test_it_asks_where_two_classes_meet_and_not_twice_in_one_place(monkeypatch):
    monkeypatch.setattr("core.method.guided._OWN_OPINION", 0.0)
    guide, painted = chain(9), strokes(9, s0=0, s8=1)
    asked = ask(guide, follow(guide, painted, 2), painted, 2)
    assert asked[0] == 4
    assert abs(int(asked[1]) - 4) > 1


def test_no_painted_spot_is_asked(section):
    guide, _, painted, n_classes = section
    asked = ask(guide, follow(guide, painted, n_classes), painted, 30)
    assert len(asked) == 30 == len(set(asked.tolist()))
    assert (painted[asked] < 0).all()


def test_depth_takes_part_only_where_there_is_one():
    factors, heard = np.random.default_rng(0).normal(size=(40, 8)), chain(40).listening
    fits = np.repeat([[0, 1]], 20, axis=1).reshape(1, 40)
    assert prepare(heard, factors, None, fits).features.shape == (40, 8)
    assert prepare(heard, factors, np.arange(40.0), fits).features.shape == (40, 9)


def test_spots_that_components_tell_apart_listen_to_their_own_kind_where_factors_know_nothing():
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 400)  # mixed in the tissue: neighbours there know nothing either
    noise, fits = rng.normal(size=(400, 8)), rng.integers(0, 2, (4, 400))
    components = np.column_stack((10.0 * kinds + rng.normal(size=400), rng.normal(size=(400, 5))))
    painted = np.full(400, UNPAINTED)
    for kind in (0, 1):
        painted[np.flatnonzero(kinds == kind)[:10]] = kind
    guide = prepare(listening(noise, noise, components, None, row_of_spots(400)), noise, None, fits)
    unseen = painted < 0
    assert (follow(guide, painted, 2).labels == kinds)[unseen].mean() > 0.9


def test_domains_in_which_nobody_painted_may_stay_with_their_surest_spots_by_hand():
    labels, confidence = np.array([0, 0, 1, 1, 1, 2, 2]), np.array([1, 1, 0.5, 1, 0.9, 0.2, 0.8])
    painted = np.array([0, UNPAINTED, UNPAINTED, UNPAINTED, UNPAINTED, 1, 1])
    found, others = with_others(painted, 2, labels, confidence)
    assert others == [1]
    assert found.tolist() == [0, -1, -1, 2, 2, 1, 1]


def test_painted_spots_are_left_out_of_the_score():
    sample = shipped_part(600, 60)
    painted = np.where(np.arange(sample.n_spots) % 3 == 0, sample.labels_true, "NA")
    result = Pipeline(sample).run_guided(preset("recommended", 4), Guidance(strokes=strokes_of(painted)))
    left = (painted == "NA") & (sample.labels_true != "NA")
    expected = adjusted_rand_score(sample.labels_true[left], np.array(result.names)[result.labels[left]])
    assert result.scores.ari == pytest.approx(expected)
    assert result.n_painted == int((painted != "NA").sum())


def test_permuting_the_annotation_changes_no_guided_label():
    sample = shipped_part(600, 60)
    strokes = strokes_of(np.where(np.arange(sample.n_spots) % 30 == 0, sample.labels_true, "NA"))
    shuffled = dataclasses.replace(sample, labels_true=np.random.default_rng(0).permutation(sample.labels_true))
    steps = [Pipeline(s) for s in (sample, shuffled)]
    free = [one.run(preset("recommended", 4)) for one in steps]
    assert free[0].labels.tolist() == free[1].labels.tolist()
    for others in (False, True):
        guidance = Guidance(strokes=strokes, others=others)
        one, other = (steps_of.run_guided(preset("recommended", 4), guidance) for steps_of in steps)
        assert one.labels.tolist() == other.labels.tolist()
        assert one.names == other.names
        assert one.scores.ari != other.scores.ari


def test_other_strokes_make_other_domains():
    sample = shipped_part(600, 60)
    painted = np.where(np.arange(sample.n_spots) % 30 == 0, sample.labels_true, "NA")
    turned = np.where(painted != "NA", np.roll(painted, 30), "NA")
    one, other = (
        Pipeline(sample).run_guided(preset("recommended", 4), Guidance(strokes=strokes_of(labels)))
        for labels in (painted, turned)
    )
    assert one.labels.tolist() != other.labels.tolist()


def test_strokes_that_say_nothing_are_refused():
    with pytest.raises(ParameterError, match="No spot is painted"):
        strokes_of(np.array(["NA", "nan"]))


def test_one_painted_domain_needs_others_beside_it():
    sample = shipped_part(300, 40)
    guidance = Guidance(strokes=strokes_of(np.where(np.arange(300) < 5, "WM", "NA")))
    steps = Pipeline(sample)
    with pytest.raises(ParameterError, match="Only WM is painted"):
        steps.run_guided(preset("recommended", 4), guidance)
    found = steps.run_guided(preset("recommended", 4), dataclasses.replace(guidance, others=True))
    assert found.names[:2] == ("WM", "Other 1")
    assert set(found.labels[:5]) == {0}


def test_every_spot_painted_leaves_nothing_to_score():
    sample = shipped_part(300, 40)
    labels = np.where(np.arange(300) < 150, "one", "other")
    found = Pipeline(sample).run_guided(preset("recommended", 4), Guidance(strokes=strokes_of(labels)))
    assert np.array(found.names)[found.labels].tolist() == labels.tolist()
    assert found.scores.ari is None


def test_which_spots_are_alike_changes_no_label(section):
    guide, _, painted, n_classes = section
    alike = np.random.default_rng(0).permutation(guide.listening.alike)
    shuffled = dataclasses.replace(guide, listening=dataclasses.replace(guide.listening, alike=alike))
    one, other = (follow(each, painted, n_classes) for each in (guide, shuffled))
    assert (one.labels == other.labels).all()
    np.testing.assert_allclose(one.shares, other.shares, atol=1e-3)
