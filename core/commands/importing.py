"""`import`: bring in one's own tissue."""

import dataclasses
from pathlib import Path
from typing import Any

from core.commands.console import print_facts
from core.errors import SampleFileError
from core.io import lab
from core.io.incoming import ImportChoices, Survey


def import_sample(
    source: Path,
    choices: ImportChoices,
    *,
    annotation: str | None = None,
    name: str | None = None,
    folder: Path,
    out: Path | None = None,
    as_json: bool = False,
) -> None:
    """Bring a sample in, and print what was found and where it is.

    Parameters
    ----------
    source : Path
        See `core.io.importing`.
    choices : ImportChoices
    annotation : str, optional
        A table of labels, or a column of the source; `none` for none. The likeliest column by default.
    name : str, optional
        By default as the source suggests.
    folder : Path
        Where samples are kept.
    out : Path, optional
        File to write instead; replaced.
    as_json : bool

    Raises
    ------
    SampleError
        If the source cannot be imported.
    """
    from core.io import importing

    table = Path(annotation) if annotation is not None and _is_table(annotation) else None
    survey = importing.survey(source, annotation_csv=table)
    if not as_json:
        _print_survey(survey)
    _check_importable(survey, source)
    column = annotation if table is None and annotation is not None else survey.suggested_annotation
    choices = dataclasses.replace(choices, annotation=None if annotation == "none" else column)
    sample = importing.read(source, choices, name=lab.sample_name(out) if out else name, annotation_csv=table)
    if out is None:
        path = importing.save(sample, folder)
    else:
        lab.write(sample, path := out, level=importing.LEVEL)
    facts = {"imported": str(path), "n_spots": sample.n_spots, "n_genes": sample.n_genes, "layers": sample.layer_names}
    print_facts({"survey": dataclasses.asdict(survey), **facts} if as_json else _imported(facts), as_json=as_json)


def _is_table(annotation: str) -> bool:
    return annotation.lower().endswith((".csv", ".tsv", ".txt", ".gz")) or Path(annotation).is_file()


def _print_survey(survey: Survey) -> None:
    size = f", {survey.n_spots} spots, {survey.n_genes} genes" if survey.n_spots else ""
    print(f"{survey.kind}: {survey.name}{size}")
    for check in survey.checks:
        mark = {"good": "ok", "notice": "!", "bad": "x"}[check.status]
        print(f"  {mark:<2} {check.what}: {check.found} {check.advice}".rstrip())


def _check_importable(survey: Survey, source: Path) -> None:
    bad = next((check for check in survey.checks if check.status == "bad"), None)
    if bad is not None:
        raise SampleFileError(f"{source.name} was not imported: {bad.found} {bad.advice}".rstrip())


def _imported(facts: dict[str, Any]) -> dict[str, Any]:
    layers = f", annotated with {', '.join(facts['layers'])}" if facts["layers"] else ""
    return {"Imported": f"{facts['imported']} ({facts['n_spots']} spots, {facts['n_genes']} genes{layers})"}
