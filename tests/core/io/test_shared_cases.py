"""Inputs of the kinds that people bring, written by a script beside the project: each gives what it must.

The truth is the section that the script draws, not what is read here. Kinds that the project needs for good have tests of their own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import DomainsError
from core.io import importing
from core.io.incoming import ImportChoices, Survey
from core.sample import Sample

_SCRIPT = Path(__file__).resolve().parents[4] / "shared" / "cases" / "make_cases.py"
_TRUTH = (
    "import sys, numpy as np; sys.path.insert(0, sys.argv[1]); import make_cases; s = make_cases.section(); "
    "np.savez(sys.argv[2], X=s['X'], rc=s['rc'], px=s['px'], bc=s['bc'], lab=s['lab'])"
)
REFUSED = {
    "aggr_output": "`spaceranger aggr` wrote this",
    "feature_slice": "feature_slice.h5, which holds no matrix",
    "geo_raw_tar": "GSM1_S1, GSM2_S2",
    "nan_x": "not finite",
    "scaled_only": "scaled or centred",
}
"""What is refused, and words of the sentence."""

OTHER_FORMATS = {"xenium_folder", "segmented", "mudata", "loom", "h5seurat"}
"""Read, or named, by readers of their own, whose tests are beside them."""

SAID = {
    "antibodies": "5 of Antibody Capture",
    "array_swapped": "only where they change places",
    "binary_layer": "counts can be told exactly",
    "concat_array": "2 in the column library_id; A1 is read",
    "concat_pixels": "2 in the column library_id; A1 is read",
    "concat_region": "2 in the column region; A1 is read",
    "cosmx": "lays sections or fields of view on one another",
    "jpg_only": "tissue_lowres_image.jpg is no PNG",
    "log_only": "counts can be told exactly",
    "nan_first_spot": "1 spot has no position",
    "png_is_jpg": "is a JPEG under the name of a PNG",
    "pos_first_row_as_header": "was put back",
    "pos_raw_only": "The raw matrix",
    "rowcol_pixels": "pixels, it seems",
    "rowcol_pixels_mixed": "pixels, it seems",
    "scales_missing": "scalefactors_json.json cannot be read",
    "table_of_sections": "only rows of 151673 are taken",
    "table_of_sections_header": "only rows of 151673 are taken",
}
"""Words of a notice."""

WITHOUT_LABELS = {"bool_label", "concat_region", "few_spots"}
OTHER_COUNTS = {"empty_genes", "float16", "zero_spots"}
"""Cases whose counts the script changes."""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases, and the truth."""
    if not _SCRIPT.is_file():
        pytest.skip("needs make_cases.py in ../shared/cases, which is not part of the project")
    folder = tmp_path_factory.mktemp("cases")
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, _SCRIPT, folder / "all"], check=True, env=environment)
    subprocess.run([sys.executable, "-c", _TRUTH, _SCRIPT.parent, folder / "truth.npz"], check=True, env=environment)
    return folder


def names() -> list[str]:
    if not _SCRIPT.is_file():
        return ["every case"]
    lines = _SCRIPT.read_text(encoding="utf-8").splitlines()
    made = [
        line[4 : line.index("(")] for line, above in zip(lines[1:], lines, strict=False) if above.startswith("@case(")
    ]
    return sorted(set(made) - OTHER_FORMATS)


def brought(folder: Path) -> tuple[Survey, Sample]:
    asked = json.loads((folder / "args.json").read_text())
    arguments = dict(zip(*[iter(asked["args"].replace("{d}", str(folder)).split())] * 2, strict=True))
    annotation = arguments.get("--annotation", "")
    table = Path(annotation) if annotation.startswith("/") else None
    source = folder / asked["source"] if asked["source"] else next(folder.glob("a.*"))
    survey = importing.survey(source, annotation_csv=table)
    bad = [check.found for check in survey.checks if check.status == "bad"]
    if bad:
        raise DomainsError(bad[0])
    column = annotation if annotation and table is None else survey.suggested_annotation
    choices = ImportChoices(annotation=column, genes=arguments.get("--genes", "usual"))
    return survey, importing.read(source, choices, annotation_csv=table)


def rows_of(sample: Sample, truth: dict[str, np.ndarray]) -> np.ndarray:
    """Which spot of the truth each spot is, by its barcode, or else in order."""
    index = {barcode[:16]: number for number, barcode in enumerate(truth["bc"].tolist())}
    names = [] if sample.barcodes is None else sample.barcodes.tolist()
    found = [next((index[name[at : at + 16]] for at in range(4) if name[at : at + 16] in index), -1) for name in names]
    in_order = np.arange(sample.n_spots) % len(truth["bc"])
    return np.array(found) if found and min(found) >= 0 and len(set(found)) == len(found) else in_order


@pytest.mark.parametrize("name", names())
def test_each_case_gives_what_it_must(cases: Path, name: str):
    folder, truth = cases / "all" / name, dict(np.load(cases / "truth.npz"))
    if name in REFUSED:
        with pytest.raises(DomainsError) as caught:
            brought(folder)
        assert REFUSED[name] in str(caught.value)
        return
    survey, sample = brought(folder)
    assert SAID.get(name, "") in " ".join(check.found for check in survey.checks)
    rows = rows_of(sample, truth)
    if name not in OTHER_COUNTS and name != "cosmx":
        np.testing.assert_array_equal(np.asarray(sample.expression), truth["X"][rows][:, : sample.n_genes])
    if sample.lattice is not None:
        assert sample.lattice.tolist() == truth["rc"][rows].tolist()
    elif not name.startswith(("rowcol", "hd")):
        moved = np.repeat([[0, 0], [0, 9000]], len(truth["px"]), axis=0) if name == "cosmx" else 0
        np.testing.assert_array_equal(sample.coords_um, truth["px"][rows] + moved)
    if sample.coords_px is not None:
        np.testing.assert_array_equal(sample.coords_px, truth["px"][rows])
    if sample.labels_true is not None and name not in WITHOUT_LABELS:
        assert (sample.labels_true == truth["lab"][rows])[sample.annotated].all()
    assert sample.n_spots == {"nan_first_spot": 575, "pos_raw_only": 432, "few_spots": 20, "cosmx": 1152}.get(name, 576)
