"""The embeddings of a run, for export."""

import dataclasses

import numpy as np

from core.method.pipeline import Pipeline
from core.params import EmbeddingParams, MethodParams


def embeddings(pipeline: Pipeline, params: MethodParams) -> dict[str, np.ndarray]:
    """Collect the embeddings of a run, by their names in AnnData's `obsm`.

    Parameters
    ----------
    pipeline : Pipeline
        With the cache of the run: nothing is then computed twice.
    params : MethodParams

    Returns
    -------
    dict of str to ndarray of shape (n_spots, n_features)
        `X_pca`, principal components of pooled expression; and of a run with an autoencoder `X_code` or
        `X_reconstruction`, what it clustered. Of a run without pooling `X_factors` alone.
    """
    if not params.embedding.pools:
        return {"X_factors": pipeline.embedded(params)}
    n_components = min(params.embedding.n_components, *pipeline.sample.expression.shape)
    of_pooled = EmbeddingParams(kind="pca", n_components=n_components)
    found = {"X_pca": pipeline.embedded(dataclasses.replace(params, embedding=of_pooled))}
    if params.embedding.needs_training:
        found[f"X_{params.embedding.kind}"] = pipeline.embedded(params)
    return found
