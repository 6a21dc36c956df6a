"""One file from the web, whole or not at all: resumed after an interruption, checked, then moved to its path in one step.

Knows HTTP and files only. Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY`), as urllib takes them.
"""

import hashlib
import http.client
import ipaddress
import os
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core.errors import FetchError
from core.files import locked
from core.text import shown

OnBytes = Callable[[int, int | None], None]
"""Called with the bytes received and the total, None if the server does not say; may raise."""

_BLOCK_BYTES = 1 << 16
_GOOD_PROGRESS_BYTES = 1 << 20
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")
_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A file to download.

    Parameters
    ----------
    address : str
        With `https`; `http` is allowed only on the loopback address.
    max_bytes : int
        Larger files are refused.
    sha256 : str
        What it must hash to, in hexadecimal digits; empty where that is not known.
    """

    address: str
    max_bytes: int
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to keep trying on a bad connection.

    Parameters
    ----------
    attempts : int
        How many attempts in a row may fetch less than 1 MiB each.
    seconds : float
        Time without a single byte after which a connection counts as lost.
    pause : float
        Seconds before the second attempt; doubled before each further one.
    total_seconds : float
        For the whole file.
    """

    attempts: int = 5
    seconds: float = 30.0
    pause: float = 1.0
    total_seconds: float = 7200.0


def download(remote: Remote, path: Path, *, on_bytes: OnBytes | None = None, patience: Patience | None = None) -> None:
    """Download a file, or resume an earlier download.

    Parameters
    ----------
    remote : Remote
    path : Path
        Where it appears once it is whole; replaced if it exists. Until then `.<name>.part` lies beside it, which the
        next call goes on with if the server says that the file is still the same.
    on_bytes : callable, optional
        What it raises ends the download; the part stays.
    patience : Patience, optional

    Raises
    ------
    FetchError
        If the server cannot be reached, has no such file, keeps breaking off, or sends something else than expected.
    """
    _check_address(remote.address)
    part = path.with_name(f".{path.name}.part")
    with _writing(path), _alone(part):
        _Transfer(remote, part, on_bytes, patience or Patience()).run()
        _check_sha256(part, remote)
        os.replace(part, path)
        _tag_file(part).unlink(missing_ok=True)


class _BrokenOffError(Exception):
    """A reason to try again."""


class _Transfer:
    """Attempts at one file, until its part is whole."""

    def __init__(self, remote: Remote, part: Path, on_bytes: OnBytes | None, patience: Patience) -> None:
        self._remote, self._part, self._patience = remote, part, patience
        self._tell = on_bytes or (lambda done, total: None)
        self._until = time.monotonic() + patience.total_seconds
        self._connected = False

    def run(self) -> None:
        fruitless = 0
        while True:
            before = _size(self._part)
            try:
                return self._attempt()
            except _BrokenOffError as error:
                fruitless = 0 if _size(self._part) - before >= _GOOD_PROGRESS_BYTES else fruitless + 1
                if fruitless >= self._patience.attempts:
                    raise FetchError(
                        f"{self._name} could not be downloaded in {fruitless} attempts ({error}): try again later. The "
                        "download then resumes."
                    ) from error
            time.sleep(self._patience.pause * 2 ** max(0, fruitless - 1))

    @property
    def _name(self) -> str:
        return shown(self._remote.address, 200)

    def _attempt(self) -> None:
        with self._network_as_broken_off(), self._answer() as answer:
            self._connected = True
            start, total = self._extent(answer)
            self._check_size(total or 0)
            self._receive(answer, start, total)

    def _answer(self) -> Any:
        start, tag = _size(self._part), _read_tag(self._part)
        headers = {"User-Agent": "spatial-domains", "Accept-Encoding": "identity"}
        if start and tag:
            headers |= {"Range": f"bytes={start}-", "If-Range": tag}
        request = urllib.request.Request(self._remote.address, headers=headers)  # noqa: S310 - checked before
        try:
            return _opener().open(request, timeout=self._patience.seconds)
        except urllib.error.HTTPError as error:
            with error:
                self._refused(error)
                raise _BrokenOffError(f"the server answers {error.code}") from None

    def _refused(self, error: urllib.error.HTTPError) -> None:
        """Raise errors that another attempt would not fix."""
        if error.code == 416:  # the part is longer than the file is now
            self._start_over()
        elif error.code in (404, 410):
            raise FetchError(f"There is nothing at {self._name} ({error.code}): has it been moved?") from error
        elif error.code not in _TRY_AGAIN:
            reason = shown(error.reason, 80)
            raise FetchError(f"{self._name} was refused ({error.code} {reason}): it may have been moved.") from error

    def _start_over(self) -> None:
        self._part.unlink(missing_ok=True)
        _tag_file(self._part).unlink(missing_ok=True)

    def _extent(self, answer: Any) -> tuple[int, int | None]:
        """Find where in the file the answer begins, and how long the whole file is."""
        if answer.status != 206:
            length = answer.headers.get("Content-Length", "")
            _write_tag(self._part, answer.headers)
            return 0, int(length) if length.isdecimal() else None
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if found is None or found[1] is None or int(found[1]) != _size(self._part):
            self._start_over()
            raise _BrokenOffError("the server sends another stretch than it was asked for")
        return int(found[1]), int(found[3])

    def _check_size(self, n_bytes: int) -> None:
        if n_bytes > self._remote.max_bytes:
            self._start_over()
            raise FetchError(
                f"{self._name} is larger than {self._remote.max_bytes >> 20} MiB, more than was expected there: it was not "
                "taken."
            )

    def _receive(self, answer: Any, start: int, total: int | None) -> None:
        done = start
        with open(self._part, "ab" if start else "wb") as out:
            self._tell(done, total)
            while block := _next_block(answer):
                out.write(block)
                done += len(block)
                self._check_size(done)
                self._check_time()
                self._tell(done, total)
        if total is not None and done != total:
            raise _BrokenOffError(f"the connection was cut after {done:,} of {total:,} bytes")

    def _check_time(self) -> None:
        if time.monotonic() > self._until:
            raise FetchError(f"{self._name} arrived too slowly: try again, and the download resumes.")

    @contextmanager
    def _network_as_broken_off(self) -> Iterator[None]:
        try:
            yield
        except urllib.error.URLError as error:
            self._check_reachable(error.reason)
            raise _BrokenOffError(_reason(error.reason)) from error
        except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
            raise _BrokenOffError(_reason(error)) from error

    def _check_reachable(self, reason: Any) -> None:
        """Fail at once if the server cannot be reached at first; later losses of the network are retried."""
        if not self._connected:
            host = urllib.parse.urlsplit(self._remote.address).hostname
            raise FetchError(
                f"{host} cannot be reached ({_reason(reason)}): check the internet connection, and the proxy where there is "
                "one (HTTPS_PROXY)."
            )


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects to `https` alone; from the loopback address also to itself."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        here, there = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if there.scheme != "https" and not (_is_loopback(here.hostname) and _is_safe(newurl)):
            raise FetchError(
                f"{shown(req.full_url, 200)} redirects to {shown(newurl, 200)}, which is not encrypted: it was not followed."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_SafeRedirects)


def _next_block(answer: Any) -> bytes:
    try:
        block: bytes = answer.read1(_BLOCK_BYTES)
    except http.client.IncompleteRead as error:
        raise _BrokenOffError("the connection was cut") from error
    return block


def _check_address(address: str) -> None:
    if not _is_safe(address):
        raise FetchError(f"{shown(address, 200)} is not an address that begins with https://: nothing was downloaded.")


def _is_safe(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    )


def _is_loopback(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def _reason(reason: object) -> str:
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return shown(text, 120).rstrip(".")


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _tag_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.tag")


def _read_tag(part: Path) -> str:
    try:
        return _tag_file(part).read_text(encoding="latin-1")
    except FileNotFoundError:
        return ""


def _write_tag(part: Path, headers: Any) -> None:
    """Save the tag of the file's version; a weak ETag does not guarantee equal bytes."""
    etag = headers.get("ETag", "")
    tag = headers.get("Last-Modified", "") if not etag or etag.startswith("W/") else etag
    _tag_file(part).write_text(tag, encoding="latin-1")


def _check_sha256(part: Path, remote: Remote) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if remote.sha256 and found != remote.sha256:
        part.unlink()
        _tag_file(part).unlink(missing_ok=True)
        raise FetchError(
            f"{shown(remote.address, 200)} is not the known file (its sha256 begins with {found[:12]}, not with "
            f"{remote.sha256[:12]}): it was thrown away. Try again, or ask who keeps that address."
        )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say in a sentence why a file cannot be written; network errors have their own sentences."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise FetchError(
            f"{shown(path, 300)} cannot be written ({_reason(error)}): make room, or choose another folder."
        ) from error


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Keep a second process from writing to the same part."""
    try:
        with locked(part.with_name(f"{part.name}.lock"), wait=False):
            yield
    except BlockingIOError as error:
        name = part.name.removeprefix(".").removesuffix(".part")
        raise FetchError(f"{name} is being downloaded by another process: wait for it.") from error
