"""`sweep`: many settings of one or several samples, recorded run by run."""

import argparse
import dataclasses
import itertools
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import knobs, units
from core.cli import guidance as guiding
from core.cli.console import print_facts, share_bar
from core.cli.guided import SCORED_ON, with_known_number
from core.cli.options import KNOBS, add_angle, add_method, at_least_one, given, start_params
from core.errors import ParameterError, WorkError
from core.guidance import Guidance
from core.io import lab
from core.params import DEFAULT_PRESET
from core.sample import Sample
from core.work.runs import Record, Run, open_record
from core.work.sweep import results, suggestions
from core.work.sweep.outcome import SweepStatus
from core.work.sweep.plan import Section, Sweep
from core.work.sweep.varied import NEEDS_ANNOTATION, Axis, Range, Search, objectives

if TYPE_CHECKING:
    from core.work.sweep.sweeps import Sweeps, SweepSnapshot

_SECONDS_BETWEEN_LOOKS = 0.2
_BEST_SHOWN = 5


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser(
        "sweep",
        help="try many settings and keep every run; the same command continues after a stop",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="samples in the lab's format (.h5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_method(parser, KNOBS, default_preset=DEFAULT_PRESET)
    add_angle(parser)
    guiding.add_options(parser)
    parser.add_argument(
        "--grid",
        type=_axis,
        action="append",
        default=[],
        metavar="KNOB=V,V,...",
        help="try these values of a knob, such as window=2,6,10; once or twice",
    )
    parser.add_argument(
        "--starts",
        type=at_least_one,
        default=1,
        metavar="N",
        help="runs of each setting, from as many seeds (default 1)",
    )
    _add_search(parser)
    parser.set_defaults(run=_sweep)


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--search", type=at_least_one, metavar="N", help="instead of a grid, search with this many trials"
    )
    parser.add_argument(
        "--objective",
        choices=objectives(),
        help="score that the search looks for (default ari, which looks at the annotation; pas and chaos need none)",
    )
    parser.add_argument(
        "--range",
        dest="ranges",
        type=_range,
        action="append",
        default=[],
        metavar="KNOB=LOW:HIGH[:log]",
        help="where the search looks, such as x-weight=0.5:20:log; a knob alone takes its default range. Several may be given",
    )
    parser.add_argument(
        "--search-seed", type=int, default=0, metavar="SEED", help="the same seed asks for the same trials"
    )
    parser.add_argument("--prune", action="store_true", help="give up trainings that are worse than most others")


def _sweep(options: argparse.Namespace) -> None:
    """Compute all runs of a sweep, or continue one that was stopped, and print the results."""
    _check_kind(options)
    # Before Dask is imported: its warnings are for a server's log, not for a terminal. Workers inherit it.
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "error")
    samples = [lab.read(path) for path in options.files]
    guidances = _guidances(options, samples)
    of_sections = zip(samples, options.files, guidances or itertools.repeat(None, len(samples)), strict=True)
    plan = _plan(options, tuple(_section(options, *one) for one in of_sections))
    _check_objective(plan, samples, guidances)
    markers = [_markers(*one) for one in zip(guidances, samples, strict=False)]
    record, started = open_record(options.models), time.perf_counter()
    status = _made(plan, record, options.models, guidances)
    facts = _facts(status, record.runs(sweep=plan.id), time.perf_counter() - started)
    for section, found in zip(facts["samples"], markers, strict=False):
        section.update(found)
    print_facts(facts if options.json else _in_short(facts), as_json=options.json)


def _guidances(options: argparse.Namespace, samples: Sequence[Sample]) -> list[Guidance]:
    """Read what guides the runs of each sample; nothing where they are label-free."""
    guiding.check_others(options)
    if options.strokes is not None and len(samples) > 1:
        raise ParameterError("Strokes belong to one section: sweep it alone, or leave out --strokes.")
    found = [guiding.guidance_of(options, sample) for sample in samples] if guiding.guides(options) else []
    for guidance in found:
        if not guidance.others:
            guidance.check_several()
    return found


def _markers(guidance: Guidance, sample: Sample) -> dict[str, Any]:
    """Say what of a table of marker genes plays no part in the runs of a sample."""
    if guidance.markers is None:
        return {}
    from core.method.guidable import marker_scores  # its steps take a second to import

    table = guidance.markers
    scores = marker_scores(table, sample)
    notes = [*table.notes, *scores.notes()]
    return {"markers": {"source": table.source, "missing": list(scores.missing), "notes": notes}}


def _section(options: argparse.Namespace, sample: Sample, path: Path, guidance: Guidance | None) -> Section:
    params = start_params(options, KNOBS, sample.suggested_n_clusters())
    return Section.of(sample, path, params if guidance is None else with_known_number(params, guidance), guidance)


def _check_kind(options: argparse.Namespace) -> None:
    if bool(options.grid) == (options.search is not None):
        raise ParameterError("Give either --grid, once or twice, or --search with the number of trials.")
    if options.search is None and (options.ranges or options.objective or options.prune):
        raise ParameterError(
            "--range, --objective and --prune are for a search: add --search with the number of trials."
        )


def _plan(options: argparse.Namespace, sections: tuple[Section, ...]) -> Sweep:
    sweep = Sweep(
        sections=sections, axes=tuple(options.grid), search=_search(options, sections), n_starts=options.starts
    )
    sweep.check_knobs(given(options, KNOBS))
    return sweep


def _search(options: argparse.Namespace, sections: tuple[Section, ...]) -> Search | None:
    if options.search is None:
        return None
    params = sections[0].params
    default = [(knob, None) for knob in suggestions.to_search(params, sections[0].guided_by)]
    return Search(
        objective=options.objective or "ari",
        n_trials=options.search,
        ranges=tuple(given or suggestions.search_range(knob, params) for knob, given in options.ranges or default),
        random_state=options.search_seed,
        prune=options.prune,
    )


def _axis(text: str) -> Axis:
    name, _, values = text.partition("=")
    try:
        path = knobs.path_of(name)
        read = tuple(knobs.read_value(path, value.strip()) for value in values.split(",") if value.strip())
        return Axis(knob=knobs.names()[path], values=read)
    except ParameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _range(text: str) -> tuple[str, Range | None]:
    """Read a range; None stands for the default range, which depends on the other parameters."""
    name, given, ends = text.partition("=")
    try:
        knob = knobs.names()[knobs.path_of(name)]
        return knob, _ends(knob, ends) if given else None
    except ParameterError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _ends(knob: str, text: str) -> Range:
    low, high, *log = text.split(":") if ":" in text else (text, "")
    if log not in ([], ["log"]) or knobs.declared(knobs.path_of(knob)).metadata["choices"]:
        raise ParameterError(f"{text!r} is not of the form LOW:HIGH or LOW:HIGH:log, with two numbers.")
    try:
        return Range(knob=knob, low=float(low), high=float(high), log=bool(log))
    except ValueError as error:
        raise ParameterError(f"{text!r} is not of the form LOW:HIGH or LOW:HIGH:log, with two numbers.") from error


def _check_objective(plan: Sweep, samples: Sequence[Sample], guidances: Sequence[Guidance]) -> None:
    truths = [sample.labels_true for sample in samples]
    if guidances:
        truths = [own.hidden_from(truth) for own, truth in zip(guidances, truths, strict=True)]
    bare = [sample.name for sample, truth in zip(samples, truths, strict=True) if truth is None]
    if plan.search is not None and plan.search.objective in NEEDS_ANNOTATION and bare:
        left = " on spots that were not painted" if guidances else ""
        raise ParameterError(
            f"{bare[0]} has no annotation{left}, so there is no {plan.search.objective.upper()}: choose a score that needs none, "
            "such as --objective pas."
        )


def _made(plan: Sweep, record: Record, models: Path, guidances: Sequence[Guidance]) -> "SweepSnapshot":
    from core.work.board.board import shared_board
    from core.work.sweep.sweeps import Sweeps

    sweeps = Sweeps(models.absolute() / "sweeps", shared_board(), record, models.absolute())
    try:
        return _watched(sweeps, sweeps.start(plan, guidances=guidances))
    except KeyboardInterrupt:
        sweeps.close()
        done = sweeps.find(plan.id)
        n_done = 0 if done is None else done.outcome.n_done
        sys.stderr.write(f"{n_done} of {plan.n_runs} runs are recorded; the same command goes on from there.\n")
        raise
    finally:
        sweeps.close()
        shared_board().close()


def _watched(sweeps: "Sweeps", sweep_id: str) -> "SweepSnapshot":
    with share_bar() as bar:
        while not sweeps.wait(sweep_id, _SECONDS_BETWEEN_LOOKS):
            status = sweeps.find(sweep_id)
            if status is not None:
                bar(status.share, f"{status.outcome.n_done} of {status.plan.sweep.n_runs} runs")
    status = sweeps.find(sweep_id)
    if status is None or status.outcome.status is not SweepStatus.DONE:
        raise WorkError(status.outcome.error if status else "The sweep is gone.")
    return status


def _facts(status: "SweepSnapshot", runs: Sequence[Run], seconds: float) -> dict[str, Any]:
    plan, outcome = status.plan.sweep, status.outcome
    return {
        "sweep": status.id,
        "knobs": list(plan.knobs),
        "n_runs": plan.n_runs,
        "n_recorded": len(outcome.runs),
        "n_given_up": len(outcome.given_up),
        "failed": sorted(set(outcome.failed.values())),
        "samples": [_section_facts(status, runs, section) for section in range(len(plan.sections))],
        "search": None if plan.search is None else _search_facts(status, runs),
        "seconds": round(seconds, 3),
    }


def _section_facts(status: "SweepSnapshot", runs: Sequence[Run], section: int) -> dict[str, Any]:
    plan = status.plan.sweep
    by_setting = results.runs_by_setting(status.outcome, runs, section)
    names = results.known_scores([run for some in by_setting.values() for run in some])
    order = results.ranked(results.scores_by_setting(by_setting, names[0]), names[0]) if names else list(by_setting)
    guided_by = plan.sections[section].guided_by
    guided = (
        {} if guided_by is None else {"guided_by": guided_by.kind, "guided": guided_by.words, "scored_on": SCORED_ON}
    )
    return {
        "sample": plan.sections[section].name,
        **guided,
        "ranked_by": names[0] if names else None,
        "settings": [_setting_facts(plan, by_setting[index], names) for index in order],
    }


def _setting_facts(plan: Sweep, runs: Sequence[Run], names: Sequence[str]) -> dict[str, Any]:
    columns = {name: [getattr(run.scores, name) for run in runs] for name in names}
    return {
        **results.turned(plan, runs[0]),
        "mean": {name: float(np.mean(values)) for name, values in columns.items()},
        "std": {name: float(np.std(values)) for name, values in columns.items()},
        "runs": [
            {"id": run.id, "seed": run.params.clustering.random_state, **dataclasses.asdict(run.scores)} for run in runs
        ],
    }


def _search_facts(status: "SweepSnapshot", runs: Sequence[Run]) -> dict[str, Any]:
    search = status.plan.sweep.search
    assert search is not None  # noqa: S101 - for mypy: asked by the caller
    trials = results.tried(status.plan.sweep, search, status.outcome, runs)
    choose = max if search.maximise else min
    best = choose(trials, key=lambda trial: trial[1]) if trials else None
    return {
        "objective": search.objective,
        "n_scored": len(trials),
        "best": None if best is None else {**best[0], search.objective: best[1]},
    }


def _in_short(facts: dict[str, Any]) -> dict[str, Any]:
    """Summarize a sweep in a few lines for people; the JSON has every run."""
    lines = {"Sweep": facts["sweep"], "Runs": f"{facts['n_recorded']} of {facts['n_runs']} recorded"}
    if facts["n_given_up"]:
        lines["Given up"] = f"{facts['n_given_up']}, in training"
    for sentence in facts["failed"]:
        lines["Failed"] = sentence
    for section in facts["samples"]:
        if "guided" in section:
            lines[f"{section['sample']}, made"] = f"{section['guided']}; not label-free, scored on {SCORED_ON}"
        if notes := section.get("markers", {}).get("notes"):
            lines[f"{section['sample']}, left out"] = " ".join(notes)
        lines |= _best_lines(section, facts["knobs"])
    return {**lines, "Seconds": f"{facts['seconds']:.2f}"}


def _value(knob: str, value: Any) -> str:
    choices = knobs.declared(knobs.path_of(knob)).metadata["choices"]
    return str(value) if choices else knobs.value_in_words(knobs.path_of(knob), value)  # a choice as it is typed


def _best_lines(section: dict[str, Any], turned: Sequence[str]) -> dict[str, Any]:
    name = section["ranked_by"]
    if name is None:
        return {section["sample"]: "no score to compare by"}
    return {
        f"{section['sample']}, best {rank} by {name.upper()}": (
            f"{units.score(name, setting['mean'][name])} ± {units.score(name, setting['std'][name])} at "
            + ", ".join(f"{knob} {_value(knob, setting[knob])}" for knob in turned)
        )
        for rank, setting in enumerate(section["settings"][:_BEST_SHOWN], start=1)
    }
