"""What `runs` does: list, show, report on, repeat, send, bring in, delete and restore what was kept."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import knobs
from core.commands.console import print_facts, share_bar
from core.errors import RecordError
from core.io import lab
from core.sample import Sample
from core.text import shown
from core.work.runs import Record, Run, open_record
from core.work.runs.one_file import SUFFIX
from core.work.runs.record import Progress
from core.work.runs.run import facts_of
from core.work.runs.samples import find_sample

_SHORTEST_ID = 4


def list_runs(models: Path, *, sample_name: str | None, starred: bool, deleted: bool, as_json: bool) -> None:
    """List the runs of the record, the latest first.

    Parameters
    ----------
    models : Path
        `save_model/`.
    sample_name : str or None
        Only runs of that sample.
    starred, deleted : bool
        Only starred runs; the deleted ones instead of the others.
    as_json : bool
    """
    with _opened(models) as record, _reading() as progress:
        found = record.runs(sample_name=sample_name, deleted=deleted, progress=progress)
    chosen = [run for run in found if run.starred or not starred]
    if as_json:
        print_facts({"runs": [_facts(run) for run in chosen]}, as_json=True)
        return
    for run in chosen:
        print(_line(run))
    if not chosen:
        sys.stderr.write("No such run is kept: Keep on the page Tune, or `sweep`, records runs.\n")


def show(models: Path, wanted: str, *, as_json: bool) -> None:
    """Say everything that is known of a run.

    Parameters
    ----------
    models : Path
    wanted : str
        Its id, or the beginning of it.
    as_json : bool
    """
    with _opened(models) as record:
        run = _found(record, wanted)
    facts = _facts(run)
    print_facts(facts if as_json else {"settings": knobs.in_words(run.params), **_for_people(facts)}, as_json=as_json)


def export(models: Path, wanted: str, out: Path | None, *, as_json: bool) -> None:
    """Write a run as one file.

    Parameters
    ----------
    models : Path
    wanted : str
        Its id, or the beginning of it.
    out : Path or None
        By default named by the sample and the id, in the folder of the moment.
    as_json : bool
    """
    with _opened(models) as record:
        run = _found(record, wanted)
        path = out or Path(f"{_file_name(run.sample_name)}_{run.id[:8]}{SUFFIX}")
        record.export(run.id, path)
    print_facts({"exported": str(path), "id": run.id}, as_json=as_json)


def import_run(models: Path, path: Path, *, as_json: bool) -> None:
    """Bring in a run that was exported.

    Parameters
    ----------
    models : Path
    path : Path
    as_json : bool
    """
    with _opened(models) as record:
        run = record.import_(path)
    facts = {"imported": run.id, "name": run.name, "sample": run.sample_name}
    print_facts(facts, as_json=as_json)


def delete(models: Path, wanted: list[str], *, undo: bool, as_json: bool) -> None:
    """Delete runs, or bring deleted ones back.

    Parameters
    ----------
    models : Path
    wanted : list of str
        Their ids, or the beginnings of them.
    undo : bool
        Bring them back.
    as_json : bool
    """
    with _opened(models) as record:
        runs = [_found(record, one) for one in wanted]
        for run in runs:
            (record.restore if undo else record.delete)(run.id)
    word = "restored" if undo else "deleted"
    if as_json:
        print_facts({word: [run.id for run in runs]}, as_json=True)
        return
    for run in runs:
        print(f"{word.capitalize()}: {run.id} {shown(run.name)}".rstrip())


def report(models: Path, wanted: list[str], samples: Path, out: Path | None, *, as_json: bool) -> None:
    """Write a report on some runs: one page that opens without internet.

    Parameters
    ----------
    models : Path
    wanted : list of str
        One to six ids, or the beginnings of them.
    samples : Path
        Folder of samples; of a run whose sample is not there, the page shows the small map that was kept.
    out : Path or None
        By default named by the first run, in the folder of the moment.
    as_json : bool
    """
    from core.report.html import file_stem, html_report
    from core.work.runs.reported import reported

    at_hand: dict[str, Sample] = {}
    told = []
    with _opened(models) as record:
        for run in [_found(record, one) for one in wanted]:
            sample = at_hand.get(run.content_hash) or _sample_of(run, samples)
            if sample is not None:
                at_hand[run.content_hash] = sample
            source = "" if sample is None else sample.source
            told.append(reported(run, record.result(run), source=source, picture=_picture(record, run)))
    path = out or Path(f"{file_stem(f'{told[0].result.sample_name}_{told[0].name}')}_report.html")
    path.write_bytes(html_report(told, at_hand))
    ids = [run.id for run in told]
    print_facts({"report": str(path), "runs": ids if as_json else ", ".join(ids)}, as_json=as_json)


def script(models: Path, wanted: str, samples: Path, out: Path | None, *, as_json: bool) -> None:
    """Write the script that makes a run again, and says whether every label is the same.

    Parameters
    ----------
    models : Path
    wanted : str
        Its id, or the beginning of it.
    samples : Path
        Folder of samples: where the run's is there, the script says where it comes from.
    out : Path or None
        By default named by the run, in the folder of the moment.
    as_json : bool
    """
    from core.report.html import script_name
    from core.report.script import reproduction_script
    from core.work.runs.reported import reported

    with _opened(models) as record:
        run = _found(record, wanted)
        sample = _sample_of(run, samples)
        told = reported(run, record.result(run), source="" if sample is None else sample.source)
    path = out or Path(script_name(told))
    path.write_text(reproduction_script(told), encoding="utf-8")
    print_facts({"script": str(path), "id": run.id}, as_json=as_json)


def _sample_of(run: Run, folder: Path) -> Sample | None:
    listed = lab.list_samples(folder) if folder.is_dir() else []
    found = find_sample(run, listed, lambda summary: lab.read(summary.path))
    return None if found is None else found[1]


def _picture(record: Record, run: Run) -> bytes:
    try:
        return record.picture(run)
    except RecordError:
        return b""


@contextmanager
def _opened(models: Path) -> Iterator[Record]:
    record = open_record(models)
    try:
        yield record
    finally:
        record.close()


@contextmanager
def _reading() -> Iterator[Progress]:
    with share_bar() as bar:
        yield lambda n_read, n_new: bar(n_read / max(1, n_new), "Reading runs")


def _found(record: Record, wanted: str) -> Run:
    if len(wanted) == 32:
        return record.run(wanted)
    known = [*record.runs(), *record.runs(deleted=True)] if len(wanted) >= _SHORTEST_ID else []
    found = [run for run in known if run.id.startswith(wanted)]
    if len(found) != 1:
        many = f"{len(found)} runs begin" if found else "No run begins"
        raise RecordError(f"{many} with {shown(wanted)}: give the whole id, as `runs list` shows it.")
    return found[0]


def _facts(run: Run) -> dict[str, Any]:
    facts = facts_of(run)
    del facts["artifacts"]
    return facts | {"deleted": run.deleted, "params": run.params.as_dict()}


def _for_people(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty or said by the settings."""
    apart = ("params", "labels_hash", "annotation_hash")
    return {name: value for name, value in facts.items() if value not in ("", {}, None, False) and name not in apart}


def _line(run: Run) -> str:
    score = f"ARI {run.scores.ari:.3f}" if run.scores.ari is not None else "unannotated"
    star = "*" if run.starred else " "
    what = shown(run.name) or knobs.in_words(run.params)
    return f"{run.id}  {run.created:%Y-%m-%d %H:%M}  {shown(run.sample_name):<12} {score:<11} {star} {what}"


def _file_name(sample_name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in sample_name)[:60]
