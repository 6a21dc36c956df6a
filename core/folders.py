"""Folders of samples and models, for the pages and the command line.

In a checkout they lie beside `app.py`. Where the package is installed instead, they lie where the system keeps a user's data, so
that the same samples and runs are there from whatever folder it is started.
"""

import os
from pathlib import Path

from platformdirs import user_data_path

_PACKAGES = Path(__file__).resolve().parents[1]
_INSTALLED = _PACKAGES / "spatial_domains"


def installed() -> bool:
    """Whether this runs from installed packages instead of a checkout.

    Returns
    -------
    bool
    """
    return _INSTALLED.is_dir()


def app_folder() -> Path:
    """Where `app.py`, its pages and the section that ships lie.

    Returns
    -------
    Path
    """
    return _INSTALLED if installed() else _PACKAGES


def samples_folder() -> Path:
    """Where samples lie: `SPCA_DATA` where it is set, else `spca_dat/`.

    Returns
    -------
    Path
    """
    return _folder("SPCA_DATA", "spca_dat")


def models_folder() -> Path:
    """Where trained models and the record of runs are kept: `SPCA_MODELS` where it is set, else `save_model/`.

    Returns
    -------
    Path
    """
    return _folder("SPCA_MODELS", "save_model")


def _folder(variable: str, default: str) -> Path:
    if named := os.environ.get(variable):
        return Path(named)
    return (user_data_path("spatial-domains", appauthor=False) if installed() else _PACKAGES) / default
