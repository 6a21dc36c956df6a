"""Which names the server answers to, and what it tells of itself, asked as browsers do."""

import socket
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import websockets
from websockets.sync.client import connect

from scripts.chromium import served_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def status(address, path="/", host=None, more=None):
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request("GET", path, headers=({"Host": host} if host else {}) | (more or {}))
        with connection.getresponse() as answer:
            return answer.status


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
