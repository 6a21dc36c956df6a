"""What parts of domains, and domains that joined, are called, and which colours they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.figures.colours import shade
from core.method.tree import DomainTree


@dataclass(frozen=True, slots=True)
class Named:
    """The name and the colour of one domain of a cut."""

    name: str
    colour: str


def part_name(domain: str, index: int) -> str:
    """Name a part of a domain.

    Parameters
    ----------
    domain : str
    index : int
        Counted from 0.

    Returns
    -------
    str
        The domain's name with a letter.

    Examples
    --------
    >>> part_name("Layer 3", 1), part_name("White matter", 0), part_name("Layer 3", 26)
    ('Layer 3b', 'White matter a', 'Layer 3aa')
    """
    letters = ""
    while index >= 0:
        letters, index = chr(ord("a") + index % 26) + letters, index // 26 - 1
    return domain + (letters if domain[-1:].isdigit() else f" {letters}")


def parts_of(domain: Named, n_parts: int) -> list[Named]:
    """Name and colour the parts of one domain.

    Parameters
    ----------
    domain : Named
    n_parts : int

    Returns
    -------
    list of Named
        The first has the domain's colour; a single part is the domain itself.
    """
    if n_parts == 1:
        return [domain]
    return [Named(part_name(domain.name, index), shade(domain.colour, index)) for index in range(n_parts)]


def of_cut(tree: DomainTree, n_domains: int, domains: Mapping[int, Named]) -> dict[int, Named]:
    """Name and colour the domains of a cut.

    Parameters
    ----------
    tree : DomainTree
    n_domains : int
        Of the cut.
    domains : mapping of int to Named
        Those of the result that the tree goes through.

    Returns
    -------
    dict of int to Named
        By number in the cut. A domain that is whole is as in the result, whatever the cut; its parts have its name with a
        letter and shades of its colour; domains that joined have the colour of the one that keeps its number.
    """
    at_cut, at_result = tree.numbers_at(n_domains), tree.numbers_at(tree.n_clusters)
    found: dict[int, Named] = {}
    if n_domains < tree.n_clusters:
        for number in sorted(set(at_cut.values())):
            joined = {at_result[leaf] for leaf in at_cut if at_cut[leaf] == number}
            others = [domains[other].name for other in sorted(joined - {number})]
            found[number] = Named(_joined_name(domains[number].name, others), domains[number].colour)
        return found
    for domain in sorted(set(at_result.values())):
        parts = sorted({at_cut[leaf] for leaf in at_cut if at_result[leaf] == domain})
        found |= dict(zip(parts, parts_of(domains[domain], len(parts)), strict=True))
    return found


def _joined_name(name: str, others: Sequence[str]) -> str:
    if not others:
        return name
    return f"{name} with {others[0]}" if len(others) == 1 else f"{name} and {len(others)} more"
