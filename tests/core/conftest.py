"""What tests of `core` share."""

import pytest

from core.cli import main


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
