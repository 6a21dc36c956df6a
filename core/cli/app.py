"""`app`: start the dashboard."""

import argparse
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

from core.cli.options import at_least_one
from core.folders import app_folder, installed, models_folder, samples_folder


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser("app", help="start the dashboard", allow_abbrev=False)
    parser.add_argument("--port", type=at_least_one, default=8501, help="port of the dashboard (default 8501)")
    parser.set_defaults(run=_start)


def _start(options: argparse.Namespace) -> None:
    if installed():
        _say_where(samples_folder(), models_folder())
    sys.argv = ["streamlit", "run", str(app_folder() / "app.py"), f"--server.port={options.port}"]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _say_where(samples: Path, models: Path) -> None:
    """Outside a checkout, name the folders, and fill the first one."""
    sys.stderr.write(
        f"Samples are read from {samples}, and models and runs are kept in {models}. SPCA_DATA and SPCA_MODELS name other folders.\n"
    )
    if not samples.exists():
        shutil.copytree(app_folder() / "spca_dat", samples)
