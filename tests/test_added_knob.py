"""One declaration is all that a new knob needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def appears(tmp_path_factory):
    folder = tmp_path_factory.mktemp("added_knob")
    command = [sys.executable, "-m", "tests.added_knob", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("where", "how"),
    [
        # Fields have no limits of their own: the server says which number it did not take.
        ("form", [["Sharpness (default 0.5)", None, None, 0.5]]),
        ("sections", [["Sharpness (default 0.5)", None, None, 0.5]]),
        ("command line", [["clustering.sharpness", 0.7]]),
        ("address", [{"preset": "paper", "sharpness": "0.7"}, []]),
        ("sweeps", [True, False]),
        ("grid", [0.1, 0.15, 0.5, 1.0]),
        ("search", [0.1, 1.0, True, "FloatDistribution(high=1.0, log=True, low=0.1, step=None)"]),
        ("distribution", "FloatDistribution(high=1.0, log=False, low=0.1, step=None)"),
        ("record", [0.7, True]),
        ("report", [["Clustering", "Sharpness", ["0.7"]]]),
        ("nearest preset", [True, "Paper without autoencoder, 8 clusters, sharpness 0.7"]),
    ],
)
def test_a_knob_that_only_a_declaration_names_appears_everywhere(appears, where, how):
    assert appears[where] == how
