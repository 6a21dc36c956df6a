"""A tree of domains through a result: how its domains split further, and which of them join first.

The fits of the consensus merge their own domains step by step. Two spots are the further apart the more of these steps, over
all fits, find them in different domains; by that distance parts of domains are joined, the nearest first. The parts of one
domain of the result are joined before any two domains are, so that the tree goes through the result: cut there it is the
result itself. The annotation plays no part.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from core.errors import ParameterError
from core.method import mixture

FEWEST, MOST = 2, 20
"""Numbers of domains that a tree can be cut into."""

_LEAST_SHARE = 0.01  # of the spots, for a part of a domain: crumbs would be split off before anything else


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Two domains that become one on the way from many to few.

    Parameters
    ----------
    kept, gone : int
        Their numbers; the larger one keeps its own.
    apart : float
        Share of the steps of all fits that find two spots, one of each domain, in different domains: 1 where every fit
        tells them apart at every number of domains.
    """

    kept: int
    gone: int
    apart: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A leaf of a tree, or what a join makes.

    Parameters
    ----------
    leaves : tuple of int
        Numbers of the finest domains in it.
    apart : float
        Of its join; 0 for a leaf.
    parts : tuple of int
        Places, in `DomainTree.branches`, of the two that it joins; empty for a leaf.
    """

    leaves: tuple[int, ...]
    apart: float = 0.0
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DomainTree:
    """A hierarchy of domains.

    Parameters
    ----------
    leaves : ndarray of shape (n_spots,), int
        Finest domain of each spot. The largest part of each domain of the result has its number; others have larger ones,
        in the order in which they split off.
    joins : tuple of Join
        From the leaves to a single domain.
    n_clusters : int
        Domains of the result that the tree goes through.
    """

    leaves: np.ndarray
    joins: tuple[Join, ...]
    n_clusters: int

    @property
    def n_leaves(self) -> int:
        """Most domains that the tree can be cut into."""
        return len(self.joins) + 1

    @property
    def nbytes(self) -> int:
        """Memory of the leaves, in bytes."""
        return self.leaves.nbytes

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The leaves in ascending order, then what each join makes, from the first to the last."""
        found = [Branch(leaves=(leaf,)) for leaf in self.numbers_at(self.n_leaves)]
        place = {branch.leaves[0]: at for at, branch in enumerate(found)}
        for join in self.joins:
            parts = place[join.kept], place[join.gone]
            leaves = sorted(found[parts[0]].leaves + found[parts[1]].leaves)
            place[join.kept] = len(found)
            found.append(Branch(leaves=tuple(leaves), apart=join.apart, parts=parts))
        return tuple(found)

    def numbers_at(self, n_domains: int) -> dict[int, int]:
        """Look up the domain that each leaf is part of in a cut.

        Parameters
        ----------
        n_domains : int

        Returns
        -------
        dict of int to int
            By leaf, in ascending order.

        Raises
        ------
        ParameterError
            As :meth:`cut`.
        """
        if not 1 <= n_domains <= self.n_leaves:
            raise ParameterError(
                f"{n_domains} domains were asked for, but this tree can be cut into 1 to {self.n_leaves}."
            )
        number = _after(self.joins[: self.n_leaves - n_domains], int(self.leaves.max()) + 1)
        return {leaf: int(number[leaf]) for leaf in np.unique(self.leaves).tolist()}

    def cut(self, n_domains: int) -> np.ndarray:
        """Cut the tree; each step further splits one domain, and all others keep their number and their spots.

        Parameters
        ----------
        n_domains : int

        Returns
        -------
        ndarray of shape (n_spots,), int
            At `n_clusters` the labels of the result.

        Raises
        ------
        ParameterError
            If the tree has no such cut.
        """
        of_leaf = self.numbers_at(n_domains)
        return np.array(list(of_leaf.values()))[np.searchsorted(list(of_leaf), self.leaves)]


def _after(joins: Sequence[Join], n: int) -> np.ndarray:
    number = np.arange(n)
    for join in joins:
        number[number == join.gone] = join.kept
    return number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """Fits of one kind, and what they were fitted to.

    Parameters
    ----------
    labels : ndarray of shape (n_fits, n_spots), int
        From :func:`core.method.mixture.fit_many`.
    features : ndarray of shape (n_spots, n_features)
    positions : ndarray of shape (n_spots, 2)
    widths : ndarray of shape (n_features,)
    """

    labels: np.ndarray
    features: np.ndarray
    positions: np.ndarray
    widths: np.ndarray

    def apart(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give the domains of each fit, and in which share of its merging steps every two of them are apart."""
        steps = mixture.merge_steps(self.labels, self.features, self.positions, range(FEWEST, MOST + 1), self.widths)
        for labels, joined in zip(self.labels, steps, strict=True):
            yield labels, np.mean(joined[..., :, None] != joined[..., None, :], axis=(0, 1))


def domain_tree(labels: np.ndarray, fits: Sequence[Fitted], random_state: int, most: int = MOST) -> DomainTree:
    """Make the tree through a result.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int
        Of the result: 0 .. n_clusters - 1.
    fits : sequence of Fitted
        That its consensus was made of.
    random_state : int
    most : int
        Leaves, unless the result has more domains.

    Returns
    -------
    DomainTree
    """
    names, whole = np.unique(labels, return_inverse=True)
    fine = mixture.consensus(
        np.concatenate([fitted.labels for fitted in fits]), fits[0].positions, min(most, len(labels)), random_state
    )
    steps = [step for fitted in fits for step in fitted.apart()]
    parts = _without_crumbs(np.unique(np.stack((whole, fine)), axis=1, return_inverse=True)[1].ravel(), whole, steps)
    joins = _within_and_between(_distances(parts, steps), np.bincount(parts), _first_of(whole, parts))
    n_too_fine = max(0, len(joins) + 1 - max(most, len(names)))
    parts = _after(joins[:n_too_fine], len(joins) + 1)[parts]
    return _numbered(parts, joins[n_too_fine:], names, whole)


def _first_of(values: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Value of each part, all of whose spots have the same."""
    return np.asarray(values[np.unique(parts, return_index=True)[1]])


def _distances(parts: np.ndarray, steps: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Average over all pairs of spots of two parts, and over all fits, how often they are apart."""
    n_parts, n_spots = int(parts.max()) + 1, len(parts)
    found = np.zeros((n_parts, n_parts))
    for labels, apart in steps:
        inside = sparse.csr_array((np.ones(n_spots), (parts, labels)), shape=(n_parts, len(apart))).toarray()
        inside /= inside.sum(axis=1, keepdims=True)
        found += inside @ apart @ inside.T
    return found / len(steps)


def _without_crumbs(parts: np.ndarray, whole: np.ndarray, steps: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Give small parts to the nearest large one of their domain, or to its largest where all are small."""
    sizes, domain_of, distances = np.bincount(parts), _first_of(whole, parts), _distances(parts, steps)
    large = sizes >= _LEAST_SHARE * len(parts)
    for domain in np.unique(domain_of):
        own = np.flatnonzero(domain_of == domain)
        if not large[own].any():
            large[own[sizes[own].argmax()]] = True
    taken_by = np.arange(len(sizes))
    for part in np.flatnonzero(~large):
        near = np.flatnonzero(large & (domain_of == domain_of[part]))
        taken_by[part] = near[distances[part, near].argmin()]
    return np.unique(taken_by[parts], return_inverse=True)[1]


def _within_and_between(distances: np.ndarray, sizes: np.ndarray, domain_of: np.ndarray) -> list[Join]:
    """Join the nearest two (average linkage), first parts of one domain, then domains."""
    n_domains, weights, domain_of = len(np.unique(domain_of)), sizes.astype(float), domain_of.copy()
    distances, joins = distances.copy(), []
    alive = np.ones(len(sizes), dtype=bool)
    while alive.sum() > 1:
        if alive.sum() == n_domains:
            domain_of[:] = 0
        allowed = alive[:, None] & alive & (domain_of[:, None] == domain_of) & ~np.eye(len(alive), dtype=bool)
        one, other = np.unravel_index(np.where(allowed, distances, np.inf).argmin(), distances.shape)
        kept, gone = (int(one), int(other)) if weights[one] >= weights[other] else (int(other), int(one))
        joins.append(Join(kept=kept, gone=gone, apart=float(distances[kept, gone])))
        mean = (weights[kept] * distances[kept] + weights[gone] * distances[gone]) / (weights[kept] + weights[gone])
        distances[kept], distances[:, kept] = mean, mean
        weights[kept] += weights[gone]
        alive[gone] = False
    return joins


def _numbered(parts: np.ndarray, joins: Sequence[Join], names: np.ndarray, whole: np.ndarray) -> DomainTree:
    """Call the largest part of each domain of the result as the domain, and the others by the order in which they split off."""
    n_domains = len(names)
    split_off = [join.gone for join in joins[: len(joins) + 1 - n_domains]]
    number = np.full(int(parts.max()) + 1, -1)
    for part in np.setdiff1d(parts, split_off):
        number[part] = names[whole[parts == part][0]]
    number[split_off[::-1]] = int(names.max()) + 1 + np.arange(len(split_off))
    renamed = (Join(kept=int(number[join.kept]), gone=int(number[join.gone]), apart=join.apart) for join in joins)
    return DomainTree(leaves=number[parts], joins=tuple(renamed), n_clusters=n_domains)
