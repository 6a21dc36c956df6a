"""A real HTTP server on the loopback address that behaves as badly as it is told to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What a server holds, how it misbehaves, and what it was asked.

    `statuses` and `cuts` are used up answer by answer: a cut is the number of bytes after which the connection drops.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = '"1"'
    takes_ranges: bool = True
    says_length: bool = True
    wrong_range: bool = False
    pause: float = 0.0
    address: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def served(site: Site) -> Iterator[Site]:
    """Serve a site until the block ends; its `address` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, site)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        site.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(request: BaseHTTPRequestHandler, site: Site) -> None:
    site.asked.append((request.path, request.headers.get("Range")))
    site.over.wait(site.pause)
    if request.path in site.redirects:
        return _head(request, 302, {"Location": site.redirects[request.path]})
    if site.statuses and (status := site.statuses.pop(0)) != 200:
        return _head(request, status, {"Content-Length": "0"})
    if request.path not in site.files:
        return _head(request, 404, {"Content-Length": "0"})
    return _content(request, site, site.files[request.path])


def _content(request: BaseHTTPRequestHandler, site: Site, whole: bytes) -> None:
    start = _start(request, site)
    if start > len(whole):
        return _head(request, 416, {"Content-Range": f"bytes */{len(whole)}", "Content-Length": "0"})
    headers = {"ETag": site.etag, "Content-Length": str(len(whole) - start), **site.headers}
    if not site.says_length:
        del headers["Content-Length"]
    if start:
        headers["Content-Range"] = f"bytes {start + site.wrong_range}-{len(whole) - 1}/{len(whole)}"
    _head(request, 206 if start else 200, headers)
    n_sent = site.cuts.pop(0) if site.cuts else len(whole)
    request.wfile.write(whole[start : start + n_sent])
    return None


def _start(request: BaseHTTPRequestHandler, site: Site) -> int:
    asked = request.headers.get("Range", "")
    same = request.headers.get("If-Range", site.etag) == site.etag
    return int(asked.removeprefix("bytes=").removesuffix("-")) if asked and same and site.takes_ranges else 0


def _head(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()
