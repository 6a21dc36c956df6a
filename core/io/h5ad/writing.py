"""Results as AnnData, laid out as scanpy and squidpy expect them, and as h5ad files.

`core.io.h5ad` reads them back as the sample that they were made of.
"""

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from core import __version__, knobs
from core.annotation import Annotation
from core.coordinates import area_per_spot_um2
from core.errors import SampleFileError
from core.files import written_whole
from core.io.annotation_columns import column_names, in_use
from core.io.export import renamed
from core.io.h5ad.images import SPOT_UM
from core.io.h5ad.positions import OWN, OWN_COORDS
from core.result import Result
from core.sample import Sample
from core.text import shown

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

LABELS = "domain"
"""Column of `obs` that holds the clusters."""

CONFIDENCE = "confidence"
"""Column of `obs` that holds how often each spot keeps its cluster, where that is known."""

GENE_IDS = "gene_ids"
"""Column of `var` that holds Ensembl's identifiers, where they are known; scanpy calls it so."""

ANNOTATION = "annotation"
"""Column of `obs` that holds the annotation."""


PAINTED = "painted"
"""Column of `obs` that holds the domain which people painted a spot as, where domains follow strokes."""


def adata_of(
    sample: Sample,
    result: Result,
    *,
    names: Mapping[int, str] | None = None,
    embeddings: Mapping[str, np.ndarray] | None = None,
    colours: Mapping[int, str] | None = None,
    annotations: Sequence[Annotation] = (),
) -> "AnnData":
    """Combine a sample and its result in one AnnData.

    Parameters
    ----------
    sample : Sample
    result : Result
        A run on that sample.
    names : mapping of int to str, optional
        New names of clusters; clusters with equal names are merged (see `core.io.export.renamed`).
    embeddings : mapping of str to ndarray of shape (n_spots, n_features), optional
        For `obsm`, by key, such as `X_pca`.
    colours : mapping of int to str, optional
        Hexadecimal colours by cluster; merged clusters have that of the first.
    annotations : sequence of Annotation, optional
        Of the sample: one categorical column of `obs` each, under its name, with the regions' colours in `uns["NAME_colors"]`.

    Returns
    -------
    AnnData
        Counts in `X` (CSR); `obs["domain"]` and, where the sample is annotated, `obs["annotation"]`, both categorical;
        `obs["confidence"]`, from 0 to 1, where it is known; `obs["painted"]`, the strokes that guided the run, missing where nobody
        painted, and what guided it in words in `uns["spatial_domains"]["guided"]`; `var["gene_ids"]` where they are known;
        `array_row`, `array_col` and `in_tissue` on the lattice; `obsm["spatial"]` (x, y) in full-resolution pixels or, where
        there are none, in micrometres, or in the file's unit where nobody said how long that is:
        `uns["spatial_domains"]["spatial_unit"]` says which; image and scale factors in
        `uns["spatial"][name]`; parameters (JSON), scores, seconds, version and content hash in `uns["spatial_domains"]`.

    Raises
    ------
    ParameterError
        As `core.io.export.renamed`.

    Notes
    -----
    `sq.pl.spatial_scatter(adata, color="domain")` and `sc.pl.spatial(adata, color="domain")` draw it; without an image
    they want `img=False` and `img_key=None`.
    """
    import anndata
    import pandas as pd

    adata = anndata.AnnData(
        X=_counts(sample),
        obs=pd.DataFrame(index=_index(sample.barcodes, sample.n_spots)),
        var=pd.DataFrame(index=_index(sample.gene_names, sample.n_genes)),
    )
    if sample.gene_ids is not None:
        adata.var[GENE_IDS] = pd.Series(_objects(sample.gene_ids), index=adata.var.index, dtype=object)
    adata.obs[LABELS] = _categories(renamed(result.labels, names), _in_order(result.labels, names))
    if result.confidence is not None:
        adata.obs[CONFIDENCE] = np.array(result.confidence)
    if result.guidance is not None and result.guidance.strokes is not None:
        strokes = result.guidance.strokes
        adata.obs[PAINTED] = pd.Categorical.from_codes(
            strokes.painted, categories=pd.Index(_objects(strokes.names), dtype=object)
        )
    if sample.labels_true is not None:
        adata.obs[ANNOTATION] = _categories(sample.labels_true, sample.layer_names)
    _put_places(adata, sample)
    if sample.spot_rgb is not None:
        adata.obsm["rgb"] = np.array(sample.spot_rgb)
    for key, values in (embeddings or {}).items():
        adata.obsm[key] = np.array(values)
    if colours is not None:
        adata.uns[f"{LABELS}_colors"] = _colours(result.labels, names, colours)
    _put_annotations(adata, annotations)
    adata.uns[OWN] = _facts(sample, result)
    return adata


def write_h5ad(
    sample: Sample,
    result: Result,
    path: str | os.PathLike[str],
    *,
    names: Mapping[int, str] | None = None,
    embeddings: Mapping[str, np.ndarray] | None = None,
    colours: Mapping[int, str] | None = None,
    annotations: Sequence[Annotation] = (),
) -> None:
    """Write what :func:`adata_of` makes as an h5ad file, which appears whole or not at all.

    Parameters
    ----------
    sample, result, names, embeddings, colours, annotations
        As for :func:`adata_of`.
    path : path-like
        Replaced if it exists.

    Raises
    ------
    SampleFileError
        If the file cannot be written.
    ParameterError
        As `core.io.export.renamed`.
    """
    path = Path(path)
    adata = adata_of(sample, result, names=names, embeddings=embeddings, colours=colours, annotations=annotations)
    try:
        with written_whole(path) as draft:
            adata.write_h5ad(draft, compression="gzip")
    # h5py reports a full disk and the like as either.
    except (OSError, RuntimeError) as error:
        reason = shown(getattr(error, "strerror", None) or error, 120).rstrip(".")
        raise SampleFileError(f"{shown(path, 300)} cannot be written ({reason}): choose another folder.") from error


def _counts(sample: Sample) -> sparse.csr_matrix:
    counts = sparse.csr_matrix(sample.expression)
    as_single = counts.data.astype(np.float32)
    # Scanpy's tools expect single precision; it is used if no value changes.
    return counts if (as_single != counts.data).any() else sparse.csr_matrix(counts, dtype=np.float32)


def _index(names: np.ndarray | None, n_rows: int) -> "pd.Index[str]":
    """Names of rows, made unique as anndata does; numbers where there are none."""
    import pandas as pd
    from anndata.utils import make_index_unique

    # anndata 0.12 writes text of objects, and not yet the text that is pandas 3's own.
    index = pd.Index(_objects(range(n_rows) if names is None else names), dtype=object)
    return index if index.is_unique else pd.Index(_objects(make_index_unique(index)), dtype=object)


def _objects(values: Any) -> np.ndarray:
    return np.array([str(value) for value in values], dtype=object)


def _categories(values: np.ndarray, names: list[str]) -> "pd.Categorical":
    """Classes in a given order; what is not among them, such as the unannotated, is missing."""
    import pandas as pd

    index = {name: number for number, name in enumerate(names)}
    codes = [index.get(value, -1) for value in values.tolist()]
    return pd.Categorical.from_codes(codes, categories=pd.Index(_objects(names), dtype=object))


def _in_order(labels: np.ndarray, names: Mapping[int, str] | None) -> list[str]:
    """Names of the clusters, each once, in the order of their numbers."""
    known = np.unique(labels)
    return list(dict.fromkeys(renamed(known, names).tolist()))


def _colours(labels: np.ndarray, names: Mapping[int, str] | None, colours: Mapping[int, str]) -> np.ndarray:
    known = np.unique(labels)
    first: dict[str, int] = {}
    for name, cluster in zip(renamed(known, names).tolist(), known.tolist(), strict=True):
        first.setdefault(name, cluster)
    return _objects(colours[cluster] for cluster in first.values())


def _put_annotations(adata: "AnnData", annotations: Sequence[Annotation]) -> None:
    names = column_names(annotations, list(adata.obs.columns))
    for name, annotation in zip(names, annotations, strict=True):
        labels, regions, colours = in_use(annotation)
        adata.obs[name] = _categories(labels, regions)
        adata.uns[f"{name}_colors"] = _objects(colours)


def _put_places(adata: "AnnData", sample: Sample) -> None:
    if sample.lattice is not None:
        adata.obs["array_row"], adata.obs["array_col"] = sample.lattice.astype(np.int64).T
        adata.obs["in_tissue"] = np.ones(sample.n_spots, dtype=np.int64)
    else:
        adata.obsm[OWN_COORDS] = np.ascontiguousarray(np.asarray(sample.coords_um, dtype=float)[:, ::-1])
    in_pixels = sample.coords_px is not None
    # Files have (x, y), a sample (vertical, horizontal): exchanged only here.
    spatial = sample.tissue_um if sample.coords_px is None else np.asarray(sample.coords_px, dtype=float)[:, ::-1]
    adata.obsm["spatial"] = np.array(spatial)
    um_per_unit = um_per_pixel(sample) if in_pixels else 1.0
    library = {"images": _images(sample) if in_pixels else {}, "scalefactors": _scales(sample, um_per_unit)}
    adata.uns["spatial"] = {sample.name.replace("/", "_") or "sample": library}


def um_per_pixel(sample: Sample) -> float:
    """Compare how far spots spread in um and in pixels, which no rotation changes.

    Parameters
    ----------
    sample : Sample
        With `coords_px`.

    Returns
    -------
    float
        Micrometres of a pixel of the full-resolution image; 1 where it cannot be told.
    """
    spread_px = float(np.var(np.asarray(sample.coords_px, dtype=float), axis=0).sum())
    spread_um = float(np.var(sample.tissue_um, axis=0).sum())
    return float(np.sqrt(spread_um / spread_px)) if spread_px > 0 and spread_um > 0 else 1.0


def _images(sample: Sample) -> dict[str, np.ndarray]:
    if sample.image is None:
        return {}
    # Both tools draw `hires` by default, so the only image is stored under both names.
    pixels = np.array(sample.image.pixels)
    return {"lowres": pixels, "hires": pixels}


def _scales(sample: Sample, um_per_unit: float) -> dict[str, float]:
    scale = 1.0 if sample.image is None or sample.coords_px is None else float(sample.image.scale)
    return {
        "tissue_lowres_scalef": scale,
        "tissue_hires_scalef": scale,
        "spot_diameter_fullres": _spot_um(sample) / um_per_unit,
        "microns_per_pixel": um_per_unit,
    }


def _spot_um(sample: Sample) -> float:
    """Diameter to draw a spot with: Visium's, or a circle with the area of tissue that belongs to one."""
    if sample.coords_um is None:
        return SPOT_UM
    return float(2 * np.sqrt(area_per_spot_um2(sample.coords_um) / np.pi))


def _spatial_unit(sample: Sample) -> str:
    if sample.coords_px is not None:
        return "full-resolution pixel"
    return "micrometre" if sample.unit_known else "unit of the file"


def _facts(sample: Sample, result: Result) -> dict[str, Any]:
    scores = dataclasses.asdict(result.scores)
    facts: dict[str, Any] = {
        "parameters": json.dumps(knobs.in_use(result.params), sort_keys=True),
        "scores": {name: float(value) for name, value in scores.items() if value is not None},
        "seconds": {step: float(value) for step, value in result.seconds.items()},
        "version": __version__,
        "content_hash": sample.content_hash,
        "sample": sample.name,
        "spatial_unit": _spatial_unit(sample),
        "synthetic": sample.synthetic,
        "unit_unknown": not sample.unit_known,
        "source": _objects([sample.source]),
        "expression_kind": _objects([sample.expression_kind]),
    }
    if result.direction is not None:
        facts["direction"] = {"angle": float(result.direction.angle), "method": result.direction.method}
    if result.guidance is not None:
        facts["guided"] = _objects([result.guidance.in_words()])
    if result.averaging is not None:
        facts["averaging"] = {"hops": result.averaging.hops, "noise": result.averaging.noise}
    return facts
