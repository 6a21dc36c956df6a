"""What the command line does: read, work, print. Results go to standard output, progress to standard error."""

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from core.errors import SampleFileError
from core.io import lab_h5
from core.io.export import labels_csv, loupe_csv, renamed, write_lab_h5
from core.io.incoming import ImportChoices, Survey
from core.params import MethodParams
from core.result import AutoencoderReport, Result
from core.sample import Sample

if TYPE_CHECKING:
    from core.method.pipeline import Pipeline

ParamsFor = Callable[[Sample], MethodParams]
"""Parameters depend on the sample: without `--n-clusters` there are as many as annotated classes."""

_LOUPE_CATEGORY = "domain"

_STEP_BYTES = 2**62  # a run on the command line keeps every step, as one without a cache does

_DEAD = (
    "The autoencoder is dead: its reconstruction explains {share:.2f} of the variance of its input (1 is all, 0 no more than "
    "the gene means), so it hardly differs between spots and expression drops out of the distance. Try a smaller scale."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What `cluster` writes.

    Parameters
    ----------
    labels, loupe : Path, optional
        Labels as CSV, and as Loupe Browser imports them.
    h5ad, lab_h5 : Path, optional
        The sample with its labels, for scanpy and squidpy, and in the lab's format.
    figure : Path, optional
        Predicted beside annotated.
    names : mapping of int to str
        New names of clusters, in all files; two of one name become one.
    """

    labels: Path | None = None
    loupe: Path | None = None
    h5ad: Path | None = None
    lab_h5: Path | None = None
    figure: Path | None = None
    names: Mapping[int, str] = dataclasses.field(default_factory=dict)

    def check(self, sample: Sample, n_clusters: int) -> None:
        """Refuse what cannot be written before the work is done, not after."""
        renamed(np.arange(n_clusters), self.names)
        if self.loupe is not None:
            loupe_csv(sample, np.zeros(sample.n_spots, dtype=int), sample.name)

    def write(self, sample: Sample, result: Result, steps: "Pipeline") -> None:
        """Write each file that was asked for."""
        if self.labels is not None:
            _write_text(self.labels, labels_csv(sample, result, self.names))
        if self.loupe is not None:
            _write_text(self.loupe, loupe_csv(sample, renamed(result.labels, self.names), _LOUPE_CATEGORY))
        if self.h5ad is not None:
            _write_h5ad(sample, result, steps, self.h5ad, self.names)
        if self.lab_h5 is not None:
            write_lab_h5(sample, result, self.lab_h5, self.names)
        if self.figure is not None:
            _write_figure(sample, result, self.figure)


def info(path: Path, *, as_json: bool = False) -> None:
    """Print what a sample holds.

    Parameters
    ----------
    path : Path
    as_json : bool
    """
    sample = lab_h5.read(path)
    facts = {
        "sample": sample.name,
        "n_spots": sample.n_spots,
        "n_genes": sample.n_genes,
        "on_lattice": sample.on_lattice,
        "layers": {name: int(np.count_nonzero(sample.labels_true == name)) for name in sample.layer_names},
        "unannotated": int((~sample.annotated).sum()),
        "gene_names": sample.gene_names is not None,
        "barcodes": sample.barcodes is not None,
        "pixel_positions": sample.coords_px is not None,
        "stain_colours": sample.spot_rgb is not None,
        "image": sample.image is not None,
        "synthetic": sample.synthetic,
        "source": sample.source,
        "content_hash": sample.content_hash,
    }
    _print(facts, as_json=as_json)


def train(path: Path, params_for: ParamsFor, *, models: Path, as_json: bool = False) -> None:
    """Train the autoencoder on a sample, or find it trained, and print how well it learned.

    Parameters
    ----------
    path : Path
    params_for : callable
    models : Path
        Folder for the checkpoint.
    as_json : bool
    """
    from core.method import checkpoints, pipeline  # brings torch

    sample = lab_h5.read(path)
    params = params_for(sample)
    started = time.perf_counter()
    with _training_bar() as on_epoch:
        report = pipeline.train(sample, params, models=models, on_epoch=on_epoch)
    facts = {
        "sample": sample.name,
        "params": {
            "pooling": dataclasses.asdict(params.pooling),
            "autoencoder": dataclasses.asdict(params.embedding.autoencoder),
        },
        "autoencoder": _autoencoder(report),
        "losses": list(report.losses),
        "checkpoint": str(checkpoints.checkpoint_path(models, sample, params.pooling, params.embedding.autoencoder)),
        "seconds": {"train": round(time.perf_counter() - started, 3)},
    }
    if not as_json:
        facts["losses"] = f"{report.losses[0]:.4g} in the first epoch, {report.losses[-1]:.4g} in the last"
    _print(facts, as_json=as_json)
    _warn_if_dead(report)


def cluster(
    path: Path,
    params_for: ParamsFor,
    *,
    n_starts: int = 1,
    models: Path,
    model: Path | None = None,
    out: Outputs,
    as_json: bool = False,
) -> None:
    """Cluster a sample, write what was asked for, and print the scores.

    Parameters
    ----------
    path : Path
    params_for : callable
    n_starts : int
        Runs, with seeds counted up; what is written is of the first.
    models : Path
        Folder of checkpoints.
    model : Path, optional
        One checkpoint to use instead.
    out : Outputs
        What to write, and where.
    as_json : bool
    """
    from core.method import pipeline
    from core.method.cache import StepCache

    started = time.perf_counter()
    sample = lab_h5.read(path)
    load_seconds = time.perf_counter() - started
    params, steps = params_for(sample), StepCache(max_bytes=_STEP_BYTES)
    out.check(sample, params.clustering.n_clusters)
    with _training_bar() as on_epoch:
        work = pipeline.repeat(sample, params, n_starts, cache=steps, models=models, model=model, on_epoch=on_epoch)
        results = list(_start_bar(work, n_starts))
    first = results[0]
    out.write(sample, first, pipeline.Pipeline(sample, cache=steps, models=models, model=model))
    facts = _cluster_facts(sample, results, load_seconds)
    _print(facts if as_json else _in_short(sample, results, facts["seconds"]), as_json=as_json)
    _warn_if_dead(first.autoencoder)


def import_sample(
    source: Path,
    choices: ImportChoices,
    *,
    annotation: str | None = None,
    name: str | None = None,
    folder: Path,
    out: Path | None = None,
    as_json: bool = False,
) -> None:
    """Bring a sample in, and print what was found and where it is.

    Parameters
    ----------
    source : Path
        See `core.io.importing`.
    choices : ImportChoices
    annotation : str, optional
        A table of labels, or a column of the source; `none` for none. The likeliest column by default.
    name : str, optional
        By default as the source suggests.
    folder : Path
        Where samples are kept.
    out : Path, optional
        File to write instead; replaced.
    as_json : bool

    Raises
    ------
    SampleError
        If the source cannot be imported.
    """
    from core.io import importing

    table = Path(annotation) if annotation is not None and _is_table(annotation) else None
    survey = importing.survey(source, annotation_csv=table)
    if not as_json:
        _print_survey(survey)
    _check_importable(survey, source)
    column = annotation if table is None and annotation is not None else survey.suggested_annotation
    choices = dataclasses.replace(choices, annotation=None if annotation == "none" else column)
    sample = importing.read(source, choices, name=lab_h5.sample_name(out) if out else name, annotation_csv=table)
    if out is None:
        path = importing.save(sample, folder)
    else:
        lab_h5.write(sample, path := out, level=importing.LEVEL)
    facts = {"imported": str(path), "n_spots": sample.n_spots, "n_genes": sample.n_genes, "layers": sample.layer_names}
    _print({"survey": dataclasses.asdict(survey), **facts} if as_json else _imported(facts), as_json=as_json)


def attach(path: Path, folder: Path, out: Path) -> None:
    """Put pixel positions and the image of a `spatial/` folder into a sample, and print where it is.

    Parameters
    ----------
    path : Path
        The sample.
    folder : Path
        As Space Ranger writes it; see `core.io.spatial`.
    out : Path
        Where to write; may be `path` itself, which is then replaced as a whole.
    """
    from core.io import spatial

    lab_h5.write(spatial.attach(lab_h5.read(path), spatial.read_spatial(folder)), out)
    print(out)


def fetch(collection: str, folder: Path, sections: Sequence[str] | None) -> None:
    """Bring public sections and print where they are.

    Parameters
    ----------
    collection : {"paste2", "dlpfc"}
    folder : Path
    sections : sequence of str, optional
        All by default.
    """
    from core.io import dlpfc, public

    fetch_them = dlpfc.fetch_dlpfc if collection == "dlpfc" else public.fetch_paste2
    with _share_bar() as progress:
        written = fetch_them(folder, sections=sections, progress=progress)
    if collection == "dlpfc":
        sys.stderr.write(f"{dlpfc.UNCHECKED}\n")
    for path in written:
        print(path)


def synthesise(*, n_spots: int, n_genes: int, n_layers: int, random_state: int, cells: bool, path: Path) -> None:
    """Make synthetic tissue, write it and print where it is.

    Parameters
    ----------
    n_spots, n_genes, n_layers, random_state : int
    cells : bool
        See `core.io.synthetic.synthesise`.
    path : Path
    """
    from core.io import synthetic

    with _share_bar() as progress:
        sample = synthetic.synthesise(
            n_spots, n_genes=n_genes, n_layers=n_layers, random_state=random_state, cells=cells, progress=progress
        )
    lab_h5.write(sample, path)
    print(path)


def _is_table(annotation: str) -> bool:
    return annotation.lower().endswith((".csv", ".tsv", ".txt", ".gz")) or Path(annotation).is_file()


def _print_survey(survey: Survey) -> None:
    size = f", {survey.n_spots} spots, {survey.n_genes} genes" if survey.n_spots else ""
    print(f"{survey.kind}: {survey.name}{size}")
    for check in survey.checks:
        mark = {"good": "ok", "notice": "!", "bad": "x"}[check.status]
        print(f"  {mark:<2} {check.what}: {check.found} {check.advice}".rstrip())


def _check_importable(survey: Survey, source: Path) -> None:
    bad = next((check for check in survey.checks if check.status == "bad"), None)
    if bad is not None:
        raise SampleFileError(f"{source.name} was not imported: {bad.found} {bad.advice}".rstrip())


def _imported(facts: dict[str, Any]) -> dict[str, Any]:
    layers = f", annotated with {', '.join(facts['layers'])}" if facts["layers"] else ""
    return {"Imported": f"{facts['imported']} ({facts['n_spots']} spots, {facts['n_genes']} genes{layers})"}


def _cluster_facts(sample: Sample, results: list[Result], load_seconds: float) -> dict[str, Any]:
    first = results[0]
    return {
        "sample": sample.name,
        "synthetic": sample.synthetic,
        "n_spots": sample.n_spots,
        "n_genes": sample.n_genes,
        "params": first.params.as_dict(),
        "scores": dataclasses.asdict(first.scores),
        "autoencoder": None if first.autoencoder is None else _autoencoder(first.autoencoder),
        "direction": None if first.direction is None else dataclasses.asdict(first.direction),
        "seconds": {step: round(value, 4) for step, value in {"load": load_seconds, **first.seconds}.items()},
        "repeats": [
            {"seed": result.params.clustering.random_state, **dataclasses.asdict(result.scores)} for result in results
        ],
    }


def _in_short(sample: Sample, results: list[Result], seconds: dict[str, float]) -> dict[str, Any]:
    """Say on a few lines what a person wants to know of a run; the JSON has the rest."""
    first = results[0]
    clustering = first.params.clustering
    kind = "synthetic tissue, " if sample.synthetic else ""
    facts = {
        "Sample": f"{sample.name} ({kind}{sample.n_spots} spots, {sample.n_genes} genes)",
        "Expression": _expression_words(first),
        "Direction": _direction_words(first),
        "Clusters": f"{clustering.n_clusters}, {_read_out_words(first)}",
    }
    for result in results:
        facts[f"Seed {result.params.clustering.random_state}"] = _score_words(result)
    facts["Seconds"] = ", ".join(f"{step} {value:.2f}" for step, value in seconds.items())
    return facts


def _expression_words(result: Result) -> str:
    pooling, embedding = result.params.pooling, result.params.embedding
    if not embedding.pools:
        return (
            f"{embedding.n_components} spatial factors, averaged over {embedding.hops} hop{'s' * (embedding.hops != 1)}"
        )
    kind = embedding.kind
    words = f"pooled with window {pooling.window}, scale {pooling.scale:g}"
    if result.autoencoder is not None:
        return f"{words}; {kind} of the autoencoder, which explains {result.autoencoder.explained_variance:.2f}"
    return words if kind == "none" else f"{words}; {result.params.embedding.n_components} principal components"


def _read_out_words(result: Result) -> str:
    clustering, rounds = result.params.clustering, result.params.refinement.rounds
    words = f"X weight {clustering.x_weight:g}" if clustering.by_kmeans else "tied mixture"
    return f"{words}, refined {rounds} time{'s' * (rounds != 1)}" if rounds else words


def _direction_words(result: Result) -> str:
    found = result.direction
    if found is None:
        return "off"
    ways = {"manual": "by hand", "preclustering": "found by pre-clustering", "expression": "found from expression"}
    return f"{found.angle:.3f} rad, {ways[found.method]}"


def _score_words(result: Result) -> str:
    scores = result.scores
    if scores.ari is None:
        return "no annotation to score against"
    return f"ARI {scores.ari:.3f}, NMI {scores.nmi:.3f} (all spots: ARI {scores.ari_all:.3f}, NMI {scores.nmi_all:.3f})"


def _autoencoder(report: AutoencoderReport) -> dict[str, Any]:
    return {"explained_variance": report.explained_variance, "dead": report.dead, "reused": report.reused}


def _warn_if_dead(report: AutoencoderReport | None) -> None:
    if report is not None and report.dead:
        sys.stderr.write(_DEAD.format(share=report.explained_variance) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def _write_h5ad(sample: Sample, result: Result, steps: "Pipeline", path: Path, names: Mapping[int, str]) -> None:
    from core.evaluation.matching import match_clusters
    from core.figures.colours import cluster_colours
    from core.io.h5ad_out import write_h5ad
    from core.method.embeddings import embeddings

    colours = cluster_colours(match_clusters(result.labels, sample.labels_true), sample.layer_names, "light")
    write_h5ad(sample, result, path, names=names, embeddings=embeddings(steps, result.params), colours=colours)


def _write_figure(sample: Sample, result: Result, path: Path) -> None:
    from core.figures.comparison import predicted_and_annotated
    from core.figures.export import write_figure

    write_figure(predicted_and_annotated(sample, result), path)


def _print(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts))
        return
    for line in _lines(facts):
        print(line)


def _lines(facts: dict[str, Any], indent: str = "") -> Iterator[str]:
    """Nested facts for people: `name: value`, one a line, without what is not there."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list):
            yield f"{indent}{name}:"
            yield from (f"{indent}  {', '.join(_lines(item))}" for item in value)
        elif value is not None:
            yield f"{indent}{name}: {f'{value:.4g}' if isinstance(value, float) else value}"


@contextmanager
def _training_bar() -> Iterator[Callable[[int, int, float], None]]:
    with _bar(desc="Training", unit="epoch", leave=False, delay=0.5) as bar:

        def on_epoch(epoch: int, n_epochs: int, loss: float) -> None:
            bar.total = n_epochs
            bar.set_postfix(loss=f"{loss:.3g}", refresh=False)
            bar.update(epoch - bar.n)

        yield on_epoch


def _start_bar(results: Iterator[Result], n_starts: int) -> Iterator[Result]:
    yield from _bar(results, total=n_starts, desc="Starts", leave=False, delay=0.5)


_SHARE_FORMAT = "{desc} {percentage:3.0f}% |{bar}| {remaining} left"


@contextmanager
def _share_bar() -> Iterator[Callable[[float, str], None]]:
    with _bar(total=100, unit="%", leave=False, bar_format=_SHARE_FORMAT) as bar:

        def progress(share: float, doing: str) -> None:
            bar.set_description(doing, refresh=False)
            bar.update(100 * share - bar.n)

        yield progress


def _bar(work: Any = None, **options: Any) -> Any:
    # disable=None: a bar on a terminal, nothing in a log or a pipe.
    return tqdm(work, file=sys.stderr, disable=None, **options)
