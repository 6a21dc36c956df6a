"""What version 0.1 left on the disk (tests/data/version_0.1, written by it): sweeps still open, and jobs that it did not end."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import ParameterError
from core.io import lab
from core.params import AutoencoderParams, EmbeddingParams, MethodParams, preset
from core.work import tasks
from core.work.board.board import shared_board
from core.work.board.job_log import JobLog
from core.work.runs import Record
from core.work.sweep import tasks as sweep_tasks
from core.work.sweep.outcome import SweepStatus
from core.work.sweep.plan import from_json
from core.work.sweep.sweeps import Sweeps
from core.work.tasks import SampleFile
from tests.core.test_version_0_1 import recommended_then
from tests.small_tissue import small_sample

WRITTEN = Path(__file__).resolve().parents[2] / "data" / "version_0.1"
GRID, SEARCH, PAUSED = "2b6470892b2dc201", "59c0a1f0cfcf5440", "6f20fcebe2edae99"
SAMPLE = SampleFile(
    Path("first.h5"), "0d9abc43af89a31765236a964c49b9d7", "0a4cdfe4145d46e823c096a386876c21"
)  # fmt: skip


@pytest.fixture
def sweeps(tmp_path):
    shutil.copytree(WRITTEN / "sweeps", tmp_path / "sweeps")
    record = Record(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path / "artifacts")
    made = Sweeps(tmp_path / "sweeps", shared_board(), record, tmp_path / "models")
    yield made
    made.close()
    record.close()


def test_its_sweeps_open_with_their_plans_and_all_that_became_of_them(sweeps):
    found = {snapshot.id: snapshot for snapshot in sweeps.all()}
    assert {name: snapshot.outcome.status for name, snapshot in found.items()} == {
        GRID: SweepStatus.DONE,
        SEARCH: SweepStatus.DONE,
        PAUSED: SweepStatus.PAUSED,
    }
    grid = found[GRID]
    assert (grid.plan.who, grid.plan.created.isoformat()[:10]) == ("Ada", "2026-11-28")
    assert [section.name for section in grid.plan.sweep.sections] == ["first", "few"]
    assert [(axis.knob, axis.values) for axis in grid.plan.sweep.axes] == [("window", (1, 2)), ("n_clusters", (3, 100))]
    assert (grid.plan.sweep.n_starts, len(grid.outcome.runs), len(grid.outcome.failed)) == (2, 12, 4)
    assert grid.outcome.runs[0, (0, 0), 0] == "dd355cd7a1e641f19464990fd6fc804f"
    assert grid.outcome.failed[1, (0, 1), 0] == "100 clusters were asked for, but the sample has 48 spots."
    search = found[SEARCH].plan.sweep.search
    assert next((item.knob, item.low, item.high) for item in search.ranges) == ("window", 1, 3)
    assert found[SEARCH].plan.sweep.sections[0].params == recommended_then(4)
    assert found[PAUSED].outcome.n_done == 6


@pytest.mark.parametrize("sweep_id", [GRID, SEARCH, PAUSED])
def test_its_sweeps_keep_their_ids_so_that_an_equal_one_goes_on_in_the_same_folder(sweeps, sweep_id):
    assert sweeps.find(sweep_id).plan.sweep.id == sweep_id


def test_a_sweep_of_0_1_that_turns_the_embedding_is_refused_since_its_factors_had_no_window():
    facts = json.loads((WRITTEN / "sweeps" / SEARCH / "plan.json").read_text())["sweep"]
    facts["search"]["ranges"].append({"knob": "embedding", "low": 0.0, "high": 0.0, "log": False})
    with pytest.raises(
        ParameterError, match=r"made by version 0\.1, where spatial factors had no window: start it anew"
    ):
        from_json(facts)


def test_its_sweeps_can_be_gone_on_with(sweeps, tmp_path):
    lab.write(small_sample("first"), tmp_path / "first.h5")
    plan = tmp_path / "sweeps" / PAUSED / "plan.json"
    plan.write_text(plan.read_text().replace('"first.h5"', f'"{tmp_path / "first.h5"}"'))
    sweeps.go_on(PAUSED)
    assert sweeps.wait(PAUSED, 120)
    outcome = sweeps.find(PAUSED).outcome
    assert (outcome.status, outcome.n_done, outcome.failed) == (SweepStatus.DONE, 30, {})


def test_its_interrupted_jobs_are_listed_with_all_that_is_needed_to_begin_again(tmp_path, caplog):
    shutil.copytree(WRITTEN / "jobs", tmp_path / "jobs")
    trained = MethodParams(embedding=EmbeddingParams(kind="code", autoencoder=AutoencoderParams(width=8, epochs=6)))
    with caplog.at_level(logging.INFO):
        for _ in range(2):  # a log that was taken over is read again by the next server
            log = JobLog(tmp_path / "jobs")
            found = {cut.id: cut for cut in log.interrupted()}
            log.close()
    assert caplog.text == ""
    assert {cut.task for cut in found.values()} == {
        tasks.train, tasks.markers, tasks.joint, tasks.repeat, sweep_tasks.make_runs
    }  # fmt: skip
    assert found["1"].args == (SAMPLE, trained, Path("models"))
    assert (found["1"].key, found["1"].owners, found["1"].asked, found["1"].again) == ("key 1", ("Ada",), 8.0, True)
    assert (str(found["1"].about), found["1"].about.settings) == ("Training of first", "k 6")
    assert found["2"].args[0] == SAMPLE
    np.testing.assert_array_equal(found["2"].args[1], np.array([0, 1, 1, 0]))
    assert found["3"].args == ((SAMPLE, SAMPLE), recommended_then(5))
    assert found["4"].args == (SAMPLE, preset("paper"), 7, Path("models"))
    assert found["5"].args == (SAMPLE, (trained, preset("paper")), Path("models"), Path("steps"))
