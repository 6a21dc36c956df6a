"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("whatever the load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("whatever the load")

_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real tissue that may be measured but not shipped: a folder beside the project."""
    if not _SHARED_DATA.is_dir():
        pytest.skip("needs the real sections in ../shared/data, which are not part of the project")
    return _SHARED_DATA


@pytest.fixture(autouse=True)
def the_environment_stays() -> Iterator[None]:
    """Commands may change their process's environment, such as the log level of workers, which other tests would inherit."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def spca_dat(shared_data: Path) -> Path:
    """The lab's own files among them."""
    return shared_data / "spca_dat"


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long mutated files are tried, and how often faults."""
    parser.addoption("--fuzz-seconds", type=float, default=8.0, help="seconds for mutated files (default 8)")
    parser.addoption("--fault-times", type=int, default=2, help="how often each fault is tried (default 2)")
