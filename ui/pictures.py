"""What lies under and on the spots of a map: the stained image, served once, and values by spot, computed once."""

import io

import numpy as np
import streamlit as st
from PIL import Image
from streamlit import runtime

from core.evaluation import quality
from core.method.registration import um_to_image
from core.sample import Sample
from ui.tissue_view import Underlay


def underlay(sample: Sample) -> Underlay | None:
    """Offer the image of a section to the browser.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    Underlay or None
        None where the sample has no image, or no positions on it.
    """
    if sample.image is None or sample.coords_px is None or not runtime.exists():
        return None
    # Streamlit's own store of media: the address holds a hash of the bytes, so that the browser fetches them once.
    url = runtime.get_instance().media_file_mgr.add(_png(sample.image.digest, sample), "image/png", "tissue image")
    return Underlay(
        url=st.get_option("server.baseUrlPath").rstrip("/") + url,
        um_to_px=um_to_image(sample.lattice, sample.coords_px, sample.image.scale),
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _png(digest: str, _sample: Sample) -> bytes:
    assert _sample.image is not None  # noqa: S101 - the caller has looked
    content = io.BytesIO()
    Image.fromarray(_sample.image.pixels).save(content, format="PNG")
    return content.getvalue()


def values(sample: Sample, kind: str, gene: str | None) -> np.ndarray:
    """Look up one number for each spot.

    Parameters
    ----------
    sample : Sample
    kind : {"gene", "counts", "genes"}
    gene : str or None
        One of the sample's, where `kind` asks for a gene.

    Returns
    -------
    ndarray of shape (n_spots,)
        Never to be changed: all sessions share it.
    """
    return _values(sample.content_hash, kind, gene if kind == "gene" else None, sample)


@st.cache_resource(max_entries=64, show_spinner=False)
def _values(content_hash: str, kind: str, gene: str | None, _sample: Sample) -> np.ndarray:
    if kind == "gene":
        names = [] if _sample.gene_names is None else _sample.gene_names.tolist()
        return quality.gene_counts(_sample.expression, names.index(gene))
    count = {"counts": quality.counts_per_spot, "genes": quality.genes_per_spot}[kind]
    return count(_sample.expression)
