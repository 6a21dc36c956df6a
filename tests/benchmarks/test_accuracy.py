"""`python -m benchmarks accuracy` on the shipped section."""

import csv
import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import accuracy
from benchmarks.accuracy_run import n_apart
from benchmarks.sections import Section, sections
from core.errors import DomainsError, SampleFileError
from core.io import lab
from core.parts import part_of as shuffled
from core.sample import UNANNOTATED
from tests.sections import SHIPPED, shipped_part

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_table_has_a_row_for_each_preset_and_no_spot_moves_when_rows_are_shuffled(tmp_path):
    table, figure = tmp_path / "table.csv", tmp_path / "figure.html"
    command = [sys.executable, "-m", "benchmarks", "accuracy", str(SHIPPED.parent), "--seeds", "1", "--shuffles", "1"]
    outputs = ["--csv", str(table), "--figure", str(figure)]
    done = subprocess.run([*command, *outputs], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["sample"], row["preset"], row["n_clusters"]) for row in rows] == [
        ("151673", "paper", "7"),
        ("151673", "recommended", "7"),
    ]
    assert [row["n_moved"] for row in rows] == ["0", "0"]
    assert float(rows[1]["ari"]) > float(rows[0]["ari"])
    assert "recommended" in figure.read_text()


def test_a_folder_without_samples_is_told_in_a_sentence(tmp_path):
    with pytest.raises(SampleFileError, match="no annotated sample below"):
        accuracy.report(tmp_path, presets=["paper"], n_seeds=1, n_shuffles=0)


@pytest.mark.parametrize("option", ["csv_path", "figure_path"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_runs(tmp_path, option, capsys):
    outputs = {option: tmp_path / "missing" / "file.svg"}
    with pytest.raises(DomainsError, match="cannot be written"):
        accuracy.report(SHIPPED.parent, presets=["paper"], n_seeds=1, n_shuffles=0, **outputs)
    assert capsys.readouterr().out == ""


def test_each_tissue_is_scored_once_and_what_is_passed_over_is_said(tmp_path):
    part = shipped_part()
    lab.write(part, tmp_path / "part.h5")
    named = dataclasses.replace(part, gene_names=np.array([f"G{number}" for number in range(part.n_genes)]))
    lab.write(named, tmp_path / "part_named.h5")
    lab.write(dataclasses.replace(part, labels_true=None), tmp_path / "bare.h5")
    (tmp_path / "damaged.h5").write_text("no HDF5")
    found = list(sections(tmp_path))
    assert [item.source.name for item in found if isinstance(item, Section)] == ["part.h5"]
    said = " ".join(item for item in found if isinstance(item, str))
    assert all(name in said for name in ("part_named.h5", "bare.h5", "damaged.h5"))


def test_unannotated_spots_are_no_class(tmp_path):
    part = shipped_part()
    labels = part.labels_true.copy()
    labels[:10] = UNANNOTATED
    lab.write(dataclasses.replace(part, labels_true=labels), tmp_path / "part.h5")
    (section,) = sections(tmp_path)
    assert section.n_classes == len(set(labels[10:]))


def test_space_ranger_folders_bring_all_genes_and_the_annotation_inside_them(shared_data, tmp_path):
    shutil.copytree(shared_data / "spaceranger" / "151675", tmp_path / "151675")
    (section,) = sections(tmp_path)
    assert (section.name, section.n_spots, section.n_genes, section.n_classes) == ("151675", 3592, 8597, 7)


def test_partitions_are_compared_whatever_their_numbers():
    assert n_apart(np.array([0, 0, 1, 2]), np.array([2, 2, 0, 1])) == 0
    assert n_apart(np.array([0, 0, 1, 1]), np.array([1, 1, 1, 0])) == 1


def test_shuffling_keeps_each_spots_counts_place_and_label_together():
    part = shipped_part()
    order = np.random.default_rng(0).permutation(part.n_spots)
    moved, back = shuffled(part, order), np.argsort(order)
    assert not np.array_equal(moved.lattice, part.lattice)
    assert np.array_equal(np.asarray(moved.expression)[back], np.asarray(part.expression))
    assert np.array_equal(moved.lattice[back], part.lattice)
    assert np.array_equal(moved.labels_true[back], part.labels_true)
