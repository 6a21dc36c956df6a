"""Write `requirements.lock`: every package that the product needs here, with the version that the tests ran with.

python -m scripts.lock
"""

import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
_HEAD = "# What the tests ran with, all that requirements.txt brings included: `make lock` writes this, `make sbom` and `make audit` read it.\n"


def locked(first: list[str]) -> dict[str, str]:
    """Follow requirements to all that they need in this environment.

    Parameters
    ----------
    first : list of str
        As in `requirements.txt`.

    Returns
    -------
    dict of str to str
        Versions by name; a local part of one, such as `+cpu`, is left out.
    """
    found: dict[str, str] = {}
    waiting = [Requirement(line) for line in first]
    while waiting:
        wanted = waiting.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name in found:
            continue
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:  # for another system
            continue
        for line in requires(name) or ():
            needed = Requirement(line)
            if any(needed.marker is None or needed.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
                waiting.append(needed)
    return dict(sorted(found.items()))


def main() -> None:
    """Write the file."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found = locked([line for line in lines if line and not line.startswith("#")])
    LOCK.write_text(_HEAD + "".join(f"{name}=={of}\n" for name, of in found.items()), encoding="utf-8")
    print(f"{LOCK.name}: {len(found)} packages")


if __name__ == "__main__":
    main()
