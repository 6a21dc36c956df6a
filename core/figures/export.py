"""Figures as files: HTML that opens without internet, PNG and SVG."""

from pathlib import Path

import plotly.graph_objects as go
from choreographer.browsers.chromium import Chromium

from core.errors import FigureError
from core.figures import metadata
from core.figures.origin import Origin, with_footer
from core.files import written_whole

WIDTH_PX, HEIGHT_PX = 1200, 680
SUFFIXES = (".html", ".png", ".svg")
PICTURES = ("png", "svg")
"""Kinds of files that a browser draws."""

_WAY_OUT = "Install one (Debian, Ubuntu: apt install chromium), or write .html instead."


def write_figure(figure: go.Figure, path: Path | str, origin: Origin | None = None) -> None:
    """Write a figure; the suffix of the path says how.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    path : Path or str
        Ends in `.html` (one file with everything in it), `.png` (twice the resolution of a screen) or `.svg`. A file
        that is there is replaced.
    origin : Origin, optional
        Written below the figure, and into the file.

    Raises
    ------
    FigureError
        If the suffix is another one, the folder is missing or cannot be written to, or no Chrome or Chromium can be
        started for PNG and SVG.
    """
    path = Path(path)
    check_path(path)
    content = as_bytes(figure, path.suffix.lower().removeprefix("."), origin)
    try:
        with written_whole(path) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise FigureError(f"{path} cannot be written: {error.strerror}. Choose another folder.") from error


def check_path(path: Path) -> None:
    """Refuse a path that no figure can be written to, before the work that makes the figure.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FigureError
        If the suffix is another one, or the folder is missing.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise FigureError(f"{path.name} cannot be written as a figure: end its name in {', '.join(SUFFIXES)}.")
    if not path.parent.is_dir():
        raise FigureError(f"{path.name} cannot be written: there is no folder {path.parent}. Make it first.")


def as_bytes(figure: go.Figure, kind: str, origin: Origin | None = None) -> bytes:
    """Turn a figure into the contents of a file, for a download.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    kind : {"html", "png", "svg"}
    origin : Origin, optional
        Written below the figure, and into the file.

    Returns
    -------
    bytes

    Raises
    ------
    FigureError
        If no Chrome or Chromium can be started for PNG and SVG.
    """
    if origin is not None:
        return _with_facts(as_bytes(with_footer(figure, origin), kind), kind, origin)
    if kind == "html":
        config = {"responsive": True, "displaylogo": False, "scrollZoom": True}
        return bytes(figure.to_html(include_plotlyjs=True, config=config).encode())
    try:
        return bytes(figure.to_image(kind, width=WIDTH_PX, height=figure.layout.height or HEIGHT_PX, scale=2))
    # kaleido passes on errors of the browser under many types.
    except Exception as error:
        raise FigureError(
            f"A {kind.upper()} needs Chrome or Chromium, and none could be started ({_first_line(error)}). {_WAY_OUT}"
        ) from error


def _with_facts(content: bytes, kind: str, origin: Origin) -> bytes:
    if kind == "png":
        return metadata.in_png(content, origin.by_name)
    put = metadata.in_svg if kind == "svg" else metadata.in_html
    return put(content.decode(), origin.by_name).encode()


def why_no_pictures() -> str:
    """Say why no PNG and SVG can be made on this machine.

    Returns
    -------
    str
        Empty where a browser is found; whether it starts shows when a file is made.
    """
    found = Chromium.find_browser(skip_local=False)
    if found and Path(found).is_file():
        return ""
    return f"PNG and SVG need Chrome or Chromium on the server, and none was found. {_WAY_OUT}"


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
