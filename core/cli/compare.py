"""`compare`: agreement of every two files of labels, and the spots where they differ."""

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import units
from core.cli.annotate import origin
from core.cli.console import print_facts
from core.cli.options import csv_path
from core.cli.reading import read_sample
from core.csv_text import csv_text
from core.errors import ParameterError
from core.files import write_text
from core.sample import UNANNOTATED

if TYPE_CHECKING:
    from core.evaluation.labelings import Disagreement, Pair


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser(
        "compare",
        help="say how far labels of several methods or people agree, and where they differ",
        allow_abbrev=False,
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE[:COLUMN]",
        help="labels by barcode: tables, or h5ad; a column may follow after a colon. Those of the first file's spots are compared",
    )
    parser.add_argument("--sample", type=Path, metavar="FILE", help="compare the spots of this sample")
    parser.add_argument(
        "--out",
        type=csv_path,
        metavar="OUT.csv",
        help="write for each spot the labels under matched names, the name that most give it, and the share that differ",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> None:
    from core.evaluation.labelings import disagreement, pairs

    if len(options.files) < 2:
        raise ParameterError("`compare` needs two files of labels or more, such as A.csv B.csv.")
    spots, labelings = _read(options)
    found, differing = pairs(labelings), disagreement(labelings)
    if options.out is not None:
        write_text(options.out, _csv(spots, differing))
    facts = {
        "n_spots": len(spots),
        "labelings": {name: int((labels != UNANNOTATED).sum()) for name, labels in labelings.items()},
        "pairs": [dataclasses.asdict(pair) for pair in found],
        "reference": differing.reference,
        "disagreement": _shares(differing.share),
    }
    print_facts(facts if options.json else _in_short(facts, found), as_json=options.json)


def _read(options: argparse.Namespace) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    from core.io.export import spot_names
    from core.io.label_files import names_of_spots, read_labels

    places = [origin(text) for text in options.files]
    twice = next((path for path, column in places if places.count((path, column)) > 1), None)
    if twice is not None:
        raise ParameterError(f"{twice} was given twice: name each file once, or another column of it.")
    sample = None if options.sample is None else read_sample(options.sample)
    spots = names_of_spots(places[0][0]) if sample is None else np.array(spot_names(sample))
    labelings: dict[str, np.ndarray] = {}
    for path, column in places:
        labelings[_free_name(path, column, labelings)] = read_labels(path, spots, column).labels
    return spots, labelings


def _free_name(path: Path, column: str | None, taken: Mapping[str, Any]) -> str:
    """Name a labeling by its file, with its column or folder where another has that name."""
    names = (path.stem, f"{path.stem}:{column}" if column else path.name, f"{path}:{column}" if column else str(path))
    return next(name for name in names if name not in taken)


def _shares(share: np.ndarray) -> dict[str, Any]:
    known = share[~np.isnan(share)]
    mean = None if not len(known) else round(float(known.mean()), 6)
    return {"n_spots": len(known), "n_differing": int((known > 0).sum()), "mean_share": mean}


def _in_short(facts: dict[str, Any], found: "list[Pair]") -> dict[str, Any]:
    lines = {f"{pair.one} and {pair.other}": _pair_words(pair) for pair in found}
    where = facts["disagreement"]
    differing = f"{where['n_differing']:,} of {where['n_spots']:,} spots have labels that differ after matching names"
    return {"Spots": facts["n_spots"], **lines, "Disagreement": f"{differing} with {facts['reference']}"}


def _pair_words(pair: "Pair") -> str:
    if pair.ari is None:
        return "no spot in common"
    return (
        f"ARI {units.score('ari', pair.ari)}, NMI {units.score('nmi', pair.nmi)} on {pair.n_common:,} spots in common"
    )


def _csv(spots: np.ndarray, differing: "Disagreement") -> str:
    shares = ["" if np.isnan(share) else f"{share:.4g}" for share in differing.share]
    columns = [labels.tolist() for labels in differing.names.values()]
    rows = zip(spots.tolist(), *columns, differing.plurality.tolist(), shares, strict=True)
    return csv_text(("spot", *differing.names, "most", "share_differing"), rows)
