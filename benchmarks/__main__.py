"""`python -m benchmarks paper [FILE ...]`: this implementation beside the paper's loops.

`python -m benchmarks page`: the Tune page in a real browser, beside a page that computes nothing.

`python -m benchmarks million`: very many cells on the Tune page; pictures, frames, bytes and memory.

`python -m benchmarks drawing`: strokes of the brush on the maps, in a real browser.

`python -m benchmarks guiding`: strokes on the page Guide until the domains follow, in a real browser.

`python -m benchmarks import`: a Space Ranger folder of 4,000 spots x 33,000 genes, beside scanpy's reader.

`python -m benchmarks sweep [FILE]`: a grid of 75 runs beside its parts, and beside separate commands.

`python -m benchmarks accuracy DIR`: presets side by side on every annotated sample below a folder.

`python -m benchmarks guided DIR`: what a few painted spots, or another annotated section, are worth on every
annotated sample below a folder.

`python -m benchmarks runs`: a record of 10,000 runs, read for the first time and later.

`python -m benchmarks lab`: 20 sessions at once, beside a bare page, with and without training; errors, cross-talk, memory.

`python -m benchmarks day`: hundreds of moves and of visitors in a real browser; what the server keeps of them in memory.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    accuracy,
    autoencoder,
    drawing,
    guided,
    guiding,
    importing,
    lab,
    long_day,
    million,
    page,
    paper,
    runs,
    sweep,
)
from benchmarks.cases import Asked
from core.errors import DomainsError
from core.params import PRESETS

_ROOT = Path(__file__).resolve().parents[1]
_SHIPPED = _ROOT / "spca_dat" / "151673.h5"


def main() -> int:
    """Run one benchmark.

    Returns
    -------
    int
        Exit status: 0 when every comparison agreed or every aim was met, 1 when one was not, 2 on bad input.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    todo = parser.add_subparsers(required=True, metavar="BENCHMARK")
    _add_paper(todo)
    _add_autoencoder(todo)
    _add_page(todo)
    _add_million(todo)
    _add_drawing(todo)
    _add_guiding(todo)
    _add_import(todo)
    _add_accuracy(todo)
    _add_guided(todo)
    _add_sweep(todo)
    _add_runs(todo)
    _add_lab(todo)
    _add_day(todo)
    options = parser.parse_args()
    try:
        return 0 if options.run(options) else 1
    except DomainsError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _add_paper(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("paper", help="speed and memory beside the paper's loops, and whether both agree")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="samples; the shipped section by default")
    parser.add_argument("--rounds", type=int, default=3, help="times that each side runs, alternating (default 3)")
    parser.add_argument("--starts", type=int, default=3, help="k-means runs from random spots (default 3)")
    parser.add_argument("--epochs", type=int, default=4, help="epochs of the autoencoder; 0 leaves it out (default 4)")
    parser.set_defaults(run=_run_paper)


def _run_paper(options: argparse.Namespace) -> bool:
    files = options.files or [_SHIPPED]
    agreed = [paper.report(path, rounds=options.rounds, starts=options.starts, epochs=options.epochs) for path in files]
    return all(agreed)


def _add_autoencoder(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("autoencoder", help="the small autoencoder beside the paper's: processor time and loss")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", default=_SHIPPED)
    parser.add_argument(
        "--rounds", type=_at_least(1), default=1, help="times that both are trained, by turns (default 1)"
    )
    parser.add_argument("--epochs", type=_at_least(1), default=100, help="of the paper's (default 100)")
    parser.set_defaults(run=_run_autoencoder)


def _run_autoencoder(options: argparse.Namespace) -> bool:
    return autoencoder.report(options.file, rounds=options.rounds, epochs=options.epochs)


def _add_page(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("page", help="key press to redrawn maps in a real Chromium, first picture, memory")
    parser.add_argument("--moves", type=int, default=20, help="times that each knob is moved (default 20)")
    parser.add_argument("--preset", choices=("paper", "recommended"), default="paper", help="(default paper)")
    parser.add_argument("--only", choices=page.PARTS, help="one part: a section of real size, 50,000 spots, memory")
    parser.add_argument(
        "--quick", action="store_const", dest="only", const="section", help="the same as --only section"
    )
    parser.add_argument("--anyway", action="store_true", help="at once, on a busy machine, too: no result then")
    parser.set_defaults(run=_run_page)


def _run_page(options: argparse.Namespace) -> bool:
    parts = [options.only] if options.only else page.PARTS
    return page.report(moves=options.moves, preset=options.preset, parts=parts, anyway=options.anyway)


def _add_million(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser(
        "million", help="very many cells on the page: first picture, frames a second, bytes, memory"
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a sample of so many; synthetic by default")
    parser.add_argument("--cells", type=_at_least(1000), default=1_000_000, help="(default 1000000)")
    parser.set_defaults(run=lambda options: million.report(cells=options.cells, file=options.file))


def _add_drawing(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("drawing", help="from the move of the brush to the painted map, in a real Chromium")
    parser.add_argument("--strokes", type=_at_least(1), default=20, help="painted across the tissue (default 20)")
    parser.set_defaults(run=lambda options: drawing.report(strokes=options.strokes))


def _add_guiding(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("guiding", help="from a stroke to the domains that follow it, in a real Chromium")
    parser.add_argument("--strokes", type=_at_least(1), default=20, help="painted on each tissue (default 20)")
    parser.add_argument("--spots", type=int, choices=list(guiding.AIMS_MS), help="one tissue alone, of so many spots")
    parser.set_defaults(run=lambda options: guiding.report(strokes=options.strokes, spots=options.spots))


def _add_import(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("import", help="reading, checking and writing beside scanpy's reader; memory")
    parser.add_argument("--rounds", type=int, default=5, help="times that each side runs, alternating (default 5)")
    parser.add_argument("--cells", action="store_true", help="instead, a 100,000 x 20,000 h5ad: seconds and memory")
    parser.set_defaults(run=_run_import)


def _run_import(options: argparse.Namespace) -> bool:
    return importing.report_cells() if options.cells else importing.report(rounds=options.rounds)


def _add_sweep(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("sweep", help="a grid of 75 runs beside its distinct steps, and beside separate commands")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a sample; synthetic tissue by default")
    parser.add_argument("--commands", type=_at_least(1), default=3, help="separate commands that are timed (default 3)")
    parser.set_defaults(run=_run_sweep)


def _run_sweep(options: argparse.Namespace) -> bool:
    return sweep.report(options.file, n_commands=options.commands)


def _add_accuracy(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("accuracy", help="ARI, NMI, spread, seconds and memory of presets on annotated samples")
    parser.add_argument("folder", type=Path, metavar="DIR", help="every sample below it is scored")
    parser.add_argument(
        "--presets", nargs="+", choices=PRESETS, default=["paper", "recommended"], metavar="PRESET",
        help="of paper, paper-ae (minutes a run) and recommended (default: paper recommended)",
    )  # fmt: skip
    parser.add_argument("--seeds", type=_at_least(1), default=5, help="runs from different seeds (default 5)")
    parser.add_argument("--shuffles", type=_at_least(0), default=3, help="runs on shuffled spots (default 3)")
    parser.add_argument(
        "--joint", nargs="+", action="append", default=[], metavar="SECTION",
        help="clustered as one, beside each alone: names of the table, or paths; may be given again",
    )  # fmt: skip
    parser.add_argument("--halves", action="store_true", help="each section also as two, cut at its median column")
    parser.add_argument("--thin", type=_share, metavar="SHARE", help="also with this share of the counts, such as 0.5")
    parser.add_argument("--genes", type=_genes, metavar="N", help="also with N random genes, or a share such as 0.5")
    parser.add_argument(
        "--synthetic", nargs="?", type=Path, const=_SHIPPED, metavar="FILE",
        help="rings, discs and stripes drawn from the spots of a section (default the shipped one)",
    )  # fmt: skip
    parser.add_argument("--peers", action="store_true", help="two simple methods that a good one has to beat")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="write a figure: .png, .svg or .html")
    parser.set_defaults(run=_run_accuracy)


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        if (number := int(text)) < least:
            raise argparse.ArgumentTypeError(f"{number} is too few: give {least} or more")
        return number

    return whole_number


def _share(text: str) -> float:
    if not 0 < (share := float(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no share: give a number between 0 and 1")
    return share


def _genes(text: str) -> float:
    return float(_at_least(1)(text)) if text.isdecimal() else _share(text)


def _run_accuracy(options: argparse.Namespace) -> bool:
    return accuracy.report(
        options.folder,
        presets=options.presets,
        n_seeds=options.seeds,
        n_shuffles=options.shuffles,
        asked=Asked(
            halves=options.halves,
            thin=options.thin,
            genes=options.genes,
            synthetic=options.synthetic,
            joint=options.joint,
        ),
        peers=options.peers,
        csv_path=options.csv,
        figure_path=options.figure,
    )


def _add_guided(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser(
        "guided", help="ARI where a few spots of each domain are painted, or another section is annotated"
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="every sample below it is scored")
    parser.add_argument("--draws", type=_at_least(1), default=6, help="draws of the painted spots (default 6)")
    parser.add_argument("--only", choices=("strokes", "transfer"), help="one of the two parts")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table of strokes")
    parser.add_argument("--transfer-csv", type=Path, metavar="FILE", help="write the table of transfer")
    parser.set_defaults(run=_run_guided)


def _run_guided(options: argparse.Namespace) -> bool:
    return guided.report(
        options.folder,
        n_draws=options.draws,
        only=options.only,
        csv_path=options.csv,
        transfer_csv=options.transfer_csv,
    )


def _add_runs(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("runs", help="reading a record of many runs, for the first time and later")
    parser.add_argument("--runs", type=_at_least(20), default=10_000, help="how many are recorded (default 10000)")
    parser.set_defaults(run=lambda options: runs.report(options.runs))


def _add_lab(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("lab", help="many sessions at once, with and without training beside; cross-talk, memory")
    parser.add_argument("--sessions", type=_at_least(3), default=lab.N_SESSIONS, help="(default 20)")
    parser.add_argument("--seconds", type=_at_least(10), default=int(lab.SECONDS), help="of each phase (default 180)")
    parser.add_argument(
        "--settle", type=_at_least(0), default=int(lab.SETTLE_SECONDS),
        help="seconds from the last session to the measurement of memory (default 130: Streamlit keeps sessions for 120)",
    )  # fmt: skip
    parser.set_defaults(run=_run_lab)


def _run_lab(options: argparse.Namespace) -> bool:
    return lab.report(n_sessions=options.sessions, seconds=options.seconds, settle=options.settle)


def _add_day(todo: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = todo.add_parser("day", help="hundreds of moves and of visitors in a real browser; what stays in memory")
    parser.add_argument("--moves", type=_at_least(1), default=long_day.N_MOVES, help="(default 500)")
    parser.add_argument("--sessions", type=_at_least(1), default=long_day.N_SESSIONS, help="(default 200)")
    parser.add_argument(
        "--settle", type=_at_least(0), default=int(long_day.SETTLE_SECONDS), help="seconds (default 130)"
    )
    parser.set_defaults(run=_run_day)


def _run_day(options: argparse.Namespace) -> bool:
    return long_day.report(moves=options.moves, sessions=options.sessions, settle=options.settle)


if __name__ == "__main__":
    sys.exit(main())
