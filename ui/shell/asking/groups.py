"""The groups of spots that can be compared, and the two that this session chose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.evaluation.differential import REST, Group
from core.figures.colours import Theme
from core.sample import Sample
from core.text import counted, sentence_case
from core.text import shown as quoted
from ui.shell import redraw, session
from ui.shell.guards import as_markdown
from ui.tissue_view import TissueMap

SELECTION = "the selection"
_CHOSEN = "groups asked for"
_GROUP, _AGAINST = session.widget_key("ask", "group"), session.widget_key("ask", "against")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What can be asked of a sample: the groups of spots, and the partitions (domains, layers) that violins and words are by."""

    sample: Sample
    theme: Theme
    partitions: tuple[TissueMap, ...]
    groups: dict[str, Group]


def asked(sample: Sample, theme: Theme, partitions: Sequence[TissueMap], selected: np.ndarray | None) -> Asked:
    """Collect the groups of a page: the selected spots, and each class of each partition."""
    groups = [] if selected is None else [Group(SELECTION, np.isin(np.arange(sample.n_spots), selected))]
    for item in partitions:
        mark = f" ({item.title.split(' (')[0].lower()})" * (len(partitions) > 1)
        labels = np.asarray(item.labels)
        present = [index for index in range(len(item.names)) if (labels == index).any()]
        groups += [Group(f"{item.names[index]}{mark}", labels == index) for index in present]
    return Asked(
        sample=sample, theme=theme, partitions=tuple(partitions), groups={group.name: group for group in groups}
    )


def chosen() -> tuple[str, str]:
    """Look up the names of the two groups that this session asked for; empty for the first, and for the rest."""
    names: tuple[str, str] = st.session_state.get(_CHOSEN, ("", ""))
    return names


def choose(group: str, against: str) -> None:
    """Ask for two groups by name; the page says which of them it lacks."""
    st.session_state[_CHOSEN] = group, against


def pickers(page: Asked) -> tuple[Group, Group]:
    """Ask for a group, and for what it is held against."""
    names, asked = list(page.groups), chosen()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        group = _picker("Group", _GROUP, names, asked[0], "The spots whose genes you ask for.")
        others = [REST, *(name for name in names if name != group)]
        against = _picker("Against", _AGAINST, others, asked[1], "All other spots of the section, or another group.")
    for name in asked:
        if name and name not in (REST, *names):
            st.caption(f":material/error: There is no group “{as_markdown(quoted(name, 60))}” here: choose another.")
    return page.groups[group], page.groups[group].rest() if against == REST else page.groups[against]


def _picker(label: str, key: str, names: list[str], asked: str, help_text: str) -> str:
    drawn = asked if asked in names else names[0]
    session.show(key, drawn)
    return str(
        st.selectbox(
            label,
            names,
            key=key,
            format_func=sentence_case,
            width=280,
            help=help_text,
            on_change=redraw.whole_page(_take),  # which writes the address
            args=(key, drawn),
        )
    )


def _take(key: str, drawn: str) -> None:
    # The browser also tells of what the page itself put into a field whose choices changed, which nobody chose.
    if (name := session.shown(key)) == drawn:
        return
    group, against = chosen()
    choose(*((name, against) if key == _GROUP else (group, name)))


def in_words(page: Asked, group: Group) -> str:
    """Say how large a group is, and what it is made of."""
    share = group.size / page.sample.n_spots
    sentences = [f"**{as_markdown(sentence_case(group.name))}**: {counted(group.size, 'spot')} ({share:.0%})"]
    for item in page.partitions:
        counts = np.bincount(np.asarray(item.labels)[group.spots], minlength=len(item.names))
        order = [index for index in np.argsort(-counts, kind="stable").tolist() if counts[index]]
        if len(order) > 1:
            parts = ", ".join(f"{counts[index]:,} in {as_markdown(item.names[index])}" for index in order)
            sentences.append(f"{as_markdown(item.title)}: {parts}")
    return ". ".join(sentences) + "."
