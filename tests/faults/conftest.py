"""Faults are tried several times over: what happens once in ten is found here, not in the lab."""

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test here its number of times."""
    if "time_over" in metafunc.fixturenames:
        metafunc.parametrize("time_over", range(metafunc.config.getoption("--fault-times")))


@pytest.fixture(autouse=True)
def _each_several_times(time_over):
    """Every test of this folder."""
