"""Output of commands: facts on standard output, progress bars on standard error."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from core import units
from core.averaging import Averaging, averaging_in_words
from core.params import FOUND_WINDOW, MethodParams
from core.result import AutoencoderReport, Result, Scores

_DEAD = (
    "The autoencoder is dead: its reconstruction explains {share} of the variance of its input (100% is all, 0% no more than "
    "the gene means), so it hardly differs between spots and expression drops out of the distance. Try a smaller scale."
)


def print_facts(facts: dict[str, Any], *, as_json: bool) -> None:
    """Print nested facts.

    Parameters
    ----------
    facts : dict
    as_json : bool
        One JSON object, instead of lines for people.
    """
    if as_json:
        print(json.dumps(facts))
        return
    for line in _lines(facts):
        print(line)


def _lines(facts: dict[str, Any], indent: str = "") -> Iterator[str]:
    """Nested facts for people, one `name: value` per line, without missing values."""
    for name, value in facts.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list):
            yield f"{indent}{name}:"
            yield from (f"{indent}  {', '.join(_lines(item))}" for item in value)
        elif value is not None:
            yield f"{indent}{name}: {f'{value:.4g}' if isinstance(value, float) else value}"


@contextmanager
def training_bar() -> Iterator[Callable[[int, int, float], None]]:
    """Show a progress bar of epochs.

    Yields
    ------
    callable
        See `core.method.training.OnEpoch`.
    """
    with _bar(desc="Training", unit="epoch", leave=False, delay=0.5) as bar:

        def on_epoch(epoch: int, n_epochs: int, loss: float) -> None:
            bar.total = n_epochs
            bar.set_postfix(loss=f"{loss:.3g}", refresh=False)
            bar.update(epoch - bar.n)

        yield on_epoch


def start_bar(results: Iterator[Result], n_starts: int) -> Iterator[Result]:
    """Show a progress bar of starts."""
    yield from _bar(results, total=n_starts, desc="Starts", leave=False, delay=0.5)


_SHARE_FORMAT = "{desc} {percentage:3.0f}% |{bar}| {remaining} left"


@contextmanager
def share_bar() -> Iterator[Callable[[float, str], None]]:
    """Show a progress bar of the share of work done.

    Yields
    ------
    callable
        Takes the share done, from 0 to 1, and what is being done.
    """
    with _bar(total=100, unit="%", leave=False, bar_format=_SHARE_FORMAT) as bar:

        def progress(share: float, doing: str) -> None:
            bar.set_description(doing, refresh=False)
            bar.update(100 * share - bar.n)

        yield progress


def _bar(work: Any = None, **options: Any) -> Any:
    # disable=None: a bar on a terminal, nothing in a log or a pipe.
    return tqdm(work, file=sys.stderr, disable=None, **options)


def score_words(result: Result) -> str:
    """Write how well a run agrees with the annotation."""
    scores = result.scores
    if scores.ari is None:
        return "no annotation to score against"
    ari, nmi, ari_all, nmi_all = (
        units.score(name, getattr(scores, name)) for name in ("ari", "nmi", "ari_all", "nmi_all")
    )
    on_all = "" if (ari, nmi) == (ari_all, nmi_all) else f" (all spots: ARI {ari_all}, NMI {nmi_all})"
    return f"ARI {ari}, NMI {nmi}{on_all}"


def factor_words(params: MethodParams, of: str = "", averaging: Averaging | None = None) -> str:
    """Say in a line what spatial factors a run clusters."""
    window, scale = params.pooling.window, params.pooling.scale
    scaled = f", scale {scale:g}" * (scale != 1)
    averaged = f"averaged with window {window}"
    if window == FOUND_WINDOW:
        averaged = "averaged as far as the tissue asks for" if averaging is None else averaging_in_words(averaging)
    if averaging is not None and averaging.of_components:
        return f"principal components{of}{scaled}, since fits of {params.embedding.n_components} spatial factors hardly agreed, {averaged}"
    return f"{params.embedding.n_components} spatial factors{of}{scaled}, {averaged}"


def coherence_words(scores: Scores) -> str:
    """Write the scores that need no annotation."""
    empty = f", {scores.n_empty:.0f} empty" if scores.n_empty else ""
    stability = "" if scores.stability is None else f"stability {units.score('stability', scores.stability)}, "
    return (
        f"{stability}PAS {units.score('pas', scores.pas)}, CHAOS {units.score('chaos', scores.chaos)}, domains of "
        f"{units.score('smallest_share', scores.smallest_share)} to {units.score('largest_share', scores.largest_share)} of the spots{empty}"
    )


def autoencoder_facts(report: AutoencoderReport) -> dict[str, Any]:
    """List how well an autoencoder learned."""
    return {"explained_variance": report.explained_variance, "dead": report.dead, "reused": report.reused}


def warn_if_dead(report: AutoencoderReport | None) -> None:
    """Warn of an autoencoder that tells spots apart no better than the gene means do.

    Parameters
    ----------
    report : AutoencoderReport or None
    """
    if report is not None and report.dead:
        sys.stderr.write(_DEAD.format(share=units.percent(report.explained_variance)) + "\n")
