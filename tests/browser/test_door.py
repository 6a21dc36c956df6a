"""Which names the server answers to, and what it tells of itself, asked as browsers do."""

import itertools
import socket
import threading
import uuid
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import websockets
from playwright.sync_api import expect
from websockets.sync.client import connect

from scripts.chromium import served_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def status(address, path="/", host=None, more=None):
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request("GET", path, headers=({"Host": host} if host else {}) | (more or {}))
        with connection.getresponse() as answer:
            return answer.status


def body(address, path, method="GET", **more):
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request(method, path, **more)
        with connection.getresponse() as answer:
            return answer.status, answer.read()


def headers(address, path, **more):
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request("GET", path, **more)
        with connection.getresponse() as answer:
            return answer.headers


class Site:
    """A page on this machine, under an origin of its own, that shows an address in a frame."""

    def __init__(self, server):
        self.address = f"http://127.0.0.1:{server.server_port}"
        self._server = server

    def shows(self, address):
        self._server.page = f"<!doctype html><iframe src='{address}' width=1400 height=850></iframe>".encode()


class Elsewhere(ThreadingHTTPServer):
    page = b""


class Answer(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.server.page)

    def log_message(self, *_):
        pass


@contextmanager
def a_page_elsewhere():
    with Elsewhere(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield Site(server)
        finally:
            server.shutdown()


def websocket_opens(address, host, origin=None):
    there = urlsplit(address)
    try:
        plain = socket.create_connection((there.hostname, there.port), timeout=30)
        with plain, connect(f"ws://{host}:{there.port}/_stcore/stream", sock=plain, origin=origin):
            return True
    except websockets.exceptions.InvalidStatus:
        return False


def test_a_server_with_names_answers_to_no_other(tmp_path):
    with served_app(SPCA_HOSTS="127.0.0.1, *.example.org", SPCA_MODELS=str(tmp_path)) as address:
        port = urlsplit(address).port
        assert status(address) == 200
        assert status(address, host="domains.example.org") == 200
        assert status(address, host=f"evil.example:{port}") == 400
        assert status(address, "/_stcore/health", host="evil.example") == 400
        assert websocket_opens(address, "127.0.0.1")
        assert websocket_opens(address, "DOMAINS.example.org")
        assert not websocket_opens(address, "evil.example")
        for path in ("", "/", "%0a", "%20", "?a=b", "%0d%0a"):  # to Starlette some of them are the same path
            assert status(address, f"/_stcore/metrics{path}") == 404, path
        # What a stranger's page says besides the name of the host changes nothing.
        forwarded = {"X-Forwarded-Host": "127.0.0.1", "Forwarded": "host=127.0.0.1"}
        assert status(address, host="evil.example", more=forwarded) == 400
        assert status(address, host="evil.example@127.0.0.1") == 400
        assert not websocket_opens(address, "127.0.0.1", origin="http://evil.example")


def test_figures_of_the_server_are_there_where_they_are_asked_for(tmp_path):
    with served_app(SPCA_METRICS="1", SPCA_MODELS=str(tmp_path)) as address:
        assert status(address, "/_stcore/metrics") == 200
        assert status(address, host="any.example") == 200


@pytest.mark.parametrize(
    "wrong", ["https://domains.example.org", "domains.example.org:443", "*example.org", "a b", ","]
)
def test_a_server_whose_names_cannot_be_read_does_not_start_and_says_why(tmp_path, wrong):
    with (
        pytest.raises(RuntimeError, match=r"SPCA_HOSTS holds .* without https:// and port") as told,
        served_app(SPCA_HOSTS=wrong, SPCA_MODELS=str(tmp_path)),
    ):
        pass
    assert "Traceback" not in str(told.value)


def test_every_answer_says_that_no_page_elsewhere_may_show_it_and_what_browsers_keep_to(tmp_path):
    with served_app(SPCA_HOSTS="127.0.0.1", SPCA_MODELS=str(tmp_path)) as address:
        for path in (
            "/",
            "/sections",
            "/_stcore/health",
            "/_stcore/metrics",
            "/_stcore/host-config",
            "/nothing/here.js",
        ):
            told = headers(address, path)
            assert told.get_all("Content-Security-Policy") == ["frame-ancestors 'self'"], path
            assert told.get_all("X-Frame-Options") == ["SAMEORIGIN"], path
            assert told.get_all("X-Content-Type-Options") == ["nosniff"], path
            assert told.get_all("Referrer-Policy") == ["same-origin"], path
        refused = headers(address, "/", headers={"Host": "evil.example"})
        assert refused["X-Frame-Options"] == "SAMEORIGIN"
        assert websocket_opens(address, "127.0.0.1")


def test_no_file_of_the_server_and_nothing_of_anothers_session_comes_by_a_guessed_address(tmp_path):
    hidden = "a text that stands in no page"
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "secret.txt").write_text(hidden)
    drafts = tmp_path / "temporary" / "spatial-domains-0"
    drafts.mkdir(parents=True)
    (drafts / "secret.txt").write_text(hidden)
    settings = {"SPCA_DATA": str(tmp_path / "samples"), "TMPDIR": str(drafts.parent), "SPCA_MODELS": str(tmp_path)}
    with served_app(**settings) as address:
        ways = ("/media", "/component/ui.browser_memory", "/_stcore/bidi-components/x", "/app/static", "/static", "")
        ups = ("..%2f" * 12, "../" * 12, "%2e%2e/" * 12, "..%5c" * 12, "/", "%2f", "")
        for way, up, file in itertools.product(ways, ups, (drafts / "secret.txt", tmp_path / "samples" / "secret.txt")):
            _, found = body(address, f"{way}/{up}{str(file).lstrip('/')}")
            assert hidden.encode() not in found, (way, up)
        for path in (
            "/requirements.txt",
            "/.streamlit/config.toml",
            "/app/static/../../pyproject.toml",
            "/save_model/runs.sqlite3",
        ):
            assert b"streamlit==" not in (found := body(address, path)[1]), path
            assert b"maxUploadSize" not in found, path
        cookie = headers(address, "/_stcore/health")["Set-Cookie"].split(";")[0]
        own = {"Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2]}
        of_another = f"/_stcore/upload_file/{uuid.uuid4()}/{uuid.uuid4()}"
        form = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.h5"\r\n\r\nX\r\n--x--\r\n'
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        assert body(address, of_another, "PUT", body=form, headers=own | kind)[0] == 400
        assert body(address, of_another, "PUT", body=form, headers=kind)[0] == 403
        assert b"<!doctype html>" in body(address, of_another)[1].lower()  # the app itself, as for any unknown address


def test_a_page_elsewhere_shows_the_server_in_a_frame_only_where_it_is_named(tmp_path, browser):
    page = browser.new_page()
    page.set_default_timeout(120_000)
    shown = page.frame_locator("iframe").get_by_role("heading", name="Glossary")
    # The site has to be there before the server, which is told its name, and its frame needs the server's address.
    with a_page_elsewhere() as site:
        with served_app(
            SPCA_EMBEDDED_BY=f"https://wiki.example.org, {site.address}", SPCA_MODELS=str(tmp_path)
        ) as address:
            told = headers(address, "/")
            assert told["Content-Security-Policy"] == f"frame-ancestors 'self' https://wiki.example.org {site.address}"
            assert told["X-Frame-Options"] is None
            site.shows(f"{address}/glossary")
            page.goto(site.address)
            expect(shown).to_be_visible()
        with served_app(SPCA_MODELS=str(tmp_path)) as address:
            site.shows(f"{address}/glossary")
            with page.expect_console_message(lambda message: "frame-ancestors 'self'" in message.text):
                page.goto(site.address)
            expect(shown).to_have_count(0)
    page.close()


@pytest.mark.parametrize(
    "wrong", ["wiki.example.org", "https://wiki.example.org/", "*", "https://a b", "'none'", "https://a;script-src *"]
)
def test_a_server_whose_frames_cannot_be_read_does_not_start_and_says_why(tmp_path, wrong):
    with (
        pytest.raises(RuntimeError, match=r"SPCA_EMBEDDED_BY holds .* which is no origin") as told,
        served_app(SPCA_EMBEDDED_BY=wrong, SPCA_MODELS=str(tmp_path)),
    ):
        pass
    assert "Traceback" not in str(told.value)
