import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.errors import CancelledError, FetchError
from core.io import lab
from core.io.public import paste2

N_SPOTS, N_GENES = 40, 30
SHIPPED = Path(__file__).parents[4] / "spca_dat"


def write_h5ad(path: Path, seed: int = 0) -> None:
    """A section laid out as in the archive: anndata 0.8's encoding, with its traps."""
    rng = np.random.default_rng(seed)
    dense = rng.poisson(rng.gamma(1.0, 2.0, N_GENES), (N_SPOTS, N_GENES))
    rows, cols = np.divmod(np.arange(N_SPOTS), 8)
    with h5py.File(path, "w") as file:
        group = file.create_group("X")
        group.attrs["shape"] = dense.shape
        group["data"] = dense[dense > 0].astype(np.float32)
        group["indices"] = np.nonzero(dense)[1].astype(np.int32)
        group["indptr"] = np.r_[0, np.cumsum((dense > 0).sum(axis=1))].astype(np.int32)
        write_tables(file, rows, 2 * cols + rows % 2)


def write_tables(file: h5py.File, array_row: np.ndarray, array_col: np.ndarray) -> None:
    text = h5py.string_dtype()
    obs, var = file.create_group("obs"), file.create_group("var")
    obs.attrs["_index"] = var.attrs["_index"] = "_index"
    obs.create_dataset(
        "_index", data=[f"{'ACGT'[i % 4]}{i:015d}-1.{i % 9}" for i in range(N_SPOTS - 1)] + ["T-1"], dtype=text
    )
    var.create_dataset("_index", data=[f"GENE{i}" for i in range(N_GENES)], dtype=text)
    obs["array_row"], obs["array_col"] = array_row, array_col
    layers = obs.create_group("layer_guess_reordered_short")
    layers.create_dataset("categories", data=["L1", "L6", "WM"], dtype=text)
    layers["codes"] = np.r_[-1, np.arange(N_SPOTS - 1) % 3].astype(np.int8)
    file["obsm/spatial"] = np.column_stack([1000 + array_col, 5000 + array_row])
    file["obsm/rgb"] = np.column_stack([np.full(N_SPOTS, value) for value in (134.6, 92.4, 141.2)])


def make_archive(folder: Path, *, without: str = "", damaged: str = "") -> Path:
    archive = folder / "paste2-1.0.1.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for seed, section in enumerate(paste2.PASTE2_SECTIONS):
            draft = folder / "draft.h5ad"
            write_h5ad(draft, seed)
            if section == damaged:
                draft.write_bytes(draft.read_bytes()[:900])
            if section != without:
                tar.add(draft, f"paste2-1.0.1/sample_data/{section}.h5ad")
            draft.unlink()
        trap = tarfile.TarInfo("../escaped.txt")
        trap.size = 4
        tar.addfile(trap, io.BytesIO(b"trap"))
    return archive


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(archive: Path, folder: Path, **options: Any) -> list[Path]:
    return paste2.unpack_paste2(archive, folder, sha256=sha256_of(archive), **options)


def test_every_section_of_the_archive_becomes_a_sample_and_nothing_else_is_unpacked(tmp_path: Path) -> None:
    written = unpack(make_archive(tmp_path), tmp_path / "out" / "samples")
    assert [path.name for path in written] == ["151673.h5", "151674.h5", "151675.h5", "151676.h5"]
    assert {path.name for path in (tmp_path / "out" / "samples").iterdir()} == {path.name for path in written}
    assert not list(tmp_path.rglob("escaped.txt"))


def test_what_is_written_is_what_the_archive_holds(tmp_path: Path) -> None:
    (path,) = unpack(make_archive(tmp_path), tmp_path / "out", sections=["151674"])
    sample = lab.read(path)
    write_h5ad(tmp_path / "same.h5ad", seed=1)
    with h5py.File(tmp_path / "same.h5ad") as file:
        assert np.asarray(sample.expression).sum() == file["X/data"][:].sum()
    assert sample.expression.dtype == np.int32
    assert sample.gene_names is not None
    assert sample.gene_names.tolist() == [f"GENE{i}" for i in range(N_GENES)]


def test_layers_get_the_labs_names_and_spots_without_one_are_not_annotated(tmp_path: Path) -> None:
    (path,) = unpack(make_archive(tmp_path), tmp_path / "out", sections=["151673"])
    labels = lab.read(path).labels_true
    assert labels is not None
    assert labels[:4].tolist() == ["NA", "Layer1", "Layer6", "WM"]


def test_barcodes_lose_the_suffix_that_anndata_added_and_keep_their_own(tmp_path: Path) -> None:
    (path,) = unpack(make_archive(tmp_path), tmp_path / "out", sections=["151673"])
    barcodes = lab.read(path).barcodes
    assert barcodes is not None
    assert barcodes[3] == "T000000000000003-1"
    assert barcodes[-1] == "T-1"


def test_x_and_y_become_row_and_column_and_colours_whole_numbers(tmp_path: Path) -> None:
    (path,) = unpack(make_archive(tmp_path), tmp_path / "out", sections=["151673"])
    sample = lab.read(path)
    assert sample.coords_px is not None
    assert sample.spot_rgb is not None
    np.testing.assert_array_equal(sample.coords_px, sample.lattice + np.array([5000, 1000]))
    assert sample.spot_rgb[0].tolist() == [135, 92, 141]


def test_the_source_says_part_of_which_section_and_under_which_licence(tmp_path: Path) -> None:
    (path,) = unpack(make_archive(tmp_path), tmp_path / "out", sections=["151675"])
    source = lab.read(path).source
    assert source.startswith("Part of section 151675")
    assert "10.1038/s41593-020-00787-0" in source
    assert "BSD-3-Clause" in source


def test_an_archive_with_another_hash_is_not_even_opened(tmp_path: Path) -> None:
    archive = make_archive(tmp_path)
    with pytest.raises(FetchError, match=r"paste2-1\.0\.1\.tar\.gz is not the known archive"):
        paste2.unpack_paste2(archive, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_missing_archive_and_one_without_a_section_are_named(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"nowhere\.tar\.gz cannot be read"):
        paste2.unpack_paste2(tmp_path / "nowhere.tar.gz", tmp_path / "out")
    with pytest.raises(FetchError, match=r"does not hold 151674\.h5ad"):
        unpack(make_archive(tmp_path, without="151674"), tmp_path / "out")


def test_a_damaged_section_is_one_sentence_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"151673\.h5ad in the archive cannot be read as a section"):
        unpack(make_archive(tmp_path, damaged="151673"), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("content", [b"no archive", b"\x1f\x8b\x08\x00" + b"\x00" * 40], ids=["text", "broken gzip"])
def test_a_file_that_is_no_archive_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "paste2-1.0.1.tar.gz"
    archive.write_bytes(content)
    with pytest.raises(FetchError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out")


def test_an_archive_that_is_cut_off_is_one_sentence(tmp_path: Path) -> None:
    archive = make_archive(tmp_path)
    archive.write_bytes(archive.read_bytes()[:-3000])
    with pytest.raises(FetchError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out")


def test_a_link_in_place_of_a_section_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "paste2-1.0.1.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        link = tarfile.TarInfo("paste2-1.0.1/sample_data/151673.h5ad")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    with pytest.raises(FetchError, match="no plain file"):
        unpack(archive, tmp_path / "out")


def test_a_file_of_the_users_own_is_never_replaced_but_one_of_ours_is(tmp_path: Path) -> None:
    archive = make_archive(tmp_path)
    (ours,) = unpack(archive, tmp_path / "out", sections=["151673"])
    first = ours.read_bytes()
    unpack(archive, tmp_path / "out", sections=["151673"])
    assert ours.read_bytes() == first
    ours.write_bytes(b"my own")
    with pytest.raises(FetchError, match=r"151673\.h5 is in the way"):
        unpack(archive, tmp_path / "out")
    assert [path.read_bytes() for path in (tmp_path / "out").iterdir()] == [b"my own"]


def test_an_unknown_section_is_refused_before_anything_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("pip was started"))
    with pytest.raises(FetchError, match="no section '151507'; it has 151673, 151674"):
        paste2.fetch_paste2(tmp_path, sections=["151507"])


def test_progress_rises_from_0_to_1(tmp_path: Path) -> None:
    told: list[float] = []
    unpack(make_archive(tmp_path), tmp_path / "out", progress=lambda share, _: told.append(share))
    assert told == [0.0, 0.25, 0.5, 0.75, 1.0]


def run_instead(monkeypatch: pytest.MonkeyPatch, script: str) -> list["subprocess.Popen[bytes]"]:
    """Run a script in the place of pip."""
    popen, started = subprocess.Popen, []

    def start(_: list[str], **facts: Any) -> "subprocess.Popen[bytes]":
        started.append(popen([sys.executable, "-c", script], **facts))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    return started


def test_cancelling_ends_pip_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    started = run_instead(monkeypatch, "import time; time.sleep(60)")

    def cancel(share: float, words: str) -> None:
        if started:
            raise CancelledError("The work was cancelled.")

    with pytest.raises(CancelledError):
        paste2.fetch_paste2(tmp_path / "out", progress=cancel)
    assert started[0].returncode not in (None, 0)
    assert not list((tmp_path / "tmp").iterdir())
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("/usr/bin/python: No module named pip", "run `python -m ensurepip`"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "its sha256 differs"),
        ("ModuleNotFoundError: No module named 'hatchling'", "needs the package hatchling"),
        ("ERROR: a\nERROR: No matching distribution found for paste2==1.0.1", r"\(No matching distribution found for"),
        ("", r"\(it gave no reason\)"),
    ],
)
def test_what_pip_reports_becomes_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str, sentence: str
) -> None:
    run_instead(monkeypatch, f"import sys; sys.stderr.write({message!r}); sys.exit(1)")
    with pytest.raises(FetchError, match=sentence) as caught:
        paste2.fetch_paste2(tmp_path)
    assert "\n" not in str(caught.value)


def test_pip_is_asked_for_the_known_hash_and_nothing_unhashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    popen = subprocess.Popen

    def pip(command: list[str], *, cwd: Path, **facts: Any) -> "subprocess.Popen[bytes]":
        asked.extend(command)
        requirement = Path(command[command.index("--requirement") + 1]).read_text()
        assert requirement.strip() == f"paste2==1.0.1 --hash=sha256:{paste2.PASTE2_SHA256}"
        (cwd / "paste2-1.0.1.tar.gz").write_bytes(b"")
        return popen([sys.executable, "-c", ""], cwd=cwd, **facts)

    monkeypatch.setattr(subprocess, "Popen", pip)
    assert paste2.download_paste2(tmp_path).name == "paste2-1.0.1.tar.gz"
    assert asked[:3] == [sys.executable, "-m", "pip"]
    assert {"--require-hashes", "--no-deps", "--no-build-isolation"} <= set(asked)


def test_without_a_network_pips_own_message_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing listens on port 9 of this machine; pip reads its settings from the environment.
    for name, value in {"INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "0", "NO_CACHE_DIR": "1"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    for name in ("EXTRA_INDEX_URL", "FIND_LINKS"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "none.ini"))
    with pytest.raises(FetchError, match=r"pip could not download paste2==1\.0\.1 \(.+\): check the network"):
        paste2.fetch_paste2(tmp_path / "out")


@pytest.mark.slow
def test_fetching_again_gives_the_content_that_ships(tmp_path: Path) -> None:
    try:
        written = paste2.fetch_paste2(tmp_path / "out", sections=["151673"])
    except FetchError as error:
        if "check the network" not in str(error):
            raise
        pytest.skip(f"pip reaches no package index here: {error}")
    again, shipped = lab.read(written[0]), lab.read(SHIPPED / "151673.h5")
    assert again.content_hash == shipped.content_hash
    assert again.annotation_hash == shipped.annotation_hash
    for field in ("barcodes", "coords_px", "spot_rgb"):
        np.testing.assert_array_equal(getattr(again, field), getattr(shipped, field))
    assert again.source == shipped.source
