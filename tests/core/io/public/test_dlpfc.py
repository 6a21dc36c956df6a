"""Whole public sections from a server on the loopback address that is laid out as the public places are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import cli
from core.errors import CancelledError, FetchError
from core.io import lab
from core.io.public import dlpfc
from core.io.public.download import Patience
from tests.incoming_tissue import barcodes, public_files, tissue
from tests.loopback import Site, served

HURRIED = Patience(attempts=2, seconds=2.0, pause=0.01)
MATRIX = "/h5/151507_filtered_feature_bc_matrix.h5"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "made").mkdir()
    with served(Site(files=public_files(tmp_path / "made", ["151507", "151669"]))) as site:
        monkeypatch.setenv("SPCA_DLPFC_COUNTS", site.address + "/")
        monkeypatch.setenv("SPCA_DLPFC_POSITIONS", site.address)
        yield site


def fetch(folder: Path, *sections: str, **facts: Any) -> list[Path]:
    return dlpfc.fetch_dlpfc(folder, sections=sections, patience=HURRIED, **facts)


def test_a_section_becomes_a_sample_with_layers_positions_and_image(site: Site, tmp_path: Path) -> None:
    (path,) = fetch(tmp_path / "out", "151507")
    sample, made = lab.read(path), tissue()
    assert (path.name, sample.name) == ("151507_full.h5", "151507_full")
    np.testing.assert_array_equal(sample.expression, np.asarray(made.expression))
    np.testing.assert_array_equal(sample.lattice, made.lattice)
    assert sample.labels_true is not None
    assert sample.labels_true.tolist() == made.labels_true.tolist()
    assert sample.barcodes is not None
    assert sample.barcodes.tolist() == barcodes(made)
    assert sample.coords_px is not None
    np.testing.assert_array_equal(sample.coords_px, 100 + made.lattice * np.array([40, 23]))
    assert sample.image is not None
    assert (sample.image.pixels.shape, sample.image.scale) == ((75, 80, 3), 0.1)
    assert "donor Br5292" in sample.source
    assert "10.1038/s41593-020-00787-0" in sample.source
    assert "Artistic-2.0" in sample.source
    assert [item.name for item in (tmp_path / "out").iterdir()] == [path.name]


def test_the_public_addresses_are_those_that_the_places_are_known_by() -> None:
    assert dlpfc.Sources().counts == "https://spatial-dlpfc.s3.us-east-2.amazonaws.com"
    assert dlpfc.Sources().positions == "https://raw.githubusercontent.com/LieberInstitute/HumanPilot/master"
    assert len(set(dlpfc.DLPFC_SECTIONS)) == 12


def test_what_was_brought_before_a_failure_is_not_brought_again(site: Site, tmp_path: Path) -> None:
    matrix = site.files.pop(MATRIX)
    with pytest.raises(FetchError, match="There is nothing at http"):
        fetch(tmp_path / "out", "151507")
    assert not list((tmp_path / "out").glob("*.h5"))
    site.asked.clear()
    site.files[MATRIX] = matrix
    fetch(tmp_path / "out", "151507")
    assert [path for path, _ in site.asked] == [MATRIX]


def test_a_connection_that_is_cut_is_gone_on_with_over_calls(site: Site, tmp_path: Path) -> None:
    fetch(tmp_path / "whole", "151507")
    site.asked.clear()
    site.cuts = [1 << 30] * 4 + [1000, 1000]
    with pytest.raises(FetchError, match=r"2 attempts \(the connection was cut after 2,000 of"):
        fetch(tmp_path / "out", "151507")
    fetch(tmp_path / "out", "151507")
    assert site.asked[-1] == (MATRIX, "bytes=2000-")
    whole, resumed = (lab.read(tmp_path / folder / "151507_full.h5") for folder in ("whole", "out"))
    assert whole.content_hash == resumed.content_hash


def test_sections_that_are_here_are_kept_and_not_brought_again(site: Site, tmp_path: Path) -> None:
    (first,) = fetch(tmp_path / "out", "151507")
    content = first.read_bytes()
    site.asked.clear()
    written = fetch(tmp_path / "out", "151507", "151669")
    assert [path.name for path in written] == ["151507_full.h5", "151669_full.h5"]
    assert not [path for path, _ in site.asked if "151507" in path]
    assert first.read_bytes() == content


def test_a_file_of_the_users_own_is_never_replaced(site: Site, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "151507_full.h5").write_bytes(b"my own")
    with pytest.raises(FetchError, match=r"151507_full\.h5 is in the way"):
        fetch(tmp_path / "out", "151507")
    assert (tmp_path / "out" / "151507_full.h5").read_bytes() == b"my own"
    assert not site.asked


def test_a_damaged_section_is_thrown_away_and_brought_anew_next_time(site: Site, tmp_path: Path) -> None:
    whole = site.files[MATRIX]
    site.files[MATRIX] = whole[:3000]
    with pytest.raises(FetchError, match=r"section 151507 cannot be read, and were deleted: .*cut off before"):
        fetch(tmp_path / "out", "151507")
    site.files[MATRIX] = whole
    (path,) = fetch(tmp_path / "out", "151507")
    assert lab.read(path).n_spots == tissue().n_spots


@pytest.mark.parametrize("table", [b"", b"\xff\xfe\x00", b"AAAC-1\t151507\n", b"TTTT-1\t151507\tL1\n"])
def test_a_table_without_the_sections_layers_is_one_sentence(site: Site, tmp_path: Path, table: bytes) -> None:
    site.files["/10X/barcode_level_layer_map.tsv"] = table
    with pytest.raises(FetchError, match="section 151507 cannot be read, and were deleted") as caught:
        fetch(tmp_path / "out", "151507")
    assert "\n" not in str(caught.value)


def test_a_checksum_that_is_known_is_checked(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dlpfc.KNOWN_SHA256, MATRIX.removeprefix("/"), "0" * 64)
    with pytest.raises(FetchError, match="is not the known file"):
        fetch(tmp_path / "out", "151507")
    assert not list((tmp_path / "out").glob("*.h5"))


def test_an_unknown_section_is_refused_before_anything_is_asked(site: Site, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="There is no section '1'; there are 151507, 151508"):
        fetch(tmp_path / "out", "1")
    assert not site.asked


def test_progress_rises_to_1_and_tells_bytes(site: Site, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    fetch(tmp_path / "out", "151507", "151669", progress=lambda share, words: told.append((share, words)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    size = len(site.files[MATRIX]) / 1e6
    assert f"151507: filtered_feature_bc_matrix.h5, {size:.1f} of {size:.1f} MB" in [words for _, words in told]


def test_a_cancelled_fetch_writes_no_sample(site: Site, tmp_path: Path) -> None:
    def cancel(share: float, words: str) -> None:
        if "matrix" in words:
            raise CancelledError("The work was cancelled.")

    with pytest.raises(CancelledError):
        fetch(tmp_path / "out", "151507", progress=cancel)
    assert not list((tmp_path / "out").glob("*.h5"))


def test_the_command_line_says_where_the_sections_are(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fetch", "dlpfc", "151669", "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'out' / '151669_full.h5'}\n"
    assert "No checksum is published" in printed.err
    assert cli.main(["fetch", "dlpfc", "1", "--out", str(tmp_path / "out")]) == 2
    assert "There is no section '1'" in capsys.readouterr().err
