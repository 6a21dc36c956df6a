"""The whole program with one knob more, declared here and nowhere else: prints where that knob appears, as JSON.

Run as `python -m tests.added_knob FOLDER`, alone in a process: the knob is there before anything else is imported.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from core import params
from core.declarations import knob, step


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteringParams(params.ClusteringParams):
    sharpness: float = knob(
        0.5, "Sharpness", "How sharp.", minimum=0.1, maximum=1.0, needs={"embedding": ("none", "factors")}, joint=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodParams(params.MethodParams):
    clustering: ClusteringParams = step(ClusteringParams, "Clustering", group="clusters")


vars(params).update(ClusteringParams=ClusteringParams, MethodParams=MethodParams)

PATH = ("clustering", "sharpness")


def on_the_pages(folder: Path):
    from streamlit.testing.v1 import AppTest

    from core.io import lab
    from tests.named_tissue import named_sample
    from tests.pages.conftest import APP

    (folder / "samples").mkdir()
    for name, n_rows in (("one", 16), ("two", 20)):
        lab.write(named_sample(name, n_rows), folder / "samples" / f"{name}.h5")
    tune = AppTest.from_file(APP, default_timeout=120).run()
    sections = AppTest.from_file(APP, default_timeout=120)
    sections.switch_page("pages/sections.py")
    sections.query_params["section"] = ["one.h5", "two.h5"]
    yield "form", shown(tune, "widget:clustering.sharpness")
    yield "sections", shown(sections.run(), "widget:sections.clustering.sharpness")


def shown(app, key):
    return [[item.label, item.min, item.max, item.value] for item in app.number_input if item.key == key]


def in_addresses():
    from ui.shell import address

    settings, passed_over = address.settings_of({"preset": "paper", "sharpness": "0.7"})
    yield "address", [address.query_of(settings), passed_over]


def on_the_command_line():
    from core.cli import _parser
    from core.cli.options import KNOBS, given

    options = _parser().parse_args(["cluster", "one.h5", "--sharpness", "0.7"])
    yield "command line", [[".".join(path), value] for path, value in given(options, KNOBS).items()]


def in_sweeps():
    from core.work.sweep import suggestions
    from core.work.sweep.search import distribution

    paper = params.preset("paper")
    found = suggestions.search_range("sharpness", paper)
    yield "sweeps", ["sharpness" in suggestions.relevant(params.preset(name)) for name in ("paper", "paper-ae")]
    yield "grid", suggestions.values("sharpness", paper)
    yield "search", [found.low, found.high, found.log, repr(distribution(found))]


def in_records_and_reports():
    from core import knobs, presets
    from core.report.settings import settings
    from core.work.runs.knobs import distributions, method_params, trial_params

    turned = knobs.changed(params.preset("paper"), {PATH: 0.7})
    yield "distribution", repr(distributions()["clustering.sharpness"])
    yield "record", [trial_params(turned)["clustering.sharpness"], method_params(trial_params(turned)) == (turned, {})]
    yield "report", [[row.step, row.label, row.values] for row in settings([turned]) if row.path == PATH]
    yield "nearest preset", [presets.nearest_preset(turned) == ("paper", {PATH: 0.7}), presets.in_words(turned)]


def main(folder: Path) -> None:
    import json
    import os

    os.environ |= {"SPCA_DATA": str(folder / "samples"), "SPCA_MODELS": str(folder / "models")}
    found = [*on_the_command_line(), *in_addresses(), *in_sweeps(), *in_records_and_reports(), *on_the_pages(folder)]
    sys.stdout.write(json.dumps(dict(found)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
