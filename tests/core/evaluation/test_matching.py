"""Clusters matched with layers, and domains named and coloured by that, by hand-made tables."""

import dataclasses
import itertools

import numpy as np
import pytest

from core.errors import SampleError
from core.evaluation import matching
from core.evaluation.matching import Matching, common_spots, domains_of, kept_domains, match_clusters, match_domains
from core.figures import colours
from core.figures.charts import layers_of
from core.figures.colours import domain_colours, layer_colours
from core.result import Domain
from core.sample import Sample


def test_renamed_layers_are_matched_with_themselves():
    layers = np.array(["WM", "Layer1", "Layer1", "Layer2"])
    assert match_clusters(np.array([7, 3, 3, 5]), layers) == {3: "Layer1", 5: "Layer2", 7: "WM"}


def test_a_layer_goes_to_one_cluster_only_and_the_smaller_part_stays_alone():
    labels = np.array([0, 0, 0, 1, 1])
    assert match_clusters(labels, np.array(["WM"] * 5)) == {0: "WM", 1: None}


def test_the_pairs_share_most_spots_in_total_not_one_by_one():
    # Cluster 0 overlaps A most (3 of 5), but 0-B and 1-A share 2 + 3 = 5 spots, 0-A and 1-B only 3 + 0.
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    layers = np.array(["A", "A", "A", "B", "B", "A", "A", "A"])
    assert match_clusters(labels, layers) == {0: "B", 1: "A"}


def test_unannotated_spots_take_no_part():
    labels = np.array([0, 0, 0, 1])
    assert match_clusters(labels, np.array(["NA", "NA", "NA", "WM"])) == {0: None, 1: "WM"}


def test_without_an_annotation_every_cluster_stays_alone():
    assert match_clusters(np.array([2, 0, 2]), None) == {0: None, 2: None}


def test_the_match_is_the_best_of_all_permutations():
    random = np.random.default_rng(0)
    labels, layers = random.integers(0, 5, 200), np.array(list("ABCDE"))[random.integers(0, 5, 200)]
    table = common_spots(labels, layers, range(5), list("ABCDE"))
    best = max(sum(table[i, j] for i, j in enumerate(order)) for order in itertools.permutations(range(5)))
    matched = match_clusters(labels, layers)
    assert sum(np.count_nonzero((labels == c) & (layers == layer)) for c, layer in matched.items()) == best


def test_arrays_of_two_lengths_are_refused_with_both_numbers():
    with pytest.raises(SampleError, match="3 clustered spots but 2"):
        match_clusters(np.array([0, 0, 1]), np.array(["WM", "WM"]))


SIDE = 12
LATTICE = np.array([(row, col) for row in range(SIDE) for col in range(2 * SIDE) if (row + col) % 2 == 0])
ROWS = LATTICE[:, 0]
LAYERS = np.array(["Layer1", "Layer2", "stroma", "NA"])[ROWS // 3]


def slab(layers=None):
    return Sample(name="slab", expression=np.ones((len(LATTICE), 2)), lattice=LATTICE, labels_true=layers)


def looks(found):
    """Name and colour of every domain, by its first spot."""
    shades = domain_colours(found, layers_of(found_in(found)), "light")
    return {found.labels.tolist().index(cluster): (name, shades[cluster]) for cluster, name in found.names.items()}


def found_in(found):
    return LAYERS if any(found.layers.values()) else None


@pytest.mark.parametrize("layers", [LAYERS, None])
@pytest.mark.parametrize("seed", range(5))
def test_one_partition_looks_the_same_under_all_numbers_of_its_clusters(layers, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 6, len(LATTICE))
    renumbered = random.permutation(20)[labels]
    one, other = domains_of(slab(layers), labels), domains_of(slab(layers), renumbered)
    assert looks(one) == looks(other)
    assert len(set(looks(one).values())) == 6
    by_spot = [{cluster: found.layers[cluster] for cluster in found.layers} for found in (one, other)]
    assert [by_spot[0][label] for label in labels] == [by_spot[1][label] for label in renumbered]


def test_without_an_annotation_colours_hang_on_the_tissue_so_a_moved_border_and_a_new_domain_change_no_other():
    before = domains_of(slab(), np.repeat([0, 1, 2], 4)[ROWS])
    moved = domains_of(slab(), np.array([7, 7, 7, 7, 7, 4, 4, 4, 9, 9, 9, 9])[ROWS])
    assert [moved.further[at] for at in (7, 4, 9)] == [before.further[at] for at in (0, 1, 2)]
    split = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])[ROWS].copy()
    split[(ROWS < 2) & (LATTICE[:, 1] < 6)] = 3
    assert [domains_of(slab(), split).further[at] for at in (1, 2)] == [before.further[at] for at in (1, 2)]


def test_more_domains_than_colours_still_have_one_each_in_order():
    labels = np.arange(len(LATTICE)) // 4
    found = domains_of(slab(), labels)
    assert sorted(found.further.values()) == list(range(labels.max() + 1))


def test_the_numbers_of_further_colours_are_those_of_the_palettes():
    assert (len(colours._FURTHER["light"]), len(colours._FURTHER["dark"]) + 7) == (matching.N_FURTHER, matching.N_ALONE)
    spots = np.arange(8)
    alone = Matching(spots, dict.fromkeys(range(8)), {at: at for at in range(8)})
    assert len(set(domain_colours(alone, ["Layer1"], "light").values())) == matching.N_FURTHER


def test_a_domain_is_called_by_its_layer_or_by_a_number():
    found = match_domains(np.array([4, 4, 7, 2]), np.array(["WM", "WM", "stroma", "NA"]))
    assert found.names == {2: "Domain 1", 4: "White matter", 7: "stroma"}
    clash = match_domains(np.array([3, 0]), np.array(["Domain 1", "NA"]))
    assert clash.names == {0: "Domain 1 (no layer)", 3: "Domain 1"}


def test_names_that_people_give_hold_until_they_are_taken_back_and_equal_ones_are_one_domain():
    found = match_domains(np.array([4, 4, 7, 2]), None).named({7: "Tumour", 2: "Tumour", 9: "nobody"})
    assert found.names == {2: "Tumour", 4: "Domain 1", 7: "Tumour"}
    assert found.told_apart == {2: "Tumour (2)", 4: "Domain 1", 7: "Tumour (7)"}
    assert found.merged.tolist() == [4, 4, 2, 2]
    assert found.named({}).names == {2: "Domain 3", 4: "Domain 1", 7: "Domain 2"}
    shades = domain_colours(found, [], "light")
    assert shades[2] == shades[7] != shades[4]


def test_a_name_has_one_colour_whoever_gave_it():
    found = match_domains(np.array([0, 0, 1, 1, 2, 3]), np.array(["WM", "WM", "Layer1", "Layer1", "NA", "NA"]))
    shades = domain_colours(found.named({2: "White matter", 3: "Domain 1"}), ["WM", "Layer1", "NA"], "light")
    assert shades[2] == layer_colours(["WM"], "light")["WM"]
    swapped = domain_colours(found.named({2: "Domain 2"}), ["WM", "Layer1", "NA"], "light")
    assert swapped[2] == swapped[3] == domain_colours(found, ["WM", "Layer1", "NA"], "light")[3]


def test_domains_are_read_as_they_were_kept_and_found_again_where_they_do_not_fit():
    sample, labels = slab(LAYERS), np.repeat([0, 1, 2, 3], 3)[ROWS]
    found = domains_of(sample, labels, {3: "Tumour"})
    kept = tuple(dataclasses.replace(item, further=5 if item.layer is None else None) for item in found.domains)
    assert kept_domains(sample, labels, kept, sample.annotation_hash).further == {3: 5}
    assert kept_domains(sample, labels, kept, "another annotation").further == found.further
    for wrong in (kept[1:], (*kept, kept[0]), (Domain(cluster=0, layer="nowhere"), *kept[1:]), ()):
        again = kept_domains(sample, labels, wrong, sample.annotation_hash)
        assert (again.layers, again.further) == (found.layers, found.further)
        assert again.names[3] == ("Tumour" if wrong else found.own_names[3])
