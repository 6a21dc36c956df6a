"""`learn`: keep what annotated samples teach in a small file, for `cluster --reference`."""

import argparse
from typing import Any

from core.cli.console import print_facts
from core.cli.guidance import learnt
from core.cli.options import add_files, json_path
from core.text import listed, shown


def add(todo: Any) -> None:
    """Declare the command."""
    parser = todo.add_parser(
        "learn", help="learn the domains of annotated samples, for `cluster --reference`", allow_abbrev=False
    )
    add_files(parser)
    parser.add_argument(
        "--out",
        type=json_path,
        required=True,
        metavar="OUT.json",
        help="write what was learnt; an existing file is replaced",
    )
    parser.set_defaults(run=_learn)


def _learn(options: argparse.Namespace) -> None:
    found = learnt(options.files)
    found.save(options.out)
    n_bytes = options.out.stat().st_size
    facts: dict[str, Any] = {
        "samples": list(found.samples),
        "domains": dict(zip(found.names, found.frequencies.round(4).tolist(), strict=True)),
        "n_genes": found.n_genes,
        "species": found.species,
        "hops": found.hops,
        "model": str(options.out),
        "n_bytes": n_bytes,
    }
    short = {
        "Learnt from": listed([shown(name) for name in found.samples]),
        "Domains": ", ".join(
            f"{shown(name)} {share:.0%}" for name, share in zip(found.names, found.frequencies, strict=True)
        ),
        "Genes": f"{found.n_genes:,}" + (f", of {found.species}" if found.species else ""),
        "Written": f"{options.out} ({n_bytes / 2**20:.1f} MiB)",
        "Use it": f"python -m core cluster FILE --reference {options.out}",
    }
    print_facts(facts if options.json else short, as_json=options.json)
