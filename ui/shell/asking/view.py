"""Asks for two groups, compares them in the background, and shows the answer: a volcano, a table and violins."""

import functools

import streamlit as st

from core.errors import SampleError
from core.evaluation.differential import CAVEAT, TEST, Differential, Group, as_csv, check_groups
from core.figures.differential import volcano
from core.figures.origin import of_several
from core.text import shown as quoted
from core.work.board.board import JobStatus
from ui.data import jobs
from ui.shell import charts, guards
from ui.shell.asking import genes, groups
from ui.shell.asking.groups import Asked
from ui.shell.downloads import download
from ui.shell.guards import as_markdown
from ui.shell.job_progress import offer, watch

_WHAT = "Compares every gene between the two groups, by Wilcoxon's rank sum test of scanpy."
_NOTHING = "The sample has no annotation: press Lasso on the map and draw around some spots, to ask which genes tell them from the rest."


@st.fragment
def part(page: Asked) -> None:
    """Ask for two groups and show how their genes differ; offer to compare them where nobody did."""
    with guards.shown_as_message():
        if not page.groups:
            st.caption(_NOTHING)
        elif (found := _compared(page, *(chosen := groups.pickers(page)))) is not None:
            _answer(page, found, *chosen)


def _compared(page: Asked, group: Group, against: Group) -> Differential | None:
    st.caption("  \n".join(groups.in_words(page, one) for one in (group, against)))
    try:
        check_groups(group, against)
    except SampleError as error:
        st.info(as_markdown(str(error)))
        return None
    job = jobs.differential(page.sample, group, against)
    if job is not None and job.status is JobStatus.DONE:
        done: Differential = job.result
        return done
    if job is not None and not job.finished:
        watch(job.id, "comparison")
        return None
    start = functools.partial(jobs.find_differential, page.sample, group, against)
    offer("Compare", "ask", start, job, "The last comparison was cancelled.", _WHAT)
    return None


def _answer(page: Asked, found: Differential, group: Group, against: Group) -> None:
    what, beside = f"{group.name} against {against.name}", st.columns(2, gap="medium")
    file_name = _file_name(f"{page.sample.name}_{what}")
    with beside[0]:
        figure = volcano(found, (group.name, against.name), theme=page.theme)
        charts.show(figure, f"Every gene of {page.sample.name}: log2 fold change and adjusted p of {what}.")
        charts.downloads(figure, file_name, of_several(page.sample.name, f"{what}, Wilcoxon"), "volcano")
    with beside[1]:
        genes.table(page, found, what)
        download(
            "All genes as CSV",
            functools.partial(as_csv, found),
            f"{file_name}.csv",
            "text/csv",
            "Every gene, ranked, with the columns of this table.",
            icon=":material/download:",
        )
    st.caption(f"{TEST} {CAVEAT}")
    genes.violins(page, found)


def _file_name(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in quoted(text, 120))
