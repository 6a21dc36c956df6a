"""The Tune page in a real Chromium: from key press to redrawn maps, beside a page that computes nothing; first picture; memory.

Absolute times depend on the machine and on who else uses it; the ratios of one run are what counts. Linux only: the
server's memory is read from /proc. Nothing is written but a temporary folder.
"""

import math
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks import traffic
from benchmarks.traffic import Traffic
from core.io import lab
from core.io.synthetic import synthesise
from scripts.chromium import ROOT, Server, chromium, served

_SECTIONS = (ROOT.parent / "shared" / "data" / "spca_dat" / "sample_151507.h5", ROOT / "spca_dat" / "151673.h5")
_N_LARGE = 50_000
_FEWER = 5  # moves on the large tissue are so many times fewer
_MEMORY_MOVES = 200
_MEMORY_BUDGET_MB = 64  # smaller than the default, to be full sooner
_FIRST_PICTURE_S = {"first visitor": 3.0, "second visitor": 2.0}
_WARM_UP_S = 8  # a server that was just started makes the first picture ready
_GROWTH_MIB = 50.0
_PATIENCE_MS = 120_000
_SETTLE_MS = 400  # what is told of the maps is asked for once they have rested
_QUIET_LOAD, _QUIET_S, _LONGEST_WAIT_S = 0.5, 20, 600
_ROW = "{:<16} {:>9} {:>9} {:>9} {:>9} {:>6} {:>7} {:>8}"

# The component names its maps anew at each call and draws them in the same task: the frame after that shows them.
_WATCH = """maps => {
  const watch = window.watch = { pressed: 0, drawn: 0, canvases: new Set(maps.querySelectorAll("canvas")) };
  addEventListener("keydown", () => { [watch.pressed, watch.drawn] = [performance.now(), 0]; }, true);
  const drawn = () => { watch.drawn ||= performance.now(); };
  new MutationObserver(() => requestAnimationFrame(() => setTimeout(drawn)))
    .observe(maps, { subtree: true, attributes: true, attributeFilter: ["aria-label"] });
}"""
_REBUILT = (
    """maps => [...maps.querySelectorAll("canvas")].filter(canvas => !window.watch.canvases.has(canvas)).length"""
)
_IDLE = """document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning" """
_DRAWN_OR_EQUAL = f"window.watch.drawn > 0 || (performance.now() > window.watch.pressed + 5000 && {_IDLE})"


@dataclass(frozen=True, slots=True)
class Knob:
    """A live knob: how to find it on the page, where it starts, and how slow it may be.

    Parameters
    ----------
    name : str
        How its label begins.
    role : {"slider", "spinbutton"}
    start : str
        Part of the address.
    aims : dict of str to float
        Most milliseconds of the median, by preset.
    to_and_fro : bool
        Whether every second move goes back: further ones would change nothing.
    """

    name: str
    role: str
    start: str
    aims: Mapping[str, float]
    to_and_fro: bool = False

    @property
    def keys(self) -> tuple[str, str]:
        """Keys that turn it down and up."""
        return ("ArrowLeft", "ArrowRight") if self.role == "slider" else ("ArrowDown", "ArrowUp")


KNOBS = (
    Knob("Angle", "slider", "angle=0.1", {"paper": 120, "recommended": 200}),
    Knob("X weight", "spinbutton", "x_weight=1.0", {"paper": 120, "recommended": 200}),
    Knob("Scale alpha", "spinbutton", "scale=1.0", {"paper": 120, "recommended": 1000}),
    Knob("Clusters", "spinbutton", "n_clusters=2", {"paper": 120, "recommended": 200}),
    Knob("Seed", "spinbutton", "seed=0", {"paper": 120, "recommended": 600}),
    Knob("Refinement", "slider", "refinement=0", {"paper": 120, "recommended": 200}, to_and_fro=True),
    Knob("Window k", "slider", "window=2", {"paper": 250, "recommended": 1000}),
)
_RATIO_AIM = 2.0  # times the bare page, with the paper's preset; not for the window, which pools anew
_BARE = {"slider": Knob("Bare slider", "slider", "", {}), "spinbutton": Knob("Bare number", "spinbutton", "", {})}


PARTS = ("section", "large", "memory")
"""What is measured: a section of real size, 50,000 spots, the server's memory over many moves."""


def report(*, moves: int, preset: str = "paper", parts: Sequence[str] = PARTS, anyway: bool = False) -> bool:
    """Measure the page and print what was seen.

    Parameters
    ----------
    moves : int
        Times that each knob is moved.
    preset : {"paper", "recommended"}
        What the page opens with.
    parts : sequence of str
        Of :data:`PARTS`.
    anyway : bool
        Measure at once, also on a busy machine: what comes out is then no result.

    Returns
    -------
    bool
        Whether the section of real size and the memory met every aim; on the large tissue there is none.
    """
    quiet = not anyway and _wait_until_quiet()
    if not quiet:
        print(
            "The machine is busy or was not looked at: the bare page is slow then, too, so no ratio below is a result."
        )
    section = next(path for path in _SECTIONS if path.exists())
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        copied = _copied(section, Path(folder) / "section")
        print(f"Section {section.stem}, preset {preset}")
        met = "section" not in parts or _report_section(browser, copied, moves, preset)
        if "large" in parts:
            _report_large(browser, Path(folder) / "large", max(2, moves // _FEWER), preset)
        return quiet & met & ("memory" not in parts or _report_memory(browser, copied))


def _wait_until_quiet() -> bool:
    """Wait until the load has been low for a while; whether it came to that."""
    end = time.monotonic() + _LONGEST_WAIT_S
    low_since = time.monotonic()
    while time.monotonic() < end:
        if os.getloadavg()[0] >= _QUIET_LOAD:
            low_since = time.monotonic()
        elif time.monotonic() - low_since >= _QUIET_S:
            return True
        time.sleep(1)
    return False


def _copied(section: Path, folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(section, folder)
    return folder


def _report_section(browser: Browser, folder: Path, moves: int, preset: str) -> bool:
    with _both(folder, preset) as (app, bare):
        _first_pictures(browser, bare.address, "bare page")
        first = _first_pictures(browser, app.address, "workbench")
        in_time = all(first[visitor] <= aim for visitor, aim in _FIRST_PICTURE_S.items())
        return _report_moves(browser, app, bare, moves, preset) & in_time


def _report_large(browser: Browser, folder: Path, moves: int, preset: str) -> None:
    folder.mkdir()
    lab.write(synthesise(_N_LARGE), folder / f"synthetic_{_N_LARGE}.h5")
    print(f"\n{_N_LARGE:,} synthetic spots")
    with _both(folder, preset) as (app, bare):
        _report_moves(browser, app, bare, moves, preset)


@contextmanager
def _both(folder: Path, preset: str) -> Iterator[tuple[Server, Server]]:
    environment = {"SPCA_DATA": str(folder), "SPCA_MODELS": str(folder), "SPCA_PRESET": preset}
    with served("app.py", **environment) as app, served("benchmarks/bare_page.py", **environment) as bare:
        time.sleep(_WARM_UP_S)
        yield app, bare


def _first_pictures(browser: Browser, address: str, which: str) -> dict[str, float]:
    """Open a page twice, on a server that has been up for some seconds; seconds of each visitor."""
    seconds = {}
    for visitor, aim in _FIRST_PICTURE_S.items():
        started = time.perf_counter()
        page = _opened(browser, address)
        seconds[visitor] = time.perf_counter() - started
        page.context.close()
        print(f"First picture, {which}, {visitor}: {seconds[visitor]:.2f} s (aim of the workbench {aim:.0f} s)")
    return seconds


def _report_moves(browser: Browser, app: Server, bare: Server, moves: int, preset: str) -> bool:
    print(f"\nKey press to redrawn maps, ms, {moves} moves each, alternating:")
    print(_ROW.format("knob", "bare p50", "bare p95", "page p50", "page p95", "ratio", "aim ms", "rebuilt"))
    met = [_report_knob(browser, app, bare, knob, moves, preset) for knob in KNOBS]
    return all(met)


def _report_knob(browser: Browser, app: Server, bare: Server, knob: Knob, moves: int, preset: str) -> bool:
    still, live = _opened(browser, bare.address), _opened(browser, f"{app.address}/?{knob.start}")
    # The first move of each page is not counted: the browser compiles and caches on it.
    pairs = [_traced_beside(still, live, knob, number) for number in range(moves + 1)][1:]
    pairs = [(bare, page) for bare, page in pairs if bare is not None and page is not None]
    rebuilt = live.locator(".maps").evaluate(_REBUILT)
    for page in (still, live):
        page.context.close()
    if not pairs:
        print(f"{knob.name}: no move changed the maps")
        return False
    plain, moved = zip(*pairs, strict=True)
    bare_p50, bare_p95 = _median_and_95th([move.milliseconds for move in plain])
    page_p50, page_p95 = _median_and_95th([move.milliseconds for move in moved])
    times = [f"{ms:.0f}" for ms in (bare_p50, bare_p95, page_p50, page_p95)]
    ratio, aim = page_p50 / bare_p50, knob.aims[preset]
    print(_ROW.format(knob.name, *times, f"{ratio:.2f}", f"{aim:.0f}", rebuilt))
    print(f"    {traffic.in_words(moved)}", flush=True)
    near = preset != "paper" or knob.name.startswith("Window") or ratio <= _RATIO_AIM
    return bool(page_p50 <= aim and near and rebuilt == 0)


def _median_and_95th(times: Sequence[float]) -> tuple[float, float]:
    return statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[-1]


def _opened(browser: Browser, address: str) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    traffic.record(context)
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(address)
    page.locator(".legend .label").first.wait_for()
    return page


def _traced_beside(still: Page, live: Page, knob: Knob, number: int) -> tuple[Traffic | None, Traffic | None]:
    return _traced(still, _BARE[knob.role]), _traced(live, knob, up=not (knob.to_and_fro and number % 2))


def _traced(page: Page, knob: Knob, *, up: bool = True) -> Traffic | None:
    """Move a knob, and read what travelled for it; None if the maps came out equal."""
    milliseconds = move(page, knob, up=up)
    page.wait_for_function(_IDLE)
    page.wait_for_timeout(_SETTLE_MS)  # what is told of the maps comes after them
    page.wait_for_function(_IDLE)
    pressed, drawn = page.evaluate("[window.watch.pressed, window.watch.drawn]")
    read = traffic.read(page, pressed, drawn)
    return None if math.isnan(milliseconds) else read


def move(page: Page, knob: Knob, *, up: bool = True) -> float:
    """Press a key once the page is at rest; milliseconds until the maps were redrawn, NaN if they came out equal."""
    page.wait_for_function(_IDLE)
    page.wait_for_timeout(_SETTLE_MS)
    if page.evaluate("window.watch === undefined"):
        page.locator(".maps").evaluate(_WATCH)
    page.get_by_role(knob.role, name=re.compile(f"^{knob.name}")).press(knob.keys[up])  # type: ignore[arg-type]
    page.wait_for_function(_DRAWN_OR_EQUAL)
    return float(page.evaluate("window.watch.drawn ? window.watch.drawn - window.watch.pressed : NaN"))


def _report_memory(browser: Browser, folder: Path) -> bool:
    budget = {"SPCA_CACHE_MB": str(_MEMORY_BUDGET_MB)}
    with served("app.py", SPCA_DATA=str(folder), SPCA_MODELS=str(folder), **budget) as app:
        page = _opened(browser, f"{app.address}/?angle=1.0&x_weight=30.0&n_clusters=30&seed=50&window=30")
        _move_about(page, _MEMORY_MOVES // 2)  # fills the cache
        before = resident_mib(app.process)
        _move_about(page, _MEMORY_MOVES)
        growth = resident_mib(app.process) - before
        page.context.close()
    print(
        f"\n{_MEMORY_MOVES} moves with a full cache of {_MEMORY_BUDGET_MB} MiB: the server's {before:.0f} MiB grew by "
        f"{growth:.1f} MiB (aim {_GROWTH_MIB:.0f} MiB)"
    )
    return growth <= _GROWTH_MIB


def _move_about(page: Page, moves: int) -> None:
    """Turn all knobs by turns, down in the first half and back up in the second."""
    for number in range(moves):
        move(page, KNOBS[number % len(KNOBS)], up=number >= moves // 2)


def resident_mib(process: int) -> float:
    """Read how much memory a process has, in MiB; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0) / 1024
