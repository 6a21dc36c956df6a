"""Everything that is kept on disk as JSON, one of each: how it is written, and what reads it.

`docs/architecture.md` has the list in words, with what is no JSON. A new kind of file goes into both.
"""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core import guidance, reference
from core.annotation import Region, new_annotation
from core.annotation_history import Edits
from core.annotation_steps import Step
from core.averaging import Averaging
from core.codec import as_plain, encode
from core.depth import Bend, FoundDirection
from core.errors import AnnotationError, CheckpointError, ParameterError, RecordError, TransferError
from core.io.annotation_file import as_text
from core.io.annotation_store import AnnotationStore
from core.marker_table import MarkerTable
from core.method import checkpoints, pipeline
from core.method.reference import learn
from core.params import MethodParams, preset, replaced
from core.result import AutoencoderReport, Domain, Result, Scores
from core.strokes import strokes_of
from core.work.board.job import About, Job
from core.work.board.job_log import JobLog
from core.work.runs import artifacts, one_file
from core.work.runs.knobs import trial_params
from core.work.runs.run import Run, facts_of
from core.work.sweep.folder import SweepFolder
from core.work.sweep.outcome import Event, SweepStatus
from core.work.sweep.plan import Section, Sweep, as_json
from core.work.sweep.varied import Axis, Range, Search
from core.work.tasks import SampleFile, train
from tests.damage import in_a_sentence
from tests.small_tissue import small_sample
from tests.teaching import section

SAMPLE = small_sample("first")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LABELS = np.arange(SAMPLE.n_spots) % 4


@dataclass(frozen=True)
class Store:
    """One kind of stored thing.

    Parameters
    ----------
    plain : object
        A whole one.
    read : callable
        Reads a text in its place, and writes what it read as plain values again; None where it was passed over.
    error : type
        What the reader raises for damage.
    free : tuple of str
        Fields that are made harmless, filled in or left aside where they hold something else, by the beginnings of their paths.
    """

    plain: Any
    read: Callable[[bytes], Any]
    error: type[Exception] = RecordError
    free: tuple[str, ...] = ()


def all_stores(folder: Path) -> dict[str, Store]:
    """Make one of each."""
    makers = (model, small_model, journal, plan, search, events, facts, losses, annotation, learnt, strokes, markers)
    return {maker.__name__: maker(folder / maker.__name__) for maker in makers}


def model(folder: Path, kind: str = "code", epochs: tuple[str, ...] = ("embedding", "autoencoder", "epochs")) -> Store:
    params = replaced(replaced(MethodParams(), ("embedding", "kind"), kind), epochs, 2)
    pipeline.train(SAMPLE, params, models=folder)
    [path] = folder.glob("*.pt")
    story = path.with_suffix(".json")
    plain = json.loads(story.read_text())

    def read(text: bytes) -> Any:
        story.write_bytes(text)
        found = checkpoints.load(path, SAMPLE, params.pooling, params.embedding.network)
        return plain | {"losses": list(found.losses), "explained_variance": found.explained_variance}

    return Store(plain, read, CheckpointError, free=("sample", "autoencoder.hops"))


def small_model(folder: Path) -> Store:
    return model(folder, "latent", ("embedding", "latent", "epochs"))


def journal(folder: Path) -> Store:
    log = JobLog(folder)
    job = Job(id="1", key="key", owners=("Ada",), about=About(what="Training", sample="first"), asked=7.0)
    asked = SampleFile(Path("first.h5"), "content", "annotation"), MethodParams(), Path("models")
    log.asked(job, train, asked, at_home=False, again=True)
    log.close()
    [path] = folder.glob("*.jsonl")
    line = path.read_bytes()
    plain = json.loads(line)
    path.unlink()

    def read(text: bytes) -> Any:
        (folder / "before.jsonl").write_bytes(text + b"\n" + line.replace(b'"id":"1"', b'"id":"another"'))
        log = JobLog(folder)
        found = {job.id: job for job in log.interrupted()}
        log.close()
        for left in folder.glob("*.jsonl"):
            left.unlink()
        assert "another" in found or len(found) == 1
        job = next((job for job in found.values() if job.id != "another"), None)
        if job is None:
            return None
        about = [job.about.what, job.about.sample, job.about.settings]
        own = {
            name: json.loads(encode(getattr(job, name)))
            for name in ("id", "key", "owners", "asked", "args", "at_home", "again")
        }
        return plain | own | {"about": about}

    return Store(plain, read, free=("how", "time", "arrays", "event", "about", "args.0.path", "args.0.annotation"))


def _plan(folder: Path, sweep: Sweep) -> Store:
    kept = SweepFolder(folder / "0123456789abcdef")
    kept.begin(sweep, "Ada")
    path = kept.path / "plan.json"
    plain = json.loads(path.read_text())

    def read(text: bytes) -> Any:
        path.write_bytes(text)
        found = kept.plan()
        return {"sweep": json.loads(encode(as_json(found.sweep))), "who": found.who, "created": plain["created"]}

    return Store(plain, read, ParameterError, free=("created", "sweep.n_starts"))


def _section() -> Section:
    return Section(name="first", path="first.h5", content_hash="c", annotation_hash="a", params=MethodParams())


def plan(folder: Path) -> Store:
    return _plan(folder, Sweep(sections=(_section(),), axes=(Axis(knob="window", values=(1, 2)),), n_starts=2))


def search(folder: Path) -> Store:
    ranges = (Range(knob="x_weight", low=0.5, high=8.0, log=True), Range(knob="window", low=1, high=4))
    return _plan(folder, Sweep(sections=(_section(),), search=Search(objective="ari", n_trials=4, ranges=ranges)))


def events(folder: Path) -> Store:
    kept = SweepFolder(folder / "0123456789abcdef")
    kept.path.mkdir(parents=True)
    path = kept.path / "events.jsonl"
    plain = as_plain(Event(state=SweepStatus.PAUSED, error="a", cell=(0, (1,), 2), run="r" * 32, given_up=False))
    before = json.dumps(as_plain(Event(cell=(0, (0,), 0), run="b"))).encode() + b"\n"

    def read(text: bytes) -> Any:
        path.write_bytes(before + text + b"\n")
        outcome = kept.outcome()
        assert outcome.runs.pop((0, (0,), 0)) == "b"
        [cell] = (*outcome.runs, *outcome.given_up, *outcome.failed) or [None]
        run = outcome.runs.get(cell)
        if cell is None and outcome.status is SweepStatus.STOPPED:
            return None
        return plain | {"state": str(outcome.status), "error": outcome.error, "cell": as_plain(cell), "run": run}

    return Store(plain, read, free=("state", "error", "failed", "given_up", "run"))


def a_run() -> Run:
    """A run of which every fact is there."""
    direction = FoundDirection(
        angle=0.5, method="bending", bend=Bend(centre_um=(1.0, 2.0), scale_um=3.0, coefficients=(1.0, 2.0))
    )
    return Run(
        id="0" * 32, sample_name="first", content_hash="c", n_spots=SAMPLE.n_spots, params=preset("recommended", 4),
        created=NOW, annotation_hash="a", annotation="layers", annotation_id="0123456789ab", scores=Scores(ari=0.5, nmi=0.5),
        direction=direction, averaging=Averaging(hops=2, noise=0.5, spacing_um=100.0),
        autoencoder=AutoencoderReport(explained_variance=0.5), seconds={"pool": 1.0}, labels_hash=artifacts.labels_hash(LABELS),
        who="Ada", name="best", note="a note", starred=True, together=("second",), guided="", sweep="s", code_version="v",
        imported=True, claimed="Grace", domains=(Domain(cluster=0, layer="Layer1", given="mine", colour="#102030"),),
        aside={"pooling.shape": "round"}, artifacts={"labels.npy": "x"},
    )  # fmt: skip


def facts(folder: Path) -> Store:
    folder.mkdir()
    path = folder / "one.run.zip"
    labels = artifacts.files_of(Result(sample_name="first", labels=LABELS, params=MethodParams()), b"")["labels.npy"]
    one_file.write(path, a_run(), {"labels.npy": labels})
    with zipfile.ZipFile(path) as archive:
        plain = json.loads(archive.read("run.json"))

    def read(text: bytes) -> Any:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("run.json", text)
            archive.writestr("labels.npy", labels)
        found, _ = one_file.read(path)
        written = facts_of(found) | {"format": 1, "params": trial_params(found.params)}
        return json.loads(encode({name: value for name, value in written.items() if name != "artifacts"}))

    return Store(
        plain,
        read,
        free=("format", "params.", "aside", "created", "domains.0.colour", "domains.0.given", "scores", "autoencoder"),
    )


def losses(folder: Path) -> Store:
    return Store(
        [3.0, 2.5], lambda text: list(artifacts.read_losses(text)), free=("0",)
    )  # NaN, where version 0.1 overflowed


def annotation(folder: Path) -> Store:
    folder.mkdir()
    store = AnnotationStore(folder / "first.h5", SAMPLE)
    two = (Region("a", "#112233"), Region("b", "#445566"))
    made = store.save(new_annotation(SAMPLE.n_spots, name="layers", author="Ada", regions=two), "Ada").annotation
    steps = [Step(kind="add", spots=(1, 2, 3)), Step(kind="remove region", region=1), Step(kind="add", spots=(4,))]
    store.edit(made.id, "Ada", Edits(steps, tab="tab"))
    store.undo(made.id, "Ada")
    path = store.folder / f"{made.id}.json"
    plain = json.loads(path.read_text())

    def read(text: bytes) -> Any:
        path.write_bytes(text)
        kept = store.read(made.id)
        store.find("layers")
        for change in (store.undo, store.undo, store.redo, store.redo, store.redo):
            path.write_bytes(text)
            with in_a_sentence(AnnotationError):
                change(made.id, "Ada")
        return json.loads(as_text(kept, SAMPLE))

    return Store(
        plain, read, AnnotationError, free=("author", "source", "note", "created", "changed", "positions", "by_barcode")
    )


def learnt(folder: Path) -> Store:
    found = learn([section("A", 0)])
    return Store(
        json.loads(found.to_json()), lambda text: json.loads(reference.from_json(text).to_json()), TransferError
    )


def _guidance(given: guidance.Guidance) -> Store:
    def read(text: bytes) -> Any:
        return json.loads(artifacts.read_guidance(text, SAMPLE.n_spots).to_json())

    return Store(json.loads(given.to_json()), read, free=("colours",))


def strokes(folder: Path) -> Store:
    painted = np.where(np.arange(SAMPLE.n_spots) < 5, "WM", "NA")
    return _guidance(guidance.Guidance(strokes=strokes_of(painted), others=True, colours={"WM": "#102030"}))


def markers(folder: Path) -> Store:
    table = MarkerTable(markers={"WM": ("MBP", "MOBP"), "L4": ("RORB",)}, source="mine", notes=("a note",))
    return _guidance(guidance.Guidance(markers=table))
