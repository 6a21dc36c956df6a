"""Presets side by side on every annotated sample below a folder: agreement, spread, seconds, memory.

As many clusters as annotated classes, unannotated spots not counted; they are clustered with the others and dropped for the
scores. Nothing else of the annotation is used.
"""

import csv
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import plotly.graph_objects as go

from benchmarks.sections import Section, sections
from core.errors import SampleFileError, WorkError
from core.figures import charts
from core.figures.colours import STYLES, Theme
from core.figures.export import check_path, write_figure
from core.params import preset

_HEADINGS = "{:<18} {:<12} {:>5} {:>7} {:>3}  {:>15} {:>15} {:>8} {:>9} {:>6}"
_WIDTH_OF_NAMES = 18
_ROW_PX, _MARGIN_PX = 56, 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How one preset does on one sample.

    Parameters
    ----------
    sample, preset : str
    n_spots, n_genes, n_clusters : int
    ari, ari_sd, nmi, nmi_sd : float
        Mean and standard deviation (of the population) over the seeds, annotated spots only.
    seconds : float
        Mean over the seeds, from counts in memory to scores.
    peak_mib : float
        Of a process of its own, imports and the reading of the file included.
    n_moved : int
        Most spots that a shuffle of the rows moved to another domain.
    """

    sample: str
    preset: str
    n_spots: int
    n_genes: int
    n_clusters: int
    ari: float
    ari_sd: float
    nmi: float
    nmi_sd: float
    seconds: float
    peak_mib: float
    n_moved: int


def report(
    folder: Path,
    *,
    presets: Sequence[str],
    n_seeds: int,
    n_shuffles: int,
    csv_path: Path | None = None,
    figure_path: Path | None = None,
) -> bool:
    """Measure all samples, print a table as it grows, and write what is asked for.

    Parameters
    ----------
    folder : Path
    presets : sequence of str
    n_seeds, n_shuffles : int
        Runs from other seeds, and runs on the same spots in another order.
    csv_path, figure_path : Path, optional

    Returns
    -------
    bool
        Whether the order of the spots changed nothing; the autoencoder, which reads batches in file order, is let off.

    Raises
    ------
    SampleFileError
        If the folder holds no annotated sample, or the table cannot be written.
    FigureError
        If the figure cannot be written; what can be known of that is said before anything runs.
    WorkError
        If a run fails.
    """
    _check_writable(csv_path, figure_path)
    rows = []
    print(_HEADINGS.format("sample", "preset", "spots", "genes", "K", "ARI", "NMI", "seconds", "peak MiB", "moved"))
    for row in _measured(folder, presets, n_seeds, n_shuffles):
        print(_line(row), flush=True)
        rows.append(row)
    if not rows:
        raise SampleFileError(f"There is no annotated sample below {folder}: name a folder with one.")
    _print_means(rows, presets)
    if csv_path is not None:
        _write_csv(rows, csv_path)
    if figure_path is not None:
        write_figure(accuracy_figure(rows), figure_path)
    return all(row.n_moved == 0 for row in rows if not preset(row.preset).embedding.needs_training)


def accuracy_figure(rows: Sequence[Accuracy], *, theme: Theme = "light") -> go.Figure:
    """Draw the ARI of each preset on each sample.

    Parameters
    ----------
    rows : sequence of Accuracy
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        A dot for the mean over the seeds, a line for the standard deviation to each side.
    """
    style, figure = STYLES[theme], go.Figure()
    names = list(dict.fromkeys(row.preset for row in rows))
    shades = dict(zip(names, charts.scale_colours(theme, len(names) + 2)[1:-1], strict=True))
    for name in names:
        _add_dots(figure, [row for row in rows if row.preset == name], name, shades[name])
    n_samples = len({row.sample for row in rows})
    figure.update_layout(**charts.chart_style(theme, _MARGIN_PX + _ROW_PX * n_samples))
    figure.update_layout(
        xaxis=charts.axis(style, range=[min(0.0, *(row.ari for row in rows)), 1], title_text="ARI on annotated spots"),
        yaxis=charts.axis(style, type="category", autorange="reversed"),
        margin={"l": 120, "r": 16, "t": 36, "b": 48},
    )
    charts.write_above(figure, "   ".join(charts.swatch(name, shades[name]) for name in names), 0.0, style)
    return figure


def _measured(folder: Path, presets: Sequence[str], n_seeds: int, n_shuffles: int) -> Iterator[Accuracy]:
    for name in presets:
        preset(name)  # a name that is none is refused before anything runs
    for found in sections(folder):
        if isinstance(found, str):
            print(found)
            continue
        for name in presets:
            yield _measure(found, name, n_seeds, n_shuffles)


def _measure(section: Section, name: str, n_seeds: int, n_shuffles: int) -> Accuracy:
    child = [sys.executable, "-m", "benchmarks.accuracy_run"]
    command = [*child, str(section.source), name, str(n_seeds), str(n_shuffles)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise WorkError(f"{name} failed on {section.name}; the last it said was: {done.stderr[-500:]}")
    seen = json.loads(done.stdout)
    return Accuracy(
        sample=section.name,
        preset=name,
        n_spots=section.n_spots,
        n_genes=section.n_genes,
        n_clusters=section.n_classes,
        ari=statistics.mean(seen["ari"]),
        ari_sd=statistics.pstdev(seen["ari"]),
        nmi=statistics.mean(seen["nmi"]),
        nmi_sd=statistics.pstdev(seen["nmi"]),
        seconds=statistics.mean(seen["seconds"]),
        peak_mib=seen["peak_mib"],
        n_moved=max(seen["n_moved"], default=0),
    )


def _line(row: Accuracy) -> str:
    return _HEADINGS.format(
        row.sample[:_WIDTH_OF_NAMES],
        row.preset,
        row.n_spots,
        row.n_genes,
        row.n_clusters,
        f"{row.ari:.3f} +- {row.ari_sd:.3f}",
        f"{row.nmi:.3f} +- {row.nmi_sd:.3f}",
        f"{row.seconds:.2f}",
        f"{row.peak_mib:.0f}",
        row.n_moved,
    )


def _print_means(rows: Sequence[Accuracy], presets: Sequence[str]) -> None:
    for name in dict.fromkeys(presets):
        of_preset = [row for row in rows if row.preset == name]
        ari, nmi = (statistics.mean(getattr(row, score) for row in of_preset) for score in ("ari", "nmi"))
        print(f"{name}: mean over {len(of_preset)} samples ARI {ari:.3f}, NMI {nmi:.3f}")


def _check_writable(csv_path: Path | None, figure_path: Path | None) -> None:
    """Refuse before minutes of work what would fail after it."""
    if csv_path is not None and not csv_path.parent.is_dir():
        raise SampleFileError(
            f"{csv_path.name} cannot be written: there is no folder {csv_path.parent}. Make it first."
        )
    if figure_path is not None:
        check_path(figure_path)


def _write_csv(rows: Sequence[Accuracy], path: Path) -> None:
    try:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Accuracy)])
            writer.writeheader()
            writer.writerows(asdict(row) for row in rows)
    except OSError as error:
        raise SampleFileError(f"{path} cannot be written ({error.strerror}): choose another folder.") from error


def _add_dots(figure: go.Figure, rows: Sequence[Accuracy], name: str, colour: str) -> None:
    figure.add_scatter(
        x=[row.ari for row in rows], y=[row.sample for row in rows], name=name, mode="markers",
        marker={"size": 12, "color": colour},
        error_x={"type": "data", "array": [row.ari_sd for row in rows], "color": colour, "thickness": 2},
        hovertemplate=f"{name}, %{{y}}: ARI %{{x:.3f}}<extra></extra>",
    )  # fmt: skip
