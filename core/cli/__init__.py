"""The command line, `python -m core` or `spatial-domains`; `--help` lists its commands.

Errors become one sentence here. Each command has its own module with its options, its work and its output.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from core import __version__
from core.cli import (
    annotate,
    annotations,
    apart,
    app,
    attach,
    cluster,
    clusters,
    compare,
    fetch,
    import_,
    info,
    learn,
    markers,
    runs,
    sweep,
    synthesise,
    train,
    worker,
)
from core.errors import DomainsError
from core.text import sentence_case

_COMMANDS = (app, info, train, learn, cluster, clusters, sweep, runs, import_, attach, annotate, annotations,
             compare, markers, fetch, synthesise, worker)  # fmt: skip

BAD_INPUT = 2
"""Exit status after a sentence about bad input."""

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after `python -m core`; those of the process by default.

    Returns
    -------
    int
        Exit status: 0, or 2 after a sentence about bad input on standard error.
    """
    _prepare_outputs()
    try:
        _run(argv)
    except DomainsError as error:
        return _refuse(str(error))
    except BrokenPipeError:
        # The reader (`| head`) has closed the pipe: print nothing more, and flush nothing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return _refuse(f"{error.filename or 'A file'} cannot be read or written: {error.strerror or error}.")
    except MemoryError:
        return _refuse("This needs more memory than there is: choose a smaller sample, or fewer genes.")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return _INTERRUPTED
    return 0


def _run(argv: Sequence[str] | None) -> None:
    try:
        options = _parser().parse_args(argv)
        apart.check_options(options)
        options.run(options)
    finally:  # what help printed, too
        sys.stdout.flush()


def _prepare_outputs() -> None:
    """Let outputs take every sign, and stand in for those that were closed before the start (`>&-`), for which Python has None."""
    for name in ("stdout", "stderr"):
        output = getattr(sys, name)
        if output is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the process ends
        elif isinstance(
            output, io.TextIOWrapper
        ):  # in a code page, such as that of a pipe on Windows, not every sign has a place
            output.reconfigure(errors="backslashreplace")


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return BAD_INPUT


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without a usage line before it."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{sentence_case(message)}. See `{self.prog} --help`.\n")
        sys.exit(BAD_INPUT)


def _called() -> str:
    """Find how the command line was started, so that help shows commands that users can repeat."""
    name = Path(sys.argv[0]).stem
    return name if name == "spatial-domains" else "python -m core"


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=_called(), description="Find spatial domains in tissue.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=__version__)
    todo = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    for command in _COMMANDS:
        command.add(todo)
    return parser
