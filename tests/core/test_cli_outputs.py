"""Outputs of commands destroy nothing: neither what is read, nor one another, nor what was there when the disk is full."""

import argparse
import dataclasses
import os
import re
import resource
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from core.cli import _parser, apart
from core.cli.options import OutputFile
from core.io import lab
from core.method.pipeline import Pipeline
from core.params import preset
from core.work.runs import open_record
from tests.named_tissue import named_sample
from tests.small_tissue import small_sample

ROOT = Path(__file__).resolve().parents[2]
PAPER = ("--preset", "paper")


@pytest.fixture
def sample_file(tmp_path):
    """A small sample in the lab's format."""
    lab.write(named_sample("s"), path := tmp_path / "s.h5")
    return path


def options_of(parser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from options_of(command)
        else:
            yield action


def test_every_option_that_names_a_file_to_write_is_known_as_one():
    written = {
        action.dest
        for action in options_of(_parser())
        if (action.metavar or "").startswith("OUT") or isinstance(action.type, OutputFile)
    }
    assert written == set(apart.OUTPUTS)


@pytest.mark.parametrize("option", ["--labels", "--loupe", "--lab-h5", "--markers", "--thickness"])
def test_a_sample_is_not_written_over(run, sample_file, option):
    before = sample_file.read_bytes()
    status, _, said = run("cluster", sample_file, *PAPER, option, sample_file)
    assert (status, said) == (2, f"{option} names {sample_file}, which is read: name another file.\n")
    assert sample_file.read_bytes() == before


def test_an_ending_that_says_something_else_than_what_is_written_is_refused(run, sample_file, tmp_path):
    named = ("cluster", sample_file, *PAPER)
    for words, ending in (
        *(((*named, option), ".csv") for option in ("--labels", "--loupe", "--xenium", "--markers", "--thickness")),
        ((*named, "--tree"), ".csv or .json"),
        ((*named, "--h5ad"), ".h5ad"),
        ((*named, "--lab-h5"), ".h5 or .hdf5"),
        ((*named, "--spatialdata"), ".zarr"),
        ((*named, "--figure"), "one of .html, .png, .svg"),
        (("clusters", sample_file, "--figure"), "one of .html, .png, .svg"),
        (("markers", sample_file, "--region", "L1", "--out"), ".csv"),
        (("compare", "a.csv", "b.csv", "--out"), ".csv"),
        (("learn", sample_file, "--out"), ".json"),
        (("attach", sample_file, tmp_path, "--out"), ".h5 or .hdf5"),
        (("import", sample_file, "--out"), ".h5 or .hdf5"),
        (("synthesise", "--out"), ".h5 or .hdf5"),
        (("annotations", sample_file, "--export", "x", "--to"), "one of .csv, .geojson, .json"),
        (("runs", "report", "1", "--out"), ".html"),
        (("runs", "script", "1", "--out"), ".py"),
        (("runs", "export", "1", "--out"), ".zip"),
    ):
        for name in ("a.xlsx", "a.csv.gz", "csv"):
            status, _, said = run(*words, tmp_path / name)
            assert status == 2, words
            assert f"{tmp_path / name} must end in {ending}" in said, (words, said)
    assert [path.name for path in tmp_path.iterdir()] == ["s.h5"]


def test_only_text_is_written_to_a_pipe(run, sample_file, tmp_path):
    os.mkfifo(pipe := tmp_path / "pipe.h5")
    status, _, said = run("cluster", sample_file, *PAPER, "--lab-h5", pipe)
    assert (status, said) == (2, f"Argument --lab-h5: {pipe} is a device or a pipe: name a file.\n")
    assert pipe.is_fifo()


def test_a_sample_is_not_written_over_through_a_link(run, sample_file, tmp_path):
    (tmp_path / "link.csv").symlink_to(sample_file)
    before = sample_file.read_bytes()
    status, _, said = run("cluster", sample_file, *PAPER, "--labels", tmp_path / "link.csv")
    assert status == 2
    assert "which is read" in said
    assert sample_file.read_bytes() == before


def test_another_sample_is_not_lost_to_a_table(run, sample_file, tmp_path):
    lab.write(named_sample("t"), other := tmp_path / "t.h5")
    before = other.read_bytes()
    status, _, said = run("cluster", sample_file, *PAPER, "--labels", other)
    assert (status, said) == (2, f"--labels: {other} holds a sample, which would be lost: name another file.\n")
    assert other.read_bytes() == before


def test_two_outputs_have_two_files(run, sample_file, tmp_path):
    both = tmp_path / "x.csv"
    status, _, said = run("cluster", sample_file, *PAPER, "--labels", both, "--loupe", tmp_path / "." / "x.csv")
    assert status == 2
    assert said == f"--labels and --loupe both name {both}: give each a file of its own.\n"
    assert not both.exists()


def test_strokes_tables_and_folders_that_are_read_stay(run, sample_file, tmp_path):
    (strokes := tmp_path / "strokes.csv").write_text("spot,label\n0,A\n")
    (tmp_path / "spatial").mkdir()
    (inside := tmp_path / "spatial" / "tissue_positions_list.csv").write_text("x")
    (called_h5 := tmp_path / "strokes.h5").write_bytes(strokes.read_bytes())
    (inside_h5 := tmp_path / "spatial" / "x.h5").write_text("x")
    for words in (
        ("cluster", sample_file, "--strokes", strokes, "--labels", strokes),
        ("cluster", sample_file, "--markers-of", strokes, "--labels", strokes),
        ("cluster", sample_file, "--name-by", strokes, "--labels", strokes),
        ("cluster", sample_file, "--reference", tmp_path / "spatial", "--labels", inside),
        ("compare", strokes, sample_file, "--sample", tmp_path / "spatial", "--out", inside),
        ("compare", f"{strokes}:label", sample_file, "--out", strokes),
        ("import", sample_file, "--annotation", called_h5, "--out", called_h5),
        ("import", tmp_path / "spatial", "--out", inside_h5),
        ("import", sample_file, "--out", sample_file),
    ):
        status, _, said = run(*words)
        assert status == 2, words
        assert "which is read: name another file." in said, words
    assert strokes.read_text() == "spot,label\n0,A\n"
    assert inside.read_text() == "x"


def test_a_section_is_not_written_over_by_the_domains_of_another(run, tmp_path):
    for name, n_rows in (("a", 16), ("a_domains", 20)):
        lab.write(named_sample(name, n_rows), tmp_path / f"{name}.h5")
    before = (tmp_path / "a_domains.h5").read_bytes()
    status, _, said = run("cluster", tmp_path / "a.h5", tmp_path / "a_domains.h5", "--joint", "--lab-h5", tmp_path)
    assert status == 2
    assert "which is read" in said
    assert (tmp_path / "a_domains.h5").read_bytes() == before


def test_a_table_stays_whole_when_the_disk_is_full_and_the_sentence_names_it(run, sample_file, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("what was there\n")
    usual, of_signal = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))  # cuts a write off in the middle, as a full disk does
    try:
        status, _, said = run("cluster", sample_file, *PAPER, "--labels", labels)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, of_signal)
    assert status == 2
    assert said.endswith(f"{labels} cannot be read or written: File too large.\n")
    assert labels.read_text() == "what was there\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.csv", "s.h5"]


@pytest.fixture
def kept(tmp_path, sample_file, monkeypatch):
    """A folder of models with a run, and what the record, a model, an annotation and a job are kept in; with the run's id."""
    models = tmp_path / "models"
    monkeypatch.setenv("SPCA_MODELS", str(models))
    sample = lab.read(sample_file)
    record = open_record(models)
    run = record.keep(sample, Pipeline(sample).run(preset("paper", 2)))
    record.close()
    (models / "jobs").mkdir()
    for name in ("m.json", "m.pt", "jobs/j.jsonl"):
        (models / name).write_text("{}")
    (tmp_path / "s.annotations").mkdir()
    (tmp_path / "s.annotations" / "0123456789ab.json").write_text("{}")
    return models, run


def test_no_output_takes_the_place_of_what_is_kept(run, sample_file, tmp_path, kept):
    models, made = kept
    record = models / "runs.sqlite3"
    labels = models / "runs" / made.artifacts["labels.npy"]
    annotation = tmp_path / "s.annotations" / "0123456789ab.json"
    with zipfile.ZipFile(archive := tmp_path / "thesis.run.zip", "w") as file:
        file.writestr("thesis.txt", "years of work")
    for kept_file, names in ((sample_file, ("s.html", "s.zip")), (record, ("r.py", "r.zip"))):
        for name in names:
            (tmp_path / name).write_bytes(kept_file.read_bytes())
    run("runs", "export", made.id, "--out", exported := tmp_path / "r.run.zip", "--models", models)
    for words, lost in (
        (("cluster", sample_file, *PAPER, "--labels", record), "a database"),
        (("cluster", sample_file, *PAPER, "--h5ad", record), "a database"),
        (("cluster", sample_file, *PAPER, "--labels", models / "m.pt"), "a trained model"),
        (("cluster", sample_file, *PAPER, "--labels", labels), "a part of a run"),
        (("cluster", sample_file, *PAPER, "--labels", models / "jobs" / "j.jsonl"), "what this program keeps"),
        (("cluster", sample_file, *PAPER, "--labels", annotation), "an annotation"),
        (("cluster", sample_file, *PAPER, "--labels", exported), "a run"),
        (("learn", sample_file, "--out", models / "m.json"), "a trained model"),
        (("learn", sample_file, "--out", annotation), "an annotation"),
        (("runs", "report", made.id, "--out", tmp_path / "s.html", "--models", models), "a sample"),
        (("runs", "script", made.id, "--out", tmp_path / "r.py", "--models", models), "a database"),
        (("runs", "export", made.id, "--out", tmp_path / "s.zip", "--models", models), "a sample"),
        (("runs", "export", made.id, "--out", tmp_path / "r.zip", "--models", models), "a database"),
        (("runs", "export", made.id, "--out", archive, "--models", models), "an archive"),
    ):
        path = Path(words[words.index("--models") - 1] if "--models" in words else words[-1])
        before = path.read_bytes()
        status, _, said = run(*words)
        assert status == 2, words
        assert lost in said, (words, said)
        assert path.read_bytes() == before, words


def test_studies_of_optuna_are_written_into_no_record_and_under_no_other_ending(run, tmp_path, kept):
    models, _ = kept
    record = (models / "runs.sqlite3").read_bytes()
    for name, why in (
        (models / "runs.sqlite3", "runs.sqlite3 is a record of runs"),
        (tmp_path / "studies.csv", "must name a file that ends in .sqlite3"),
        ("", "must name a file that ends in .sqlite3"),
    ):
        status, _, said = run("runs", "export", "--models", models, "--optuna", f"sqlite:///{name}")
        assert status == 2
        assert why in said
    assert (models / "runs.sqlite3").read_bytes() == record
    assert not (tmp_path / "studies.csv").exists()


def test_an_output_of_the_same_kind_is_written_anew(run, sample_file, tmp_path, kept):
    models, made = kept
    for words in (
        ("cluster", sample_file, *PAPER, "--labels", tmp_path / "l.csv"),
        ("cluster", sample_file, *PAPER, "--lab-h5", tmp_path / "l.h5"),
        ("cluster", sample_file, *PAPER, "--h5ad", tmp_path / "l.h5ad"),
        ("synthesise", "--n-spots", "1000", "--n-genes", "20", "--out", tmp_path / "drawn.h5"),
        ("runs", "export", made.id, "--models", models, "--out", tmp_path / "r.run.zip"),
    ):
        assert [run(*words)[0] for _ in range(2)] == [0, 0], words


def test_a_sample_that_somebody_brought_in_is_replaced_by_no_result(run, sample_file, tmp_path):
    lab.write(named_sample("t"), other := tmp_path / "t.h5")
    (brought := tmp_path / "b.h5ad").write_bytes(other.read_bytes())
    lab.write(dataclasses.replace(named_sample("u"), synthetic=True), drawn := tmp_path / "drawn.h5")
    before = {path: path.read_bytes() for path in (other, brought, drawn)}
    for words, path, lost in (
        (("cluster", sample_file, *PAPER, "--lab-h5"), other, "a sample"),
        (("cluster", sample_file, *PAPER, "--h5ad"), brought, "a sample"),
        (("cluster", sample_file, *PAPER, "--lab-h5"), drawn, "a synthetic sample"),
        (("synthesise", "--n-spots", "1000", "--n-genes", "20", "--out"), other, "a sample"),
        (("attach", sample_file, tmp_path / "spatial", "--out"), other, "a sample"),
    ):
        status, _, said = run(*words, path)
        option = words[-1]
        assert (status, said) == (2, f"{option}: {path} holds {lost}, which would be lost: name another file.\n"), words
    assert {path: path.read_bytes() for path in before} == before


def test_no_section_of_several_replaces_a_sample_that_was_not_read(run, tmp_path):
    for name, n_rows in (("a", 16), ("b", 20)):
        lab.write(named_sample(name, n_rows), tmp_path / f"{name}.h5")
    (tmp_path / "out").mkdir()
    lab.write(named_sample("other"), other := tmp_path / "out" / "b_domains.h5")
    before = other.read_bytes()
    status, _, said = run("cluster", tmp_path / "a.h5", tmp_path / "b.h5", "--joint", "--lab-h5", tmp_path / "out")
    assert (status, said.splitlines()[-1]) == (
        2,
        f"--lab-h5: {other} holds a sample, which would be lost: name another file.",
    )
    assert other.read_bytes() == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b_domains.h5"]


def test_labels_can_be_written_to_the_terminal(run, sample_file):
    status, _, _ = run("cluster", sample_file, *PAPER, "--labels", "/dev/null")
    assert status == 0


def test_a_store_that_is_read_is_not_named_for_what_is_written(run, tmp_path):
    (store := tmp_path / "s.zarr").mkdir()
    status, _, said = run("cluster", store, *PAPER, "--spatialdata", store)
    assert (status, said) == (2, f"--spatialdata names {store}, which is read: name another file.\n")


@pytest.mark.parametrize("words", [("info", "{sample}"), ("info", "{sample}", "--json"), ("--help",)])
@pytest.mark.parametrize("closed", ["the reader has gone", "there is none"])
def test_an_output_that_nobody_reads_ends_without_a_traceback(sample_file, words, closed):
    command = [sys.executable, "-m", "core", *(word.format(sample=sample_file) for word in words)]
    if closed == "there is none":
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode in (0, 2), said
    assert not re.search("Traceback|Exception", said)


def test_signs_that_an_output_has_no_place_for_are_written_otherwise(tmp_path):
    path = tmp_path / "α.h5"
    lab.write(small_sample("α"), path)
    narrow = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    told = subprocess.run(
        [sys.executable, "-m", "core", "info", path], cwd=ROOT, env=narrow, capture_output=True, text=True, timeout=120
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert r"\u03b1" in told.stdout
