"""What is promised about files from strangers, promise by promise.

Proofs that lie elsewhere: pickles, links, storage, depth and shapes in HDF5 in `tests/core/io/hdf5/test_safe.py`;
checkpoints in `tests/core/method/test_checkpoints.py`; folders of the server in `tests/core/io/test_roots.py`;
downloads in `tests/core/io/public/test_download.py`; damage in `test_damaged.py`; what visitors say of themselves in `test_visitors.py`; what nobody thought of in `test_fuzz.py`.
"""

import gzip
import io
import os
import pickle
import re
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import tracemalloc
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from unittest.mock import Mock

import h5py
import numpy as np
import pytest

from core.errors import DomainsError, SampleFileError, UnsafeFileError
from core.io import archives, drafts
from core.io.drafts import Draft
from core.io.measured import unpacking
from core.text import shown
from core.work.cluster.embedded import Cluster
from scripts.chromium import served
from tests.incoming_tissue import write_folder
from tests.security.hostile import KINDS, Exploit, Source, bring, edited
from ui.shell.guards import as_markdown

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "the pickle ran"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, which must be empty afterwards."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def refused(source: Source, kind: type[DomainsError] = DomainsError) -> str:
    """The sentence with which a source is refused, soon."""
    started = time.monotonic()
    with pytest.raises(kind) as caught:
        bring(source)
    assert time.monotonic() - started < 5
    assert str(caught.value).isprintable()
    return str(caught.value)


# --- no pickle is ever loaded ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lab", "matrix", "h5ad"])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_in_any_hdf5_is_refused_and_does_not_run(
    kind: str, protocol: int, tmp_path: Path, marker: Path
) -> None:
    source = KINDS[kind](tmp_path)
    path = source.path if source.path.is_file() else source.path / "filtered_feature_bc_matrix.h5"
    bytes_ = np.bytes_(pickle.dumps(Exploit(marker), protocol))
    edited(path, lambda file: file.attrs.__setitem__("note", bytes_))
    assert "pickle" in refused(source, UnsafeFileError)
    assert not marker.exists()


@pytest.mark.parametrize("suffix", [".npy", ".pkl", ".pt", ".h5", ".h5ad", ".csv"])
def test_a_bare_pickle_under_any_name_is_refused_and_does_not_run(tmp_path: Path, marker: Path, suffix: str) -> None:
    path = tmp_path / f"gift{suffix}"
    path.write_bytes(pickle.dumps(Exploit(marker)))
    refused(Source(path))
    refused(Source(write_folder(tmp_path / "block"), table=path))
    assert not marker.exists()


def test_an_array_of_objects_in_npy_is_refused_and_does_not_run(tmp_path: Path, marker: Path) -> None:
    np.save(tmp_path / "gift.npy", np.array([Exploit(marker)], dtype=object), allow_pickle=True)
    refused(Source(tmp_path / "gift.npy"))
    assert not marker.exists()


def test_a_zarr_store_with_pickled_objects_is_refused_and_does_not_run(tmp_path: Path, marker: Path) -> None:
    store = tmp_path / "gift.zarr" / "table"
    store.mkdir(parents=True)
    (tmp_path / "gift.zarr" / ".zgroup").write_text('{"zarr_format": 2}')
    (store / ".zarray").write_text(
        '{"chunks": [1], "compressor": null, "dtype": "|O", "fill_value": null, "filters": [{"id": "pickle"}], "order": "C", '
        '"shape": [1], "zarr_format": 2}'
    )
    (store / "0").write_bytes(pickle.dumps(Exploit(marker)))
    refused(Source(tmp_path / "gift.zarr"))
    assert not marker.exists()


def test_nothing_of_the_product_can_load_a_pickle() -> None:
    loading = re.compile(
        r"pickle\.loads?\(|allow_pickle=True|joblib\.load|pd\.read_pickle|weights_only=False|deepdish\.io\.load|dd\.io\.load"
    )
    files = [path for folder in ("core", "ui", "pages", "scripts") for path in (ROOT / folder).rglob("*.py")]
    found = [str(path.relative_to(ROOT)) for path in files if _code_matches(path, loading)]
    assert len(files) > 50
    assert not found


def _code_matches(path: Path, pattern: re.Pattern[str]) -> bool:
    lines = path.read_text(encoding="utf-8").splitlines()
    return any(pattern.search(line) and not line.lstrip().startswith("#") and "`" not in line for line in lines)


def test_a_trained_model_is_loaded_as_weights_only() -> None:
    calls = re.findall(r"torch\.load\([^)]*\)", (ROOT / "core/method/checkpoints.py").read_text(encoding="utf-8"))
    assert calls
    assert all("weights_only=True" in call for call in calls)


# --- other files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["matrix", "h5ad"])
def test_links_and_storage_out_of_the_file_are_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(64))

    def stored(file: h5py.File) -> None:
        file.create_dataset("elsewhere", (8,), "u1", external=[(str(tmp_path / "secret"), 0, 8)])

    def linked(file: h5py.File) -> None:
        file["elsewhere"] = h5py.ExternalLink(str(tmp_path / "secret"), "/")

    for change, words in ((linked, "is a link to another file"), (stored, "keeps its values in another file")):
        (tmp_path / words).mkdir()
        source = KINDS[kind](tmp_path / words)
        path = source.path if source.path.is_file() else source.path / "filtered_feature_bc_matrix.h5"
        edited(path, change)
        assert words in refused(source, UnsafeFileError)


# --- archives -------------------------------------------------------------------------------------------------------


def zipped(folder: Path, spoil: Callable[[zipfile.ZipFile], None]) -> Source:
    source = KINDS["zip"](folder)
    with zipfile.ZipFile(source.path, "a", zipfile.ZIP_DEFLATED) as archive:
        spoil(archive)
    return source


def tarred(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Source:
    block, path = write_folder(folder / "block"), folder / "block.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(block, "block")
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return Source(path)


def test_a_zip_bomb_is_refused_and_leaves_nothing_on_the_disk(tmp_path: Path, scratch: Path) -> None:
    # Without the low-resolution image a reader wants the other one, which is the bomb.
    block, path = write_folder(tmp_path / "block"), tmp_path / "bomb.zip"
    (block / "spatial" / "tissue_lowres_image.png").unlink()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(block.rglob("*")):
            archive.write(file, f"block/{file.relative_to(block)}")
        archive.writestr("block/spatial/tissue_hires_image.png", bytes(100 << 20))
    assert path.stat().st_size < 1 << 20
    refused(Source(path), UnsafeFileError)
    assert not list(scratch.iterdir())


def test_a_tar_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, scratch: Path) -> None:
    source = tarred(tmp_path, (tarfile.TarInfo("block/zeros"), bytes(100 << 20)))
    assert "unpacks to more than" in refused(source, UnsafeFileError)
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("inner", ["in.zip", "in.tar.gz"])
def test_archives_in_one_another_unpack_to_no_more_than_one_of_their_size(
    tmp_path: Path, scratch: Path, inner: str
) -> None:
    # A megabyte as it is lets the inner one hold a hundred, and costs the outer one nothing.
    wide, bomb, content = bytes(1 << 20), bytes(40 << 20), io.BytesIO()
    if inner.endswith("zip"):
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("wide.bin", wide, zipfile.ZIP_STORED)
            archive.writestr("bomb.h5ad", bomb)
    else:
        for name, data, level in (("wide.bin", wide, 0), ("bomb.h5ad", bomb, 9)):
            (info := tarfile.TarInfo(name)).size = len(data)
            content.write(gzip.compress(info.tobuf() + data, level))
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(inner, content.getvalue())
    assert path.stat().st_size < 1 << 20
    assert "unpacks to more than 32 MiB" in refused(Source(path), UnsafeFileError)
    assert not list(scratch.iterdir())


def test_a_link_in_a_zip_takes_no_more_memory_than_a_path(tmp_path: Path, scratch: Path) -> None:
    entry = zipfile.ZipInfo("block/spatial/link.csv")
    entry.external_attr, entry.compress_type = (stat.S_IFLNK | 0o777) << 16, zipfile.ZIP_DEFLATED
    source = zipped(tmp_path, lambda archive: archive.writestr(entry, bytes(100 << 20)))
    content = bytearray(source.path.read_bytes())
    struct.pack_into("<I", content, content.rindex(b"PK\1\2") + 24, 100)  # says that it is a hundred bytes long
    source.path.write_bytes(content)
    tracemalloc.start()
    try:
        refused(source, SampleFileError)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_a_header_of_tar_that_is_one_number_is_not_searched_for_hours(tmp_path: Path, scratch: Path) -> None:
    entry = tarfile.TarInfo("block/number")
    entry.type = tarfile.XHDTYPE
    assert "absurd number" in refused(tarred(tmp_path, (entry, b"1" * (1 << 20))), UnsafeFileError)


def test_links_to_one_file_unpack_to_no_more_than_files_would(tmp_path: Path, scratch: Path) -> None:
    block, path = write_folder(tmp_path / "block"), tmp_path / "block.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(block, "block")
        (first := tarfile.TarInfo("block/first")).size = 10 << 20
        archive.addfile(first, io.BytesIO(bytes(10 << 20)))
        links = [PurePosixPath(f"block/{number}") for number in range(5)]
        for name in links:
            link = tarfile.TarInfo(str(name))
            link.type, link.linkname = tarfile.LNKTYPE, "block/first"
            archive.addfile(link)
    with pytest.raises(UnsafeFileError, match="unpacks to more than 32 MiB"), archives.unpacked(path, links):
        pass
    assert not list(scratch.iterdir())


def test_a_name_of_any_length_in_a_header_of_gzip_is_not_read_for_hours(tmp_path: Path, scratch: Path) -> None:
    packed, path = gzip.compress(b"content"), tmp_path / "a.h5ad.gz"
    path.write_bytes(packed[:3] + b"\x08" + packed[4:10] + b"a" * (100 << 20) + b"\0" + packed[10:])
    assert "absurdly small parts" in refused(Source(path), UnsafeFileError)


@pytest.mark.parametrize("name", ["../escaped.h5", "/escaped.h5", "block/../../escaped.h5", "C:\\escaped.h5"])
def test_names_that_leave_the_folder_are_refused_in_zip_and_tar(tmp_path: Path, scratch: Path, name: str) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "t").mkdir()
    refused(zipped(tmp_path / "z", lambda archive: archive.writestr(name, b"escaped")), UnsafeFileError)
    refused(tarred(tmp_path / "t", (tarfile.TarInfo(name), b"escaped")), UnsafeFileError)
    assert not [path for path in tmp_path.rglob("*") if "escaped" in path.name]
    assert not list(scratch.iterdir())


def test_links_in_zip_and_tar_are_refused(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "t").mkdir()
    entry = zipfile.ZipInfo("block/spatial/link.csv")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(zipped(tmp_path / "z", lambda archive: archive.writestr(entry, "/etc/hostname")), UnsafeFileError)
    link = tarfile.TarInfo("block/spatial/link.csv")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
    refused(tarred(tmp_path / "t", (link, b"")), UnsafeFileError)
    assert not list(scratch.iterdir())


# --- sizes ----------------------------------------------------------------------------------------------------------


def test_a_matrix_market_file_that_declares_absurd_sizes_is_refused(tmp_path: Path) -> None:
    block = write_folder(tmp_path / "block")
    (block / "filtered_feature_bc_matrix.h5").unlink()
    text = block / "filtered_feature_bc_matrix"
    text.mkdir()
    header = "%%MatrixMarket matrix coordinate integer general\n1000000000 1000000000 1000000000000\n1 1 1\n"
    (text / "matrix.mtx.gz").write_bytes(gzip.compress(header.encode()))
    (text / "barcodes.tsv.gz").write_bytes(gzip.compress(b"AAAAAAAAAAAAAAAA-1\n"))
    (text / "features.tsv.gz").write_bytes(gzip.compress(b"ENSG1\tA\tGene Expression\n"))
    refused(Source(block), SampleFileError)


def test_a_table_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv.gz"
    table.write_bytes(gzip.compress(bytes(100 << 20), 1))
    refused(Source(write_folder(tmp_path / "block"), table))


def test_an_image_that_declares_absurd_sizes_is_not_unpacked(tmp_path: Path) -> None:
    block = write_folder(tmp_path / "block")
    image = block / "spatial" / "tissue_lowres_image.png"
    content = bytearray(image.read_bytes())
    content[16:24] = (10**9).to_bytes(4, "big") * 2
    image.write_bytes(content)
    refused(Source(block))


# --- names ----------------------------------------------------------------------------------------------------------

MARKUP = [
    "<script>alert(1)</script>",
    "![x](http://example.org/a.png)",
    "[click](javascript:alert(1))",
    ":red[danger]",
    "$x^2$",
    "a`![x](http://example.org/a.png)",
    "`` a ` x `` ![x](http://example.org/a.png) ` c",
    "``` ![x](http://example.org/a.png)",
]


@pytest.mark.parametrize("name", MARKUP)
def test_markup_in_names_is_shown_as_it_is_written(name: str) -> None:
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": False})
    html = markdown.render(f"{as_markdown(shown(name))} has no `pos`")
    assert not re.search(r"<(img|a|script)\b", html), html


def test_control_characters_in_names_reach_no_terminal_and_no_page() -> None:
    assert shown("bad\x1b[31m\r\n\u202ename\ud800") == "bad?[31m???name?"


def test_an_uploads_name_becomes_no_path(scratch: Path) -> None:
    draft = Draft()
    for name in ("../../etc/passwd.zip", "/etc/passwd.h5", "a\0b.h5ad", "con.csv", "x" * 5000 + ".zip", "noending"):
        path = draft.take(io.BytesIO(b"content"), name)
        assert path.parent == draft.folder
        assert re.fullmatch(r"[0-9a-f]{32}(\.[a-z0-9.]{2,6})?", path.name)
    folder = draft.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    del draft, path
    assert not folder.exists()


def test_a_private_folder_goes_when_it_is_removed_and_twice_is_no_error(scratch: Path) -> None:
    draft = Draft()
    draft.take(io.BytesIO(b"content"), "a.h5")
    draft.remove()
    draft.remove()
    assert not list(scratch.iterdir())


def test_what_a_worker_had_unpacked_goes_when_it_is_ended_and_nothing_else_does(tmp_path: Path, scratch: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from core.io.measured import unpacking\n"
        "with unpacking(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'large').write_text('x'); print(folder.name, flush=True); time.sleep(300)"
    )
    (source := tmp_path / "a.zip").write_text("x")
    with subprocess.Popen(
        [sys.executable, "-c", code, source],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        try:
            assert worker.stdout is not None
            theirs = worker.stdout.readline().strip()
            with unpacking(source) as ours:
                assert {path.name for path in scratch.iterdir()} == {theirs, ours.name}
                Cluster.end_worker(Mock(), worker.pid, "")
                assert [path.name for path in scratch.iterdir()] == [ours.name]
        finally:
            worker.kill()


def test_private_folders_of_a_process_that_was_killed_go_at_the_next_start_and_those_in_use_stay(scratch: Path) -> None:
    source = scratch.parent / "source.zip"
    source.write_bytes(b"x")
    code = (
        "import sys, time; from pathlib import Path; from core.io.drafts import Draft; from core.io.measured import unpacking\n"
        "draft = Draft()\n"
        "with unpacking(Path(sys.argv[1])) as folder: print('ready', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, source], env={**os.environ, "TMPDIR": str(scratch)}, stdout=subprocess.PIPE
    ) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            ours = Draft()
            long_ago = time.time() - 60
            for folder in scratch.iterdir():
                os.utime(folder, (long_ago, long_ago))
            drafts.remove_forgotten()
            assert len(list(scratch.iterdir())) == 3
        finally:
            server.kill()
    drafts.remove_forgotten()
    assert list(scratch.iterdir()) == [ours.folder]
    ours.remove()
    assert list(scratch.iterdir()) == []


def test_private_folders_of_a_process_that_was_killed_go_after_a_week_and_nothing_else_does(
    scratch: Path, tmp_path: Path
) -> None:
    names = ("spatial-domains-old", "spatial-domains-new", "of-another-program")
    for name in names:
        (scratch / name).mkdir()
        (scratch / name / "upload.h5").write_bytes(b"x")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (scratch / "spatial-domains-link").symlink_to(elsewhere)
    long_ago = time.time() - 8 * 24 * 3600
    for path in (scratch / names[0], scratch / names[2], elsewhere):
        os.utime(path, (long_ago, long_ago))
    os.utime(scratch / "spatial-domains-link", (long_ago, long_ago), follow_symlinks=False)
    drafts.remove_forgotten()
    assert sorted(path.name for path in scratch.iterdir()) == sorted([*names[1:], "spatial-domains-link"])
    assert elsewhere.is_dir()


# --- the server -----------------------------------------------------------------------------------------------------


def test_the_server_listens_here_only_and_takes_uploads_from_its_own_pages_only() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["server"]
    assert config["address"] == "127.0.0.1"
    assert config["enableXsrfProtection"] is True
    assert 0 < config["maxUploadSize"] <= 2048
    with served("app.py") as server:
        port = int(server.address.rpartition(":")[2])
        assert _refuses_connections_from_outside(port)
        request = urllib.request.Request(f"{server.address}/_stcore/upload_file/session/file", b"x", method="PUT")  # noqa: S310 - our own server
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)  # noqa: S310 - our own server
        with caught.value:
            assert caught.value.code in (400, 403)


def _refuses_connections_from_outside(port: int) -> bool:
    """Nothing listens on the port at any other address of this machine: 127.0.0.2 stands for them."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.2", port)) != 0


def test_the_exploit_of_these_tests_would_work(marker: Path) -> None:
    pickle.loads(pickle.dumps(Exploit(marker)))
    assert marker.exists()
    shutil.rmtree(marker)
