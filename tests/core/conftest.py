"""What tests of `core` share."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(capsys):
    """Run one command; gives its exit status, standard output and standard error."""

    def run(*words):
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = int(end.code)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def sweep():
    """Run `sweep` in a process of its own, whose workers end with it: those of this process are other tests', too."""

    def run(*words):
        command = [sys.executable, "-m", "core", "sweep", *map(str, words)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout, ended.stderr

    return run
