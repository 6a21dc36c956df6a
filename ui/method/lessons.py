"""The steps of the method as lessons, each with a text, a knob and a figure.

Every lesson is a fragment: its knob redraws only its own figure.
"""

import dataclasses
import math
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core import units
from core.figures.colours import Theme
from core.figures.lessons import direction_figure, pooling_figure, weights_figure
from core.figures.origin import of_run
from core.figures.three_runs import three_runs
from core.params import MAX_SEED, DirectionParams, MethodParams, PoolingParams, preset
from core.sample import Sample
from ui.data import compute
from ui.shell import fields, forms, guards, sample_view, session
from ui.shell.charts import downloads, show

PAPER_WEIGHTS = (2.0, 5.0, 20.0)
_WIDEST_WINDOW = 20
_MAX_WEIGHT = 1e6


def introduction(sample: Sample) -> None:
    """Explain this page, and name the sample that it uses."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Method", anchor=False, width="content")
        sample_view.badges(sample)
    st.markdown(
        "The paper's method clusters spots by position and expression together. It has four steps: pool expression over "
        "neighbours, weigh it against position, measure distance across the layers only, and start k-means at random. "
        "Below are the paper's figures for each step, drawn from this sample with the paper's settings; what you "
        "set on Tune changes nothing here. Steps 1 and 2 do not use the direction, which step 3 adds, so their scores differ from "
        "those of the preset on Tune. The preset Recommended works differently: it uses spatial factors instead of pooled counts, "
        "a consensus of mixtures instead of k-means, and spots that listen to those like them."
    )


@st.fragment
def pooling(sample: Sample, theme: Theme) -> None:
    """Teach pooling: the paper's figures 1 and 2."""
    genes = compute.gene_names(sample)
    with _lesson(
        "1. Pool over neighbours",
        "Figures 1 and 2. A spot counts few molecules, so neighbours in one layer differ by chance. Averaging each gene over a "
        "window of 2k - 1 array rows and columns, or of as many cells off the array, reveals the layers, and clusters become connected.",
    ):
        left, right, _ = st.columns(3, gap="medium")
        window = left.slider(
            "Window k",
            1,
            _WIDEST_WINDOW,
            PoolingParams().window,
            key=_key("window"),
            persist_state="session",
            help="1 is no pooling; the paper uses 6. A window wider than a layer blurs it into the next ones.",
        )
        gene = right.selectbox(
            "Gene",
            range(sample.n_genes),
            index=compute.telling_gene(sample),
            format_func=genes.__getitem__,
            key=_key("gene", sample.name),
            help="Type to search. The default is the gene whose pooled counts vary most over the tissue.",
        )
        sizes = PoolingParams(window=1), PoolingParams(window=window)
        unpooled, pooled = (dataclasses.replace(_paper(sample), pooling=size) for size in sizes)
        with _working():
            counts = (compute.gene_counts(sample, gene, sizes[0]), compute.gene_counts(sample, gene, sizes[1]))
            runs = compute.cluster(sample, unpooled), compute.cluster(sample, pooled)
            figure = pooling_figure(sample, genes[gene], counts, runs, theme=theme)
        show(figure, f"{genes[gene]} and clusters of {sample.name}, unpooled and pooled with a window k of {window}.")
        downloads(figure, f"{sample.name}_pooling", of_run(sample.name, pooled), "pooling")


@st.fragment
def weights(sample: Sample, theme: Theme) -> None:
    """Teach the weight of expression: the paper's figure 3."""
    with _lesson(
        "2. Weigh expression against position",
        "Figure 3. The squared distance between two spots is that of their positions plus the squared weight times that of "
        "their expression: with a small weight, clusters are pieces of the tissue; with a large one, position does not matter. "
        "Above each map is the share of the distance that comes from expression, X.",
    ):
        with st.columns(3, gap="medium")[0]:
            own = fields.own_number(
                "A weight of your own", _key("weight"), 0.1, 0.0, _MAX_WEIGHT, step=0.05, format="%.4g",
                help="The weight of the first map. The maps beside it have the paper's 2, 5 and 20.",
            )  # fmt: skip
        paper = _paper(sample)
        with _working():
            runs = [
                compute.cluster(
                    sample,
                    dataclasses.replace(paper, clustering=dataclasses.replace(paper.clustering, x_weight=weight)),
                )
                for weight in (own, *PAPER_WEIGHTS)
            ]
            shares = [found for run in runs if (found := compute.distance_shares(sample, run)) is not None]
            figure = weights_figure(sample, runs, shares, theme=theme)
        show(figure, f"Clusters of {sample.name} at the X weights {own:g}, 2, 5 and 20.")
        downloads(figure, f"{sample.name}_weights", of_run(sample.name, paper), "weights")


@st.fragment
def direction(sample: Sample, theme: Theme) -> None:
    """Teach the direction: the paper's figure 4."""
    with _lesson(
        "3. Measure across the layers",
        "Figure 4. Two spots of one layer may lie far apart along it. Replacing both coordinates by the depth, which grows "
        "along the arrow, removes distance along the layers. Where layers curve, no straight direction fits, and this "
        "can lower the scores.",
    ):
        left, right, _ = st.columns(3, gap="medium")
        with _working():
            found = compute.found_angle(sample, preset("paper", n_clusters=sample.suggested_n_clusters()))
        with left:
            turned = forms.angle_slider(
                "Angle", _key("angle", sample.name), (0, 1), value=round(math.degrees(found), 1),
                help=f"In array rows and columns, or down and across. A first clustering finds {units.degrees(found)} here.",
            )  # fmt: skip
        angle = units.radians(turned)
        with right:
            weight = fields.own_number(
                "X weight", _key("direction weight"), 0.1, 0.0, _MAX_WEIGHT, step=0.05, format="%.4g",
                help="At the paper's 1, expression may outweigh position, and with it the direction.",
            )  # fmt: skip
        paper = _paper(sample)
        off = dataclasses.replace(paper, clustering=dataclasses.replace(paper.clustering, x_weight=weight))
        across = dataclasses.replace(off, direction=DirectionParams(method="manual", angle=angle))
        with _working():
            runs = compute.cluster(sample, off), compute.cluster(sample, across)
            figure = direction_figure(sample, runs, theme=theme)
        show(
            figure,
            f"Clusters of {sample.name} without a direction and along {units.degrees(angle)}, beside the annotation.",
        )
        downloads(figure, f"{sample.name}_direction", of_run(sample.name, across), "direction")


@st.fragment
def runs(sample: Sample, theme: Theme) -> None:
    """Teach the random start: the paper's figures 5, 6 and 7."""
    with _lesson(
        "4. Start at random, three times",
        "Figures 5 to 7. k-means starts from spots drawn at random and ends in the nearest optimum, so runs differ. The "
        "paper shows three with their scores; the score of a single run says little.",
    ):
        with st.columns(3, gap="medium")[0]:
            help_text = "Fixes the random start. The other two runs use the next two seeds."
            seed = fields.own_number("First seed", _key("seed"), 0, 0, MAX_SEED, step=1, help=help_text)
        params = preset("paper", n_clusters=sample.suggested_n_clusters())
        first = dataclasses.replace(params, clustering=dataclasses.replace(params.clustering, random_state=seed))
        with _working():
            three = [compute.start(sample, first, index) for index in range(3)]
            figure = three_runs(sample, three, theme=theme)
        show(figure, f"Three runs on {sample.name} from seed {seed} on, with their scores, beside the annotation.")
        downloads(figure, f"{sample.name}_three_runs", of_run(sample.name, first), "three runs")


def _paper(sample: Sample) -> MethodParams:
    """Give the paper's settings without the direction."""
    params = preset("paper", n_clusters=sample.suggested_n_clusters())
    return dataclasses.replace(params, direction=DirectionParams(method="off"))


def _key(*parts: str) -> str:
    return session.widget_key("method", *parts)


@contextmanager
def _lesson(title: str, sentence: str) -> Iterator[None]:
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.markdown(sentence)
        with guards.shown_as_message():
            yield


@contextmanager
def _working() -> Iterator[None]:
    with st.spinner("Computing on this sample"):
        yield
