"""Pictures of the pages for the README: `python -m scripts.screenshots` writes them to `docs/pictures/`."""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

from core.work.runs import open_record
from scripts.chromium import ROOT, chromium, served_app

FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1440, 900
LEGEND = ".legend .label"
SHOTS = {
    "tune_light_1440.png": ("/", LEGEND, HEIGHT),
    "tune_dark_1440.png": ("/", LEGEND, HEIGHT),
    "tissue_light_1440.png": ("/tissue", LEGEND, HEIGHT),
    "sweep_light_1440.png": ("/sweep", ".js-plotly-plot", 1420),
    "runs_light_1440.png": ("/runs", LEGEND, HEIGHT),
}
"""The page of each picture that README.md shows, what is awaited there, and how high the picture is in pixels."""
SWEEP = ["sweep", "spca_dat/151673.h5", "--preset", "paper", "--grid", "window=2,6,10,14", "--grid", "x-weight=1,2,5"]
"""What the pages of sweeps and runs show."""
_SETTLE_MS, _LOAD_MS = 1500, 120_000  # of a busy machine


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as models, ExitStack() as stack:
        subprocess.run([sys.executable, "-m", "core", *SWEEP, "--models", models], cwd=ROOT, check=True)  # noqa: S603 - our own command
        best = sorted(open_record(Path(models)).runs(), key=lambda run: -(run.scores.ari or 0.0))
        chosen = "&".join(f"chosen={run.id}" for run in (best[0], best[-1]))  # which Runs compares
        address, browser = stack.enter_context(served_app(SPCA_MODELS=models)), stack.enter_context(chromium())
        for name in SHOTS:
            _shoot(browser, address, name, chosen if name.startswith("runs_") else "")


def _shoot(browser: Browser, address: str, name: str, query: str) -> None:
    path, awaited, height = SHOTS[name]
    file = FOLDER / name
    scheme: Literal["light", "dark"] = "dark" if "_dark_" in name else "light"
    page = browser.new_page(viewport={"width": WIDTH, "height": height}, color_scheme=scheme)
    page.set_default_timeout(_LOAD_MS)
    page.goto(f"{address}{path}?{query}")
    page.locator(awaited).first.wait_for()
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=file)
    page.close()
    print(file.relative_to(ROOT))


if __name__ == "__main__":
    main()
