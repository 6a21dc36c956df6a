import csv
import dataclasses
import json

import anndata
import numpy as np
import pytest
import shapely
from sklearn.metrics import adjusted_rand_score

from core.annotation_labels import from_labels
from core.evaluation.differential import Group, find_differential
from core.io import lab
from core.io.annotation_store import AnnotationStore, folder_of
from tests.sections import SHIPPED, shipped_part


@pytest.fixture
def facts(run):
    def facts(*words):
        status, out, err = run(*words, "--json")
        assert status == 0, err
        return json.loads(out)

    return facts


@pytest.fixture
def refused(run):
    def refused(*words):
        status, out, err = run(*words)
        assert (status, out, err.count("\n")) == (2, "", 1)
        return err

    return refused


@pytest.fixture(scope="module")
def whole():
    return lab.read(SHIPPED)


@pytest.fixture
def part(tmp_path, whole):
    """File of a small real sample with barcodes and pixels."""
    order = np.lexsort((whole.lattice[:, 1], whole.lattice[:, 0]))[:400]
    sample = dataclasses.replace(
        shipped_part(400, 30),
        barcodes=whole.barcodes[order],
        coords_px=whole.coords_px[order],
        gene_names=whole.gene_names[:30],
    )
    lab.write(sample, tmp_path / "part.h5")
    return tmp_path / "part.h5"


@pytest.fixture
def halves(part):
    """Labels of the left and the right half, as a table."""
    sample = lab.read(part)
    labels = np.where(sample.lattice[:, 1] < np.median(sample.lattice[:, 1]), "left", "right")
    path = part.with_name("halves.csv")
    path.write_text("\n".join(["barcode,half", *map(",".join, zip(sample.barcodes, labels, strict=True))]))
    return path, labels


def rows(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_table_becomes_an_annotation_beside_the_file_which_stays_as_it_is(facts, run, part, halves):
    before = part.read_bytes()
    found = facts("annotate", part, "--from", halves[0], "--name", "halves", "--author", "Ada", "--note", "by eye")
    sizes = {"left": int((halves[1] == "left").sum()), "right": int((halves[1] == "right").sum())}
    assert (found["annotation"], found["author"], found["column"], found["regions"]) == ("halves", "Ada", "half", sizes)
    assert found["folder"] == str(folder_of(part))
    assert part.read_bytes() == before
    listed = facts("annotations", part)["annotations"]
    assert [(item["name"], item["note"], item["source"], item["regions"]) for item in listed] == [
        ("halves", "by eye", "labels of halves.csv", sizes)
    ]
    status, out, _ = run("annotations", part)
    assert status == 0
    assert (
        f"halves by Ada, {listed[0]['changed'][:10]}: 400 spots of 400 (left {sizes['left']}, right {sizes['right']})"
        in out
    )


def test_clustering_is_scored_against_an_annotation_as_scikit_learn_does_on_the_exported_files(
    facts, part, halves, tmp_path
):
    facts("annotate", part, "--from", halves[0], "--name", "halves")
    own = facts("cluster", part, "--preset", "paper", "--n-clusters", 3)
    found = facts("cluster", part, "--preset", "paper", "--n-clusters", 3, "--against", "halves", "--labels", tmp_path / "l.csv",
                  "--h5ad", tmp_path / "out.h5ad")  # fmt: skip
    facts("annotations", part, "--export", "halves", "--to", tmp_path / "a.csv")
    predicted = {row["spot"]: row["cluster"] for row in rows(tmp_path / "l.csv")}
    true = {row["spot"]: row["region"] for row in rows(tmp_path / "a.csv")}
    assert found["scores"]["ari"] == pytest.approx(
        adjusted_rand_score([true[spot] for spot in predicted], list(predicted.values()))
    )
    assert found["scores"]["ari"] != own["scores"]["ari"]
    assert (found["against"], own["against"]) == ("halves", None)
    assert facts("cluster", part, "--preset", "paper", "--against", "none")["scores"]["ari"] is None
    out = anndata.read_h5ad(tmp_path / "out.h5ad")
    assert out.obs["halves"].tolist() == halves[1].tolist()
    assert len(out.uns["halves_colors"]) == 2


def test_regions_of_geojson_come_in_with_their_unit_said_and_go_out_for_qupath(facts, part, tmp_path):
    sample = lab.read(part)
    points = sample.coords_px[:, ::-1].astype(float)
    area = shapely.Point(points.mean(axis=0)).buffer(1000)
    plain = {"type": "Feature", "geometry": json.loads(shapely.to_geojson(area)), "properties": {"name": "spot on"}}
    (tmp_path / "r.geojson").write_text(json.dumps(plain))
    found = facts(
        "annotate", part, "--from", tmp_path / "r.geojson", "--name", "drawn", "--unit", "px", "--axes", "none"
    )
    inside = shapely.intersects_xy(area, *points.T)
    assert found["regions"] == {"spot on": int(inside.sum())}
    assert "was read in pixels of the full-resolution image" in found["found"]
    assert facts("annotate", part, "--from", tmp_path / "r.geojson", "--name", "guessed")["unit"] == "px"
    said = facts("annotations", part, "--export", "drawn", "--to", tmp_path / "out.geojson")["found"]
    assert said == "Coordinates are in pixels of the full-resolution image."
    again = facts("annotate", part, "--from", tmp_path / "out.geojson", "--name", "again")
    store = AnnotationStore(part, sample)
    assert (store.find(again["id"]).assigned == np.where(inside, 0, -1)).all()


def test_what_was_mended_and_overwritten_is_said_to_people_and_scripts(facts, run, part, tmp_path):
    points = lab.read(part).coords_px[:, ::-1].astype(float)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    bow_tie = [[[left, top], [right, bottom], [right, top], [left, bottom], [left, top]]]
    box = [[[left, top], [right, top], [right, bottom], [left, bottom]]]
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": rings}, "properties": {"name": name}}
        for name, rings in (("whole", box), ("tie", bow_tie), ("<b>" * 4000, [[[0, 0], [1, 0], [1, 1]]]))
    ]
    (tmp_path / "r.geojson").write_text(json.dumps(features))
    words = ("annotate", part, "--from", tmp_path / "r.geojson", "--name", "drawn", "--unit", "px", "--axes", "none")
    said = ("1 shape crosses itself and was made valid", "spots in several regions belong to the one that comes last",
            "1 name of regions could not stay as in the file", "No spot belongs to <b><b>")  # fmt: skip
    notes = " ".join(facts(*words)["notes"])
    status, out, _ = run(*words)
    assert status == 0
    for part_of in said:
        assert part_of in notes
        assert part_of in out
    assert "author" not in out


def test_loupe_s_csv_and_a_column_of_an_h5ad_come_in(facts, part, halves, tmp_path):
    facts("annotate", part, "--from", halves[0], "--name", "halves")
    facts("annotations", part, "--export", "halves", "--to", tmp_path / "loupe.csv", "--loupe")
    assert [*rows(tmp_path / "loupe.csv")[0]] == ["Barcode", "halves"]
    facts("cluster", part, "--preset", "paper", "--n-clusters", 3, "--h5ad", tmp_path / "out.h5ad")
    loupe = facts("annotate", part, "--from", tmp_path / "loupe.csv", "--name", "loupe")
    column = facts("annotate", part, "--from", f"{tmp_path / 'out.h5ad'}:halves", "--name", "column")
    assert loupe["regions"] == column["regions"] == facts("annotations", part)["annotations"][0]["regions"]
    assert "in `obs/halves`" in column["found"]


def test_files_of_several_methods_are_compared_pair_by_pair(facts, run, part, halves, tmp_path):
    sample = lab.read(part)
    other = halves[1].copy()
    other[:40] = "right"
    called = {"left": "1", "right": "2"}
    lines = [f"{barcode};{called[half]}" for barcode, half in zip(sample.barcodes, other, strict=True)]
    (tmp_path / "b.csv").write_text("\n".join(["spot;label", *lines]))
    found = facts("compare", halves[0], tmp_path / "b.csv", "--out", tmp_path / "out.csv")
    assert found["pairs"][0]["ari"] == pytest.approx(adjusted_rand_score(halves[1], other))
    assert (found["pairs"][0]["one"], found["pairs"][0]["other"], found["pairs"][0]["n_common"]) == ("halves", "b", 400)
    assert found["disagreement"]["n_differing"] == int((halves[1] != other).sum())
    table = rows(tmp_path / "out.csv")
    assert [row["b"] for row in table] == other.tolist()
    assert [float(row["share_differing"]) for row in table] == [
        0.5 * (a != b) for a, b in zip(halves[1], other, strict=True)
    ]
    assert facts("compare", halves[0], tmp_path / "b.csv", "--sample", part)["pairs"] == found["pairs"]
    status, out, _ = run("compare", halves[0], tmp_path / "b.csv")
    assert status == 0
    assert "halves and b: ARI" in out


def test_the_genes_of_a_region_are_those_of_the_test(facts, run, part, tmp_path):
    sample = lab.read(part)
    layers = sample.layer_names
    found = facts(
        "markers", part, "--region", layers[0], "--against", layers[1], "--genes", 5, "--out", tmp_path / "m.csv"
    )
    groups = [Group(name, sample.labels_true == name) for name in layers[:2]]
    table = find_differential(sample.expression, groups[0], groups[1], sample.gene_names).table(5)
    assert [row["gene"] for row in found["genes"]] == table["gene"].tolist()
    assert (found["n_spots"], found["n_spots_against"]) == (groups[0].size, groups[1].size)
    assert len(rows(tmp_path / "m.csv")) == 30
    status, out, _ = run("markers", part, "--region", layers[0])
    assert status == 0
    assert "against: the rest" in out


def test_pcp4_tells_layer_5_from_layer_4(facts):
    found = facts("markers", SHIPPED, "--region", "Layer5", "--against", "L4", "--genes", 10)
    assert "PCP4" in [row["gene"] for row in found["genes"]]


def test_a_region_of_an_annotation_is_found_by_name(facts, refused, part, halves):
    facts("annotate", part, "--from", halves[0], "--name", "one")
    assert facts("markers", part, "--region", "left", "--against", "right")["n_spots"] == int(
        (halves[1] == "left").sum()
    )
    facts("annotate", part, "--from", halves[0], "--name", "two")
    assert "2 annotations have a region 'left': name one of one (" in refused("markers", part, "--region", "left")
    facts("markers", part, "--region", "left", "--annotation", "two")
    assert "part has no region 'middle'; it has " in refused("markers", part, "--region", "middle")


def test_regions_that_cannot_be_tested_are_a_sentence(refused, part):
    sample = lab.read(part)
    store = AnnotationStore(part, sample)
    one = np.where(np.arange(sample.n_spots) == 0, "single", "others")
    store.save(from_labels(one, name="one"), "")
    store.save(from_labels(np.full(sample.n_spots, "everything"), name="all"), "")
    empty = from_labels(one, name="empty").with_assigned(np.zeros(sample.n_spots))
    store.save(empty, "")
    assert "has one spot: a test needs at least two" in refused(
        "markers", part, "--region", "single", "--annotation", "one"
    )
    assert "has all 400 spots" in refused("markers", part, "--region", "everything")
    assert "has no spots" in refused("markers", part, "--region", "single", "--annotation", "empty")
    assert "spots are in others and in others" in refused("markers", part, "--region", "others", "--annotation", "one",
                                                          "--against", "others")  # fmt: skip


def test_what_does_not_fit_is_one_sentence(refused, facts, part, halves, tmp_path):
    bad = tmp_path / "bad.geojson"
    bad.write_text("no JSON")
    assert "bad.geojson is no GeoJSON" in refused("annotate", part, "--from", bad, "--name", "x")
    assert "cannot be read" in refused("annotate", part, "--from", tmp_path / "none.csv", "--name", "x")
    assert "not coordinates: leave out --unit" in refused(
        "annotate", part, "--from", halves[0], "--name", "x", "--unit", "um"
    )
    bad.write_text('{"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9]]]}')
    assert "No region of bad.geojson lies on a spot" in refused(
        "annotate", part, "--from", bad, "--name", "x", "--unit", "px"
    )
    assert "is no unit of coordinates" in refused("annotate", part, "--from", bad, "--name", "x", "--unit", "cm")
    assert "which has no columns" in refused("annotate", part, "--from", f"{bad}:name", "--name", "x")
    assert "must be 1 to 60 characters" in refused("annotate", part, "--from", halves[0], "--name", "n" * 10_000)
    assert "has no annotation 'x'; it has no annotation yet" in refused("cluster", part, "--against", "x")
    assert "give both, or neither" in refused("annotations", part, "--export", "x")
    assert "must end in one of .csv, .geojson, .json" in refused(
        "annotations", part, "--export", "x", "--to", tmp_path / "x.txt"
    )
    assert "needs two files of labels or more" in refused("compare", halves[0])
    assert "was given twice" in refused("compare", halves[0], halves[0])
    assert "leave it out with --joint" in refused("cluster", part, part, "--joint", "--against", "x")
    facts("annotate", part, "--from", halves[0], "--name", "x")
    assert "let --to end in .csv" in refused(
        "annotations", part, "--export", "x", "--to", tmp_path / "x.geojson", "--loupe"
    )


def test_a_damaged_annotation_is_listed_with_its_problem(facts, run, part):
    folder_of(part).mkdir()
    (folder_of(part) / "0123456789ab.json").write_text("{")
    (only,) = facts("annotations", part)["annotations"]
    assert "0123456789ab.json is damaged" in only["problem"]
    status, out, _ = run("annotations", part)
    assert (status, "is damaged" in out) == (0, True)


def test_shapes_that_fit_in_two_units_are_asked_about_and_kept_with_either(facts, refused, whole, tmp_path):
    lab.write(whole, tmp_path / "whole.h5")
    points = whole.coords_px[whole.labels_true == "Layer1", ::-1].astype(float)
    shape = shapely.geometry.mapping(shapely.concave_hull(shapely.MultiPoint(points), 0.2))
    (tmp_path / "one.json").write_text(json.dumps({"type": "Feature", "geometry": shape, "properties": {"name": "I"}}))
    words = ("annotate", tmp_path / "whole.h5", "--from", tmp_path / "one.json", "--name", "one")
    said = refused(*words)
    assert "They fit as well in µm" in said
    assert said.rstrip().endswith("Nothing was kept: add --unit px or um.")
    assert not folder_of(tmp_path / "whole.h5").exists()
    assert facts(*words, "--unit", "px")["unit"] == "px"
    assert facts(*words, "--unit", "um")["unit"] == "um"


@pytest.mark.parametrize("column", ["region", "layer", "x"])
def test_a_table_that_labels_no_spot_is_a_sentence(refused, part, column):
    barcodes = lab.read(part).barcodes.tolist()
    empty = part.with_name("empty.csv")
    empty.write_text("\n".join([f"barcode,{column}", *(f"{barcode},NA" for barcode in barcodes)]))
    said = refused("annotate", part, "--from", empty, "--name", "empty")
    assert "empty.csv" in said
    assert "labels" in said
    assert "None" not in said
