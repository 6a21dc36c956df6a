import csv
import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import anndata
import numpy as np
import pytest

from core.cli import main, thicknesses
from core.io import lab
from core.io.lab.deepdish_bridge import deepdish_io
from tests import space_ranger
from tests.h5ad_files import saved, spot_index, tissue, visium_adata
from tests.sections import SHIPPED, shipped_part

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"sample", "n_spots", "n_genes", "params", "scores", "autoencoder", "direction", "seconds", "repeats"}
AGREEMENT = {"ari", "nmi", "ari_all", "nmi_all"}
COHERENCE = {"chaos", "pas", "smallest_share", "largest_share", "n_tiny", "n_empty"}


@pytest.fixture(scope="module")
def part(tmp_path_factory):
    """File of a small real sample."""
    path = tmp_path_factory.mktemp("samples") / "sample_part.h5"
    lab.write(shipped_part(400, 30), path)
    return path


def facts(run, *words):
    status, out, err = run(*words, "--json")
    assert status == 0, err
    assert out.count("\n") == 1
    return json.loads(out)


def test_cluster_prints_one_json_object_with_all_that_was_promised(run, part):
    result = facts(run, "cluster", part, "--preset", "paper", "--n-clusters", "5", "--angle", "0.38", "--seed", "3")
    assert result.keys() >= KEYS
    assert (result["sample"], result["n_spots"], result["n_genes"]) == ("part", 400, 30)
    assert result["params"]["clustering"]["n_clusters"] == 5
    assert result["direction"] == {
        "angle": 0.38,
        "method": "manual",
        "support": None,
        "bend": None,
        "set_aside": False,
        "takes_part": True,
    }
    assert result["seconds"].keys() == {"load", "pool", "train", "cluster"}
    assert result["scores"].keys() == AGREEMENT | COHERENCE | {"stability"}
    assert result["repeats"] == [{"seed": 3, **result["scores"]}]
    assert result["autoencoder"] is None


def test_starts_count_seeds_up_and_the_labels_are_those_of_the_first(run, part, tmp_path):
    many, one = tmp_path / "many.csv", tmp_path / "one.csv"
    result = facts(run, "cluster", part, "--preset", "paper", "--seed", "4", "--starts", "3", "--labels", many)
    assert [repeat["seed"] for repeat in result["repeats"]] == [4, 5, 6]
    alone = facts(run, "cluster", part, "--preset", "paper", "--seed", "4", "--labels", one)
    assert [line.split(",")[:3] for line in many.read_text().splitlines()] == list(
        csv.reader(one.read_text().splitlines())
    )
    assert alone["scores"] == result["scores"]
    assert alone["agreement_between_starts"] is None
    assert 0 < result["agreement_between_starts"] < 1
    third = facts(run, "cluster", part, "--preset", "paper", "--seed", "6")
    assert third["scores"] == {name: result["repeats"][2][name] for name in third["scores"]}


def test_confidence_comes_from_the_fits_of_a_consensus_or_from_the_starts_of_k_means(run, part, tmp_path):
    fits = facts(run, "cluster", part, "--n-clusters", "3")["confidence"]
    assert (fits["over"], len(fits["deciles"])) == ("fits", 11)
    assert fits["deciles"] == sorted(fits["deciles"])
    path = tmp_path / "labels.csv"
    starts = facts(run, "cluster", part, "--preset", "paper", "--starts", "3", "--labels", path)["confidence"]
    with path.open() as file:
        column = {row["confidence"] for row in csv.DictReader(file)}
    assert starts["over"] == "starts"
    assert column <= {"0", "0.5", "1"}
    assert facts(run, "cluster", part, "--preset", "paper")["confidence"] is None


def test_clusters_prints_the_whole_curve_and_one_suggestion_with_its_reason(run, part, tmp_path):
    words = ("clusters", part, "--from", "2", "--to", "5", "--starts", "2")
    curve = facts(run, *words, "--figure", tmp_path / "curve.html")
    assert [point["n_clusters"] for point in curve["points"]] == [2, 3, 4, 5]
    assert curve["suggested"] in (None, 3, 4)
    assert str(curve["suggested"] or "No number") in curve["reason"]
    assert (tmp_path / "curve.html").stat().st_size > 10_000
    status, out, _ = run(*words)
    assert (status, curve["reason"] in out) == (0, True)


def test_a_range_of_clusters_the_wrong_way_round_is_refused(run, part):
    status, _, err = run("clusters", part, "--from", "5", "--to", "5")
    assert (status, err) == (2, "--from is 5 and --to 5: --from must be the smaller.\n")


def test_labels_name_barcodes_in_the_order_of_the_file(run, tmp_path):
    path = tmp_path / "labels.csv"
    facts(run, "cluster", SHIPPED, "--preset", "paper", "--labels", path)
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["spot"] for row in rows] == list(lab.read(SHIPPED).barcodes)
    assert {row["cluster"] for row in rows} == {str(cluster) for cluster in range(7)}
    assert {row["domain"] for row in rows} == {*(f"Layer {number}" for number in range(1, 7)), "White matter"}


def test_labels_without_barcodes_name_rows_from_zero(run, part, tmp_path):
    path = tmp_path / "labels.csv"
    facts(run, "cluster", part, "--labels", path)
    assert path.read_text().splitlines()[0] == "spot,cluster,domain,confidence"
    assert [line.split(",")[0] for line in path.read_text().splitlines()[1:]] == [str(row) for row in range(400)]


def test_angle_off_and_found(run, part):
    assert facts(run, "cluster", part, "--angle", "off")["direction"] is None
    paper = facts(run, "cluster", part, "--preset", "paper", "--angle", "auto")["direction"]
    recommended = facts(run, "cluster", part, "--preset", "recommended", "--angle", "auto")["direction"]
    assert (paper["method"], recommended["method"]) == ("preclustering", "bending")
    assert recommended["takes_part"] == (recommended["support"] >= 0.7)
    by_hand = facts(run, "cluster", part, "--preset", "recommended", "--angle", "0.38")["direction"]
    assert by_hand["angle"] == 0.38
    assert 0 <= paper["angle"] < np.pi


def test_without_an_annotation_its_scores_are_null_and_the_others_are_there(run, part, tmp_path):
    sample = shipped_part(200, 10)
    path = tmp_path / "plain.h5"
    lab.write(type(sample)(name="plain", expression=sample.expression, lattice=sample.lattice), path)
    result = facts(run, "cluster", path)
    assert {name for name, value in result["scores"].items() if value is None} == AGREEMENT
    assert "Clusters: 8 (no annotation to count; 8 where none is asked for" in run("cluster", path)[1]
    assert result["params"]["clustering"]["n_clusters"] == 8


def test_thickness_is_in_the_json_in_the_lines_for_people_and_in_its_file(run, part, tmp_path):
    file = tmp_path / "thickness.csv"
    told = facts(run, "cluster", part, "--angle", "0.4", "--thickness", file)["thickness"]
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert told["unit"] == rows[0]["unit"] == "um"
    for labels in ("predicted", "annotated"):
        mine = {row["name"]: row["thickness"] for row in rows if row["labels"] == labels}
        assert mine == {
            name: "" if one["thickness"] is None else str(one["thickness"]) for name, one in told[labels].items()
        }
    words = run("cluster", part, "--angle", "0.4")[1]
    assert all(f"\n  {name}: " in words for name in told["predicted"])
    assert facts(run, "cluster", part, "--angle", "off")["thickness"] is None
    status, _, err = run("cluster", part, "--angle", "off", "--thickness", tmp_path / "none.csv")
    assert (status, "no direction across which" in err) == (2, True)
    assert not (tmp_path / "none.csv").exists()


def test_above_some_spots_thickness_is_measured_only_where_asked_for_and_said(run, part, tmp_path, monkeypatch):
    whole = facts(run, "cluster", part, "--angle", "0.4")
    assert whole["thickness_left_out"] is None
    monkeypatch.setattr(thicknesses, "MOST_UNASKED", whole["n_spots"])
    assert facts(run, "cluster", part, "--angle", "0.4")["thickness"] == whole["thickness"]
    monkeypatch.setattr(thicknesses, "MOST_UNASKED", whole["n_spots"] - 1)
    short = facts(run, "cluster", part, "--angle", "0.4")
    assert (short["thickness"], short["thickness_left_out"]) == (None, thicknesses.LEFT_OUT)
    words = run("cluster", part, "--angle", "0.4")[1]
    assert f"Thickness: {thicknesses.LEFT_OUT}" in words
    asked = facts(run, "cluster", part, "--angle", "0.4", "--thickness", tmp_path / "thick.csv")
    assert (asked["thickness"], asked["thickness_left_out"]) == (whole["thickness"], None)
    assert facts(run, "cluster", part, "--angle", "off")["thickness_left_out"] is None


def test_train_keeps_a_model_that_cluster_uses(run, part, tmp_path):
    options = ("--epochs", "2", "--width", "8", "--models", tmp_path / "models")
    trained = facts(run, "train", part, *options)
    assert Path(trained["checkpoint"]).exists()
    assert trained["autoencoder"]["dead"] is True
    assert len(trained["losses"]) == 2
    used = facts(run, "cluster", part, "--preset", "paper-ae", *options)
    assert used["autoencoder"] == {**trained["autoencoder"], "reused": True}


def test_a_model_of_another_sample_is_refused_in_words(run, part, tmp_path):
    trained = facts(run, "train", part, "--epochs", "1", "--width", "8", "--models", tmp_path)
    words = ("cluster", SHIPPED, "--preset", "paper-ae", "--epochs", "1", "--width", "8", "--model")
    status, out, err = run(*words, trained["checkpoint"])
    assert (status, out) == (2, "")
    assert "was trained on 30 genes, but 151673 has 2000" in err


def test_a_dead_autoencoder_is_reported_in_words(run, part, tmp_path):
    _, _, err = run("cluster", part, "--preset", "paper-ae", "--epochs", "1", "--width", "8", "--models", tmp_path)
    assert "The autoencoder is dead" in err


def test_the_picture_is_written_as_html_that_needs_no_internet(run, part, tmp_path):
    path = tmp_path / "map.html"
    facts(run, "cluster", part, "--figure", path)
    page = path.read_text()
    assert "plotly.js v" in page
    assert "<script src=" not in page


def test_people_get_lines_instead_of_json(run, part):
    status, out, _ = run("cluster", part)
    assert status == 0
    assert "ARI" in out
    assert "{" not in out


def test_cells_are_made_and_clustered_from_the_command_line(run, tmp_path):
    path = tmp_path / "cells.h5"
    assert run("synthesise", "--cells", "--n-spots", "1000", "--n-genes", "20", "--out", path)[0] == 0
    assert facts(run, "info", path)["on_lattice"] is False
    assert facts(run, "info", SHIPPED)["on_lattice"] is True
    assert facts(run, "cluster", path, "--preset", "paper")["scores"]["ari"] > 0.1
    assert run("cluster", path, "--preset", "paper", "--figure", tmp_path / "cells.html")[0] == 0


def test_info_counts_layers_and_says_what_is_synthetic(run, tmp_path):
    shipped = facts(run, "info", SHIPPED)
    assert (shipped["n_spots"], shipped["n_genes"], shipped["synthetic"]) == (2929, 2000, False)
    assert list(shipped["layers"]) == ["Layer1", "Layer2", "Layer3", "Layer4", "Layer5", "Layer6", "WM"]
    status, out, _ = run("synthesise", "--n-spots", "1000", "--n-genes", "20", "--out", tmp_path / "made.h5")
    assert (status, out.strip()) == (0, str(tmp_path / "made.h5"))
    assert facts(run, "info", tmp_path / "made.h5")["synthetic"] is True


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("cluster", "missing.h5"), "missing.h5"),
        (("cluster", __file__), "test_cli.py"),
        (("cluster", SHIPPED, "--window", "-1"), "`window` is -1, but must be between 0 and 40."),
        (("cluster", SHIPPED, "--preset", "recommended", "--n-init", "8"), "n_init changes nothing in these settings"),
        (("sweep", SHIPPED, "--angle", "off", "--grid", "x-weight=1,2"), "x_weight changes nothing in these settings"),
        (("sweep", SHIPPED, "--degree", "2", "--angle", "off", "--grid", "window=1,2"), "degree changes nothing"),
        (("cluster", SHIPPED, "--hops", "2"), "no knob 'hops' any more: use window, which is one more"),
        (("sweep", SHIPPED, "--grid", "hops=1,2"), "no knob 'hops' any more: use window, which is one more"),
        (("cluster", SHIPPED, "--window", "two"), "invalid int value: 'two'"),
        (("cluster", SHIPPED, "--angle", "north"), "'north' is neither an angle in radians nor"),
        (("cluster", SHIPPED, "--angle", "nan"), "'nan' is neither an angle in radians nor"),
        (("cluster", SHIPPED, "--starts", "0"), "'0' is not a whole number of 1 or more"),
        (("cluster", SHIPPED, "--seed", "-1"), "`random_state` is -1"),
        (("cluster", SHIPPED, "--labels", "no/such/folder/a.csv"), "there is no folder no/such/folder"),
        (("cluster", SHIPPED, "--figure", "map.gif"), "must end in one of .html, .png, .svg"),
        (("cluster", SHIPPED, "--n-clusters", "100000"), "`n_clusters` is 100000"),
        (("cluster", SHIPPED, "--preset", "best"), "invalid choice: 'best'"),
        (("cluster", SHIPPED, "--angel", "1"), "nrecognized arguments: --angel"),
        (("cluster",), "FILE"),
        ((), "COMMAND"),
        (("fetch", "paste2", "999999"), "999999"),
        (("synthesise", "--n-spots", "5"), "`n_spots` is 5"),
    ],
)
def test_bad_input_ends_with_status_2_and_one_sentence(run, words, sentence):
    status, out, err = run(*words)
    assert status == 2
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_the_real_command_keeps_progress_out_of_its_output(part):
    words = [sys.executable, "-m", "core", "cluster", str(part), "--json", "--starts", "2"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout)["sample"] == "part"
    assert done.stderr == ""


def test_the_real_command_ends_with_status_2(tmp_path):
    words = [sys.executable, "-m", "core", "info", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def spatial_folder(folder, positions):
    folder.mkdir()
    rows = [f"SPOT-{number},1,{row},{col},{row * 10},{col * 10}" for number, (row, col) in enumerate(positions)]
    (folder / "tissue_positions_list.csv").write_text("\n".join(rows))
    return folder


def test_attach_replaces_the_file_by_one_with_pixel_positions(run, tmp_path):
    sample, path = shipped_part(50, 5), tmp_path / "sample.h5"
    lab.write(sample, path)
    status, out, _ = run("attach", path, spatial_folder(tmp_path / "spatial", sample.lattice))
    assert (status, out.strip()) == (0, str(path))
    assert lab.read(path).coords_px.tolist() == (sample.lattice * 10).tolist()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["sample.h5", "spatial"]


def test_attach_with_out_leaves_the_file_alone_and_a_refusal_writes_nothing(run, tmp_path):
    sample, path, out_path = shipped_part(50, 5), tmp_path / "sample.h5", tmp_path / "out.h5"
    lab.write(sample, path)
    before = path.read_bytes()
    status, _, err = run("attach", path, spatial_folder(tmp_path / "half", sample.lattice[:20]), "--out", out_path)
    assert (status, out_path.exists()) == (2, False)
    assert err.startswith("30 of 50 spots of the sample are not under tissue in the folder")
    run("attach", path, spatial_folder(tmp_path / "whole", sample.lattice), "--out", out_path)
    assert lab.read(out_path).coords_px is not None
    assert path.read_bytes() == before


def test_import_lists_what_was_found_and_the_sample_is_clustered_with_its_labels(run, tmp_path):
    out = tmp_path / "mine.h5"
    status, text, err = run("import", space_ranger.write_output(tmp_path / "block_7"), "--genes", "all", "--out", out)
    assert (status, err) == (0, "")
    assert text.startswith("Space Ranger output: block_7, 4 spots, 3 genes\n")
    assert "  ok Annotation: annotation.csv labels 3 of 4 spots: layer (2 classes).\n" in text
    assert text.endswith(f"Imported: {out} (4 spots, 3 genes, annotated with Layer1, WM)\n")
    assert facts(run, "cluster", out, "--preset", "paper", "--n-clusters", "2")["sample"] == "mine"


def test_import_takes_a_table_a_column_or_no_annotation(run, tmp_path):
    source, table = space_ranger.write_output(tmp_path / "block_7"), tmp_path / "mine.csv"
    table.write_text("region;spot\nouter;AAAC\ninner;AACC\n")
    for annotation, expected in ((table, ["inner", "outer"]), ("layer", ["Layer1", "WM"]), ("none", [])):
        found = facts(run, "import", source, "--annotation", annotation, "--genes", "all", "--out", tmp_path / "o.h5")
        assert found["layers"] == expected


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere", "There is no file"),
        ("empty", "holds no filtered_feature_bc_matrix.h5"),
        ("without", "without was not imported: There is no table of positions"),
    ],
)
def test_import_refuses_with_a_sentence_and_leaves_nothing_behind(run, tmp_path, source, words):
    (tmp_path / "empty").mkdir()
    space_ranger.write_h5(tmp_path / "without" / "filtered_feature_bc_matrix.h5")
    status, _, err = run("import", tmp_path / source, "--out", tmp_path / "out.h5")
    assert status == 2
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out.h5").exists()


def test_clusters_go_out_under_new_names_to_scanpy_loupe_and_the_lab(run, tmp_path):
    h5ad, loupe, lab_file, labels, markers = (
        tmp_path / name for name in ("a.h5ad", "loupe.csv", "a.h5", "labels.csv", "markers.csv")
    )
    outputs = ("--h5ad", h5ad, "--loupe", loupe, "--lab-h5", lab_file, "--labels", labels, "--markers", markers)
    lab.write(dataclasses.replace(tissue(), barcodes=spot_index(tissue()).to_numpy().astype(str)), tmp_path / "s.h5")
    new_names = ("--rename", "0=Grey matter", "1=Grey matter", "2=WM")
    told = facts(run, "cluster", tmp_path / "s.h5", "--n-clusters", "5", *outputs, *new_names)["domains"]
    assert (told["0"], told["1"], told["2"]) == ("Grey matter", "Grey matter", "WM")
    by_spot = {row["spot"]: row["domain"] for row in csv.DictReader(labels.read_text().splitlines())}
    assert set(by_spot.values()) == {"Grey matter", "WM", told["3"], told["4"]}
    assert {row["Barcode"]: row["domain"] for row in csv.DictReader(loupe.read_text().splitlines())} == by_spot
    adata = anndata.read_h5ad(h5ad)
    assert adata.obs["domain"].astype(str).to_dict() == by_spot
    assert len(set(adata.uns["domain_colors"])) == 4
    assert deepdish_io().load(str(lab_file))["labels"].astype(str).tolist() == list(by_spot.values())
    ranked = list(csv.DictReader(markers.read_text().splitlines()))
    assert {row["domain"] for row in ranked} == set(by_spot.values())
    assert len(ranked) == 4 * tissue().n_genes


def test_names_for_clusters_that_are_not_there_and_loupe_without_barcodes_are_told(run, part, tmp_path):
    status, _, error = run("cluster", part, "--preset", "paper", "--labels", tmp_path / "a.csv", "--rename", "99=WM")
    assert (status, "no cluster 99" in error) == (2, True)
    status, _, error = run("cluster", part, "--loupe", tmp_path / "a.csv")
    assert (status, "no barcodes" in error) == (2, True)
    assert not list(tmp_path.iterdir())


def test_info_reads_an_h5ad_and_says_how_to_import_it_otherwise(tmp_path, capsys):
    path = saved(visium_adata(tissue()), tmp_path)
    assert main(["info", str(path), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["n_spots"] == tissue().n_spots
    assert f"python -m core import {path}" in said.err


def test_cluster_writes_the_tree_of_domains_whose_cut_at_k_is_the_result(run, part, tmp_path):
    table, joins, labels = tmp_path / "tree.csv", tmp_path / "tree.json", tmp_path / "labels.csv"
    for path in (table, joins):
        status, _, err = run("cluster", part, "--n-clusters", 4, "--tree", path, "--labels", labels)
        assert status == 0, err
    rows, found = list(csv.DictReader(table.read_text().splitlines())), json.loads(joins.read_text())
    assert list(rows[0])[1:] == [f"domains_{n}" for n in range(2, found["n_leaves"] + 1)]
    assert [row["domains_4"] for row in rows] == [
        row["cluster"] for row in csv.DictReader(labels.read_text().splitlines())
    ]
    last = found["joins"][-1]
    assert {row["domains_2"] for row in rows} == {str(last["kept"]), str(last["gone"])}
    assert len(found["joins"]) == found["n_leaves"] - 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--preset", "paper", "--tree", "tree.csv"), "single fit"),
        (("--tree", "tree.txt"), "must end in .csv or .json"),
    ],
)
def test_a_tree_that_cannot_be_written_is_refused_before_the_work(run, part, words, sentence):
    status, _, err = run("cluster", part, *words)
    assert status != 0
    assert sentence in err
