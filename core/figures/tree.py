"""The tree of domains: which domains join, how clearly they are told apart, and where the tree is cut."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures import charts
from core.figures.colours import STYLES, Style, Theme
from core.figures.nested import Named, of_cut
from core.method.tree import Branch, DomainTree
from core.text import counted, in_figure

_HEIGHT_PX, _LEAF_PX = 96, 19  # around the leaves, and of each
_TITLE = "Steps that tell both sides apart"


@dataclass(frozen=True, slots=True)
class _Line:
    """A part of the drawing: from the left end of a branch to where it joins, or between the two that join."""

    branch: int
    x: tuple[float, float]
    y: tuple[float, float]


def tree_figure(
    tree: DomainTree, n_domains: int, domains: Mapping[int, Named], *, chosen: int | None = None, theme: Theme = "light"
) -> go.Figure:
    """Draw the tree from its leaves, at the left, to the whole tissue.

    Parameters
    ----------
    tree : DomainTree
    n_domains : int
        Where it is cut: the branches of each domain of the cut have its colour, those between domains none.
    domains : mapping of int to Named
        Of the result, in the order in which they are drawn from the top.
    chosen : int, optional
        Place of a branch in `tree.branches`, drawn with a rim.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure
        Its last trace has a point for each branch, and one in the middle of its line, with the place of the branch as
        `customdata`.
    """
    style, branches = STYLES[theme], tree.branches
    heights = _heights(tree, list(domains))
    lines = list(_lines(branches, heights))
    cut, at_cut = of_cut(tree, n_domains, domains), tree.numbers_at(n_domains)
    inside = [{at_cut[leaf] for leaf in branch.leaves} for branch in branches]
    colour_of = [cut[min(numbers)].colour if len(numbers) == 1 else style.muted for numbers in inside]
    below = [] if chosen is None else _below(branches, chosen)
    rim = [line for line in lines if line.branch in below]
    traces = [_trace(rim, style.text, 7)] if rim else []
    for colour in dict.fromkeys(colour_of):
        traces += [_trace([line for line in lines if colour_of[line.branch] == colour], colour, _width(colour, style))]
    traces.append(_points(tree, branch_names(tree, domains), heights, lines, colour_of, style))
    return go.Figure(traces, _layout(tree, heights, domains, colour_of, theme))


def _width(colour: str, style: Style) -> float:
    return 1.5 if colour == style.muted else 3


def branch_names(tree: DomainTree, domains: Mapping[int, Named]) -> list[str]:
    """Name each branch.

    Parameters
    ----------
    tree : DomainTree
    domains : mapping of int to Named
        Of the result.

    Returns
    -------
    list of str
        In the order of `tree.branches`: a domain by its name, a part of one by its letter or letters, several domains by all
        names.
    """
    finest, at_result = of_cut(tree, tree.n_leaves, domains), tree.numbers_at(tree.n_clusters)
    of_domain = {domain: [leaf for leaf in at_result if at_result[leaf] == domain] for domain in domains}
    return [", ".join(_names_in(branch, of_domain, domains, finest)) for branch in tree.branches]


def _names_in(
    branch: Branch, of_domain: Mapping[int, Sequence[int]], domains: Mapping[int, Named], finest: Mapping[int, Named]
) -> Iterator[str]:
    for domain, leaves in of_domain.items():
        met = [leaf for leaf in leaves if leaf in branch.leaves]
        yield from [domains[domain].name] if len(met) == len(leaves) else [finest[leaf].name for leaf in met]


def _heights(tree: DomainTree, order: Sequence[int]) -> list[float]:
    """Place branches from the top (0): leaves so that no lines cross, others in the middle of what they join."""
    at_result, branches = tree.numbers_at(tree.n_clusters), tree.branches
    rank = {leaf: (order.index(at_result[leaf]), leaf) for leaf in at_result}
    ordered: list[int] = []
    waiting = [len(branches) - 1]
    while waiting:
        branch = branches[waiting.pop()]
        ordered += branch.leaves if not branch.parts else ()
        waiting += sorted(branch.parts, key=lambda at: min(rank[leaf] for leaf in branches[at].leaves), reverse=True)
    heights: list[float] = []
    for branch in branches:
        middle = np.mean([heights[part] for part in branch.parts]) if branch.parts else ordered.index(branch.leaves[0])
        heights.append(float(middle))
    return heights


def _lines(branches: Sequence[Branch], heights: Sequence[float]) -> Iterator[_Line]:
    for at, branch in enumerate(branches):
        for part in branch.parts:
            yield _Line(part, (branches[part].apart, branch.apart), (heights[part], heights[part]))
        if branch.parts:
            one, other = branch.parts
            yield _Line(at, (branch.apart, branch.apart), (heights[one], heights[other]))


def _below(branches: Sequence[Branch], chosen: int) -> list[int]:
    leaves = set(branches[chosen].leaves)
    return [at for at, branch in enumerate(branches) if leaves.issuperset(branch.leaves)]


def _trace(lines: Sequence[_Line], colour: str, width: float) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "hoverinfo": "skip", "line": {"color": colour, "width": width},
        "x": [x for line in lines for x in (*line.x, None)], "y": [y for line in lines for y in (*line.y, None)],
    }  # fmt: skip


def _points(
    tree: DomainTree,
    names: Sequence[str],
    heights: Sequence[float],
    lines: Sequence[_Line],
    colour_of: Sequence[str],
    style: Style,
) -> dict[str, Any]:
    branches, sizes = tree.branches, _sizes(tree)
    sentences = [_sentence(at, branches, names, sizes) for at in range(len(branches))]
    stems = [line for line in lines if line.y[0] == line.y[1]]
    of = [*range(len(branches)), *(line.branch for line in stems)]
    seen = [1.0] * len(branches) + [0.0] * len(stems)
    marker = {
        "size": 11, "color": [colour_of[at] for at in of], "opacity": seen, "line": {"color": style.paper, "width": 1.5}
    }  # fmt: skip
    return {
        "type": "scatter", "mode": "markers", "marker": marker,
        "x": [*(branch.apart for branch in branches), *(sum(line.x) / 2 for line in stems)],
        "y": [*heights, *(line.y[0] for line in stems)],
        "customdata": of, "hovertext": [sentences[at] for at in of], "hovertemplate": "%{hovertext}<extra></extra>",
        # A click chooses a branch, which is drawn with a rim: points that were not clicked need not fade.
        "selected": {"marker": {"size": 11}}, "unselected": {"marker": {"size": 11}},
    }  # fmt: skip


def _sizes(tree: DomainTree) -> list[int]:
    counts = np.bincount(tree.leaves)
    return [int(counts[list(branch.leaves)].sum()) for branch in tree.branches]


def _sentence(at: int, branches: Sequence[Branch], names: Sequence[str], sizes: Sequence[int]) -> str:
    branch = branches[at]
    spots = counted(sizes[at], "spot")
    if not branch.parts:
        return f"<b>{in_figure(names[at])}</b>: {spots}"
    one, other = (in_figure(names[part]) for part in branch.parts)
    return f"{branch.apart:.0%} of the merging steps of all fits<br>tell <b>{one}</b><br>from <b>{other}</b>.<br>Together {spots}"


def _layout(
    tree: DomainTree, heights: Sequence[float], domains: Mapping[int, Named], colour_of: Sequence[str], theme: Theme
) -> dict[str, Any]:
    style, finest = STYLES[theme], of_cut(tree, tree.n_leaves, domains)
    ticks = [
        charts.swatch(charts.beside(finest[branch.leaves[0]].name), colour)
        for branch, colour in zip(tree.branches[: tree.n_leaves], colour_of, strict=False)
    ]
    x_title = {"text": _TITLE, "font": {"color": style.muted, "size": 13}, "standoff": 8}
    return {
        **charts.chart_style(theme, _HEIGHT_PX + _LEAF_PX * tree.n_leaves),
        "margin": {"l": 8, "r": 12, "t": 8, "b": 48},
        "xaxis": {**charts.axis(style, range=[-0.02, 1.02], tickformat=".0%", nticks=6), "title": x_title},
        "yaxis": charts.axis(
            style, tickvals=list(heights[: tree.n_leaves]), ticktext=ticks, showgrid=False, automargin=True,
            range=[tree.n_leaves - 0.4, -0.6],
        ),
        "hovermode": "closest", "clickmode": "event+select", "dragmode": False,
    }  # fmt: skip
