"""A run that came in as a file may say anything of itself that a run can say: no page that shows it stops."""

import json
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.method import pipeline
from core.params import preset
from core.work.runs import open_record
from tests.pages.conftest import APP
from tests.small_tissue import small_sample

FORGED = {
    "ways of finding a direction": {"direction": {"angle": 0.1, "method": "<b>"}},
    "a bend that is none": {"direction": {"angle": 0.1, "method": "bending", "support": None}},
    "an angle": {"direction": {"angle": 1e308, "method": "manual"}},
    "very many domains": {"domains": [{"cluster": number} for number in range(15_000)]},
    "clusters that labels do not have": {"domains": [{"cluster": 10**18, "layer": "x"}, {"cluster": -5}]},
    "one cluster twice": {"domains": [{"cluster": 0}, {"cluster": 0, "given": "NA"}]},
    "colours that no palette has": {"domains": [{"cluster": 0, "further": 10**12}, {"cluster": 1, "further": -3}]},
    "long layers": {"domains": [{"cluster": 0, "layer": "z" * 3000}]},
    "very many sections": {"together": ["x" * 200] * 4000},
    "paths": {"sample_name": "../../../etc/passwd", "sweep": "../../etc", "annotation_id": "../../x"},
    "control signs": {"sample_name": "\n", "name": "\x00" * 100, "who": "Ada #0123456789abcdef"},
    "seconds": {"seconds": {"cluster": -1e308, "x" * 200: 1e308}},
}


@pytest.fixture
def run_of(samples_folder, tmp_path):
    """Import a run whose facts are forged."""

    def made(forged):
        lab.write(small_sample("first"), path := samples_folder / "first.h5")
        sample, record = lab.read(path), open_record(tmp_path / "models")
        kept = record.keep(sample, pipeline.run(sample, preset("paper", 4)), name="kept")
        record.export(kept.id, out := tmp_path / "kept.run.zip")
        with zipfile.ZipFile(out) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members["run.json"] = json.dumps(json.loads(members["run.json"]) | forged | {"id": "ab" * 16}).encode()
        with zipfile.ZipFile(out, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return record.import_(out, who="Ada")

    return made


@pytest.mark.parametrize("what", FORGED)
def test_whatever_a_file_says_of_a_run_pages_show_it(run_of, what):
    run = run_of(FORGED[what])
    app = AppTest.from_file(APP, default_timeout=120).run()
    app.session_state["chosen runs"] = (run.id,)
    app.switch_page("pages/runs.py").run()
    assert not app.exception
    tune = AppTest.from_file(APP, default_timeout=120)
    tune.query_params["run"] = run.id
    assert not tune.run().exception
