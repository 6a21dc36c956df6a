"""Guidance as a run keeps it, and what strangers may write in its place."""

import json

import numpy as np
import pytest

from core.errors import ParameterError
from core.guidance import Guidance, from_json
from core.marker_table import parse
from core.method.reference import learn
from core.strokes import strokes_of
from tests.teaching import section

LABELS = np.array(["WM", "NA", "Layer 1", "WM", "NA"])


def test_it_reads_as_it_was_written():
    guidance = Guidance(strokes=strokes_of(LABELS), others=True, colours={"WM": "#102030"})
    read = from_json(guidance.to_json(), 5)
    assert read.strokes is not None
    assert read.strokes.names == ("Layer 1", "WM")
    assert read.strokes.painted.tolist() == [1, -1, 0, 1, -1]
    assert (read.others, dict(read.colours)) == (True, {"WM": "#102030"})
    assert read.digest == guidance.digest


def test_colours_and_nothing_else_leave_its_digest_as_it_is():
    plain = Guidance(strokes=strokes_of(LABELS))
    assert plain.digest == Guidance(strokes=strokes_of(LABELS), colours={"WM": "#102030"}).digest
    assert plain.digest != Guidance(strokes=strokes_of(LABELS), others=True).digest
    assert plain.digest != Guidance(strokes=strokes_of(np.roll(LABELS, 1))).digest


def test_it_says_what_guided():
    assert Guidance(strokes=strokes_of(LABELS)).in_words() == "guided by 3 painted spots of 2 domains"


def test_a_run_by_marker_genes_keeps_the_file_that_they_are_from_and_says_it():
    table = parse("Layer 4,RORB\nWhite matter,MBP", source="my_layers.csv")
    read = from_json(Guidance(markers=table).to_json(), 5)
    assert read.in_words() == "by 2 marker genes of 2 domains from my_layers.csv"
    assert read.markers is not None
    assert parse(read.markers.as_text()) == table


def strokes(**changed):
    return json.dumps({"strokes": {"n_spots": 5, "spots": {"WM": [0, 3], "L1": [2]}} | changed}).encode()


def markers(**genes):
    return json.dumps({"markers": {"markers": genes}}).encode()


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (strokes(n_spots=6), "belong to another sample"),
        (strokes(spots={"WM": [0], "L1": [0]}), "one spot for two domains"),
        (strokes(spots={"WM": [5], "L1": [0]}), "spots that the sample does not have"),
        (strokes(spots={"WM": [-1]}), "cannot be read"),
        (strokes(spots={"WM": []}), "cannot be read"),
        (strokes(spots={}), "cannot be read"),
        (strokes(spots={str(number): [number] for number in range(101)}), "cannot be read"),
        (strokes(spots={"a" * 61: [0]}), "cannot be read"),
        (strokes(more=1), "does not know"),
        (strokes(spots={"W\ud800M": [0]}), "cannot be read"),
        (strokes(spots={"W\u202eM": [0]}), "cannot be read"),
        (strokes(spots={" ": [0]}), "cannot be read"),
        (strokes(spots={"NA": [0]}), "cannot be read"),
        (markers(a=["x"], **{"b\ud800": ["y"]}), "cannot be read"),
        (markers(a=["x"], b=["y\ud800"]), "cannot be read"),
        (markers(a=["x"] * 10_001, b=["y"]), "cannot be read"),
        (
            json.dumps({"markers": {"markers": {"a": ["x"], "b": ["y"]}, "notes": ["n" * 2001]}}).encode(),
            "cannot be read",
        ),
        (b"[1, 2", "not JSON"),
        (b"7", "cannot be read"),
    ],
)
def test_what_strangers_write_is_refused_in_a_sentence(written, sentence):
    with pytest.raises(ParameterError, match=sentence):
        from_json(written, 5)


def test_no_two_domains_have_one_name_whatever_people_called_theirs():
    labels = np.array(["Other 1", "NA", "Other 3", "Unlike the reference", "NA"])
    guidance = Guidance(strokes=strokes_of(labels), others=True)
    assert guidance.names(5) == ("Other 1", "Other 3", "Unlike the reference", "Other 2", "Other 4")
    taught = Guidance(strokes=strokes_of(labels), reference=learn([section("A", 0)]))
    assert taught.names(8)[-2:] == ("Unlike the reference", "Unlike the reference (2)")
