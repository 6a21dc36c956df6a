"""`learn`, and `cluster` with --reference, --markers-of and --name-by, by command line."""

import csv
import dataclasses
import functools
import json

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from core.io import lab
from tests.teaching import LAYERS, section

TABLE = "domain,genes\n" + "".join(f"{layer},GENE{number} GENE{number + 4}\n" for number, layer in enumerate(LAYERS))


@pytest.fixture
def cluster(run):
    return functools.partial(run, "cluster")


@pytest.fixture
def sections(tmp_path):
    """Files of two sections of one tissue."""
    paths = tmp_path / "A.h5", tmp_path / "B.h5"
    for seed, path in enumerate(paths):
        lab.write(section(path.stem, seed), path)
    return paths


@pytest.fixture
def table(tmp_path):
    (tmp_path / "table.csv").write_text(TABLE)
    return tmp_path / "table.csv"


def labels_of(path):
    return [row["domain"] for row in csv.DictReader(path.read_text().splitlines())]


def test_a_section_gets_the_layers_of_another_and_the_score_is_scikit_learns(cluster, sections, tmp_path):
    one, other = sections
    status, out, _ = cluster(other, "--reference", one, "--labels", tmp_path / "out.csv", "--json")
    facts, sample = json.loads(out), lab.read(other)
    found = labels_of(tmp_path / "out.csv")
    assert status == 0
    assert facts["guided_by"] == "reference"
    assert facts["reference"] == {
        "samples": ["A"], "species": "human", "n_genes": 80, "n_shared_genes": 80, "n_unlike": found.count("Unlike the reference")
    }  # fmt: skip
    assert facts["scores"]["ari"] == pytest.approx(adjusted_rand_score(sample.labels_true, found))
    assert np.mean(np.array(found) == sample.labels_true) > 0.95


def test_a_saved_reference_gives_the_labels_of_the_section_that_it_was_learnt_from(run, cluster, sections, tmp_path):
    one, other = sections
    status, out, _ = run("learn", one, "--out", tmp_path / "model.json", "--json")
    assert (status, json.loads(out)["samples"]) == (0, ["A"])
    for number, given in enumerate((one, tmp_path / "model.json")):
        assert cluster(other, "--reference", given, "--labels", tmp_path / f"{number}.csv")[0] == 0
    assert labels_of(tmp_path / "0.csv") == labels_of(tmp_path / "1.csv")


def test_several_sections_teach_together(cluster, sections, tmp_path):
    one, other = sections
    lab.write(section("C", 5), tmp_path / "C.h5")
    status, out, _ = cluster(other, "--reference", one, tmp_path / "C.h5")
    assert status == 0
    assert "transferred from A and C (4 domains, 80 genes); not label-free" in out
    assert "80 shared genes" in out


def test_strokes_correct_a_reference(cluster, sections, tmp_path):
    one, other = sections
    (tmp_path / "strokes.csv").write_text("barcode,label\nSPOT0-1,Layer4\n")
    strokes = "--strokes", tmp_path / "strokes.csv"
    status, out, _ = cluster(other, "--reference", one, *strokes, "--labels", tmp_path / "out.csv")
    assert status == 0
    assert labels_of(tmp_path / "out.csv")[0] == "Layer4"
    assert "corrected by 1 painted spot" in out


def test_strokes_may_paint_domains_that_a_reference_does_not_know(cluster, sections, tmp_path):
    one, other = sections
    (tmp_path / "strokes.csv").write_text("barcode,label\nSPOT0-1,Vessel\nSPOT1-1,Vessel\n")
    words = "--reference", one, "--strokes", tmp_path / "strokes.csv", "--labels", tmp_path / "out.csv"
    status, out, _ = cluster(other, *words)
    assert status == 0
    assert labels_of(tmp_path / "out.csv")[:2] == ["Vessel", "Vessel"]
    assert "80 shared genes" in out


def test_markers_find_and_name_domains_and_what_plays_no_part_is_told(cluster, sections, table, tmp_path):
    with table.open("a") as file:
        file.write("Vessel,NOWHERE\n")
    status, out, _ = cluster(sections[0], "--markers-of", table, "--labels", tmp_path / "out.csv", "--json")
    facts = json.loads(out)
    assert status == 0
    assert (facts["guided_by"], facts["markers"]["missing"]) == ("markers", ["Vessel"])
    assert facts["markers"]["notes"][0] == "Vessel has no marker gene in the sample, so it cannot be found."
    assert np.mean(np.array(labels_of(tmp_path / "out.csv")) == lab.read(sections[0]).labels_true) > 0.9


def test_a_sweep_says_of_each_sample_what_cluster_says_of_its_marker_genes(run, sweep, sections, table, tmp_path):
    with table.open("a") as file:
        file.write("Vessel,NOWHERE\nLayer1,GENE8\nLayer2,GENE9 GENE0\n")
    less = lab.read(sections[1])
    names = np.array([name.replace("GENE9", "OTHER") for name in less.gene_names])
    counts = less.expression.copy()
    counts[:, 8] = 0  # known to the sample, and told from nothing
    lab.write(dataclasses.replace(less, gene_names=names, expression=counts), sections[1])
    words = ("--markers-of", table, "--models", tmp_path / "models")
    status, out, _ = sweep(*sections, "--grid", "window=1,2", *words, "--json")
    assert status == 0
    swept = [one["markers"] for one in json.loads(out)["samples"]]
    for path, found in zip(sections, swept, strict=True):
        told = json.loads(run("cluster", path, *words, "--json")[1])["markers"]
        assert found == {part: told[part] for part in ("source", "missing", "notes")}
    assert "3 marker genes are not in the sample, or the same everywhere: GENE8, GENE9, NOWHERE." in swept[1]["notes"]
    status, out, _ = sweep(*sections, "--grid", "window=1,2", *words)
    assert "GENE0 is left out" in next(line for line in out.splitlines() if "B, left out" in line)


def test_domains_found_without_names_are_named_with_evidence_and_stay_as_they_are(cluster, sections, table, tmp_path):
    plain, named = tmp_path / "plain.csv", tmp_path / "named.csv"
    cluster(sections[0], "--labels", plain)
    status, out, _ = cluster(sections[0], "--name-by", table, "--labels", named, "--json")
    facts = json.loads(out)
    assert status == 0
    assert {one["name"] for one in facts["suggested_names"].values()} == set(LAYERS)
    assert all(one["genes"] for one in facts["suggested_names"].values())
    clusters = [[row["cluster"] for row in csv.DictReader(path.read_text().splitlines())] for path in (plain, named)]
    assert clusters[0] == clusters[1]
    assert np.mean(np.array(labels_of(named)) == lab.read(sections[0]).labels_true) > 0.9


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--reference", "nowhere.h5"), "nowhere.h5"),
        (("--reference", "nowhere.json"), "cannot be read"),
        (("--reference", "{other}"), "itself among the references"),
        (("--reference", "{one}", "--markers-of", "{table}"), "choose one"),
        (("--reference", "{one}", "--others"), "leave out --others"),
        (("--reference", "{one}", "--starts", "2"), "found from one seed here: leave out --starts"),
        (("--reference", "{one}", "--name-by", "{table}"), "have names already"),
        (("--reference", "{copy}"), "itself among the references"),
        (("--reference", "{own_model}"), "itself among the references"),
        (("--reference", "{one}", "{one}"), "would count twice"),
        (("--reference", "{model}", "{one}"), "nothing more can be learnt"),
        (("--reference", "{mouse}"), "genes of human and of mouse"),
        (("--reference", "{bare}"), "no annotation to learn from"),
        (("--reference", "{list}"), "It is no reference"),
        (("--markers-of", "human-cortex"), "marker genes of no domain"),
        (("--markers-of", "nowhere.csv"), "a table that is shipped, which is human-cortex"),
        (("--name-by", "nowhere.csv"), "a table that is shipped, which is human-cortex"),
        (("{one}", "--joint", "--reference", "{one}"), "leave out --joint"),
        (("{one}", "--joint", "--name-by", "{table}"), "leave it out with --joint"),
    ],
)
def test_what_does_not_fit_is_a_sentence(run, cluster, sections, table, tmp_path, words, sentence):
    names = {"one": sections[0], "other": sections[1], "table": table}
    names |= {name: tmp_path / f"{name}.h5" for name in ("copy", "mouse", "bare")}
    names |= {name: tmp_path / f"{name}.json" for name in ("own_model", "model", "list")}
    lab.write(section("copy", 1), names["copy"])
    lab.write(section("M", 0, kinds="Gene"), names["mouse"])
    lab.write(dataclasses.replace(section("bare", 0), labels_true=None), names["bare"])
    for taught_by, model in (("one", "model"), ("other", "own_model")):
        assert run("learn", names[taught_by], "--out", names[model])[0] == 0
    names["list"].write_text("[]")
    status, _, said = cluster(sections[1], *(word.format(**names) for word in words))
    assert (status, said.count("\n")) == (2, 1)
    assert sentence in said


def test_a_reference_of_one_layer_or_without_annotation_teaches_nothing(run, sections, tmp_path):
    sample = lab.read(sections[0])
    for labels, sentence in (
        (None, "no annotation to learn from"),
        (np.full(sample.n_spots, "Layer1"), "at least two"),
    ):
        lab.write(dataclasses.replace(sample, labels_true=labels), tmp_path / "bare.h5")
        status, _, said = run("learn", tmp_path / "bare.h5", "--out", tmp_path / "model.json")
        assert status == 2
        assert sentence in said
        assert not (tmp_path / "model.json").exists()
