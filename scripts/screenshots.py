"""Pictures of the pages for the README: `python -m scripts.screenshots` writes them to `docs/pictures/`."""

import subprocess
import sys
import tempfile
from contextlib import ExitStack

from playwright.sync_api import Browser

from scripts.chromium import ROOT, chromium, served_app

FOLDER = ROOT / "docs" / "pictures"
SHOTS = (("light", 1440), ("dark", 1440), ("light", 1024))
LEGEND, LAST_CHART, LAST_LESSON = ".legend .label", ".js-plotly-plot >> nth=1", "text=Seed 2"
PAGES = {
    "tune": ("/", LEGEND, 900),
    "tune_charts": ("/", LAST_CHART, 1420),
    "tissue": ("/tissue", LEGEND, 900),
    "method": ("/method", LAST_LESSON, 2300),
    "sweep": ("/sweep", ".js-plotly-plot", 1420),
    "runs": ("/runs", "[data-testid=stDataFrame]", 900),
}
"""Where each picture is taken, what is awaited, and how high it is in pixels."""
SWEEP = ["sweep", "spca_dat/151673.h5", "--preset", "paper", "--grid", "window=2,6,10,14", "--grid", "x-weight=1,2,5"]
"""What the pages of sweeps and runs show."""
_SETTLE_MS = 1500


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as models, ExitStack() as stack:
        subprocess.run([sys.executable, "-m", "core", *SWEEP, "--models", models], cwd=ROOT, check=True)  # noqa: S603 - our own command
        address, browser = stack.enter_context(served_app(SPCA_MODELS=models)), stack.enter_context(chromium())
        for scheme, width in SHOTS:
            for name in PAGES:
                _shoot(browser, address, name, scheme, width)


def _shoot(browser: Browser, address: str, name: str, scheme: str, width: int) -> None:
    place, awaited, height = PAGES[name]
    path = FOLDER / f"{name}_{scheme}_{width}.png"
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address + place)
    page.locator(awaited).first.wait_for()
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=path)
    page.close()
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
