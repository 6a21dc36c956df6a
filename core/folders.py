"""Where samples and models lie, for the pages and the command line alike."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def samples_folder() -> Path:
    """Where samples lie.

    Returns
    -------
    Path
        `SPCA_DATA` where it is set, else `spca_dat/` beside `app.py`.
    """
    return Path(os.environ.get("SPCA_DATA") or _ROOT / "spca_dat")


def models_folder() -> Path:
    """Where trained models are kept, and the record of runs beside them.

    Returns
    -------
    Path
        `SPCA_MODELS` where it is set, else `save_model/` beside `app.py`.
    """
    return Path(os.environ.get("SPCA_MODELS") or _ROOT / "save_model")
