"""Where a figure comes from: what is written below it, and into its file, so that it can be made again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from core import knobs, presets
from core.figures.colours import STYLES, Theme
from core.method.version import code_version
from core.params import PRESETS, MethodParams
from core.text import in_figure, shown

_FOOTER_PX, _BORDER_PX, _LEFT_PX = 28, 18, 12
_LONGEST = 190  # characters of a line as wide as a figure
_PLOTLYS_MARGIN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a figure comes from.

    Parameters
    ----------
    sample : str
        Its name, or those of several.
    settings : str
        What made it, in words.
    made : datetime
    facts : tuple of (str, str)
        More that is known of it, by name.
    version : str
        Of this software and of its method.
    """

    sample: str
    settings: str
    made: datetime
    facts: tuple[tuple[str, str], ...] = ()
    version: str = ""

    @property
    def line(self) -> str:
        """All of it in one line, as below the figure."""
        return f"{self.sample} · {self.settings} · Spatial domains {self._version} · {self.made:%Y-%m-%d}"

    @property
    def by_name(self) -> dict[str, str]:
        """All of it by name, as in the file."""
        known = {"Title": self.sample, "Description": self.line, "Sample": self.sample, "Settings": self.settings}
        return {
            **known,
            **dict(self.facts),
            "Version": self._version,
            "Date": f"{self.made:%Y-%m-%d}",
            "Software": "Spatial domains",
        }

    @property
    def _version(self) -> str:
        return self.version or code_version()


def of_run(sample_name: str, params: MethodParams, *, made: datetime | None = None, guided: str = "") -> Origin:
    """Tell where the figure of one run comes from.

    Parameters
    ----------
    sample_name : str
    params : MethodParams
    made : datetime, optional
        When the run was made; now by default.
    guided : str
        What guided the run, in words; empty for what is label-free.

    Returns
    -------
    Origin
    """
    clustering, (preset, changes) = params.clustering, presets.nearest_preset(params)
    moved = {path: value for path, value in changes.items() if path != ("clustering", "random_state")}
    words = [f"{knobs.declared(path).metadata['label']} {knobs.value_in_words(path, moved[path])}" for path in moved]
    known = [f"K {clustering.n_clusters}", f"seed {clustering.random_state}", *words, *[shown(guided)] * bool(guided)]
    settings = ", ".join([PRESETS[preset], *known])
    facts = (
        ("Preset", PRESETS[preset]),
        ("Clusters", str(clustering.n_clusters)),
        ("Seed", str(clustering.random_state)),
        *[("Guided", shown(guided))] * bool(guided),
    )
    return Origin(sample=shown(sample_name), settings=settings, facts=facts, made=made or datetime.now().astimezone())


def of_several(sample: str, settings: str) -> Origin:
    """Tell where a figure of several runs comes from.

    Parameters
    ----------
    sample, settings : str
        In words.

    Returns
    -------
    Origin
    """
    return Origin(sample=shown(sample), settings=shown(settings, _LONGEST), made=datetime.now().astimezone())


def with_footer(figure: go.Figure, origin: Origin) -> go.Figure:
    """Write below a figure where it comes from.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    origin : Origin

    Returns
    -------
    plotly.graph_objects.Figure
        A copy, higher by the line.
    """
    found = go.Figure(figure)
    if _has_legend_below(found):
        return _below_the_legend(found, origin)
    margin = found.layout.margin
    below = _PLOTLYS_MARGIN if margin.b is None else margin.b
    left = _PLOTLYS_MARGIN if margin.l is None else margin.l
    if found.layout.height:
        found.update_layout(height=found.layout.height + _FOOTER_PX)
    found.update_layout(margin={"b": below + _FOOTER_PX})
    found.add_annotation(
        text=_line(origin), x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="top",
        xshift=_LEFT_PX - left, yshift=-below, showarrow=False, font=_font(found),
    )  # fmt: skip
    return found


def _line(origin: Origin) -> str:
    return in_figure(shown(origin.line, _LONGEST))


def _font(figure: go.Figure) -> dict[str, Any]:
    return {"size": 11, "color": STYLES[_theme(figure)].muted}


def _has_legend_below(figure: go.Figure) -> bool:
    legend = figure.layout.legend
    return legend.orientation == "h" and legend.yanchor == "top" and (legend.y or 0) <= 0


def _below_the_legend(found: go.Figure, origin: Origin) -> go.Figure:
    """Write the line at the lower end of the picture.

    plotly makes room below the map for as many rows as the legend takes, and tells nobody how much: only what belongs to the
    legend itself, such as a border that nobody sees, keeps a place below it.
    """
    if found.layout.height:
        found.update_layout(height=found.layout.height + _FOOTER_PX)
    found.update_layout(
        legend={"borderwidth": _BORDER_PX, "bordercolor": "rgba(0,0,0,0)"},
        margin={"b": (found.layout.margin.b or 0) + _FOOTER_PX},
        title={
            "text": _line(origin), "font": _font(found), "x": 0, "xref": "container", "xanchor": "left",
            "y": 0, "yref": "container", "yanchor": "bottom", "pad": {"l": _LEFT_PX, "b": 4},
        },
    )  # fmt: skip
    return found


def _theme(figure: go.Figure) -> Theme:
    return "dark" if figure.layout.paper_bgcolor == STYLES["dark"].paper else "light"
