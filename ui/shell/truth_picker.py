"""The choice in the sidebar of which annotation a sample is compared with: scores are counted with that one, and maps show it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.annotation import Annotation
from core.errors import DomainsError
from core.io.lab import SampleSummary
from ui.data import annotations, truth
from ui.shell import session
from ui.shell.guards import as_markdown


def picker(summary: SampleSummary, *, of_several: bool = False) -> None:
    """Ask what a sample is compared with, under its name where the page shows several."""
    file = summary.path.name
    there = _there(summary)
    offered = {truth.OWN: truth.OF_FILE if summary.annotated else f"{truth.OF_FILE} (there is none)"}
    offered |= {truth.NONE: "None"} | {item.id: item.title for item in there.values()}
    wanted = truth.chosen(file)
    if wanted not in offered:
        st.caption(
            ":material/error: The annotation that was asked for is not here: scores are with the file's annotation."
        )
    key = session.widget_key("truth", file if of_several else "")
    session.show_unless_shown(key, wanted if wanted in offered else truth.OWN, *offered.items())
    st.selectbox(
        as_markdown(summary.name) if of_several else "Compared with",
        list(offered),
        format_func=lambda choice: offered.get(choice, ""),
        key=key,
        help="The annotation that scores are counted with and that maps show beside the domains; draw one on Annotate. It "
        "also gives the default number of clusters. Domains are found without it.",
        on_change=lambda: truth.choose(file, session.shown(key)),
    )


def _there(summary: SampleSummary) -> Mapping[str, Annotation]:
    try:
        found = annotations.entries(summary)
    except DomainsError:  # the page says why the sample cannot be read
        return {}
    return {entry.id: entry.annotation for entry in found if entry.annotation is not None}


def pickers(summaries: Sequence[SampleSummary]) -> None:
    """Ask what each of several samples is compared with; put away, because most are compared with their file's own annotation."""
    if not summaries:
        return
    with st.expander("Compared with", expanded=any(truth.chosen(one.path.name) for one in summaries)):
        for summary in summaries:
            picker(summary, of_several=True)
