"""`runs`: list, show, report on, repeat, export, import, check, delete and restore kept runs; recover a damaged record."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import presets, units
from core.cli.console import print_facts, share_bar
from core.cli.options import OutputFile
from core.codec import from_plain
from core.errors import RecordError
from core.files import write_bytes, write_text
from core.folders import models_folder, samples_folder
from core.io import lab
from core.people import called
from core.result import Domain
from core.sample import Sample
from core.text import counted, shown
from core.work.runs import Record, Run, open_record
from core.work.runs.one_file import SUFFIX
from core.work.runs.run import facts_of
from core.work.runs.samples import find_sample
from core.work.runs.sentences import where

if TYPE_CHECKING:
    from core.work.runs.known import OnRead

_SHORTEST_ID = 4

_ID_HELP = "id of a run, or the beginning of it, as `runs list` shows it"


def add(todo: Any) -> None:
    """Declare the command and its actions."""
    parser = todo.add_parser(
        "runs",
        help="list, show, report on, repeat, export, import, check or delete kept runs; recover a damaged record",
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(
        title="actions", dest="action", metavar="ACTION", required=True, parser_class=type(parser)
    )
    _add_list(actions)
    _add_show(actions)
    _add_report(actions)
    _add_script(actions)
    _add_export(actions)
    _add_import(actions)
    _add_check(actions)
    _add_delete(actions)
    _add_recover(actions)


def _action(actions: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, allow_abbrev=False)
    parser.add_argument(
        "--models",
        type=Path,
        default=models_folder(),
        metavar="FOLDER",
        help="folder of the record (default save_model/, or SPCA_MODELS), unless RUNS_URL and RUNS_ARTIFACTS name others",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help=_ID_HELP)


def _add_samples(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--samples",
        type=Path,
        default=samples_folder(),
        metavar="FOLDER",
        help="folder of the runs' samples (default spca_dat/, or SPCA_DATA)",
    )


def _add_list(actions: Any) -> None:
    parser = _action(actions, "list", "list runs, the latest first")
    parser.add_argument("--sample", metavar="NAME", help="only runs of this sample")
    parser.add_argument("--starred", action="store_true", help="only starred runs")
    parser.add_argument("--deleted", action="store_true", help="the deleted runs instead of the others")
    parser.set_defaults(run=_list)


def _list(options: argparse.Namespace) -> None:
    with _opened(options) as record, _reading() as on_read:
        found = record.runs(sample_name=options.sample, deleted=options.deleted, on_read=on_read)
        damaged, said = record.damaged, record.said_of_damaged
    if said:
        sys.stderr.write(f"{said}\n")
    chosen = [run for run in found if run.starred or not options.starred]
    if options.json:
        print_facts({"runs": [_facts(run) for run in chosen]} | ({"damaged": damaged} if damaged else {}), as_json=True)
        return
    for run in chosen:
        print(_line(run))
    if not chosen and not said:
        sys.stderr.write("No such run is kept: Keep on the page Tune, or `sweep`, records runs.\n")


def _add_show(actions: Any) -> None:
    parser = _action(actions, "show", "show everything that is known of a run")
    _add_id(parser)
    parser.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> None:
    with _opened(options) as record:
        run = _found(record, options.id)
    facts = _facts(run)
    print_facts(
        facts if options.json else {"settings": presets.in_words(run.params), **_for_people(facts)},
        as_json=options.json,
    )


def _add_report(actions: Any) -> None:
    parser = _action(actions, "report", "write one page on up to six runs: maps, scores, settings, scripts")
    parser.add_argument("id", nargs="+", metavar="ID", help=_ID_HELP)
    _add_samples(parser)
    parser.add_argument(
        "--out",
        type=OutputFile((".html",), is_text=True),
        metavar="FILE.html",
        help="output file (default <sample>_<name>_report.html here)",
    )
    parser.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> None:
    from core.report.html import file_stem, html_report
    from core.work.runs.reported import reported

    at_hand: dict[str, Sample] = {}
    chosen = []
    with _opened(options) as record:
        for run in [_found(record, one) for one in options.id]:
            sample = at_hand.get(run.content_hash) or _sample_of(run, options.samples)
            if sample is not None:
                at_hand[run.content_hash] = sample
            source = "" if sample is None else sample.source
            chosen.append(reported(run, record.result(run), source=source, picture=_picture(record, run)))
    path = options.out or Path(f"{file_stem(f'{chosen[0].result.sample_name}_{chosen[0].name}')}_report.html")
    write_bytes(path, html_report(chosen, at_hand))
    ids = [run.id for run in chosen]
    print_facts({"report": str(path), "runs": ids if options.json else ", ".join(ids)}, as_json=options.json)


def _add_script(actions: Any) -> None:
    parser = _action(actions, "script", "write a script that makes a run again and checks every label")
    _add_id(parser)
    _add_samples(parser)
    parser.add_argument(
        "--out",
        type=OutputFile((".py",), is_text=True),
        metavar="FILE.py",
        help="output file (default reproduce_<sample>_<name>.py here)",
    )
    parser.set_defaults(run=_script)


def _script(options: argparse.Namespace) -> None:
    from core.report.html import script_name
    from core.report.script import reproduction_script
    from core.work.runs.reported import reported

    with _opened(options) as record:
        run = _found(record, options.id)
        sample = _sample_of(run, options.samples)
        facts = reported(run, record.result(run), source="" if sample is None else sample.source)
    path = options.out or Path(script_name(facts))
    write_text(path, reproduction_script(facts))
    print_facts({"script": str(path), "id": run.id}, as_json=options.json)


def _add_export(actions: Any) -> None:
    parser = _action(actions, "export", "write a run as one file, for import elsewhere; or runs for Optuna's dashboard")
    parser.add_argument(
        "id", nargs="?", default="", metavar="ID", help=f"{_ID_HELP}; with --optuna, all runs without it"
    )
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--out",
        type=OutputFile((".zip",)),
        metavar="FILE.run.zip",
        help="output file (default <sample>_<id>.run.zip here)",
    )
    target.add_argument(
        "--optuna",
        metavar="URL",
        help="write an Optuna storage instead, one study per sample, such as sqlite:///studies.sqlite3",
    )
    parser.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> None:
    if options.optuna:
        _export_studies(options)
        return
    with _opened(options) as record:
        run = _found(record, options.id)
        path = options.out or Path(f"{_file_name(run.sample_name)}_{run.id[:8]}{SUFFIX}")
        record.export(run.id, path)
    print_facts({"exported": str(path), "id": run.id}, as_json=options.json)


def _export_studies(options: argparse.Namespace) -> None:
    from core.work.runs.optuna_export import write_studies

    with _opened(options) as record:
        chosen = [_found(record, options.id)] if options.id else record.runs()
    studies = write_studies(chosen, options.optuna)
    print_facts({"studies": studies if options.json else ", ".join(studies), "runs": len(chosen)}, as_json=options.json)


def _add_import(actions: Any) -> None:
    parser = _action(actions, "import", "import a run that was exported")
    parser.add_argument("file", type=Path, metavar="FILE.run.zip", help="file that `runs export` wrote")
    parser.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> None:
    with _opened(options) as record:
        run = record.import_(options.file)
    facts = {"imported": run.id, "name": run.name, "sample": run.sample_name}
    print_facts(facts, as_json=options.json)


def _add_check(actions: Any) -> None:
    parser = _action(actions, "check", "compute an imported run here, and compare every label")
    _add_id(parser)
    _add_samples(parser)
    parser.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> None:
    from core.work.runs.checking import confirm, recompute, why_not

    with _opened(options) as record:
        run = _found(record, options.id)
        sample = _sample_of(run, options.samples)
        if (reason := why_not(run, sample)) or sample is None:
            raise RecordError(f"Run {run.id[:8]} cannot be checked. {reason}")
        checked = confirm(record, run, sample, recompute(record.result(run), sample, options.models))
    said = f"all {run.n_spots:,} labels are those that its settings give here"
    print_facts({"checked": checked.id, "found": said, "ari": checked.scores.ari}, as_json=options.json)


def _add_delete(actions: Any) -> None:
    parser = _action(
        actions, "delete", "delete runs, also damaged ones, which are then named no more; --undo brings them back"
    )
    parser.add_argument("id", nargs="+", metavar="ID", help=_ID_HELP)
    parser.add_argument("--undo", action="store_true", help="bring deleted runs back")
    parser.set_defaults(run=_delete)


def _delete(options: argparse.Namespace) -> None:
    with _opened(options) as record:
        done = [_deleted(record, one, undo=options.undo) for one in options.id]
    word = "restored" if options.undo else "deleted"
    if options.json:
        print_facts({word: [run_id for run_id, _ in done]}, as_json=True)
        return
    for run_id, name in done:
        print(f"{word.capitalize()}: {run_id} {shown(name)}".rstrip())


def _deleted(record: Record, wanted: str, *, undo: bool) -> tuple[str, str]:
    """Delete or restore a run, also one that cannot be read and is only named; give its id and name."""
    record.runs()
    damaged = [one for one in (record.dismissed if undo else record.damaged) if one.startswith(wanted)]
    if len(damaged) == 1 and len(wanted) >= _SHORTEST_ID and not any(one.id.startswith(wanted) for one in _all(record)):
        record.dismiss(damaged[0], undo=undo)
        return damaged[0], "(damaged)"
    run = _found(record, wanted)
    (record.restore if undo else record.delete)(run.id)
    return run.id, run.name


def _all(record: Record) -> list[Run]:
    return [*record.runs(), *record.runs(deleted=True)]


def _add_recover(actions: Any) -> None:
    parser = _action(
        actions,
        "recover",
        "write what can still be read of a damaged record (SQLite) as a new one, with the server ended",
    )
    parser.add_argument(
        "--out",
        type=OutputFile((".sqlite3", ".sqlite", ".db")),
        metavar="NEW.sqlite3",
        required=True,
        help="the new record; the damaged one stays as it is",
    )
    parser.set_defaults(run=_recover)


def _recover(options: argparse.Namespace) -> None:
    from core.work.runs.recovering import recover

    with _opened(options) as record:
        found = recover(record.url, options.out)
    if options.json:
        print_facts({"recovered": str(options.out), "runs": found.n_runs, "unread": found.n_unread}, as_json=True)
        return
    unread = f" {counted(found.n_unread, 'row or page', 'rows or pages')} could not be read." if found.n_unread else ""
    print(
        f"{counted(found.n_runs, 'run')} of {where(record.url)} {'is' if found.n_runs == 1 else 'are'} in {options.out}.{unread} "
        "With the server ended, move the damaged file away, and give the new one its name."
    )


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
def _opened(options: argparse.Namespace) -> Iterator[Record]:
    record = open_record(options.models)
    try:
        yield record
    finally:
        record.close()


@contextmanager
def _reading() -> "Iterator[OnRead]":
    with share_bar() as bar:
        yield lambda n_read, n_new: bar(n_read / max(1, n_new), "Reading runs")


def _found(record: Record, wanted: str) -> Run:
    if len(wanted) == 32:
        return record.run(wanted)
    known = _all(record) if len(wanted) >= _SHORTEST_ID else []
    found = [run for run in known if run.id.startswith(wanted)]
    damaged = [item for item in record.damaged.items() if item[0].startswith(wanted)]
    if not found and len(damaged) == 1 and len(wanted) >= _SHORTEST_ID:
        [(run_id, problem)] = damaged
        raise RecordError(f"Run {shown(run_id, 32)} cannot be read. {problem} Take the record from a backup.")
    if len(found) != 1:
        many = f"{counted(len(found), 'run begins', 'runs begin')}" if found else "No run begins"
        raise RecordError(f"{many} with {shown(wanted) or 'nothing'}: give the whole id, as `runs list` shows it.")
    return found[0]


def _facts(run: Run) -> dict[str, Any]:
    facts = facts_of(run)
    del facts["artifacts"]
    return facts | {"deleted": run.deleted, "params": run.params.as_dict()}


def _for_people(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out empty facts and those that the settings contain."""
    apart = ("params", "labels_hash", "annotation_hash")
    people = {name: called(facts[name]) for name in ("who", "claimed") if name in facts}
    facts = facts | people | {"domains": {str(at["cluster"]): _called(at) for at in facts.get("domains", ())}}
    return {name: value for name, value in facts.items() if value not in ("", {}, None, False) and name not in apart}


def _called(domain: dict[str, Any]) -> str:
    return shown(from_plain(Domain, domain).name)


def _line(run: Run) -> str:
    score = f"ARI {units.score('ari', run.scores.ari)}" if run.scores.ari is not None else "unannotated"
    star = "*" if run.starred else " "
    imported = "  imported, not checked" if run.imported else ""
    what = (shown(run.name) or presets.in_words(run.params)) + " (guided)" * bool(run.guided)
    return f"{run.id}  {run.created:%Y-%m-%d %H:%M}  {shown(run.sample_name):<12} {score:<11} {star} {what}{imported}"


def _file_name(sample_name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in sample_name)[:60]
