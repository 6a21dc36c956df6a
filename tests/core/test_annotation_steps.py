import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation import Region, new_annotation
from core.annotation_steps import Step, applied, packed, redone, undone, unpacked
from core.coordinates import on_lattice
from core.errors import AnnotationError

# A hexagonal patch of Visium: rows 0 to 8, and its middle at (4, 8).
LATTICE = np.array([(row, col) for row in range(9) for col in range(17) if (row + col) % 2 == 0])
PLACES = on_lattice(LATTICE)
MIDDLE = int(np.flatnonzero((LATTICE == (4, 8)).all(axis=1))[0])
AROUND = {(4, 6), (4, 10), (3, 7), (3, 9), (5, 7), (5, 9)}
START = new_annotation(len(LATTICE), name="mine", regions=(Region("a", "#112233"), Region("b", "#445566")))


def after(annotation, *steps):
    for step in steps:
        annotation, _ = applied(annotation, step, PLACES)
    return annotation


def spots(*places):
    index = {tuple(place): number for number, place in enumerate(LATTICE.tolist())}
    return tuple(index[place] for place in places)


def places(annotation, region):
    return {tuple(place) for place in LATTICE[annotation.assigned == region].tolist()}


def test_add_takes_spots_from_other_regions_and_take_only_from_its_own():
    both = after(START, Step(kind="add", region=0, spots=(1, 2, 3)), Step(kind="add", region=1, spots=(3, 4)))
    assert both.assigned[:6].tolist() == [-1, 0, 0, 1, 1, -1]
    less = after(both, Step(kind="take", region=0, spots=(2, 3, 5)))
    assert less.assigned[:6].tolist() == [-1, 0, -1, 1, 1, -1]


def test_intersect_leaves_a_region_only_what_is_in_the_shape():
    both = after(START, Step(kind="add", region=0, spots=(1, 2, 3)), Step(kind="add", region=1, spots=(4,)))
    assert after(both, Step(kind="intersect", region=0, spots=(2, 4))).assigned[:6].tolist() == [-1, -1, 0, -1, 1, -1]


def test_growing_adds_the_six_neighbours_and_nothing_of_another_region():
    one = after(START, Step(kind="add", region=0, spots=(MIDDLE,)), Step(kind="grow", region=0))
    assert places(one, 0) == {(4, 8), *AROUND}
    beside = after(START, Step(kind="add", region=0, spots=(MIDDLE,)), Step(kind="add", region=1, spots=spots((4, 6))))
    assert places(after(beside, Step(kind="grow", region=0)), 0) == {(4, 8), *AROUND} - {(4, 6)}


def test_filling_takes_unassigned_spots_that_a_region_runs_around():
    ring = after(START, Step(kind="add", region=0, spots=spots(*AROUND)))
    assert places(after(ring, Step(kind="fill", region=0)), 0) == {(4, 8), *AROUND}
    open_ring = after(START, Step(kind="add", region=0, spots=spots(*(AROUND - {(4, 6)}))))
    assert places(after(open_ring, Step(kind="fill", region=0)), 0) == AROUND - {(4, 6)}
    island = after(ring, Step(kind="add", region=1, spots=(MIDDLE,)))
    assert places(after(island, Step(kind="fill", region=0)), 1) == {(4, 8)}


def test_removing_and_joining_regions_keep_the_numbers_of_the_others_right():
    two = after(START, Step(kind="new region", name="c", colour="#778899", spots=(9,)))
    two = after(two, Step(kind="add", region=0, spots=(0, 1)), Step(kind="add", region=1, spots=(4,)))
    without = after(two, Step(kind="remove region", region=0))
    assert (without.names, without.assigned[[0, 1, 4, 9]].tolist()) == (["b", "c"], [-1, -1, 0, 1])
    joined = after(two, Step(kind="merge", region=2, other=0))
    assert (joined.names, joined.assigned[[0, 1, 4, 9]].tolist()) == (["b", "c"], [1, 1, 0, 1])


def test_names_and_colours_change_without_moving_spots():
    renamed = after(START, Step(kind="add", region=0, spots=(1,)), Step(kind="rename", region=0, name="<i>new</i>"))
    assert (renamed.names, renamed.sizes) == (["<i>new</i>", "b"], [1, 0])
    assert after(renamed, Step(kind="recolour", region=1, colour="#ABCDEF")).regions[1] == Region("b", "#ABCDEF")


def test_what_changes_nothing_is_no_step():
    for step in (Step(kind="take", spots=(1, 2)), Step(kind="grow"), Step(kind="fill"), Step(kind="merge"),
                 Step(kind="rename", name="a"), Step(kind="add")):  # fmt: skip
        assert applied(START, step, PLACES) == (START, None)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step(kind="add", region=2), "has 2 regions, so there is none with the number 3"),
        (Step(kind="merge", region=0, other=-1), "there is none with the number 0"),
        (Step(kind="add", spots=(10_000,)), "names spots that the sample, of 77 spots, does not have"),
        (Step(kind="add", spots=(-1,)), "names spots that the sample"),
        (Step(kind="rename", name="b"), "Two regions are called 'b'"),
        (Step(kind="new region", name="x" * 61, colour="#112233"), "must be 1 to 60 characters"),
        (Step(kind="recolour", colour="javascript:"), "is not written as #RRGGBB"),
    ],
)
def test_a_step_that_does_not_fit_is_refused_with_a_sentence(step, said):
    with pytest.raises(AnnotationError, match=said):
        applied(START, step, PLACES)


def test_a_step_of_an_unknown_kind_is_refused():
    with pytest.raises(AnnotationError, match="'explode' is no step of drawing"):
        Step(kind="explode")  # type: ignore[arg-type]


def test_a_change_says_in_words_what_it_was():
    _, change = applied(START, Step(kind="add", region=1, spots=(1, 2)), PLACES)
    assert change.what == "Add 2 spots to b"


STEPS = st.one_of(
    st.builds(
        Step,
        kind=st.sampled_from(["add", "take", "intersect", "grow", "fill", "remove region", "merge", "rename", "recolour"]),
        region=st.integers(0, 3),
        other=st.integers(0, 3),
        spots=st.lists(st.integers(0, len(LATTICE) - 1), max_size=30).map(tuple),
        name=st.sampled_from(["a", "p", "q", "r"]),
        colour=st.sampled_from(["#000000", "#FFFFFF"]),
    ),
    st.builds(Step, kind=st.just("new region"), name=st.sampled_from(["s", "t", "u"]), colour=st.just("#123456"),
              spots=st.lists(st.integers(0, len(LATTICE) - 1), max_size=30).map(tuple)),
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, max_size=15))
def test_undoing_every_step_gives_the_beginning_and_doing_them_again_the_end(steps):
    states, changes, now = [START], [], START
    for step in steps:
        try:
            now, change = applied(now, step, PLACES)
        except AnnotationError:
            continue
        if change is not None:
            states.append(now)
            changes.append(change)
    for change, before in zip(reversed(changes), reversed(states[:-1]), strict=True):
        now = undone(now, change)
        assert (now.regions, now.assigned.tolist()) == (before.regions, before.assigned.tolist())
    for change, later in zip(changes, states[1:], strict=True):
        now = redone(now, change)
        assert (now.regions, now.assigned.tolist()) == (later.regions, later.assigned.tolist())


@given(st.lists(st.integers(-1, 200_000)))
def test_packed_numbers_come_back(numbers):
    assert unpacked(packed(np.array(numbers, dtype=int)), len(numbers)).tolist() == numbers


@pytest.mark.parametrize("text", ["", "?", "AAAA", packed(np.arange(1000))])
def test_damaged_or_longer_records_of_steps_are_refused(text):
    with pytest.raises(AnnotationError, match="record of earlier steps is damaged"):
        unpacked(text, 10)


def test_a_record_that_fits_no_spot_is_refused():
    _, change = applied(START, Step(kind="add", region=1, spots=(1, 2)), PLACES)
    with pytest.raises(AnnotationError, match="does not fit the annotation"):
        undone(START, dataclasses.replace(change, spots=packed(np.array([5, 10_000]))))
