"""Which sections that were clustered as one are tied together by the domains that they share."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.text import counted, listed, shown

LEAST_SHARE = 0.02
"""Of a section's spots that a domain needs to lie in it: a few stray spots tie nothing together."""

_LEAST_SHARED = 2


def domains_of(labels: np.ndarray) -> frozenset[int]:
    """List the domains that lie in a section.

    Parameters
    ----------
    labels : ndarray of shape (n_spots,), int

    Returns
    -------
    frozenset of int

    Examples
    --------
    >>> sorted(domains_of(np.repeat([0, 1, 4], (50, 49, 1))))
    [0, 1]
    """
    domains, counts = np.unique(labels, return_counts=True)
    return frozenset(domains[counts >= LEAST_SHARE * len(labels)].tolist())


def tied_together(labels: Mapping[str, np.ndarray]) -> list[list[str]]:
    """Group sections so that those which share domains, directly or by way of others, are in one group.

    Sections are moved as a whole until some of their spots meet, so that any two can come to share one domain. Only a second one
    shows that they were brought together as they are.

    Parameters
    ----------
    labels : mapping of str to ndarray of shape (n_spots,), int
        By the name of the section.

    Returns
    -------
    list of list of str
        In the order of the sections; one group where labels mean the same in all of them.
    """
    domains = {name: domains_of(found) for name, found in labels.items()}
    least = min(_LEAST_SHARED, len(frozenset().union(*domains.values())))
    places = {name: place for place, name in enumerate(labels)}
    groups: list[list[str]] = []
    for name, own in domains.items():
        tied = [group for group in groups if any(len(own & domains[other]) >= least for other in group)]
        groups = [group for group in groups if group not in tied]
        groups.append(sorted([name, *(other for group in tied for other in group)], key=places.__getitem__))
    return sorted(groups, key=lambda group: places[group[0]])


def apart_in_words(groups: Sequence[Sequence[str]]) -> str:
    """Say that labels of sections may have nothing to do with each other.

    Parameters
    ----------
    groups : sequence of sequence of str
        From :func:`tied_together`.

    Returns
    -------
    str
        Empty where there is one group.

    Examples
    --------
    >>> apart_in_words([["A", "B"]])
    ''
    >>> apart_in_words([["A"], ["B"]])
    'Fewer than two domains lie in both A and B. Sections are moved as a whole until they meet, so one domain in common may be \
chance: their labels may not mean the same.'
    >>> apart_in_words([["A", "B"], ["C"]]).split(".")[0]
    'Fewer than two domains of A and B lie in C'
    """
    if len(groups) < 2:
        return ""
    named = [listed([shown(name) for name in group]) for group in groups]
    found = f"Fewer than two domains lie in both {listed(named)}"
    if len(groups) > 2:
        found = f"These share fewer than two domains with each other: {'; '.join(named)}"
    elif max(map(len, groups)) > 1:
        found = f"Fewer than two domains of {named[0]} lie in {named[1]}"
    return (
        f"{found}. Sections are moved as a whole until they meet, so one domain in common may be chance: their labels may not mean "
        "the same."
    )


def shared_in_words(labels: Mapping[str, np.ndarray]) -> str:
    """Say how many of the domains lie in more than one section.

    Parameters
    ----------
    labels : mapping of str to ndarray of shape (n_spots,), int
        By the name of the section.

    Returns
    -------
    str

    Examples
    --------
    >>> shared_in_words({"A": np.array([0, 1]), "B": np.array([1, 2])})
    '1 of 3 domains lies in both'
    >>> shared_in_words({"A": np.array([0, 1]), "B": np.array([1, 0]), "C": np.array([1])})
    '2 of 2 domains lie in more than one section'
    """
    each = [domains_of(found) for found in labels.values()]
    domains = frozenset().union(*each)
    n_shared = sum(sum(domain in own for own in each) > 1 for domain in domains)
    where = "both" if len(each) == 2 else "more than one section"
    among = f"of {counted(len(domains), 'domain')}"
    return counted(n_shared, f"{among} lies in {where}", f"{among} lie in {where}")
