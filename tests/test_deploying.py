"""What docs/deploying.md says works: its block for nginx, in Debian's nginx on the loopback address."""

import base64
import http.client
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from scripts.chromium import served
from tests.core.work.outside_cluster import free_port, wait_until

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def nginx(tmp_path):
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("needs nginx (Debian, Ubuntu: apt install nginx)")
    port = free_port()
    [block] = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs" / "deploying.md").read_text(), flags=re.S)
    with served("app.py", SPCA_MODELS=str(tmp_path / "models")) as app:
        here = block.replace("http://127.0.0.1:8501", app.address)
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; "
            f"client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy; "
            f"fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s; "
            f"server {{ listen 127.0.0.1:{port}; {here} }} }}"
        )
        with subprocess.Popen([program, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]) as process:
            wait_until(lambda: answer(port, "/_stcore/health") == (200, b"ok"))
            yield port
            process.terminate()


def answer(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except ConnectionError:
        return 0, b""
    finally:
        connection.close()


@pytest.mark.slow
def test_the_block_for_nginx_passes_pages_and_websockets_on(nginx):
    status, page = answer(nginx, "/")
    assert status == 200
    assert b"<!doctype html>" in page.lower()
    key = base64.b64encode(os.urandom(16)).decode()
    with socket.create_connection(("127.0.0.1", nginx), timeout=30) as link:
        lines = [
            "GET /_stcore/stream HTTP/1.1",
            f"Host: 127.0.0.1:{nginx}",
            f"Origin: http://127.0.0.1:{nginx}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: streamlit",
        ]
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        assert link.recv(1000).startswith(b"HTTP/1.1 101")


def test_every_setting_that_the_code_reads_is_in_the_table():
    code = "".join(path.read_text() for folder in ("core", "ui") for path in (ROOT / folder).rglob("*.py"))
    read = set(re.findall(r'"((?:SPCA|RUNS)_[A-Z_]+)"', code)) - {"SPCA_DLPFC_COUNTS", "SPCA_DLPFC_POSITIONS"}
    table = (ROOT / "docs" / "deploying.md").read_text()
    assert sorted(name for name in read if f"`{name}`" not in table) == []
