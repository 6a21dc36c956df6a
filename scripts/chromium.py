"""The app (or another script) on a free port, and a Chromium that opens it: for tests, screenshots and measurements."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from playwright.sync_api import Browser, sync_playwright

from scripts.ensure_browser import NAMES

ROOT = Path(__file__).resolve().parents[1]
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_START_SECONDS, _END_SECONDS = 180, 60  # of a busy machine


def chromium_path() -> str | None:
    """Find a Chromium or Chrome.

    Returns
    -------
    str or None
        The one that `CHROMIUM` names, else the first on the PATH, else None: Playwright then starts its own, if it has one.
    """
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser without a window.

    Yields
    ------
    playwright.sync_api.Browser

    Raises
    ------
    playwright.sync_api.Error
        If there is none.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Server(NamedTuple):
    """A running server: its address, and the id of its process."""

    address: str
    process: int


@contextmanager
def served_app(**environment: str) -> Iterator[str]:
    """Start the app on a free port of the loopback address.

    Parameters
    ----------
    **environment : str
        Variables for the server beside those of this process.

    Yields
    ------
    str
        Its address.
    """
    with served("app.py", **environment) as server:
        yield server.address


@contextmanager
def served(script: str, *, port: str = "", **environment: str) -> Iterator[Server]:
    """Start a Streamlit script on a free port of the loopback address.

    Parameters
    ----------
    script : str
        Its path below the project's folder.
    port : str
        A free one where it is empty.
    **environment : str
        Variables for the server beside those of this process.

    Yields
    ------
    Server

    Raises
    ------
    RuntimeError
        If it does not start, with what it said.
    """
    port = port or str(_free_port())
    address = "/".join(filter(None, (f"http://127.0.0.1:{port}", environment.get("STREAMLIT_SERVER_BASE_URL_PATH"))))
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}", "--server.headless=true"]
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log)  # noqa: S603 - our own command
        try:
            _wait_until_healthy(address, server, log)
            yield Server(address, server.pid)
        finally:
            server.terminate()
            server.wait(timeout=_END_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(address: str, server: "subprocess.Popen[bytes]", log: IO[str]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        if _is_healthy(address):
            return
        time.sleep(0.2)
    log.seek(0)
    raise RuntimeError(f"The app did not start: {log.read()}")


def _is_healthy(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/_stcore/health", timeout=2)  # noqa: S310 - our own server
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True
