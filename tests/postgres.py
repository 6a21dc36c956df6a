"""A real PostgreSQL server, in a folder and on a port of its own, for tests; it refuses root, so another user runs it."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_USERS = ("postgres", "nobody")


class Server:
    """A server that can be stopped and started again; `url` names its database, and `folder` holds its files."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs, self.folder, self._user = programs, folder / "data", user
        self._log, self.port = folder / "log", _free_port()
        self.url = f"postgresql+psycopg://runs@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "--pgdata", self.folder, "--username", "runs", "--auth", "trust", "--no-sync")

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "start", "--wait", "--pgdata", self.folder, "--log", self._log, "--options", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode", "immediate", "--pgdata", self.folder)

    def _run(self, program: str, *words: object) -> None:
        ran = subprocess.run(
            [self._programs / program, *map(str, words)],
            user=self._user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr.decode(errors="replace")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running() -> Iterator[Server]:
    """Run a server until the block ends; the test is skipped, and says why, where there is none to run."""
    programs, user = _programs(), _user()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # pytest's own folders are closed to other users
    try:
        if user is not None:
            shutil.chown(folder, user)
        server = Server(programs, folder, user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    beside = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*beside, *debian):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    pytest.skip("needs a PostgreSQL server (Debian, Ubuntu: apt install postgresql)")


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    found = next((user for user in _USERS if user in known), None)
    if found is None:
        pytest.skip("needs a user besides root to run PostgreSQL, which refuses root")
    return found
