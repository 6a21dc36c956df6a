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


def status(address, path="/", host=None):
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=30)) as connection:
        connection.request("GET", path, headers={"Host": host} if host else {})
        with connection.getresponse() as answer:
            return answer.status


def websocket_opens(address, host):
    there = urlsplit(address)
    try:
        plain = socket.create_connection((there.hostname, there.port), timeout=30)
        with plain, connect(f"ws://{host}:{there.port}/_stcore/stream", sock=plain):
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
        assert not websocket_opens(address, "evil.example")
        assert status(address, "/_stcore/metrics") == 404


def test_figures_of_the_server_are_there_where_they_are_asked_for(tmp_path):
    with served_app(SPCA_METRICS="1", SPCA_MODELS=str(tmp_path)) as address:
        assert status(address, "/_stcore/metrics") == 200
        assert status(address, host="any.example") == 200
