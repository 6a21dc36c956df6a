"""Ask me: the spot whose answer would tell most is marked on the maps, and one click on a domain's name answers."""

import numpy as np
import streamlit as st

from core.annotation_steps import Step
from core.figures.comparison import spot_names
from core.io.lab import SampleSummary
from core.text import counted
from ui.data import guided
from ui.guide import state
from ui.guide.found import Found
from ui.shell import session
from ui.shell.drawing import acting, pictures
from ui.shell.guards import as_markdown


def spot(found: Found) -> int | None:
    """Choose the spot that is asked about now; None where nothing is asked."""
    if not state.asking() or not found.painted.mine or found.guided is None or found.guidance is None:
        return None
    passed_over = state.passed_over(found.painted.annotation.id)
    return guided.question(found.bare, found.params, found.guidance, found.guided, passed_over)


def box(summary: SampleSummary, found: Found) -> None:
    """Offer to ask; while it asks, show the question with its answers."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _switch()
            st.space("stretch")
            if n_answers := state.n_answers(found.painted.annotation.id):
                st.caption(counted(n_answers, "answer"), width="content")
        if state.asking():
            _question(summary, found)
        else:
            st.caption(
                "Or paint short, thin strokes across each domain, from border to border: they tell more than strokes along it or dabs."
            )


def _switch() -> None:
    session.show_unless_shown(state.ASKING_KEY, state.asking())
    st.toggle(
        "Ask me",
        key=state.ASKING_KEY,
        help="Marks the spot whose answer would tell most; a click on its domain answers, and the next one is marked.",
        on_change=lambda: state.ask(bool(session.shown(state.ASKING_KEY))),
    )


def _question(summary: SampleSummary, found: Found) -> None:
    asked = spot(found)
    if found.guided is None:
        st.caption("Paint some spots of two domains first: what to ask depends on them.")
    elif asked is None:
        st.caption("Nothing is left to ask.")
    else:
        likely = " or ".join(as_markdown(name) for name in _likeliest(found, asked))
        st.markdown(f"**Which domain is the marked spot in?** {likely}, it seems.")
        st.caption(as_markdown(spot_names(found.bare)[asked]))
        _answers(summary, found, asked)


def _likeliest(found: Found, asked: int) -> list[str]:
    assert found.guided is not None  # noqa: S101 - the caller has looked
    assert found.result is not None  # noqa: S101
    two = np.argsort(-found.guided.shares[asked], kind="stable")[:2]
    return [found.result.names[number] for number in two.tolist()]


def _answers(summary: SampleSummary, found: Found, asked: int) -> None:
    annotation = found.painted.annotation
    shades = pictures.shades(annotation)
    with st.container(horizontal=True, gap="xsmall"):
        for number, name in enumerate(annotation.names):
            st.button(
                f':color[■]{{foreground="{shades[name]}"}} {as_markdown(name)}',
                key=session.widget_key("guide", "answer", str(number)),
                on_click=_answer,
                args=(summary, found, number, asked),
            )
        st.button(
            "I cannot tell",
            key=session.widget_key("guide", "pass"),
            type="tertiary",
            help="Ask about another spot",
            on_click=state.pass_over,
            args=(annotation.id, asked),
        )


def _answer(summary: SampleSummary, found: Found, region: int, asked: int) -> None:
    annotation = found.painted.annotation
    acting.step(summary, annotation, Step(kind="add", region=region, spots=(asked,)))
    state.count_answer(annotation.id)
