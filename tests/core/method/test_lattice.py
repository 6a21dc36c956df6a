import numpy as np

from core.method.lattice import canonical_order
from tests.sections import shipped_part


def test_the_canonical_order_is_the_same_for_every_shuffle():
    lattice = shipped_part(300).lattice
    shuffled = np.random.default_rng(0).permutation(lattice)
    assert np.array_equal(lattice[canonical_order(lattice)], shuffled[canonical_order(shuffled)])
