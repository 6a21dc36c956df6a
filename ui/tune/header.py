"""The header of Tune: the sample, and the buttons to go back, forward, keep, pin, compare and export."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import units
from core.result import AutoencoderReport
from ui.shell import sample_view, session
from ui.shell.buttons import icon_button
from ui.tune import about, downloads, keeping, redraw, state
from ui.tune.shown import Pinned, Shown


def header(shown: Shown) -> None:
    """Show the title, the sample and the autoencoder's state, and the buttons for the result."""
    sample, result = shown.sample, shown.result
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Tune", anchor=False, width="content")
        about.about()
        sample_view.badges(sample, with_size=True)
        if result is not None and result.autoencoder is not None:
            _autoencoder_badge(result.autoencoder)
        keeping.badge(shown)
        st.space("stretch")
        # Groups, so that in a narrow window buttons move to a new row together.
        with _together():
            _buttons(shown)


def _autoencoder_badge(report: AutoencoderReport) -> None:
    help_text = (
        "Share of the variance between spots that the reconstruction explains: 100% is all of it, 0% is no better than the "
        "mean of each gene. Below 5% the autoencoder counts as dead."
    )
    state_of_it = "dead" if report.dead else "works"
    label = f"Autoencoder {state_of_it}: explains {units.percent(report.explained_variance)}"
    st.badge(label, color="orange" if report.dead else "gray", help=help_text)


def _together() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", gap="small", width="content")


def _buttons(shown: Shown) -> None:
    with _together():
        _step_button("Back to the previous settings", "back", ":material/arrow_back:", -1)
        _step_button("Forward to the next settings", "forward", ":material/arrow_forward:", 1)
        keeping.button(shown)
        _pin_button(shown)
    with _together():
        _compare_toggle(shown.pinned)
        downloads.popover(shown)


def _step_button(help_text: str, name: str, icon: str, by: int) -> None:
    icon_button(
        help_text,
        icon,
        key=session.widget_key("step", name),
        help=help_text,
        disabled=not session.can_step(by),
        on_click=redraw.whole_page(session.step),
        args=(by,),
    )


def _pin_button(shown: Shown) -> None:
    sample, result = shown.sample, shown.result
    is_kept = shown.pinned is not None and result is not None and shown.pinned.result.params == result.params
    pin, unpin = "Pin this result: the cards then show how other results differ from it.", "Unpin the pinned result."
    st.button(
        "Unpin" if is_kept else "Pin",
        key=session.widget_key("pin"),
        type="tertiary",
        icon=":material/keep_off:" if is_kept else ":material/keep:",
        help=unpin if is_kept else pin,
        disabled=result is None,
        on_click=redraw.whole_page(state.unpin if is_kept else state.pin),
        args=(sample.content_hash,) if is_kept else (sample.content_hash, result),
    )


def _compare_toggle(pinned: Pinned | None) -> None:
    key = session.widget_key("compare")
    session.show_unless_shown(key, pinned is not None and pinned.matching is not None)
    st.toggle(
        "Compare",
        key=key,
        help="Draw the pinned result beside the predicted one. Pin a result first.",
        disabled=pinned is None,
        on_change=redraw.whole_page(lambda: state.compare(session.shown(key))),
    )
