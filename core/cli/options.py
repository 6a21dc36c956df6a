"""Options that several commands share, and the values they accept."""

import argparse
import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import units
from core.folders import models_folder
from core.knobs import KnobPath, changed, check_takes_part, declared, in_groups, names
from core.params import PRESETS, MethodParams, preset
from core.sample import Sample
from core.version_0_1 import HOPS, REPLACED

Knobs = Sequence[KnobPath]

# In the order of `--help`. The direction has its own option, which gives both method and angle; how far it bends is apart.
_DEGREE: KnobPath = ("direction", "degree")
TRAINING_KNOBS: Knobs = (*in_groups("embedding"), *in_groups("pooling", "network"))
KNOBS: Knobs = (
    *TRAINING_KNOBS, *in_groups("reduction", "weight"), _DEGREE, *in_groups("clusters", "starts", "refinement")
)  # fmt: skip

STEP_BYTES = 2**62
"""Cache size with which a command keeps every step."""

_ANGLE_HELP = (
    "direction across the layers: an angle in radians, or in degrees as in 21.8deg; auto (found without labels, as in the preset); preclustering, "
    "expression or bending (found that way); off (both coordinates count)"
)


def add_file(parser: argparse.ArgumentParser) -> None:
    """Ask for a sample, and offer `--json`."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="a sample: the lab's h5, an h5ad, or Space Ranger's output"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_files(parser: argparse.ArgumentParser) -> None:
    """Ask for one sample or more, and offer `--json`."""
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="a sample: the lab's h5, an h5ad, or Space Ranger's output"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_method(parser: argparse.ArgumentParser, knobs: Knobs, *, default_preset: str) -> None:
    """Declare the preset, the folder of models and knobs of the method.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    knobs : sequence of KnobPath
        `TRAINING_KNOBS`, or all `KNOBS` that have an option.
    default_preset : str
    """
    parser.add_argument(
        "--preset",
        choices=list(PRESETS),
        default=default_preset,
        help=f"preset that options change (default {default_preset})",
    )
    parser.add_argument(
        "--models",
        type=Path,
        default=models_folder(),
        metavar="FOLDER",
        help="trained models (default save_model/, or SPCA_MODELS)",
    )
    for path in knobs:
        add_knob(parser, names()[path], declared(path))
    parser.add_argument(f"--{HOPS}", type=_gone, help=argparse.SUPPRESS)


def add_knob(parser: argparse.ArgumentParser, name: str, declared: "dataclasses.Field[Any]") -> None:
    """Declare an option as a parameter dataclass does its field.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    name : str
        `x_weight` for `--x-weight`.
    declared : dataclasses.Field
        Made by :func:`core.declarations.knob`.
    """
    choices = declared.metadata["choices"]
    parser.add_argument(
        f"--{name.replace('_', '-')}",
        type=str if choices else type(declared.default),
        choices=list(choices) if choices else None,
        metavar=None if choices else name.upper(),
        help=declared.metadata["help"].replace("%", "%%"),
    )


def _gone(text: str) -> None:
    raise argparse.ArgumentTypeError(REPLACED)


def add_angle(parser: argparse.ArgumentParser) -> None:
    """Ask for the direction across the layers."""
    parser.add_argument("--angle", type=_direction, metavar="RADIANS|auto|off", help=_ANGLE_HELP)


def _direction(text: str) -> str | float:
    if text in ("auto", "off", "preclustering", "expression", "bending"):
        return text
    try:
        angle = units.angle_of(text)
    except ValueError:
        angle = math.nan
    if not math.isfinite(angle):
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither an angle in radians nor in degrees (as 21.8deg is), nor auto, preclustering, expression, bending or off"
        )
    return angle if abs(angle) <= math.pi else angle % math.pi


def at_least_one(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def output_path(text: str) -> Path:
    """Read the path of an output file, and refuse bad ones before the work starts."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}: make it first")
    return path


@dataclass(frozen=True, slots=True)
class OutputFile:
    """Reads the path of an output file, and refuses one whose ending says something else than what is written.

    Parameters
    ----------
    endings : tuple of str
        In lower case.
    is_text : bool
        Whether it may go to a terminal or a pipe as well, whatever that is called.
    """

    endings: tuple[str, ...]
    is_text: bool = False

    def __call__(self, text: str) -> Path:
        """Read a path, before the work starts."""
        path = output_path(text)
        if path.exists() and not path.is_file():
            if self.is_text:
                return path
            raise argparse.ArgumentTypeError(f"{text} is a device or a pipe: name a file")
        if not path.name.lower().endswith(self.endings):
            raise argparse.ArgumentTypeError(f"{text} must end in {self._listed()}")
        return path

    def _listed(self) -> str:
        few = len(self.endings) < 3
        return " or ".join(self.endings) if few else f"one of {', '.join(self.endings)}"


csv_path = OutputFile((".csv",), is_text=True)
json_path = OutputFile((".json",))
lab_path = OutputFile((".h5", ".hdf5"))
figure_path = OutputFile((".html", ".png", ".svg"))


def method_params(options: argparse.Namespace, sample: Sample, knobs: Knobs) -> MethodParams:
    """Start from the preset, and set the knobs that the options give.

    Parameters
    ----------
    options : argparse.Namespace
    sample : Sample
        Suggests the default number of clusters.
    knobs : sequence of KnobPath

    Raises
    ------
    ParameterError
        If a value lies outside its limits, or changes nothing.
    """
    return _all_in_use(options, knobs, sample.suggested_n_clusters())


def joint_params(options: argparse.Namespace, samples: Sequence[Sample], knobs: Knobs) -> MethodParams:
    """Make the parameters for samples that are clustered together, as :func:`method_params` does for one.

    Parameters
    ----------
    options : argparse.Namespace
    samples : sequence of Sample
        Suggest the default number of clusters.
    knobs : sequence of KnobPath
    """
    from core.method.joint import suggested_n_clusters

    return _all_in_use(options, knobs, suggested_n_clusters(samples))


def _all_in_use(options: argparse.Namespace, knobs: Knobs, n_clusters: int) -> MethodParams:
    params = start_params(options, knobs, n_clusters)
    for path in given(options, knobs):
        check_takes_part(path, [params])
    return params


def given(options: argparse.Namespace, knobs: Knobs) -> dict[KnobPath, Any]:
    """List the values that options give to knobs."""
    values = {path: getattr(options, names()[path]) for path in knobs}
    return {path: value for path, value in values.items() if value is not None}


def start_params(options: argparse.Namespace, knobs: Knobs, n_clusters: int) -> MethodParams:
    """Start from the preset and set all given knobs, even without effect yet, since a sweep may make them count.

    Parameters
    ----------
    options : argparse.Namespace
    knobs : sequence of KnobPath
    n_clusters : int
        Default if the options give no number.
    """
    params = changed(preset(options.preset, n_clusters=n_clusters), given(options, knobs))
    angle = getattr(options, "angle", None)
    if angle is None or angle == "auto":
        return params
    method = {"method": "manual", "angle": angle} if isinstance(angle, float) else {"method": angle}
    return dataclasses.replace(params, direction=dataclasses.replace(params.direction, **method))
