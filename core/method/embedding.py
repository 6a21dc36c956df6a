"""What stands for expression in the distance: pooled counts, principal components, or an autoencoder's view."""

import numpy as np
from sklearn.decomposition import PCA

from core.coordinates import canonical_order
from core.errors import ParameterError
from core.text import counted

_EXACT_UP_TO = 3000  # genes for which the eigenvectors of the whole covariance are quick


def principal_components(values: np.ndarray, positions: np.ndarray, n_components: int) -> np.ndarray:
    """Project onto the first principal components.

    Parameters
    ----------
    values : ndarray of shape (n_spots, n_genes)
        Pooled counts. Not modified.
    positions : ndarray of shape (n_spots, 2)
        Array positions, which fix the order of summing: shuffled spots give the same components.
    n_components : int

    Returns
    -------
    ndarray of shape (n_spots, n_components)
        In the units of `values`; the sign of a component means nothing.

    Raises
    ------
    ParameterError
        If there are fewer spots or genes than components.
    """
    if n_components > min(values.shape):
        raise ParameterError(
            f"{n_components} principal components were asked for, but the sample has {counted(values.shape[0], 'spot')} and "
            f"{counted(values.shape[1], 'gene')}: choose at most {counted(min(values.shape), 'component')}."
        )
    order = canonical_order(positions)
    solver = "covariance_eigh" if values.shape[1] <= _EXACT_UP_TO else "randomized"
    components = np.empty((len(values), n_components))
    components[order] = PCA(n_components, svd_solver=solver, random_state=0).fit_transform(values[order])
    return components
