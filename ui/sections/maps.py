"""Tune's own maps for several sections: each has its camera, its lasso and its stained image; colours are those of all."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core.figures import charts
from core.figures import sections as figures
from core.figures.colours import Theme
from core.figures.small_maps import SmallMap
from core.io.export import spots_csv
from core.result import Result
from core.sample import Sample
from core.text import counted, sentence_case
from ui.shell import maps, naming, session
from ui.shell.domain_names import Named
from ui.shell.guards import as_markdown
from ui.tissue_view import TissueMap


def maps_of(
    samples: Sequence[Sample],
    results: Mapping[str, Result] | None,
    named: Named | None,
    theme: Theme,
    awaited: str,
) -> None:
    """Draw every section, predicted above annotated, and offer to name the domains; `awaited` has the place of those to come."""
    found = None if named is None else named.found
    predicted, annotated = figures.maps_of_sections(samples, results, found, theme=theme)
    waiting = awaited if figures.layers_of(samples) else ""
    n_columns = maps.columns_for(len(samples))
    for first in range(0, len(samples), n_columns):
        for column, sample in zip(
            st.columns(n_columns, gap="medium"), samples[first : first + n_columns], strict=False
        ):
            with column:
                drawn = _drawn(sample, predicted.get(sample.name), annotated.get(sample.name), waiting)
                _section(sample, drawn, theme)
    shades = {} if found is None else charts.colours_of_clusters(found, figures.annotation(samples), theme)
    naming.popover(named, shades)


def _drawn(sample: Sample, predicted: SmallMap | None, annotated: SmallMap | None, awaited: str) -> list[TissueMap]:
    drawn = []
    if predicted is not None:
        words = f"Predicted domains of {sample.name}."
        drawn.append(maps.of_small_map(predicted, sample, sentence_case(predicted.subtitle), words))
    elif awaited and sample.labels_true is not None:
        # The annotation stands below them, as it will: nothing moves once they are found.
        words = f"The predicted domains of {sample.name} are not found yet."
        drawn.append(TissueMap(title=maps.titled("Predicted", sample), description=words, message=awaited))
    if annotated is not None and (annotated.in_legend or not drawn):
        words = f"Annotation of {sample.name}."
        drawn.append(maps.of_small_map(annotated, sample, sentence_case(annotated.subtitle), words))
    return drawn


def _section(sample: Sample, drawn: Sequence[TissueMap], theme: Theme) -> None:
    st.markdown(f"**{as_markdown(sample.name)}**")
    key = session.widget_key("sections", "maps", sample.content_hash)
    spots = maps.draw(key, sample, drawn, theme, columns=1, camera=maps.camera_entry(sample.name))
    if spots is not None:
        _selected(sample, drawn, spots)


def _selected(sample: Sample, drawn: Sequence[TissueMap], spots: np.ndarray) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        labels = ". ".join(f"{item.title.partition(',')[0]}: {_composition(item, spots)}" for item in drawn)
        st.caption(f"**{counted(len(spots), 'spot')} selected**. {labels}.", width="stretch")
        st.download_button(
            "Barcodes",
            lambda: spots_csv(sample, spots.tolist()),
            file_name=f"{sample.name}_selected.csv",
            mime="text/csv",
            key=session.widget_key("sections", "barcodes", sample.content_hash),
            icon=":material/download:",
            type="tertiary",
            help="Barcodes, positions and layers of the selected spots, as CSV.",
            on_click="ignore",
        )


def _composition(item: TissueMap, spots: np.ndarray) -> str:
    counts = Counter(item.names[label] for label in np.asarray(item.labels)[spots])
    return ", ".join(f"{count:,} in {as_markdown(name)}" for name, count in counts.most_common())
