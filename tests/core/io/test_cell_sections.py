"""Several sections in the tables of one source are never laid over one another: one is chosen, or each is a sample."""

import numpy as np
import pytest

from core.errors import SampleFileError
from core.io import importing
from core.io.incoming import ImportChoices, name_of_section
from core.io.visium.matrices import SeveralSamplesError
from tests import instruments
from tests.instruments import CELLS, COORDS_UM, COUNTS, GENES, X_UM, Y_UM

HALF = len(CELLS) // 2
UM_PER_PX = 0.12028  # "CosMx SMI Data File Formats"


def write_slides(folder, *, slide_in_counts, numbered_anew):
    """Two slides of CosMx, one over the other; each numbers its cells anew, or all have numbers of their own."""
    slides = ["7" if n < HALF else "12" for n in range(len(CELLS))]
    numbers = [n % HALF + 1 if numbered_anew else n + 1 for n in range(len(CELLS))]
    own = ["slide_ID"] if slide_in_counts == "column" else ["cell"] if slide_in_counts == "names" else []
    counts, cells = (
        [",".join([*own, "fov", "cell_ID", *GENES])],
        ["slide_ID,fov,cell_ID,CenterX_global_px,CenterY_global_px"],
    )
    for n, (slide, number) in enumerate(zip(slides, numbers, strict=True)):
        named = {"column": [slide], "names": [f"c_{slide}_1_{number}"], None: []}[slide_in_counts]
        counts.append(",".join(map(str, [*named, 1, number, *COUNTS[n]])))
        cells.append(f"{slide},1,{number},{X_UM[n]},{Y_UM[n]}")
    (folder / "R_exprMat_file.csv").write_text("\n".join(counts))
    (folder / "R_metadata_file.csv").write_text("\n".join(cells))
    return folder


@pytest.mark.parametrize(
    ("slide_in_counts", "numbered_anew"), [("column", True), ("names", True), ("column", False), (None, False)]
)
def test_each_slide_of_a_cosmx_table_comes_in_by_itself(tmp_path, slide_in_counts, numbered_anew):
    folder = write_slides(tmp_path, slide_in_counts=slide_in_counts, numbered_anew=numbered_anew)
    found = importing.survey(folder)
    assert (found.kind, list(found.sections)) == ("CosMx output", ["7", "12"])
    assert name_of_section(found.name, "7", found) == "R_7"  # `7` alone would be the name of any first slide
    assert [check.status for check in found.checks] == ["bad"]
    for slide, rows in (("7", slice(None, HALF)), ("12", slice(HALF, None))):
        assert list(importing.survey(folder, section=slide).sections) == ["7", "12"]
        sample = importing.read(folder, ImportChoices(), section=slide)
        assert (np.asarray(sample.expression) == COUNTS[rows]).all()
        np.testing.assert_allclose(sample.coords_um, COORDS_UM[rows] * UM_PER_PX)


def test_slides_of_cosmx_whose_counts_do_not_say_which_they_are_of_are_named(tmp_path):
    write_slides(tmp_path, slide_in_counts=None, numbered_anew=True)
    with pytest.raises(
        SampleFileError, match=r"holds 2 slides \(12 and 7\), which number their cells alike, and R_expr.*add a column"
    ):
        importing.survey(tmp_path)


def write_tables(folder, title, values, y=Y_UM):
    counts = [",".join([cell, *map(str, row)]) for cell, row in zip(CELLS, COUNTS, strict=True)]
    (folder / "counts.csv").write_text("\n".join([",".join(["", *GENES]), *counts]))
    places = [f"{cell},{x},{z},{value}" for cell, x, z, value in zip(CELLS, X_UM, y, values, strict=True)]
    (folder / "places.csv").write_text("\n".join([f"cell,x,y,{title}", *places]))
    return folder


@pytest.mark.parametrize("moved_um", [0, 5000])
def test_sections_of_two_tables_that_lie_over_one_another_or_far_apart_are_a_choice(tmp_path, moved_um):
    of = ["AB"[n % 2] for n in range(len(CELLS))]
    folder = write_tables(tmp_path, "brain_section_label", of, Y_UM + moved_um * (np.array(of) == "B"))
    with pytest.raises(SeveralSamplesError, match="2 sections, which `brain_section_label` tells apart: A and B"):
        importing.read(folder, ImportChoices(um_per_unit=2))
    sample = importing.read(folder, ImportChoices(um_per_unit=2), section="B")
    assert sample.barcodes.tolist() == CELLS[1::2]
    assert (np.asarray(sample.expression) == COUNTS[1::2]).all()
    assert (sample.coords_um == 2 * (COORDS_UM[1::2] + np.array([moved_um, 0]))).all()


def test_fields_of_view_and_cell_types_are_no_sections(tmp_path):
    for title, of in (("fov", np.where(X_UM > 100, "1", "2")), ("cell_type", np.array(["A", "B"] * HALF))):
        sample = importing.read(write_tables(tmp_path, title, of), ImportChoices())
        assert sample.n_spots == len(CELLS)


def test_text_behind_the_genes_of_cosmx_is_the_name_of_the_cell(tmp_path):
    folder = instruments.write_cosmx(tmp_path)
    before = importing.read(folder, ImportChoices())
    table = next(folder.glob("*exprMat*"))
    titles, *rows = table.read_text().split()
    table.write_text("\n".join([f"{titles},cell", *(f'{row},"c_1_1_{n}"' for n, row in enumerate(rows))]))
    after = importing.read(folder, ImportChoices())
    assert (np.asarray(after.expression) == np.asarray(before.expression)).all()
    assert after.gene_names.tolist() == before.gene_names.tolist()
