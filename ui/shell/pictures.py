"""The stained image under a map, and the values of its spots; each is made once."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from streamlit import runtime

from core.evaluation import quality
from core.evaluation.gene_sets import score_set
from core.method.normalisation import log_normalised, log_normalised_gene
from core.method.registration import Affine, um_to_image
from core.sample import Sample, TissueImage
from ui.data import compute
from ui.tissue_view import Underlay, media


def underlay(sample: Sample) -> Underlay | None:
    """Serve the image of a sample to the browser."""
    if sample.image is None or sample.coords_px is None or not runtime.exists():
        return None
    return Underlay(
        url=media.address(_png(sample.image), "image/png", f"tissue image {sample.image.digest}"),
        um_to_px=_um_to_px(sample, sample.coords_px, sample.image),
    )


def _um_to_px(sample: Sample, coords_px: np.ndarray, image: TissueImage) -> Affine:
    return compute.kept(
        lambda: um_to_image(sample.tissue_um, coords_px, image.scale), "um to px", sample.spots_hash, repr(image.scale)
    )


def _png(image: TissueImage) -> bytes:
    return compute.kept(lambda: _encoded(image), "png", image.digest)


def _encoded(image: TissueImage) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image.pixels).save(content, format="PNG")
    return content.getvalue()


def values(sample: Sample, kind: str, gene: str | None, *, raw: bool = False) -> np.ndarray:
    """Look up one number for each spot: of a gene its log-normalised expression, or its raw counts."""
    kind, chosen = ("raw gene" if raw else kind, gene) if kind == "gene" else (kind, None)
    return compute.kept(lambda: _values(sample, kind, chosen), "values", sample.content_hash, kind, chosen or "")


def set_score(sample: Sample, columns: Sequence[int]) -> np.ndarray:
    """Score a set of genes in each spot."""
    key = ("set score", sample.content_hash, compute.digest_of(columns))
    return compute.kept(lambda: score_set(log_normalised(sample.expression, logged=sample.is_logged), columns), *key)


def _values(sample: Sample, kind: str, gene: str | None) -> np.ndarray:
    if kind in ("gene", "raw gene"):
        names = [] if sample.gene_names is None else sample.gene_names.tolist()
        as_it_is = kind == "raw gene" or sample.is_logged
        return log_normalised_gene(sample.expression, names.index(gene), logged=as_it_is)
    count = {"counts": quality.counts_per_spot, "genes": quality.genes_per_spot}[kind]
    return count(sample.expression)
