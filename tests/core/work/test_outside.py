"""Work on a cluster that somebody else keeps: a scheduler and two workers in processes of their own."""

import shutil

import numpy as np
import pytest
from distributed import Client, Security
from sklearn.metrics import adjusted_rand_score

from core.annotation import compared
from core.annotation_labels import from_labels
from core.errors import WorkError
from core.guidance import Guidance
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.method import pipeline
from core.params import MethodParams, preset
from core.strokes import strokes_of
from core.work import tasks
from core.work.board.board import Board, JobStatus
from core.work.cluster import outside
from core.work.cluster.depot import Delivery, Depot, MissingFileError, check_may_be_sent
from core.work.runs import Record
from core.work.sweep.outcome import SweepStatus
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.sweeps import Sweeps
from core.work.sweep.varied import Axis
from core.work.tasks import SampleFile
from tests.core.work import chores
from tests.core.work.outside_cluster import outside_cluster, wait_until
from tests.core.work.test_jobs import SMALL, ended
from tests.small_tissue import small_sample


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    (folder / "samples").mkdir()
    with outside_cluster(folder, SPCA_DATA=str(folder / "samples")) as cluster:
        yield cluster


@pytest.fixture
def board(cluster, monkeypatch):
    for name, value in cluster.settings.items():
        monkeypatch.setenv(name, value)
    board = Board()
    yield board
    board.close()


@pytest.fixture
def saved_sample(tmp_path):
    path = tmp_path / "first.h5"
    lab.write(small_sample("first"), path)
    return SampleFile.of(lab.read(path), path)


@pytest.mark.slow
def test_a_worker_without_the_sample_is_sent_it_and_the_model_comes_home(board, cluster, saved_sample, tmp_path):
    models = tmp_path / "models"
    job = ended(board, board.submit("train", tasks.train, saved_sample, SMALL, models))
    sample = lab.read(saved_sample.path)
    assert job.error == ""
    assert job.losses == pytest.approx(pipeline.train(sample, SMALL).losses)
    assert pipeline.train(sample, SMALL, models=models).reused
    kept = [path.name for number in (0, 1) for path in (cluster.folder / f"worker{number}").glob("*.h5")]
    assert kept == [f"{sample.content_hash}-{sample.annotation_hash}.h5"]
    again = ended(board, board.submit("repeat", tasks.repeat, saved_sample, SMALL, 2, models))
    assert [result.autoencoder.reused for result in again.result] == [True, True]
    expected = pipeline.repeat(sample, SMALL, 2, models=models)
    assert [result.labels.tolist() for result in again.result] == [result.labels.tolist() for result in expected]


@pytest.mark.slow
def test_a_worker_finds_a_sample_in_its_own_folder_by_what_it_holds(board, cluster, saved_sample, tmp_path):
    shutil.copy(saved_sample.path, cluster.folder / "samples" / "called_otherwise.h5")
    saved_sample.path.unlink()
    job = ended(board, board.submit("own", tasks.train, saved_sample, SMALL, tmp_path))
    assert job.error == ""
    assert [path.stem[:6] for path in tmp_path.glob("*.pt")] == ["first-"]


@pytest.mark.slow
def test_a_worker_without_the_sample_is_sent_the_annotation_that_it_is_compared_with(board, saved_sample, tmp_path):
    own = lab.read(saved_sample.path)
    annotation = from_labels(np.where(own.positions[:, 1] < 9, "left", "right"), name="sides", author="Ana")
    AnnotationStore(saved_sample.path, own).save(annotation, "Ana")
    sample = compared(own, annotation)
    asked = SampleFile.of(sample, saved_sample.path)
    job = ended(board, board.submit("sides", tasks.repeat, asked, MethodParams(), 1, tmp_path))
    assert job.error == ""
    (result,) = job.result
    assert result.scores.ari == pytest.approx(adjusted_rand_score(sample.labels_true, result.labels))


@pytest.mark.slow
def test_work_that_needs_this_machines_files_stays_here(board, tmp_path):
    job_id = board.submit("home", chores.count, tmp_path / "count", at_home=True)
    assert ended(board, job_id).result == 3
    assert board.cluster is not None


@pytest.mark.slow
def test_a_task_that_does_not_listen_is_ended_and_its_worker_works_on(board, tmp_path):
    job_ids = [board.submit(f"deaf {n}", chores.deaf, tmp_path / f"{n}") for n in range(2)]
    wait_until(lambda: all((tmp_path / f"{n}").exists() for n in range(2)))
    for job_id in job_ids:
        board.cancel(job_id)
    assert [board.job(job_id).status for job_id in job_ids] == [JobStatus.CANCELLED] * 2
    assert ended(board, board.submit("after", chores.count, tmp_path / "count")).result == 3


@pytest.mark.slow
def test_a_scheduler_that_does_not_find_the_package_is_told_of_in_a_sentence(monkeypatch, tmp_path):
    with outside_cluster(tmp_path, n_workers=1, scheduler_in=tmp_path) as cluster:
        for name, value in cluster.settings.items():
            monkeypatch.setenv(name, value)
        board = Board()
        job = ended(board, board.submit("count", chores.count, tmp_path / "x", 1, 0.0))
        board.close()
    assert job.status is JobStatus.FAILED
    assert "does not find this package" in job.error
    assert "Start it in the folder of the package" in job.error


@pytest.mark.slow
@pytest.mark.parametrize("credentials", ["none", "its own"])
def test_an_uninvited_client_is_refused(cluster, credentials):
    address = cluster.settings["DASK_SCHEDULER_ADDRESS"]
    foreign = Security.temporary() if credentials == "its own" else None
    with pytest.raises((OSError, TimeoutError)):
        Client(
            address if foreign else address.replace("tls://", "tcp://"),
            security=foreign,
            timeout="3s",
            set_as_default=False,
        )


def test_a_scheduler_without_tls_needs_a_switch_that_says_so(monkeypatch):
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:8786")
    board = Board()
    job = ended(board, board.submit("plain", chores.refuse))
    assert "anyone who reaches that port can run code as you" in job.error
    monkeypatch.setenv("SPCA_INSECURE_CLUSTER", "yes")
    assert outside.address() == "tcp://127.0.0.1:8786"
    board.close()


def test_credentials_that_are_missing_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "127.0.0.1:8786")
    with pytest.raises(WorkError, match="set SPCA_TLS_CA, SPCA_TLS_CERT and SPCA_TLS_KEY"):
        outside.security()
    monkeypatch.setenv("SPCA_TLS_CA", str(tmp_path / "ca.pem"))
    with pytest.raises(WorkError, match=r"SPCA_TLS_CA is .*ca\.pem, which cannot be read"):
        outside.security()


def test_a_worker_gets_no_file_that_its_work_does_not_name(saved_sample, tmp_path):
    asked = (saved_sample, SMALL, tmp_path / "models")
    check_may_be_sent(MissingFileError((saved_sample.path,), ("a.h5",), ""), asked)
    check_may_be_sent(MissingFileError((tmp_path / "models" / "a.pt",), ("a.pt",), ""), asked)
    for path in (tmp_path / "other.h5", tmp_path / "models" / "secrets.toml", tmp_path / "models" / "a" / "b.pt"):
        with pytest.raises(WorkError, match="nothing to do with"):
            check_may_be_sent(MissingFileError((path,), ("a.h5",), ""), asked)


@pytest.mark.parametrize(("folder", "name"), [("elsewhere", "a.pt"), ("models", "../a.pt"), ("models", "a.sh")])
def test_a_worker_leaves_files_only_where_its_work_says(tmp_path, folder, name):
    delivery = Delivery(result=1, folder=tmp_path / folder, files={name: b"x"})
    with pytest.raises(WorkError):
        delivery.unpack((tmp_path / "models",))
    assert not list(tmp_path.rglob("*a.*"))


def test_the_depot_lets_go_of_what_was_used_longest_ago(tmp_path):
    depot = Depot(tmp_path, max_bytes=250)
    for name in ("a.h5", "b.h5"):
        depot.put(name, bytes(100))
    depot.has("a.h5")
    depot.put("c.h5", bytes(100))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "c.h5"]


@pytest.mark.slow
def test_a_worker_that_shares_no_folder_is_sent_what_guides_a_sweep(board, cluster, saved_sample, tmp_path):
    sample = lab.read(saved_sample.path)
    every_tenth = np.where(np.arange(sample.n_spots) % 10 == 0, sample.labels_true, "NA")
    guidance = Guidance(strokes=strokes_of(every_tenth))
    section = Section.of(sample, saved_sample.path, preset("recommended", 3), guidance)
    sweep = Sweep(sections=(section,), axes=(Axis(knob="window", values=(1, 3)),))
    record = Record(f"sqlite:///{tmp_path / 'runs.sqlite3'}", tmp_path / "artifacts")
    sweeps = Sweeps(tmp_path / "sweeps", board, record, tmp_path)
    sweep_id = sweeps.start(sweep, guidances=[guidance])
    assert sweeps.wait(sweep_id, 120)
    sweeps.close()
    outcome = sweeps.find(sweep_id).outcome
    assert (outcome.status, outcome.failed) == (SweepStatus.DONE, {})
    runs = record.runs(sweep=sweep_id)
    assert {run.params.pooling.window for run in runs} == {1, 3}
    for run in runs:
        assert (
            record.result(run).labels.tolist()
            == pipeline.Pipeline(sample).run_guided(run.params, guidance).labels.tolist()
        )
    sent = {path.name for number in (0, 1) for path in (cluster.folder / f"worker{number}").glob("*-guidance.json")}
    assert sent == {f"{guidance.digest}-guidance.json"}
