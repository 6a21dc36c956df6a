"""The sample picker of the sidebar, and the message when there is no sample to show."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.folders import samples_folder
from core.io.lab import SampleSummary
from core.text import shown
from ui.data import compute
from ui.shell import address as page_address
from ui.shell import navigation, session, truth_picker
from ui.shell.address import Part
from ui.shell.guards import as_markdown

SHIPPED = "151673.h5"


def readable_of(found: Sequence[SampleSummary]) -> dict[str, SampleSummary]:
    """Choose the samples that can be read, by the names of their files."""
    return {summary.path.name: summary for summary in found if not summary.problem}


def first(readable: Mapping[str, SampleSummary]) -> str:
    """Choose the sample that a page opens with where none is asked for."""
    return SHIPPED if SHIPPED in readable else next(iter(readable))


def sample_picker(own: Part | None = None, *, compared: bool = False) -> SampleSummary:
    """Ask in the sidebar for a sample, and what it is `compared` with; if none can be read, say what to do and stop the page."""
    navigation.only_through_app()
    found = compute.samples()
    readable = readable_of(found)
    page_address.follow(own)
    with st.sidebar:
        if readable:
            _pick(readable)
            if compared:
                truth_picker.picker(readable[_chosen(readable)])
        _problems([summary.problem for summary in found if summary.problem])
    if not readable:
        _no_sample()
    _say_ignored(readable)
    page_address.write(_chosen(readable), own)
    return readable[_chosen(readable)]


def _say_ignored(readable: dict[str, SampleSummary]) -> None:
    asked, chosen = session.sample_file(), _chosen(readable)
    sentences = page_address.ignored()
    if asked is not None and asked != chosen:
        sentences.append(
            f"There is no sample {shown(asked)} here that can be read, so this is {readable[chosen].name}."
        )
    for sentence in sentences:
        st.warning(as_markdown(sentence))


def _chosen(readable: dict[str, SampleSummary]) -> str:
    asked = session.sample_file()
    return asked if asked in readable else first(readable)


def _pick(readable: dict[str, SampleSummary]) -> None:
    key = session.widget_key("sample")
    titles = {file: summary.name + " (synthetic)" * summary.synthetic for file, summary in readable.items()}
    session.show_unless_shown(key, _chosen(readable), *titles.items())
    st.selectbox(
        "Sample",
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        help=f"Samples in {as_markdown(samples_folder().name)}. A file that you put there appears after you reload the page.",
        on_change=lambda: session.choose_sample(session.shown(key)),
    )


def _problems(problems: list[str]) -> None:
    for problem in problems:
        st.warning(as_markdown(problem))


def _no_sample() -> None:
    st.title("Spatial domains", anchor=False)
    st.info(
        f"There is no sample in {as_markdown(str(samples_folder()))} that can be read. Run "
        "`python -m core fetch paste2` to fetch four sections of human cortex, or import your own on Add data, then reload "
        "this page."
    )
    st.stop()
