"""Control probes of instruments: features that stand for no gene, known by their names. They are left out and counted."""

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np

from core.io.incoming import Check
from core.text import counted

CONTROL = re.compile(
    r"neg(ative)?_?(control|prb|probe)|blank[-_ ]?\d|blank-|system_?control|unassigned_?codeword|deprecated_?codeword|"
    r"false_?code|antisense_|intergenic_region|custom_?neg|negative\d*$|extraneous_?codeword|__(no_feature|ambiguous|too_low_aqual|not_aligned|alignment_not_unique)$|"
    r"N_(unmapped|multimapping|noFeature|ambiguous)$|(ctrl|control)_?(probe|codeword)",
    re.IGNORECASE,
)
"""Names of probes that stand for no gene: of Xenium, MERSCOPE, CosMx and others. Matched at the beginning."""


def controls(names: np.ndarray) -> np.ndarray:
    """Find the control probes among features, by their names.

    Parameters
    ----------
    names : ndarray of shape (n_features,), str

    Returns
    -------
    ndarray of shape (n_features,), bool
    """
    return np.array([CONTROL.match(name) is not None for name in names.tolist()], dtype=bool)


def control_check(names: np.ndarray, others: Mapping[str, int] | None = None) -> Check | None:
    """Say which control probes are left out.

    Parameters
    ----------
    names : ndarray of shape (n_features,), str
    others : mapping of str to int, optional
        Further features that are left out, by kind.

    Returns
    -------
    Check or None
        None where there are none.
    """
    beginnings = [CONTROL.match(name) for name in names.tolist()]
    kinds = Counter(found[0].strip("_- 0123456789") for found in beginnings if found) + Counter(others or {})
    if not kinds:
        return None
    what = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(6)) + ", ..." * (len(kinds) > 6)
    return Check(
        what="Control probes",
        found=f"{counted(kinds.total(), 'control probe')} ({what}).",
        status="notice",
        advice="They are left out: they stand for no gene.",
    )
