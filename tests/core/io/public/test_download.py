"""Downloads from a real server on the loopback address, good and bad."""

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import CancelledError, FetchError
from core.io.public import download
from core.io.public.download import Patience, Remote
from tests.loopback import Site, served

CONTENT = np.random.default_rng(0).bytes(3_000_000)
HURRIED = Patience(attempts=3, seconds=1.0, pause=0.01)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site() -> Iterator[Site]:
    with served(Site(files={"/a.h5": CONTENT})) as site:
        yield site


def bring(site: Site, path: Path, **facts: Any) -> list[tuple[int, int | None]]:
    told: list[tuple[int, int | None]] = []
    remote = Remote(address=f"{site.address}/a.h5", **{"max_bytes": 1 << 24, **facts})
    download.download(remote, path, on_bytes=lambda *bytes_: told.append(bytes_), patience=HURRIED)
    return told


def left_beside(path: Path) -> set[str]:
    return {item.name for item in path.parent.iterdir()} - {path.name}


def test_a_file_arrives_whole_with_its_bytes_told_and_nothing_beside_it(site: Site, tmp_path: Path) -> None:
    told = bring(site, tmp_path / "b.h5", sha256=hashlib.sha256(CONTENT).hexdigest())
    assert (tmp_path / "b.h5").read_bytes() == CONTENT
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert not left_beside(tmp_path / "b.h5")


def test_a_connection_that_is_cut_is_gone_on_with_from_the_last_byte(site: Site, tmp_path: Path) -> None:
    site.cuts = [1_000_000, 1_500_000]
    bring(site, tmp_path / "b.h5")
    assert (tmp_path / "b.h5").read_bytes() == CONTENT
    assert [asked for _, asked in site.asked] == [None, "bytes=1000000-", "bytes=2500000-"]


def test_cuts_do_not_count_as_long_as_much_arrives_between_them(site: Site, tmp_path: Path) -> None:
    site.files["/a.h5"] = CONTENT * 3
    site.cuts = [1_200_000] * 7
    bring(site, tmp_path / "b.h5")
    assert (tmp_path / "b.h5").read_bytes() == CONTENT * 3


def test_what_was_brought_is_kept_for_the_next_call(site: Site, tmp_path: Path) -> None:
    site.cuts = [1000, 100, 100]
    with pytest.raises(
        FetchError, match=r"3 attempts \(the connection was cut after .* of 3,000,000 bytes\).*then resumes"
    ):
        bring(site, tmp_path / "b.h5")
    assert not (tmp_path / "b.h5").exists()
    bring(site, tmp_path / "b.h5")
    assert site.asked[-1][1] == "bytes=1200-"
    assert (tmp_path / "b.h5").read_bytes() == CONTENT


def test_a_file_that_changed_on_the_server_is_brought_anew(site: Site, tmp_path: Path) -> None:
    site.cuts = [1_000_000, 0, 0, 0]
    with pytest.raises(FetchError):
        bring(site, tmp_path / "b.h5")
    site.files["/a.h5"], site.etag, site.cuts = b"new" * 1000, '"2"', []
    bring(site, tmp_path / "b.h5")
    assert (tmp_path / "b.h5").read_bytes() == b"new" * 1000


def test_a_file_that_became_shorter_under_the_same_mark_is_brought_anew(site: Site, tmp_path: Path) -> None:
    site.cuts = [1_000_000, 0, 0, 0]
    with pytest.raises(FetchError):
        bring(site, tmp_path / "b.h5")
    site.files["/a.h5"], site.cuts = b"new" * 1000, []
    bring(site, tmp_path / "b.h5")
    assert (tmp_path / "b.h5").read_bytes() == b"new" * 1000


def test_a_server_that_knows_no_ranges_sends_all_again(site: Site, tmp_path: Path) -> None:
    site.takes_ranges, site.cuts = False, [1_000_000]
    bring(site, tmp_path / "b.h5")
    assert (tmp_path / "b.h5").read_bytes() == CONTENT


def test_a_server_that_sends_another_stretch_than_asked_for_is_not_believed(site: Site, tmp_path: Path) -> None:
    site.wrong_range, site.cuts = True, [1_000_000]
    bring(site, tmp_path / "b.h5")
    assert (tmp_path / "b.h5").read_bytes() == CONTENT


def test_a_part_without_a_mark_of_the_servers_is_not_trusted(site: Site, tmp_path: Path) -> None:
    site.etag, site.cuts = "", [1_000_000]
    bring(site, tmp_path / "b.h5")
    assert [asked for _, asked in site.asked] == [None, None]
    assert (tmp_path / "b.h5").read_bytes() == CONTENT


def test_a_length_that_is_not_kept_is_noticed(site: Site, tmp_path: Path) -> None:
    site.headers, site.takes_ranges = {"Content-Length": str(len(CONTENT) + 7)}, False
    with pytest.raises(FetchError, match="the connection was cut after 3,000,000 of 3,000,007 bytes"):
        bring(site, tmp_path / "b.h5")
    assert not (tmp_path / "b.h5").exists()


def test_a_file_of_unknown_length_arrives(site: Site, tmp_path: Path) -> None:
    site.says_length = False
    told = bring(site, tmp_path / "b.h5")
    assert told[-1] == (len(CONTENT), None)
    assert (tmp_path / "b.h5").read_bytes() == CONTENT


def test_another_checksum_is_one_sentence_and_leaves_nothing(site: Site, tmp_path: Path) -> None:
    (tmp_path / "b.h5").write_bytes(b"mine")
    with pytest.raises(
        FetchError, match=r"a\.h5 is not the known file \(its sha256 begins with [0-9a-f]{12}, not with 00"
    ):
        bring(site, tmp_path / "b.h5", sha256="0" * 64)
    assert (tmp_path / "b.h5").read_bytes() == b"mine"
    assert not left_beside(tmp_path / "b.h5")


@pytest.mark.parametrize("says_length", [True, False])
def test_more_than_the_limit_is_not_taken(site: Site, tmp_path: Path, says_length: bool) -> None:
    site.says_length = says_length
    with pytest.raises(FetchError, match="larger than 1 MiB"):
        bring(site, tmp_path / "b.h5", max_bytes=1 << 20)
    assert not left_beside(tmp_path / "b.h5")
    assert not (tmp_path / "b.h5").exists()


@pytest.mark.parametrize(("status", "words"), [(404, "There is nothing at"), (410, "nothing at"), (403, "was refused")])
def test_what_is_not_there_is_told_at_once_and_what_was_here_is_kept(
    site: Site, tmp_path: Path, status: int, words: str
) -> None:
    (tmp_path / "b.h5").write_bytes(b"mine")
    site.statuses = [status] * 9
    with pytest.raises(FetchError, match=words):
        bring(site, tmp_path / "b.h5")
    assert len(site.asked) == 1
    assert (tmp_path / "b.h5").read_bytes() == b"mine"
    assert not left_beside(tmp_path / "b.h5")


def test_a_server_in_trouble_is_asked_again_but_not_for_ever(site: Site, tmp_path: Path) -> None:
    site.statuses = [500, 503]
    bring(site, tmp_path / "b.h5")
    assert len(site.asked) == 3
    site.statuses = [500] * 9
    with pytest.raises(FetchError, match=r"in 3 attempts \(the server answers 500\)"):
        bring(site, tmp_path / "c.h5")


def test_a_redirect_on_the_loopback_address_is_followed(site: Site, tmp_path: Path) -> None:
    site.files["/there.h5"] = site.files.pop("/a.h5")
    site.redirects["/a.h5"] = "/there.h5"
    bring(site, tmp_path / "b.h5")
    assert (tmp_path / "b.h5").read_bytes() == CONTENT


@pytest.mark.parametrize("target", ["http://example.org/a.h5", "ftp://127.0.0.1/a", "file:///etc/hostname"])
def test_a_redirect_to_what_is_not_encrypted_is_not_followed(site: Site, tmp_path: Path, target: str) -> None:
    site.redirects["/a.h5"] = target
    with pytest.raises(FetchError, match=r"was not followed|was refused"):
        bring(site, tmp_path / "b.h5")
    assert not (tmp_path / "b.h5").exists()


def test_redirects_without_end_are_one_sentence(site: Site, tmp_path: Path) -> None:
    site.redirects["/a.h5"] = "/a.h5"
    with pytest.raises(FetchError, match="was refused"):
        bring(site, tmp_path / "b.h5")


@pytest.mark.parametrize("address", ["http://example.org/a", "file:///etc/hostname", "ftp://a/b", "a.h5", "https://"])
def test_only_encrypted_addresses_are_asked(tmp_path: Path, address: str) -> None:
    with pytest.raises(FetchError, match="not an address that begins with https://"):
        download.download(Remote(address=address, max_bytes=1), tmp_path / "b")


def test_without_a_network_the_sentence_comes_at_once_and_names_the_proxy(tmp_path: Path) -> None:
    started = time.monotonic()
    with socket.socket() as probe:  # bound, but nobody listens
        probe.bind(("127.0.0.1", 0))
        remote = Remote(address=f"http://127.0.0.1:{probe.getsockname()[1]}/a", max_bytes=1)
        with pytest.raises(
            FetchError, match=r"127\.0\.0\.1 cannot be reached \(Connection refused\): check the internet"
        ):
            download.download(remote, tmp_path / "b")
    assert time.monotonic() - started < 2
    assert not list(tmp_path.iterdir())


def test_a_proxy_of_the_environment_is_asked_for_everything(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", site.address)
    monkeypatch.setenv("no_proxy", "")
    site.files["http://127.0.0.2:1/a.h5"] = b"by proxy"
    download.download(Remote(address="http://127.0.0.2:1/a.h5", max_bytes=99), tmp_path / "b.h5", patience=HURRIED)
    assert (tmp_path / "b.h5").read_bytes() == b"by proxy"


def test_a_server_that_falls_silent_is_left_after_a_while(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        remote = Remote(address=f"http://127.0.0.1:{silent.getsockname()[1]}/a", max_bytes=9)
        started = time.monotonic()
        with pytest.raises(FetchError, match="timed out"):
            download.download(remote, tmp_path / "b", patience=Patience(attempts=2, seconds=0.2, pause=0.01))
        assert time.monotonic() - started < 3


def test_a_server_that_drips_is_left_when_the_time_is_over(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for _ in range(20):
                    time.sleep(0.05)
                    try:
                        connection.sendall(b".")
                    except OSError:
                        return

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        remote = Remote(address=f"http://127.0.0.1:{server.getsockname()[1]}/a", max_bytes=9999)
        with pytest.raises(FetchError, match="arrived too slowly"):
            download.download(remote, tmp_path / "b", patience=Patience(total_seconds=0.3))
        dripping.join()


def test_cancelling_ends_it_at_once_and_the_part_is_gone_on_with(site: Site, tmp_path: Path) -> None:
    def cancel(done: int, total: int | None) -> None:
        if done > 1_000_000:
            raise CancelledError("The work was cancelled.")

    remote = Remote(address=f"{site.address}/a.h5", max_bytes=1 << 24)
    with pytest.raises(CancelledError):
        download.download(remote, tmp_path / "b.h5", on_bytes=cancel)
    bring(site, tmp_path / "b.h5")
    assert (site.asked[-1][1] or "").startswith("bytes=10")
    assert (tmp_path / "b.h5").read_bytes() == CONTENT


def test_two_at_once_do_not_mix_their_bytes(site: Site, tmp_path: Path) -> None:
    remote = Remote(address=f"{site.address}/a.h5", max_bytes=1 << 24)

    def second(done: int, total: int | None) -> None:
        with pytest.raises(FetchError, match=r"b\.h5 is being downloaded by another process"):
            download.download(remote, tmp_path / "b.h5")

    download.download(remote, tmp_path / "b.h5", on_bytes=second)
    assert (tmp_path / "b.h5").read_bytes() == CONTENT


def test_a_folder_that_cannot_be_written_is_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FetchError, match=r"cannot be written \(.+\): make room, or choose another folder"):
        bring(site, tmp_path / "file" / "b.h5")
