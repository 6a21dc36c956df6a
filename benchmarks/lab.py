"""A lab's server: many sessions that move knobs at once, with and without a training job beside; errors, cross-talk, memory.

Each session has its own seat (sample, number of clusters, seeds, name) and checks after each redraw whether what came
back is its own; in the end its cards must say what `core` finds by itself. The sessions run in this process, on the same cores
as the server. Ratios count; times depend on the machine and on who else uses it. Linux only: memory is asked of psutil.
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from websockets.exceptions import ConnectionClosed

from benchmarks.lab_session import Session, opened
from core import knobs
from core.io import lab
from core.io.synthetic import synthesise
from core.method import pipeline
from core.method.cache import StepCache
from core.params import preset
from core.sample import Sample
from scripts.chromium import ROOT, Server, served
from ui.shell.guards import as_markdown

N_SESSIONS, SECONDS, SETTLE_SECONDS = 20, 180.0, 130.0
"""Defaults. Streamlit keeps a session for 120 s after its connection was closed, so memory is looked at later than that."""

_PAUSE_SECONDS = (3.0, 5.0)
_SYNTHETIC_SPOTS = (3_500, 4_000, 4_500)
_SEEDS_EACH = 1_000
_N_TRAINING = 2
_SMALL_EPOCHS, _LONG_EPOCHS = 4, 10_000
_P95_RATIO, _GROWTH_MIB = 1.5, 100.0
_PATIENCE_SECONDS = 300.0
_MIB = 2**20
_ROW = "{:<34} {:>8} {:>10} {:>10} {:>10}"


@dataclass(slots=True)
class Seat:
    """Where one session sits: what it asked for, which nobody else did, and what it saw.

    Parameters
    ----------
    number : int
        Of the session.
    sample : str
        Name of its sample; shared with others, whose parameters are not.
    trains : bool
        Whether it clusters the code of a small autoencoder, which it trains first.
    round : int
        Of the phases of the run: seeds are new in each, so that nothing is known from before.
    """

    number: int
    sample: str
    trains: bool
    round: int = 0
    knobs: dict[str, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = (self.round * 1_000 + self.number) * _SEEDS_EACH
        self.knobs = {"n_clusters": 3 + self.number, "seed": first, "x_weight": 1.5}
        if self.trains:
            self.knobs |= {"latent_epochs": _SMALL_EPOCHS, "latent_seed": first}

    @property
    def user(self) -> str:
        """Name that the browser keeps."""
        return f"Visitor {self.number}"

    @property
    def query(self) -> str:
        """Query string of the address that it opens."""
        embedding = {"embedding": "latent"} if self.trains else {}
        asked = {"sample": f"{self.sample}.h5", "preset": "paper", **embedding, **self.knobs}
        return "&".join(f"{name}={value}" for name, value in asked.items())

    def next_move(self, chance: random.Random) -> tuple[str, str]:
        """Choose the knob that is moved next, and move it.

        Parameters
        ----------
        chance : random.Random

        Returns
        -------
        label : str
            Of its widget.
        name : str
            In `knobs`.
        """
        if chance.random() < 0.5:
            self.knobs["seed"] += 1
            return "Seed", "seed"
        self.knobs["x_weight"] = round(self.knobs["x_weight"] + 0.25, 2)
        return "X weight", "x_weight"

    def check(self, session: Session) -> None:
        """Note what does not belong here.

        Parameters
        ----------
        session : Session
            Just drawn.
        """
        asked = session.asked_for()
        wrong = [f"?{name}={asked.get(name)}" for name, value in self.knobs.items() if not _is(asked.get(name), value)]
        if asked.get("sample") != f"{self.sample}.h5":
            wrong.append(f"the address names {asked.get('sample')}")
        named = any(f"-badge[{as_markdown(self.sample)}]" in text.body for text in session.elements("markdown"))
        wrong += [f"no badge of {self.sample}"] * (not named)
        maps = b"".join(part.SerializeToString() for part in session.elements("bidi_component"))
        wrong += [f"maps of another than {self.sample}"] * (f"predicted domains of {self.sample}".encode() not in maps)
        shown = {"n_clusters": "Clusters", "seed": "Seed", "x_weight": "X weight"}
        wrong += [label for name, label in shown.items() if session.widget(label).value != self.knobs[name]]
        wrong += ["another's name"] * (session.widget("Your name").value != self.user)
        self.complaints += [f"{self.user}: {text}" for text in (*wrong, *session.exceptions)]
        session.exceptions.clear()

    def compare(self, session: Session, sample: Sample, models: Path, cache: StepCache) -> None:
        """Note where the cards differ from what `core` finds for this seat's sample and parameters.

        Parameters
        ----------
        session : Session
        sample : Sample
        models : Path
        cache : StepCache
        """
        flat = knobs.as_flat(preset("paper")) | self.knobs | ({"embedding": "latent"} if self.trains else {})
        scores = pipeline.run(sample, knobs.from_flat(flat), cache=cache, models=models).scores
        cards = {card.label: card.body for card in session.elements("metric")}
        for label, value in (("ARI", scores.ari), ("NMI", scores.nmi)):
            if cards.get(label) != f"{value:.3f}":
                self.complaints.append(f"{self.user}: {label} is {cards.get(label)}, core finds {value:.3f}")


def _is(text: str | None, value: float) -> bool:
    try:
        return text is not None and float(text) == value
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Phase:
    """What a phase showed.

    Parameters
    ----------
    seconds : list of float
        Of each redraw.
    complaints : list of str
    """

    seconds: list[float]
    complaints: list[str]

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """95th percentile, in seconds."""
        return statistics.quantiles(self.seconds, n=20, method="inclusive")[-1]


def report(*, n_sessions: int = N_SESSIONS, seconds: float = SECONDS, settle: float = SETTLE_SECONDS) -> bool:
    """Measure a server and print what was seen.

    Parameters
    ----------
    n_sessions : int
    seconds : float
        Of each of three phases: the bare page, the workbench, the workbench with training beside.
    settle : float
        Seconds between the last session and the measurement of memory.

    Returns
    -------
    bool
        Whether there was neither error nor cross-talk, and ratio and memory stayed within their aims.
    """
    print(f"{n_sessions} sessions, a knob each {_PAUSE_SECONDS[0]:.0f} to {_PAUSE_SECONDS[1]:.0f} s, {seconds:.0f} s")
    print(f"Load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        samples = _write_samples(Path(folder) / "samples")
        indices = {"SPCA_DATA": str(Path(folder) / "samples"), "SPCA_MODELS": str(Path(folder) / "models")}
        with served("benchmarks/bare_page.py", **indices) as server:
            bare = asyncio.run(_bare(server.address, n_sessions, seconds))
        with served("app.py", **indices) as server:
            server_of_lab = _Lab(server, samples, Path(folder) / "models", n_sessions, seconds)
            return asyncio.run(server_of_lab.measure(bare, settle))


def _write_samples(folder: Path) -> dict[str, Sample]:
    """Write the shipped section beside synthetic ones of the sizes of real ones."""
    folder.mkdir()
    shipped = lab.read(ROOT / "spca_dat" / "151673.h5")
    made = [synthesise(n_spots, random_state=n_spots) for n_spots in _SYNTHETIC_SPOTS]
    for sample in (shipped, *made):
        lab.write(sample, folder / f"{sample.name}.h5")
    return {path.stem: lab.read(path) for path in sorted(folder.glob("*.h5"))}


async def _bare(address: str, n_sessions: int, seconds: float) -> Phase:
    """Move a number on the page that computes nothing."""
    times: list[float] = []

    async def sit(number: int, session: Session) -> None:
        chance, until, value = random.Random(number), time.monotonic() + seconds, 0  # noqa: S311 - no secret
        while await _paused(chance, until):
            value += 1
            times.append(await session.turn("Bare number", value))

    async with _opened(address, [""] * n_sessions, [""] * n_sessions) as sessions:
        await _all(sit(number, session) for number, session in enumerate(sessions))
        errors = [text for session in sessions for text in session.exceptions]
    return Phase(times, errors)


async def _paused(chance: random.Random, until: float) -> bool:
    """Wait as a person does between two moves; False once the time is over."""
    await asyncio.sleep(chance.uniform(*_PAUSE_SECONDS))
    return time.monotonic() < until


async def _all(works: Iterable[Coroutine[None, None, None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)


@asynccontextmanager
async def _opened(address: str, queries: Sequence[str], users: Sequence[str]) -> AsyncIterator[list[Session]]:
    """Open sessions one after another, and close them all at the end."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(opened(address, query, user=user))
            for query, user in zip(queries, users, strict=True)
        ]


class _Lab:
    """The workbench under load."""

    def __init__(
        self, server: Server, samples: dict[str, Sample], models: Path, n_sessions: int, seconds: float
    ) -> None:
        self._server, self._samples, self._models = server, samples, models
        self._n_sessions, self._seconds = n_sessions, seconds
        self._round = 0

    async def measure(self, bare: Phase, settle: float) -> bool:
        """Run all phases, and print them as they end."""
        fresh = _server_mib(self._server)
        warm = await self._phase(2 * _PAUSE_SECONDS[1])  # imports, caches, the cluster: what every server comes to have
        before = _server_mib(self._server)
        print(_ROW.format("redraw, ms", "moves", "median", "95th", "x bare 95th"))
        _print_phase("bare page", bare, bare)
        moving = await self._phase(self._seconds)
        _print_phase("workbench", moving, bare)
        training = await self._with_training()
        _print_phase("workbench, training beside", training, bare)
        await asyncio.sleep(settle)
        growth = _server_mib(self._server) - before
        return _verdict(_joined(bare, warm, moving, training), training.p95 / moving.p95, fresh, before, growth)

    async def _phase(self, seconds: float) -> Phase:
        self._round += 1
        seats = self._seats()
        async with _opened(
            self._server.address, [seat.query for seat in seats], [seat.user for seat in seats]
        ) as sessions:  # fmt: skip
            await _all(self._sit(seat, session, seconds) for seat, session in zip(seats, sessions, strict=True))
            self._compare(seats, sessions)
        return Phase(
            [one for seat in seats for one in seat.seconds], [one for seat in seats for one in seat.complaints]
        )

    def _seats(self) -> list[Seat]:
        names = list(self._samples)
        first_training = self._n_sessions - _N_TRAINING
        return [
            Seat(number, names[number % len(names)], number >= first_training, self._round)
            for number in range(self._n_sessions)
        ]

    async def _sit(self, seat: Seat, session: Session, seconds: float) -> None:
        chance, until = random.Random(seat.number), time.monotonic() + seconds  # noqa: S311 - no secret
        seat.check(session)
        try:
            await self._move_about(seat, session, chance, until)
        except (LookupError, TimeoutError, ConnectionClosed) as error:
            seat.complaints.append(f"{seat.user}: {type(error).__name__} {error}")

    @staticmethod
    async def _move_about(seat: Seat, session: Session, chance: random.Random, until: float) -> None:
        if seat.trains:
            await session.press("Train")
        while await _paused(chance, until):
            label, name = seat.next_move(chance)
            seat.seconds.append(await session.turn(label, seat.knobs[name]))
            seat.check(session)
        await _until(session, lambda: not seat.trains or session.has("Trained"))

    def _compare(self, seats: Sequence[Seat], sessions: Sequence[Session]) -> None:
        cache = StepCache()
        for seat, session in zip(seats, sessions, strict=True):
            seat.compare(session, self._samples[seat.sample], self._models, cache)

    async def _with_training(self) -> Phase:
        """Measure the workbench while one more visitor trains the paper's autoencoder, for longer than the phase takes."""
        query = f"sample=151673.h5&preset=paper-ae&epochs={_LONG_EPOCHS}"
        async with opened(self._server.address, query, user="The one who trains") as trainer:
            await trainer.press("Train")
            await _until(trainer, lambda: trainer.has("Training") and trainer.has("Cancel"))
            phase = await self._phase(self._seconds)
            await trainer.redraw()
            still = trainer.has("Training")
            await trainer.press("Cancel")
            await _until(trainer, lambda: trainer.has("Train"))
        ended = [] if still else ["The long training ended before the phase did."]
        return Phase(phase.seconds, [*phase.complaints, *trainer.exceptions, *ended])


async def _until(session: Session, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.5)
            await session.redraw()


def _joined(*phases: Phase) -> list[str]:
    return [text for phase in phases for text in phase.complaints]


def _server_mib(server: Server) -> float:
    """Memory of the server and of the process that holds its cluster; the workers, one level further down, are left out."""
    process = psutil.Process(server.process)
    return sum(one.memory_info().rss for one in (process, *process.children())) / _MIB


def _print_phase(name: str, phase: Phase, bare: Phase) -> None:
    times = [f"{1000 * value:.0f}" for value in (phase.median, phase.p95)]
    print(_ROW.format(name, len(phase.seconds), *times, f"{phase.p95 / bare.p95:.1f}"), flush=True)


def _verdict(complaints: list[str], ratio: float, fresh: float, before: float, growth: float) -> bool:
    print(f"Errors and cross-talk: {len(complaints)}")
    for text in complaints[:20]:
        print(f"  {text}")
    print(f"95th percentile with training beside, against without: {ratio:.2f} (aim {_P95_RATIO})")
    print(
        f"Server without workers: {fresh:.0f} MiB before anyone came, {before:.0f} MiB once all had been there, "
        f"{growth:+.0f} MiB after the run (aim {_GROWTH_MIB:.0f})"
    )
    print(f"Load after: {os.getloadavg()[0]:.1f}")
    return not complaints and ratio <= _P95_RATIO and growth <= _GROWTH_MIB
