"""Names for domains by their marker genes: suggested with the evidence, taken where the user wants them."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.layer_names import display_name
from core.marker_table import MarkerTable
from core.method.by_markers import Suggestion, suggest_names
from ui.data import compute
from ui.shell import domain_names, guards, marker_tables, session
from ui.shell.domain_names import Named
from ui.shell.guards import as_markdown
from ui.tune.shown import ShownResult

_WANTED = session.widget_key("suggest", "names")


def box(shown: ShownResult, named: Named, shades: Mapping[int, str], then: Callable[[], None]) -> None:
    """Offer names by marker genes below the names of the domains; draw again `then`."""
    if shown.sample.gene_names is None:
        return
    if st.toggle("Suggest names by marker genes", key=_WANTED, help="The domains stay as they are."):
        with guards.shown_as_message():
            if table := marker_tables.ask("suggest"):
                _suggestions(shown, marker_tables.named(table), named, shades, then)


def _suggestions(
    shown: ShownResult, table: MarkerTable, named: Named, shades: Mapping[int, str], then: Callable[[], None]
) -> None:
    result = shown.result
    scores = compute.steps(shown.sample).marker_scores(result.params, table)
    found = suggest_names(scores, named.found.labels)
    for one in found:
        _row(one, shades[one.cluster])
    for note in (*marker_tables.source(table), *table.notes, *scores.notes()):
        st.caption(as_markdown(note))
    names = {one.cluster: display_name(one.name) for one in found if one.name}
    st.button(
        "Use these names",
        key=session.widget_key("suggest", "take"),
        icon=":material/label:",
        disabled=not names,
        help="Domains whose markers do not stand out keep their names. Undo the last name takes all back.",
        on_click=_take,
        args=(named, names, then),
    )


def _take(named: Named, names: Mapping[int, str], then: Callable[[], None]) -> None:
    domain_names.rename_all(named, names)
    then()


def _row(one: Suggestion, shade: str) -> None:
    name = as_markdown(display_name(one.name)) if one.name else "No name"
    st.markdown(f':color[■]{{foreground="{shade}"}} **{name}**')
    st.caption(as_markdown(one.in_words()))
