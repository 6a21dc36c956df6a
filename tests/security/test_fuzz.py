"""Real files, mutated: no crash, no hang, no memory over the limit, whatever is in them.

The readers run in a process of their own under resource limits. `--fuzz-seconds` makes the run longer.
"""

import json
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.security.hostile import KINDS, Source

SECONDS_PER_SOURCE = 5.0
ROOT = Path(__file__).resolve().parents[2]


class Reader:
    """The process that reads."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.security.reader_child"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        assert self._hear(60) == "ready"

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.strip())
        self.lines.put("crash: the process ended")

    def _hear(self, seconds: float) -> str:
        try:
            return self.lines.get(timeout=seconds)
        except queue.Empty:
            return f"crash: no answer in {seconds:.0f} s"

    def ask(self, line: str, seconds: float = SECONDS_PER_SOURCE) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._hear(seconds)

    def read(self, source: Source) -> str:
        return self.ask(json.dumps([str(source.path), str(source.table) if source.table else ""]))

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.listener.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    """A whole source of each kind."""
    made = {}
    for kind, make in KINDS.items():
        folder = tmp_path_factory.mktemp(kind)
        made[kind] = make(folder)
    return made


@pytest.fixture(scope="module")
def reader(sources: dict[str, Source]) -> Iterator[Reader]:
    """A process that has read every whole source once, and is then limited."""
    reader = Reader()
    for source in sources.values():
        assert reader.ask(json.dumps([str(source.path), str(source.table) if source.table else ""]), 60) == "read"
    assert reader.ask("limit") == "limited"
    yield reader
    reader.end()


MUTATION = st.tuples(
    st.sampled_from(["byte", "zeros", "ones", "cut", "repeat", "number"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 255),
)


def mutated(content: bytes, mutations: list[tuple[str, float, int]]) -> bytes:
    data = bytearray(content)
    for kind, index, value in mutations:
        # Squared: formats keep their structure at the front.
        at = int(index * index * len(data))
        if kind == "byte":
            data[at : at + 1] = bytes([value])
        elif kind in ("zeros", "ones"):
            data[at : at + value] = (b"\0" if kind == "zeros" else b"\xff") * len(data[at : at + value])
        elif kind == "cut":
            del data[at : at + 1 + value * value]
        elif kind == "repeat":
            data[at:at] = data[at : at + value]
        else:
            data[at : at + 8] = (1 << (value % 63)).to_bytes(8, "little")
    return bytes(data)


def files_of(source: Source) -> list[Path]:
    """Files of a source that may be mutated."""
    if source.table is not None:
        return [source.table]
    return [source.path] if source.path.is_file() else sorted(path for path in source.path.rglob("*") if path.is_file())


@pytest.mark.slow
def test_no_mutation_of_a_real_file_crashes_hangs_or_fills_the_memory(
    sources: dict[str, Source], reader: Reader, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seconds = request.config.getoption("--fuzz-seconds")
    end = time.monotonic() + seconds
    seen: Counter[str] = Counter()

    @seed(151673)
    @settings(
        max_examples=int(60 * seconds),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(st.sampled_from(sorted(KINDS)), st.integers(0, 99), st.lists(MUTATION, min_size=1, max_size=6))
    def fuzz(kind: str, which: int, mutations: list[tuple[str, float, int]]) -> None:
        if time.monotonic() > end:
            return
        found = reader.read(spoilt(sources[kind], which, mutations, tmp_path))
        seen[f"{kind} {found.partition(':')[0]}"] += 1
        assert not found.startswith("crash"), f"{kind}, file {which}, {mutations}: {found}"

    fuzz()
    assert sum(seen.values()) > 2 * seconds, seen
    assert {name.split()[1] for name in seen} == {"read", "refused"}, seen


def spoilt(source: Source, which: int, mutations: list[tuple[str, float, int]], folder: Path) -> Source:
    """Copy a source and mutate one of its files."""
    home = source.path.parent
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    moved = Source(copy / source.path.name, None if source.table is None else copy / source.table.name)
    files = files_of(moved)
    target = files[which % len(files)]
    target.write_bytes(mutated(target.read_bytes(), mutations))
    return moved
