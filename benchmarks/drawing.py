"""Drawing on the maps in a real Chromium: from the move of the pointer until the page shows what it painted.

Times are the page's own (`performance.now`), from the event to the end of the frame that shows it. The server is told, but not
waited for. Absolute times depend on the machine and on who else uses it. Nothing is written.
"""

import statistics
from collections.abc import Mapping

from playwright.sync_api import Page

from core.errors import FigureError
from scripts.chromium import chromium, served

AIMS_MS: Mapping[int, float] = {4_226: 16.0, 100_000: 50.0}
"""Most milliseconds of the median, by number of spots."""

_VIEW = "[...document.querySelectorAll('*')].map(node => node.shadowRoot?.tissueView).find(Boolean)"
# The work of an event, until the browser has its picture: a canvas may put its work off, and reading a pixel asks for it.
_WATCH = f"""() => {{
  const view = {_VIEW}, marks = view.panels[0].marks;
  window.took = {{ move: [], up: [] }};
  for (const [name, list] of [["pointermove", took.move], ["pointerup", took.up]]) {{
    const act = marks["on" + name];
    marks["on" + name] = event => {{
      const from = performance.now();
      const painting = view.drawing.stroke !== null;
      act(event);
      if (!painting) return;
      view.panels[0].spots.getContext("2d").getImageData(0, 0, 1, 1);
      list.push(performance.now() - from);
    }};
  }}
}}"""
_PATIENCE_MS = 120_000


def report(*, strokes: int) -> bool:
    """Measure and print strokes of the brush.

    Parameters
    ----------
    strokes : int
        Times that a line is painted across the tissue, at each number of spots.

    Returns
    -------
    bool
        Whether every median was below its aim.
    """
    row = "{:>8} {:<22} {:>6} {:>9} {:>9} {:>9}"
    print(row.format("spots", "what", "n", "median", "95%", "aim"))
    met = True
    with chromium() as browser:
        for n_spots, aim in AIMS_MS.items():
            with served("benchmarks/drawing_page.py", DRAWN_SPOTS=str(n_spots)) as server:
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.set_default_timeout(_PATIENCE_MS)
                page.goto(server.address)
                took = _strokes(page, strokes)
                page.close()
            for what, times in took.items():
                median, high = statistics.median(times), sorted(times)[int(0.95 * (len(times) - 1))]
                met &= median <= aim
                print(
                    row.format(f"{n_spots:,}", what, len(times), f"{median:.1f} ms", f"{high:.1f} ms", f"{aim:.0f} ms")
                )
    return met


def _strokes(page: Page, n_strokes: int) -> Mapping[str, list[float]]:
    page.locator(".legend .label").first.wait_for()
    page.get_by_role("button", name="Brush").click()
    page.evaluate(_WATCH)
    if (box := page.locator(".marks").first.bounding_box()) is None:
        raise FigureError("The page shows no map.")
    for stroke in range(n_strokes):
        height = box["y"] + box["height"] * (0.1 + 0.75 * stroke / n_strokes)
        page.mouse.move(box["x"] + 0.2 * box["width"], height)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.8 * box["width"], height + 20, steps=30)
        page.mouse.up()
    took = page.evaluate("window.took")
    return {"a move of the brush": took["move"], "the end of a stroke": took["up"]}
