"""`python -m core cluster A B --joint`."""

import csv
import json
import zipfile

import anndata
import numpy as np
import pytest

from core.annotation_labels import from_labels
from core.cli import main
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.io.joint_export import h5ad_zip, labels_zip
from core.method.joint import JointPipeline
from core.params import preset
from tests.named_tissue import named_sample


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / "one.h5", tmp_path / "two.h5"]
    for path, n_rows in zip(paths, (16, 20), strict=True):
        lab.write(named_sample(path.stem, n_rows), path)
    return paths


def run(*words):
    return main([str(word) for word in words])


def test_each_section_gets_its_labels_and_scores_and_a_label_is_the_same_layer_in_both(files, tmp_path, capsys):
    outputs = ("--labels", tmp_path / "new" / "labels", "--h5ad", tmp_path / "h5ad", "--lab-h5", tmp_path / "lab")
    figure = tmp_path / "maps.html"
    assert run("cluster", *files, "--joint", "--json", *outputs, "--figure", figure, "--rename", "0=top") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["n_shared_genes"] == 60
    assert facts["sharing_domains"] == [["one", "two"]]
    assert facts["params"]["clustering"]["n_clusters"] == 3
    assert {name: section["n_domains"] for name, section in facts["sections"].items()} == {"one": 3, "two": 3}
    assert all(section["scores"]["ari"] > 0.7 for section in facts["sections"].values())
    rows = {name: _labels(tmp_path / "new" / "labels" / f"{name}_labels.csv") for name in ("one", "two")}
    assert rows["one"][0] == rows["two"][0]  # the first spot lies in the top layer of either
    assert "top" in rows["one"]
    adata = anndata.read_h5ad(tmp_path / "h5ad" / "two_domains.h5ad")
    assert adata.obsm["X_factors"].shape == (adata.n_obs, 16)
    assert (tmp_path / "lab" / "one_domains.h5").is_file()
    assert "two" in figure.read_text()


def _labels(path):
    return [row["domain"] for row in csv.DictReader(path.read_text().splitlines())]


def test_more_starts_are_told_with_their_seeds_for_people(files, capsys):
    assert run("cluster", *files, "--joint", "--starts", "2", "--seed", "5", "--n-clusters", "2") == 0
    out = capsys.readouterr().out
    assert "Sections:\n  one: 192 spots, 60 genes\n  two: 240 spots, 60 genes\n" in out
    assert "16 spatial factors of 60 shared genes, averaged over 1 ring of neighbours (100 µm): " in out
    assert "In common: 2 of 2 domains lie in both\n" in out
    assert "Seed 5:" in out
    assert "Seed 6:" in out
    assert "  mean: ARI " in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "2 samples were given, but `cluster` takes one at a time: add --joint"),
        (("--joint", "--preset", "paper"), "Start from the preset `recommended`"),
        (("--joint", "--model", "m.pt"), "leave out --model"),
        (("--joint", "--n-init", "8"), "n_init changes nothing in these settings"),
        (("--joint", "--labels", __file__), "is a file, but with --joint a folder belongs there"),
        (("--joint", "--loupe", "somewhere"), "one has no barcodes"),
        (("--joint", "--markers", "m.csv"), "leave out --joint, or --markers"),
        (("--joint", "--rename", "9=WM"), "There is no cluster 9 to rename"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(files, capsys, words, sentence):
    assert run("cluster", *files, *words) == 2
    assert sentence in capsys.readouterr().err


def test_one_file_alone_cannot_be_clustered_together(files, capsys):
    assert run("cluster", files[0], "--joint") == 2
    assert "takes two sections or more" in capsys.readouterr().err


def test_archives_hold_a_file_for_each_section_in_the_order_of_its_spots(tmp_path):
    samples = [named_sample("one"), named_sample("two", 20, annotated=False)]
    results = JointPipeline(samples).run(preset("recommended", 3))
    for content, name in (
        (labels_zip(samples, results), "labels"),
        (h5ad_zip(samples, results, {0: "#000000", 1: "#888888", 2: "#ffffff"}), "h5ad"),
    ):
        (tmp_path / f"{name}.zip").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "labels.zip") as archive:
        assert archive.namelist() == ["one_labels.csv", "two_labels.csv"]
        rows = list(csv.DictReader(archive.read("two_labels.csv").decode().splitlines()))
    assert [int(row["cluster"]) for row in rows] == results["two"].labels.tolist()
    with zipfile.ZipFile(tmp_path / "h5ad.zip") as archive:
        archive.extractall(tmp_path)
    adata = anndata.read_h5ad(tmp_path / "one_domains.h5ad")
    assert adata.n_obs == samples[0].n_spots
    assert len(np.unique(results["one"].labels)) == 3


def test_each_section_leaves_with_the_annotations_that_were_drawn_on_it(files, tmp_path):
    samples = [lab.read(path) for path in files]
    rows = samples[1].lattice[:, 0]
    drawn = from_labels(np.where(rows < 10, "upper", "NA"), name="mine")
    AnnotationStore(files[1], samples[1]).save(drawn, "")
    assert run("cluster", *files, "--joint", "--h5ad", tmp_path / "h5ad") == 0
    results = JointPipeline(samples).run(preset("recommended", 3))
    shades = {0: "#000000", 1: "#888888", 2: "#ffffff"}
    (tmp_path / "h5ad.zip").write_bytes(h5ad_zip(samples, results, shades, drawn={"two": lambda: [drawn]}))
    with zipfile.ZipFile(tmp_path / "h5ad.zip") as archive:
        archive.extractall(tmp_path / "zipped")
    for folder in ("h5ad", "zipped"):
        one, two = (anndata.read_h5ad(tmp_path / folder / f"{name}_domains.h5ad") for name in ("one", "two"))
        assert "mine" not in one.obs
        assert (two.obs["mine"] == "upper").tolist() == (rows < 10).tolist()
