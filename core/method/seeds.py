"""Seeds of further starts: counted up from the first, and after the largest on from 0."""

from core.params import MAX_SEED, MethodParams, replaced


def wrapped(seed: int) -> int:
    """Wrap any whole number into the range of seeds.

    Parameters
    ----------
    seed : int

    Returns
    -------
    int
        From 0 to `core.params.MAX_SEED`.
    """
    return seed % (MAX_SEED + 1)


def nth_start(params: MethodParams, number: int) -> MethodParams:
    """Give the parameters of a further start of a run.

    Parameters
    ----------
    params : MethodParams
        `clustering.random_state` is the first seed.
    number : int
        0 is the run itself.

    Returns
    -------
    MethodParams
        Equal but for the seed.
    """
    return replaced(params, ("clustering", "random_state"), wrapped(params.clustering.random_state + number))
