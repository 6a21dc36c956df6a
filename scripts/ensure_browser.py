"""Print the path of a Chromium for the browser tests, and install one where there is none.

Order: the variable CHROMIUM, one on the PATH, the one that Playwright brought before, Playwright's download, and Debian's
package where the user is root. Where all fail, one sentence says what to install, and the exit status is 1.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""What a Chromium may be called."""

_STARTS = ("--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "about:blank")


def main() -> int:
    """Find or install a browser.

    Returns
    -------
    int
        Exit status.
    """
    browser = find() or _download() or _apt()
    if browser is None:
        print(
            "There is no Chrome or Chromium for the browser tests, and none could be installed: install one "
            "(Debian: `sudo apt install chromium`; Ubuntu: `.venv/bin/playwright install --with-deps chromium`), "
            "or name one with CHROMIUM=/path/to/it.",
            file=sys.stderr,
        )
        return 1
    print(browser)
    return 0


def find() -> str | None:
    """Look for a browser that starts.

    Returns
    -------
    str or None
        Its path.
    """
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), _playwrights_own()]
    return next((path for path in candidates if path and _starts(path)), None)


def _playwrights_own() -> str:
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _starts(path: str) -> bool:
    # Ubuntu's `chromium-browser` can be a stub that only says how to install another package: so start it.
    if not Path(path).exists():
        return False
    try:
        return subprocess.run([path, *_STARTS], capture_output=True, timeout=60, check=False).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False


def _download() -> str | None:
    _say("No Chrome or Chromium found: asking Playwright to download one.")
    with_libraries = ["--with-deps"] if _is_root() else []
    _run([sys.executable, "-m", "playwright", "install", *with_libraries, "chromium"])
    return find()


def _apt() -> str | None:
    if not (_is_root() and shutil.which("apt-get")):
        return None
    _say("That was refused: installing Debian's chromium.")
    _run(["apt-get", "update", "-qq"])
    _run(["apt-get", "install", "-y", "-qq", "chromium"])
    return find()


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _run(command: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # What the installers print is for people; standard output is for the path alone.
    subprocess.run(command, stdout=sys.stderr, env=environment, check=False, timeout=600)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
