"""The tree of domains on Tune: a slider walks the number of domains, a click on a branch shows its spots."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.figures.colours import STYLES
from core.figures.nested import Named, of_cut
from core.figures.tree import branch_names, tree_figure
from core.method.tree import FEWEST, DomainTree
from core.text import counted
from core.text import shown as quoted
from ui.data import compute
from ui.shell import address, maps, session
from ui.shell.charts import Chart, show_selectable
from ui.shell.guards import as_markdown
from ui.tissue_view import TissueMap
from ui.tune import redraw, selection, state
from ui.tune.address import PART
from ui.tune.nested import domains_of
from ui.tune.shown import ShownResult

_N_CLUSTERS = ("clustering", "n_clusters")
_SLIDER, _BRANCH, _PICTURE = (session.widget_key("tree", part) for part in ("cut", "branch", "picture"))
_ELSEWHERE = "Elsewhere"
_NONE_SELECTED = "No spots are selected: click a branch of the tree, or press Lasso on its map."


def view(shown: ShownResult) -> Chart | None:
    """Draw the tree beside a map of its cut, and say what is selected."""
    if shown.params.clustering.by_kmeans:
        st.info(
            "k-means is a single fit, so nothing says which domains join first or split next. Choose the tied mixture as read-out, whose "
            "consensus has many fits, to see the tree of domains."
        )
        return None
    with st.spinner("Comparing the merging steps of all fits", show_time=True):
        tree = compute.tree(shown.sample, shown.params)
    if tree.n_leaves <= FEWEST:
        st.info("This result has no tree: its domains are too few and too small to be split or joined.")
        return None
    domains = domains_of(shown)
    names = branch_names(tree, domains)
    n_domains = min(max(shown.asked.cut or tree.n_clusters, FEWEST), tree.n_leaves)
    branch = names.index(shown.asked.branch) if shown.asked.branch in names else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _walk(tree, n_domains, shown.params.clustering.n_clusters)
        _pick(names, branch)
    if shown.asked.branch and branch is None:
        st.caption(as_markdown(f"This tree has no branch {quoted(shown.asked.branch, 80)}: choose another one."))
    _say_how_sure(tree, n_domains)
    figure = tree_figure(tree, n_domains, domains, chosen=branch, theme=shown.theme)
    description = (
        f"Tree of {tree.n_leaves} domains of {shown.sample.name}, cut into {n_domains}. The further right two sides "
        "join, the more of the merging steps of all fits tell them apart."
    )
    drawing, picture = st.columns([3, 2], gap="medium")
    with drawing:
        show_selectable(figure, description, _PICTURE, "points", lambda: _take_click(names, branch))
    with picture:
        lasso = maps.draw(
            session.widget_key("tree map"),
            shown.sample,
            [_map(shown, tree, n_domains, domains, branch)],
            shown.theme,
            on_selection=lambda: None,
        )
    inside = None if branch is None else np.flatnonzero(np.isin(tree.leaves, tree.branches[branch].leaves))
    spots = inside if lasso is None else lasso
    selection.of_chart(shown, spots, "tree", _names(tree, n_domains, domains), _NONE_SELECTED)
    return figure, description


def _walk(tree: DomainTree, n_domains: int, asked: int) -> None:
    """Ask for the number of domains, beside the setting of K."""
    session.show_unless_shown(_SLIDER, n_domains, tree.n_leaves)
    st.slider(
        "Domains in the tree",
        FEWEST,
        tree.n_leaves,
        key=_SLIDER,
        width=320,
        on_change=_take_cut,
        help=f"Each step splits one domain or joins two; all others keep their spots, name and colour. At {tree.n_clusters} the tree is the "
        "result itself. K, the setting, stays as it is.",
    )
    st.button(
        f"Take {n_domains} as K",
        key=session.widget_key("tree as K"),
        disabled=n_domains == asked,
        help="Set the number of clusters to this number. The domains are then found anew, which may move borders that the tree kept.",
        on_click=redraw.whole_page(_take_as_k),
        args=(n_domains,),
    )
    address.write(address.shown_file(), PART)


def _say_how_sure(tree: DomainTree, n_domains: int) -> None:
    st.caption(
        _in_words(tree, n_domains),
        help="Every fit merges its own domains step by step, by two rules. A join stands at the share of these steps that tell its two "
        "sides apart: where it is low, the split is unsure. Parts of one domain are joined before domains are, so a line that runs "
        "back to the left is a domain whose parts differ more than some domains do. The annotation plays no part.",
    )


def _in_words(tree: DomainTree, n_domains: int) -> str:
    n_joins = tree.n_leaves - n_domains
    split = f"the next split is sure in {tree.joins[n_joins - 1].apart:.0%} of steps" if n_joins else "no further split"
    return f"Of {tree.n_leaves} at most: {split}, the next join is of domains apart in {tree.joins[n_joins].apart:.0%}."


def _take_cut() -> None:
    state.cut_tree(int(st.session_state[_SLIDER]))


def _take_as_k(n_domains: int) -> None:
    state.cut_tree(None)
    session.change({_N_CLUSTERS: n_domains})


def _pick(names: Sequence[str], branch: int | None) -> None:
    """Ask for a branch, which a click on the tree chooses, too."""
    session.show(_BRANCH, None if branch is None else names[branch])
    st.selectbox(
        "Branch",
        names,
        key=_BRANCH,
        placeholder="Click one, or choose it here",
        width=260,
        on_change=lambda: state.choose_branch(st.session_state[_BRANCH]),
    )


def _take_click(names: Sequence[str], before: int | None) -> None:
    if clicked := st.session_state[_PICTURE]["selection"]["points"]:
        branch = int(clicked[0]["customdata"])
        state.choose_branch(None if branch == before else names[branch])


def _names(tree: DomainTree, n_domains: int, domains: dict[int, Named]) -> list[str]:
    named = of_cut(tree, n_domains, domains)
    return [named[number].name for number in tree.cut(n_domains).tolist()]


def _map(
    shown: ShownResult, tree: DomainTree, n_domains: int, domains: dict[int, Named], branch: int | None
) -> TissueMap:
    named, muted = of_cut(tree, n_domains, domains), STYLES[shown.theme].muted
    place = {number: at for at, number in enumerate(named)}
    labels = np.array([place.get(number, 0) for number in range(max(place) + 1)])[tree.cut(n_domains)]
    names, colours = [item.name for item in named.values()], [item.colour for item in named.values()]
    if branch is not None:
        labels = np.where(np.isin(tree.leaves, tree.branches[branch].leaves), labels, len(names))
        names, colours = [*names, _ELSEWHERE], [*colours, muted]
    return TissueMap(
        title=maps.titled(f"Cut into {n_domains}", shown.sample),
        description=f"{counted(n_domains, 'domain')} of {shown.sample.name}, where the tree is cut.",
        labels=labels,
        names=names,
        colours=colours,
    )
