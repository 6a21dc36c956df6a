"""Very many cells on Tune in a real Chromium: first picture, frames while the camera moves, a cheap knob, bytes, memory.

A frame counts when the maps were drawn in it. Absolute times depend on the machine and on who else uses it. Linux only: memory is
read from /proc. Nothing is written but a temporary folder.
"""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, Response

from benchmarks.page import KNOBS, move, resident_mib
from core.io import lab
from core.io.synthetic import synthesise
from scripts.chromium import chromium, served

AIMS: Mapping[int, Mapping[str, float]] = {
    100_000: {"picture s": 5, "pan": 30, "zoom": 30, "knob ms": 1000},
    1_000_000: {"picture s": 15, "pan": 15, "zoom": 15, "server MiB": 6144, "browser MiB": 1536},
}
"""First picture, frames a second, a cheap knob and memory, by number of cells."""

_FLOORS = ("pan", "zoom")  # figures that should be high; all others low
_N_GENES = 500
_SECONDS = 3.0  # of a drag, and of turning the wheel
_SIZE = {"width": 1440, "height": 900}
_PATIENCE_MS = 900_000
_CHEAP = next(knob for knob in KNOBS if knob.name == "Refinement")
_VIEW = "[...document.querySelectorAll('*')].map(node => node.shadowRoot?.tissueView).find(Boolean)"
_DRAWN = (
    f"() => {{ const view = {_VIEW}; return view?.panels.length > 1 && view.panels.every(panel => panel.colouring); }}"
)
_COUNT = f"""() => {{
  const view = {_VIEW}, draw = view.drawAll.bind(view);
  window.frames_drawn = 0;
  view.drawAll = () => {{ draw(); window.frames_drawn += 1; view.panels[0].spots.getContext("2d").getImageData(0, 0, 1, 1); }};
}}"""  # a canvas may put its work off: reading a pixel asks for it


@dataclass(slots=True)
class _Peaks:
    """Highest memory of the server and of the browser's processes, MiB."""

    server: float = 0.0
    browser: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)


def report(*, cells: int, file: Path | None = None) -> bool:
    """Measure the page with so many cells and print what was seen.

    Parameters
    ----------
    cells : int
        That are made, and whose aims count.
    file : Path, optional
        A sample of about so many cells, opened in place of synthetic ones.

    Returns
    -------
    bool
        Whether the aims for this number of cells, if there are any, were met.
    """
    print(f"{f'{cells:,} synthetic cells' if file is None else file}, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if file is None:
            lab.write(synthesise(cells, n_genes=_N_GENES, cells=True), Path(folder) / "cells.h5", level=1)
        else:
            shutil.copy(file, folder)
        figures = _measure(Path(folder))
    aims = AIMS.get(cells, {})
    for name, value in figures.items():
        aim = f"(aim {aims[name]:,.0f})" if name in aims else ""
        print(f"{name:<28} {value:>10,.1f} {aim}")
    print(f"load {os.getloadavg()[0]:.1f}")
    return all(figures[name] >= aim if name in _FLOORS else figures[name] <= aim for name, aim in aims.items())


def _measure(folder: Path) -> dict[str, float]:
    places = {"SPCA_DATA": str(folder), "SPCA_MODELS": str(folder), "SPCA_PRESET": "recommended"}
    with served("app.py", **places) as server, chromium() as browser, _watched(server.process) as peaks:
        figures = {"first visitor, cold, s": _visit(browser, server.address, lambda page, _: None)["picture s"]}
        figures |= _visit(browser, server.address, _moves)
    return figures | {"server MiB": peaks.server, "browser MiB": peaks.browser}


def _visit(browser: Browser, address: str, act: Callable[[Page, dict[str, float]], None]) -> dict[str, float]:
    """Open the page, wait until its maps are drawn, and act on it."""
    context = browser.new_context(viewport=_SIZE)  # type: ignore[arg-type]
    page, sizes = context.new_page(), list[int]()
    page.set_default_timeout(_PATIENCE_MS)
    page.on("response", lambda answer: sizes.append(_length(answer)))
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sizes.append(len(frame))))
    started = time.perf_counter()
    page.goto(address)
    page.wait_for_function(_DRAWN)
    figures = {"picture s": time.perf_counter() - started, "MB to the picture": sum(sizes) / 1e6}
    sizes.clear()
    act(page, figures)
    context.close()
    return figures


def _length(answer: Response) -> int:
    return int(answer.headers.get("content-length", 0))


def _moves(page: Page, figures: dict[str, float]) -> None:
    page.wait_for_function(
        """document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning" """
    )
    page.wait_for_timeout(2000)  # charts
    page.evaluate(_COUNT)
    figures["pan"], figures["pan, zoomed in"] = _drag(page), 0.0
    figures["zoom"] = _wheel(page)
    figures["pan, zoomed in"] = _drag(page)
    page.get_by_role("button", name="Fit").click()
    figures["knob ms"] = move(page, _CHEAP)


def _drag(page: Page) -> float:
    x, y = _middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    frames = _frames(
        page,
        x,
        y,
        """new PointerEvent("pointermove", {...here, pointerId: 1, buttons: 1,
             clientX: here.clientX + 3 * (step % 20), clientY: here.clientY + 3 * (step % 13)})""",
    )
    page.mouse.up()
    page.wait_for_timeout(1000)
    return frames


def _wheel(page: Page) -> float:
    page.mouse.click(*_middle(page))
    frames = _frames(page, *_middle(page), """new WheelEvent("wheel", {...here, deltaY: step % 40 < 20 ? -40 : 40})""")
    for _ in range(5):
        page.mouse.wheel(0, -100)
    page.wait_for_timeout(1000)
    return frames


def _frames(page: Page, x: float, y: float, event: str) -> float:
    """Send an event to the map at x, y before each frame, and count frames in which maps were drawn, a second.

    The events come from the page itself: sent from here and awaited one by one they come 24 to 40 times a second, whatever is drawn.
    """
    frames: float = page.evaluate(
        f"""([x, y, seconds]) => new Promise((done) => {{
          const here = {{ clientX: x, clientY: y, bubbles: true, composed: true, cancelable: true }};
          let target = document.elementFromPoint(x, y), step = 0;
          while (target.shadowRoot?.elementFromPoint(x, y)) target = target.shadowRoot.elementFromPoint(x, y);
          const started = performance.now();
          window.frames_drawn = 0;
          const next = () => {{
            target.dispatchEvent({event});
            step += 1;
            const passed = (performance.now() - started) / 1000;
            if (passed < seconds) requestAnimationFrame(next);
            else done(window.frames_drawn / passed);
          }};
          requestAnimationFrame(next);
        }})""",
        [x, y, _SECONDS],
    )
    return frames


def _middle(page: Page) -> tuple[float, float]:
    box = page.locator(".stage .marks").first.bounding_box()
    if box is None:
        raise RuntimeError("The page shows no maps.")
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@contextmanager
def _watched(server: int) -> Iterator[_Peaks]:
    """Look at the memory of the server and of the browser four times a second."""
    peaks = _Peaks()

    def watch() -> None:
        while not peaks.ended.wait(0.25):
            peaks.server = max(peaks.server, resident_mib(server))
            peaks.browser = max(peaks.browser, sum(map(resident_mib, _browsers())))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        peaks.ended.set()
        thread.join()


def _browsers() -> list[int]:
    """List the processes of the browser that this one started, by their parents."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        children.setdefault(parent, []).append(int(status.parent.name))
    found, ahead = list[int](), [os.getpid()]
    while ahead:
        below = children.get(ahead.pop(), [])
        ahead += below
        found += below
    return [process for process in found if "chrom" in _command(process)]


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text()
    except OSError:
        return ""
