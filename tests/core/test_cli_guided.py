"""`cluster --strokes`: domains that follow painted spots, by command line."""

import csv
import dataclasses
import functools
import json

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from core.annotation_labels import from_labels
from core.io import lab
from core.io.annotation_store import AnnotationStore
from tests.sections import SHIPPED, shipped_part


@pytest.fixture
def cluster(run):
    return functools.partial(run, "cluster")


@pytest.fixture
def part(tmp_path):
    """File of a small real sample with barcodes."""
    sample = shipped_part(600, 60)
    names = np.array([f"SPOT{number}-1" for number in range(sample.n_spots)])
    lab.write(dataclasses.replace(sample, barcodes=names), tmp_path / "part.h5")
    return tmp_path / "part.h5"


@pytest.fixture
def strokes(part):
    """Every twentieth spot as the experts have it, as a table."""
    sample = lab.read(part)
    painted = {str(sample.barcodes[spot]): str(sample.labels_true[spot]) for spot in range(0, sample.n_spots, 20)}
    return written(part.with_name("strokes.csv"), painted)


def written(path, painted):
    rows = [("barcode", "label"), *painted.items()]
    path.write_text("".join(f"{barcode},{label}\n" for barcode, label in rows))
    return path


def test_the_score_is_scikit_learns_on_spots_that_were_not_painted_and_the_domains_have_the_painted_names(
    cluster, part, strokes, tmp_path
):
    status, out, _ = cluster(part, "--strokes", strokes, "--labels", tmp_path / "out.csv", "--json")
    facts, sample = json.loads(out), lab.read(part)
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    given = dict(row for row in csv.reader(strokes.read_text().splitlines()[1:]))
    found = np.array([row["domain"] for row in rows])
    left = np.array([row["spot"] not in given for row in rows]) & (sample.labels_true != "NA")
    assert status == 0
    assert facts["guided_by"] == "strokes"
    assert facts["scores"]["ari"] == pytest.approx(adjusted_rand_score(sample.labels_true[left], found[left]))
    assert set(found) <= set(given.values())
    assert all(
        row["domain"] == given[row["spot"]] for row in rows if row["spot"] in given and given[row["spot"]] != "NA"
    )


def test_it_is_never_called_label_free(cluster, part, strokes):
    status, out, _ = cluster(part, "--strokes", strokes)
    assert status == 0
    assert "not label-free" in out
    assert "that were not painted" in out


def test_domains_in_which_nobody_painted_may_stay(cluster, part, strokes):
    sample = lab.read(part)
    most = max(sample.layer_names, key=lambda name: (sample.labels_true == name).sum())
    kept = [line for line in strokes.read_text().splitlines() if not line.endswith(most)]
    strokes.write_text("\n".join(kept) + "\n")
    _, out, _ = cluster(part, "--strokes", strokes, "--others", "--n-clusters", 8, "--json")
    assert any(name.startswith("Other ") for name in json.loads(out)["domains"].values())


def test_contradicting_unknown_and_lonely_strokes_are_told_in_a_sentence(cluster, part, tmp_path):
    for painted, sentence in (
        ({"SPOT1-1": "WM"}, "Only WM is painted"),
        ({"NOBODY-1": "WM", "NOWHERE-1": "Layer1"}, "names none of the sample's spots"),
        ({"SPOT1-1": "NA", "SPOT2-1": "NA"}, "labels no spot of the sample"),
    ):
        status, out, err = cluster(part, "--strokes", written(tmp_path / "s.csv", painted))
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert sentence in err


LONG = "a" * 10_000


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("", "no table of barcodes and labels"),
        ("barcode,label\n", "no table of barcodes and labels"),
        ("barcode\nSPOT1-1\n", "no table of barcodes and labels"),
        ("barcode,label\nSPOT1-1,\nSPOT2-1,nan\n", "labels no spot of the sample"),
        ("barcode,label\nSPOT1-1,WM\nSPOT1-1,Layer1\n", "SPOT1-1 is painted in several domains, and so in none"),
        ("barcode,label\nSPOT1-1,L1\nSPOT2-1,Layer 1\n", "Only Layer1 is painted"),
        ("barcode,label\n" + "".join(f"SPOT{at}-1,d{at}\n" for at in range(101)), "at most 100 different ones"),
        (bytes(range(256)) * 9, "names none of the sample's spots"),
        ('{"WM": ["SPOT1-1"]}', "no table of barcodes and labels"),
        (None, "is a folder"),
    ],
)
def test_strokes_that_are_none_are_a_sentence(cluster, part, tmp_path, table, sentence):
    path = tmp_path / "given"
    if table is None:
        path.mkdir()
    else:
        path.write_bytes(table if isinstance(table, bytes) else table.encode())
    status, out, err = cluster(part, "--strokes", path)
    assert (status, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("table", "domains", "said"),
    [
        (f"barcode,label\nSPOT1-1,{LONG}\nSPOT500-1,{LONG}b\n", 2, ""),
        ("barcode,label\nSPOT1-1,<b>x</b>\nSPOT500-1,![y](http://z)\n", 2, ""),
        ("label;barcode\nWM;SPOT1-1\nL1;SPOT500-1\n", 2, ""),
        ("barcode,mine,other\nSPOT1-1,WM,x\nSPOT500-1,L1,y\n", 2, "from its column mine, not from other"),
        ("barcode,label\nSPOT1-1,WM\nSPOT2-1,WM,more\nSPOT500-1,L1\n", 2, "1 row has more or fewer cells"),
        ("barcode,label\nSPOT1-1,WM\nSPOT1-1,WM\nSPOT500-1,L1\n", 2, ""),
    ],
)
def test_no_stroke_is_lost_without_a_word(cluster, part, tmp_path, table, domains, said):
    (tmp_path / "given.csv").write_text(table)
    status, out, err = cluster(part, "--strokes", tmp_path / "given.csv", "--json")
    assert status == 0
    assert len(json.loads(out)["painted"]) == len(set(json.loads(out)["domains"].values())) == domains
    assert said in err
    assert bool(said) == bool(err)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--others",), "give --strokes, too"),
        (("--strokes", "s.csv", "--starts", "3"), "are found from one seed here"),
        (("--strokes", "s.csv", "--rename", "0=WM"), "have the names that were painted"),
        (("--strokes", "s.csv", "--tree", "t.csv"), "no tree of them"),
    ],
)
def test_options_that_do_not_go_together_are_refused(cluster, part, words, sentence):
    status, out, err = cluster(part, *words)
    assert (status, out) == (2, "")
    assert sentence in err


def test_guided_domains_are_scored_against_the_annotation_that_is_named(cluster, part, strokes, tmp_path):
    sample = lab.read(part)
    sides = np.where(sample.lattice[:, 1] < np.median(sample.lattice[:, 1]), "left", "right")
    AnnotationStore(part, sample).save(from_labels(sides, name="sides"), "")
    status, out, _ = cluster(
        part, "--strokes", strokes, "--against", "sides", "--labels", tmp_path / "out.csv", "--json"
    )
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    given = {barcode for barcode, label in csv.reader(strokes.read_text().splitlines()[1:]) if label != "NA"}
    left = np.array([row["spot"] not in given for row in rows])
    expected = adjusted_rand_score(sides[left], np.array([row["domain"] for row in rows])[left])
    assert status == 0
    assert json.loads(out)["scores"]["ari"] == pytest.approx(expected)
    assert json.loads(out)["against"] == "sides"


def test_a_sample_without_barcodes_takes_no_strokes(cluster, strokes, tmp_path):
    lab.write(shipped_part(100, 20), tmp_path / "bare.h5")
    status, _, err = cluster(tmp_path / "bare.h5", "--strokes", strokes)
    assert status == 2
    assert "no barcodes" in err


def test_the_shipped_section_with_five_spots_of_each_layer_beats_what_is_label_free(cluster, tmp_path):
    sample, rng = lab.read(SHIPPED), np.random.default_rng(1)
    spots = {
        name: rng.choice(np.flatnonzero(sample.labels_true == name), 5, replace=False) for name in sample.layer_names
    }
    painted = {str(sample.barcodes[spot]): name for name, chosen in spots.items() for spot in chosen}
    _, guided, _ = cluster(SHIPPED, "--strokes", written(tmp_path / "s.csv", painted), "--json")
    _, free, _ = cluster(SHIPPED, "--json")
    assert json.loads(guided)["scores"]["ari"] > json.loads(free)["scores"]["ari"] + 0.05


def test_rows_that_contradict_or_name_no_spot_are_left_out_with_a_sentence(cluster, part, strokes, tmp_path):
    given = strokes.read_text()
    first = next(line for line in given.splitlines()[1:] if not line.endswith(",NA"))
    barcode, label = first.split(",")
    more = "".join(f"{barcode},{name}\n" for name in ("Layer1", "WM") if name != label)
    strokes.write_text(given + more + "NOBODY-1,WM\nNOWHERE-1,WM\n")
    status, out, err = cluster(part, "--strokes", strokes, "--json")
    assert status == 0
    assert "2 rows name no spot of the sample, and are left out" in err
    assert f"{barcode} is painted in several domains, and so in none" in err
    n_given = sum(not line.endswith(",NA") for line in given.splitlines()[1:])
    assert json.loads(out)["n_painted"] == n_given - 1


def test_every_spot_painted_leaves_none_to_score_and_says_so(cluster, part, tmp_path):
    sample = lab.read(part)
    halves = {str(barcode): "one" if number % 2 else "other" for number, barcode in enumerate(sample.barcodes)}
    status, out, _ = cluster(part, "--strokes", written(tmp_path / "s.csv", halves))
    assert status == 0
    assert "no annotation on spots that were not painted" in out


def test_one_painted_domain_has_others_beside_it_where_they_may_exist(cluster, part, tmp_path):
    status, out, _ = cluster(part, "--strokes", written(tmp_path / "s.csv", {"SPOT1-1": "WM"}), "--others", "--json")
    assert status == 0
    assert list(json.loads(out)["domains"].values())[:2] == ["WM", "Other 1"]


def test_a_sweep_follows_the_strokes_as_cluster_does_and_says_what_it_is_scored_on(run, sweep, part, strokes, tmp_path):
    words = ("--strokes", strokes, "--models", tmp_path / "models", "--json")
    status, out, _ = sweep(part, "--grid", "window=1,3", *words)
    assert status == 0
    (section,) = json.loads(out)["samples"]
    assert (section["guided_by"], section["scored_on"]) == ("strokes", "spots that were not painted")
    assert section["guided"].startswith("guided by ")
    found = {one["window"]: one["mean"]["ari"] for one in section["settings"]}
    for window in (1, 3):
        _, out, _ = run("cluster", part, "--window", window, *words)
        assert found[window] == pytest.approx(json.loads(out)["scores"]["ari"])
    status, out, _ = sweep(part, "--grid", "window=1,3", *words[:-1])
    assert status == 0
    assert "not label-free" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--others", "--grid", "window=1,3"), "give --strokes, too"),
        (("--strokes", "{strokes}", "--grid", "n-clusters=3,4"), "n_clusters is of label-free domains"),
        (
            ("--strokes", "{strokes}", "--grid", "window=1,3", "--refinement", "2"),
            "refinement is of label-free domains",
        ),
        (("--strokes", "{every}", "--search", "3"), "no annotation on spots that were not painted"),
        (("{part}", "--strokes", "{strokes}", "--grid", "window=1,3"), "Strokes belong to one section"),
        (("--strokes", "nowhere.csv", "--grid", "window=1,3"), "nowhere.csv"),
        (("--strokes", "{one}", "--grid", "window=1,3"), "Only WM is painted"),
        (("--markers-of", "{strange}", "--grid", "window=1,3"), "at least two domains are needed"),
        (("--reference", "{mouse}", "--grid", "window=1,3"), "share 0 genes"),
    ],
)
def test_a_sweep_that_cannot_be_guided_so_is_told_in_a_sentence(sweep, part, strokes, tmp_path, words, sentence):
    sample = lab.read(part)
    every = written(tmp_path / "every.csv", {str(name): "ab"[at % 2] for at, name in enumerate(sample.barcodes)})
    one = written(tmp_path / "one.csv", {"SPOT1-1": "WM"})
    strange = tmp_path / "strange.csv"
    strange.write_text("domain,gene\na,nogene1\nb,nogene2\n")
    mouse = tmp_path / "mouse.h5"
    for path, kind in ((part, "GENE"), (mouse, "Gm")):
        names = np.array([f"{kind}{at}" for at in range(sample.n_genes)])
        lab.write(dataclasses.replace(sample, gene_names=names, gene_ids=None), path)
    named = {"strokes": strokes, "every": every, "one": one, "part": part, "strange": strange, "mouse": mouse}
    status, out, err = sweep(part, *(word.format(**named) for word in words), "--models", tmp_path / "models")
    assert (status, out) == (2, "")
    assert sentence in err
