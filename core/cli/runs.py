"""Options of `runs`: list, show, report, script, export, import, delete."""

import argparse
from pathlib import Path
from typing import Any

from core.cli.options import output_path
from core.commands import runs
from core.folders import models_folder, samples_folder


def add_runs(todo: Any) -> None:
    """Declare `runs`: the record of kept and swept runs.

    Parameters
    ----------
    todo : argparse subparsers
    """
    parser = todo.add_parser(
        "runs", help="list, show, report on, repeat, send, bring in or delete what was kept", allow_abbrev=False
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, parser_class=type(parser))
    _add_list(actions)
    _add_show(actions)
    _add_report(actions)
    _add_script(actions)
    _add_export(actions)
    _add_import(actions)
    _add_delete(actions)


def _add_list(actions: Any) -> None:
    parser = _action(actions, "list", "list runs, the latest first")
    parser.add_argument("--sample", metavar="NAME", help="only runs of this sample")
    parser.add_argument("--starred", action="store_true", help="only starred runs")
    parser.add_argument("--deleted", action="store_true", help="the deleted runs instead of the others")
    parser.set_defaults(
        run=lambda options: runs.list_runs(
            options.models,
            sample_name=options.sample,
            starred=options.starred,
            deleted=options.deleted,
            as_json=options.json,
        )
    )


def _add_show(actions: Any) -> None:
    parser = _action(actions, "show", "say everything that is known of a run")
    _add_id(parser)
    parser.set_defaults(run=lambda options: runs.show(options.models, options.id, as_json=options.json))


def _add_report(actions: Any) -> None:
    parser = _action(actions, "report", "write one page on up to six runs: maps, scores, settings, scripts")
    parser.add_argument("id", nargs="+", metavar="ID", help=_ID_HELP)
    _add_samples(parser)
    parser.add_argument(
        "--out", type=output_path, metavar="FILE.html", help="where to write (default <sample>_<name>_report.html here)"
    )
    parser.set_defaults(
        run=lambda options: runs.report(options.models, options.id, options.samples, options.out, as_json=options.json)
    )


def _add_script(actions: Any) -> None:
    parser = _action(actions, "script", "write a script that makes a run again and checks every label")
    _add_id(parser)
    _add_samples(parser)
    parser.add_argument(
        "--out", type=output_path, metavar="FILE.py", help="where to write (default reproduce_<sample>_<name>.py here)"
    )
    parser.set_defaults(
        run=lambda options: runs.script(options.models, options.id, options.samples, options.out, as_json=options.json)
    )


def _add_samples(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--samples",
        type=Path,
        default=samples_folder(),
        metavar="FOLDER",
        help="where the samples of the runs are looked for (default spca_dat/, or SPCA_DATA)",
    )


def _add_export(actions: Any) -> None:
    parser = _action(actions, "export", "write a run as one file, to be brought in elsewhere")
    _add_id(parser)
    parser.add_argument(
        "--out", type=output_path, metavar="FILE.run.zip", help="where to write (default <sample>_<id>.run.zip here)"
    )
    parser.set_defaults(run=lambda options: runs.export(options.models, options.id, options.out, as_json=options.json))


def _add_import(actions: Any) -> None:
    parser = _action(actions, "import", "bring in a run that was exported")
    parser.add_argument("file", type=Path, metavar="FILE.run.zip", help="as `runs export` wrote it")
    parser.set_defaults(run=lambda options: runs.import_run(options.models, options.file, as_json=options.json))


def _add_delete(actions: Any) -> None:
    parser = _action(actions, "delete", "delete runs; --undo brings them back")
    parser.add_argument("id", nargs="+", metavar="ID", help=_ID_HELP)
    parser.add_argument("--undo", action="store_true", help="bring deleted runs back")
    parser.set_defaults(
        run=lambda options: runs.delete(options.models, options.id, undo=options.undo, as_json=options.json)
    )


_ID_HELP = "of a run, or the beginning of it, as `runs list` shows it"


def _action(actions: Any, name: str, words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=words, allow_abbrev=False)
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
