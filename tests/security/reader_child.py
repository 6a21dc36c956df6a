"""A process that reads what it is told to, under limits: one source a line on standard input, one answer a line.

Answers `read`, `refused`, or `crash` with what went wrong.
"""

import json
import resource
import sys
import warnings
from pathlib import Path

from core.errors import DomainsError
from tests.security.hostile import Source, bring

MORE_MEMORY = 1 << 30
"""Bytes that a reader may take beyond what the process has when it begins."""

OUT_OF_MEMORY = "does not fit in this machine's memory"


def limit_memory() -> None:
    """Let the process take no more than `MORE_MEMORY`."""
    status = Path("/proc/self/statm")
    pages = int(status.read_text().split()[0]) if status.exists() else 0
    limit = pages * resource.getpagesize() + MORE_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def answer(line: str) -> str:
    """Read one source and say what came of it."""
    path, table = json.loads(line)
    try:
        bring(Source(Path(path), Path(table) if table else None))
    except DomainsError as error:
        return "crash: it asked for more memory" if OUT_OF_MEMORY in str(error) else "refused"
    except BaseException as error:
        return f"crash: {type(error).__name__}: {str(error)[:300]}".replace("\n", " ")
    return "read"


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> None:
    """Answer until standard input ends."""
    warnings.simplefilter("ignore")
    _say("ready")
    for line in sys.stdin:
        if line.strip() == "limit":
            limit_memory()
            _say("limited")
        else:
            _say(answer(line))


if __name__ == "__main__":
    main()
