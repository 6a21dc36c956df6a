"""Where samples and models lie, for the pages and the command line alike."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def samples_folder() -> Path:
    """Where samples lie: `SPCA_DATA` where it is set, else `spca_dat/` beside `app.py`.

    Returns
    -------
    Path
    """
    return _folder("SPCA_DATA", "spca_dat")


def models_folder() -> Path:
    """Where trained models and the record of runs are kept: `SPCA_MODELS` where it is set, else `save_model/` beside `app.py`.

    Returns
    -------
    Path
    """
    return _folder("SPCA_MODELS", "save_model")


def _folder(variable: str, usual: str) -> Path:
    return Path(os.environ.get(variable) or _ROOT / usual)
