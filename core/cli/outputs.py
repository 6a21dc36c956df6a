"""The files that `cluster` writes; with `--joint`, folders with a file for each section, and one figure."""

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.annotation import Annotation
from core.cli import thicknesses
from core.cli.console import share_bar
from core.errors import ParameterError, SampleFileError
from core.files import write_text
from core.io.export import labels_csv, loupe_csv, renamed, tree_csv, tree_json, write_lab_h5, xenium_csv
from core.io.joint_export import names_in
from core.params import MethodParams
from core.result import Result
from core.sample import Sample

if TYPE_CHECKING:
    from core.evaluation.matching import Matching
    from core.evaluation.thickness import Thicknesses
    from core.method.joint import JointPipeline
    from core.method.pipeline import Pipeline

_LOUPE_CATEGORY = "domain"
_ENDINGS = {"--labels": "_labels.csv", "--loupe": "_loupe.csv", "--h5ad": "_domains.h5ad", "--lab-h5": "_domains.h5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What `cluster` writes.

    Parameters
    ----------
    labels, loupe, xenium : Path, optional
        Labels as CSV, and as Loupe Browser and Xenium Explorer import them.
    h5ad, spatialdata, lab_h5 : Path, optional
        The sample with its labels, for scanpy and squidpy, as a SpatialData store, and in the lab's format.
    markers : Path, optional
        Marker genes of every cluster, as CSV.
    thickness : Path, optional
        Thickness of every cluster and layer, as CSV.
    tree : Path, optional
        The tree of domains: every cut as CSV, or the joins as JSON, by its ending.
    figure : Path, optional
        Predicted beside annotated.
    names : mapping of int to str
        New names of clusters, in all files; two of one name become one.
    """

    labels: Path | None = None
    loupe: Path | None = None
    xenium: Path | None = None
    h5ad: Path | None = None
    spatialdata: Path | None = None
    lab_h5: Path | None = None
    markers: Path | None = None
    thickness: Path | None = None
    tree: Path | None = None
    figure: Path | None = None
    names: Mapping[int, str] = dataclasses.field(default_factory=dict)

    def check(self, sample: Sample, params: MethodParams) -> None:
        """Refuse files that cannot be written, before the work starts."""
        renamed(np.arange(params.clustering.n_clusters), self.names)
        if self.thickness is not None and params.direction.method == "off":
            raise ParameterError(
                "The run has no direction across which thickness could be measured: leave out --thickness or --angle off."
            )
        if self.tree is not None and params.clustering.by_kmeans:
            raise ParameterError(
                "k-means is a single fit, so there is no tree of domains: leave out --tree, or add --read-out mixture."
            )
        if self.loupe is not None:
            loupe_csv(sample, np.zeros(sample.n_spots, dtype=int), sample.name)
        if self.xenium is not None:
            xenium_csv(sample, np.zeros(sample.n_spots, dtype=int))

    def write(
        self,
        sample: Sample,
        result: Result,
        steps: "Pipeline",
        annotations: Sequence[Annotation] = (),
        thick: "Thicknesses | None" = None,
    ) -> None:
        """Write each requested file; the h5ad has the annotations of the sample. Thicknesses that are known are not measured again."""
        found = self.domains(sample, result)
        if self.labels is not None:
            write_text(self.labels, labels_csv(sample, result, found.names))
        if self.loupe is not None:
            write_text(self.loupe, loupe_csv(sample, renamed(result.labels, found.names), _LOUPE_CATEGORY))
        if self.xenium is not None:
            write_text(self.xenium, xenium_csv(sample, renamed(result.labels, found.names)))
        self._write_samples(sample, result, steps, found, annotations)
        if self.markers is not None:
            _write_markers(sample, renamed(result.labels, found.names), self.markers)
        if self.thickness is not None:
            thick = thicknesses.measured(sample, result, found, asked=True) if thick is None else thick
            _write_thickness(thick, self.thickness)
        if self.figure is not None:
            _write_figure(sample, result, found, self.figure)
        self._write_tree(sample, result, steps)

    def _write_samples(
        self, sample: Sample, result: Result, steps: "Pipeline", found: "Matching", annotations: Sequence[Annotation]
    ) -> None:
        from core.io.h5ad.writing import write_h5ad
        from core.io.spatialdata.writing import write_spatialdata

        for path, write in ((self.h5ad, write_h5ad), (self.spatialdata, write_spatialdata)):
            if path is not None:
                write(sample, result, path, **_beside_labels(sample, result, steps, found), annotations=annotations)
        if self.lab_h5 is not None:
            write_lab_h5(sample, result, self.lab_h5, found.names if found.given else None)

    def _write_tree(self, sample: Sample, result: Result, steps: "Pipeline") -> None:
        if self.tree is not None:
            tree = steps.tree(result.params)
            write_text(self.tree, tree_json(tree) if self.tree.suffix.lower() == ".json" else tree_csv(sample, tree))

    def domains(self, sample: Sample, result: Result) -> "Matching":
        """Name the domains, those of `names` as they say."""
        from core.evaluation.matching import domains_of, guided_domains

        if result.guidance is not None:
            return guided_domains(sample, result)
        return domains_of(sample, result.labels, self.names)


def _beside_labels(sample: Sample, result: Result, steps: "Pipeline", found: "Matching") -> dict[str, Any]:
    """Names, colours and embeddings that go out with the labels."""
    from core.figures.colours import domain_colours
    from core.method.embeddings import embeddings

    colours = domain_colours(found, sample.classes, "light")
    return {"names": found.names, "embeddings": embeddings(steps, result.params), "colours": colours}


def _write_markers(sample: Sample, named: np.ndarray, path: Path) -> None:
    from core.evaluation.markers import as_csv, find_markers

    names, labels = np.unique(named, return_inverse=True)  # two clusters of one name are one
    with share_bar() as bar:
        found = find_markers(
            sample.expression,
            labels,
            sample.gene_names,
            lambda done, of: bar(done / of, f"Gene {done:,} of {of:,}"),
            logged=sample.is_logged,
        )
    write_text(path, as_csv(found, dict(enumerate(names.tolist()))))
    for label, size in found.too_small.items():
        sys.stderr.write(
            f"{names[label]} has too few spots ({size}), or the rest too few, to be compared: {path.name} leaves it out.\n"
        )


def _write_thickness(thick: "Thicknesses | None", path: Path) -> None:
    from core.evaluation.thickness import thickness_csv

    if thick is not None:
        write_text(path, thickness_csv(thick))


def _write_figure(sample: Sample, result: Result, found: "Matching", path: Path) -> None:
    from core.figures.comparison import predicted_and_annotated
    from core.figures.export import write_figure
    from core.figures.origin import of_run

    guided = "" if result.guidance is None else result.guidance.in_words()
    origin = of_run(sample.name, result.params, guided=guided)
    write_figure(predicted_and_annotated(sample, result, found), path, origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointOutputs:
    """What `cluster --joint` writes.

    Parameters
    ----------
    labels, loupe, h5ad, lab_h5 : Path, optional
        Folders, made if missing; other files in them stay.
    figure : Path, optional
        All sections, predicted above annotated.
    names : mapping of int to str
        New names of clusters, in all files.
    """

    labels: Path | None = None
    loupe: Path | None = None
    h5ad: Path | None = None
    lab_h5: Path | None = None
    figure: Path | None = None
    names: Mapping[int, str] = dataclasses.field(default_factory=dict)

    def check(self, samples: Sequence[Sample], n_clusters: int) -> None:
        """Refuse paths that cannot be written before the work starts, and make the folders.

        Raises
        ------
        SampleFileError
            If a file has a folder's name.
        SampleError, ParameterError
            As `core.io.export` says.
        """
        renamed(np.arange(n_clusters), self.names)
        for sample in samples if self.loupe is not None else ():
            loupe_csv(sample, np.zeros(sample.n_spots, dtype=int), _LOUPE_CATEGORY)
        for folder in (self.labels, self.loupe, self.h5ad, self.lab_h5):
            if folder is not None:
                _make(folder)

    def files(self, sample_name: str) -> dict[str, Path]:
        """List the files of one section, by the option that asks for each.

        Parameters
        ----------
        sample_name : str
        """
        return {
            option: folder / f"{sample_name}{_ENDINGS[option]}"
            for option, folder in (
                ("--labels", self.labels),
                ("--loupe", self.loupe),
                ("--h5ad", self.h5ad),
                ("--lab-h5", self.lab_h5),
            )
            if folder is not None
        }

    def write(
        self, steps: "JointPipeline", results: Mapping[str, Result], drawn: Mapping[str, Sequence[Annotation]]
    ) -> None:
        """Write each requested file.

        Parameters
        ----------
        steps : JointPipeline
            With the cache of the run.
        results : mapping of str to Result
            By name of the sample.
        drawn : mapping of str to sequence of Annotation
            By name of the sample, for the h5ad.
        """
        from core.figures.sections import match_together

        found = match_together(steps.samples, results).named(self.names)
        for sample in steps.samples:
            self._write_section(sample, results[sample.name], found)
        if self.h5ad is not None:
            self._write_h5ads(steps, results, found, drawn)
        if self.figure is not None:
            _write_sections_figure(steps.samples, results, found, self.figure)

    def _write_section(self, sample: Sample, result: Result, found: "Matching") -> None:
        names = names_in(result.labels, found.names)
        files = self.files(sample.name)
        if "--labels" in files:
            write_text(files["--labels"], labels_csv(sample, result, names))
        if "--loupe" in files:
            write_text(files["--loupe"], loupe_csv(sample, renamed(result.labels, names), _LOUPE_CATEGORY))
        if "--lab-h5" in files:
            write_lab_h5(sample, result, files["--lab-h5"], names if self.names else None)

    def _write_h5ads(
        self,
        steps: "JointPipeline",
        results: Mapping[str, Result],
        found: "Matching",
        drawn: Mapping[str, Sequence[Annotation]],
    ) -> None:
        from core.figures.charts import colours_of_clusters
        from core.figures.sections import annotation
        from core.io.h5ad.writing import write_h5ad

        shades = colours_of_clusters(found, annotation(steps.samples), "light")
        for sample in steps.samples:
            result, path = results[sample.name], self.files(sample.name)["--h5ad"]
            factors = steps.factors(result.params)[sample.name]
            names = names_in(result.labels, found.names)
            embeddings, of_this = {"X_factors": factors}, drawn.get(sample.name, ())
            write_h5ad(sample, result, path, names=names, embeddings=embeddings, colours=shades, annotations=of_this)


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SampleFileError(f"{folder} is a file, but with --joint a folder belongs there: name another folder.")
    folder.mkdir(parents=True, exist_ok=True)


def _write_sections_figure(
    samples: Sequence[Sample], results: Mapping[str, Result], found: "Matching", path: Path
) -> None:
    from core.figures.export import write_figure
    from core.figures.origin import of_run
    from core.figures.sections import sections_figure

    of = of_run(", ".join(results), next(iter(results.values())).params)
    write_figure(sections_figure(samples, results, found), path, of)
