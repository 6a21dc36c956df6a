"""Counts and coordinates in the spellings of many programs come in as they were written, or a sentence says what to give."""

import gzip
import io
import shutil
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.io import mmwrite

from core.errors import SampleError
from core.io import importing
from core.io.incoming import ImportChoices
from tests import instruments
from tests.instruments import CELLS, COORDS_UM, COUNTS, GENES, N_CELLS, SHUFFLED, X_UM, Y_UM

COUNTS_CSV = "\n".join(
    [",".join(["", *GENES]), *(f"{c},{','.join(map(str, r))}" for c, r in zip(CELLS, COUNTS, strict=True))]
)


def rows_of(form: str) -> str:
    """One line for each cell, not in the order of the counts."""
    return "\n".join(form.format(c=CELLS[n], x=X_UM[n], y=Y_UM[n], n=n) for n in SHUFFLED.tolist())


def assert_is_the_tissue(source: Path, **choices) -> None:
    sample = importing.read(source, ImportChoices(), **choices)
    assert (np.asarray(sample.expression) == COUNTS).all()
    assert (sample.coords_um == COORDS_UM).all()
    assert (sample.barcodes.tolist(), sample.gene_names.tolist()) == (CELLS, GENES)


@pytest.mark.parametrize(
    ("head", "form"),
    [
        ("", "{c}\t{x}\t{y}"),  # of Slide-seq's beads
        ("", "{c},{x},{y}"),
        (",x,y,cell\n", "{n},{x},{y},{c}"),  # pandas numbers rows
        ("cell_ID;sdimx;sdimy\n", "{c};{x};{y}"),
        ('"x" "y"\n', '"{c}" {x} {y}'),  # of R's `write.table`
        ("sdimx\tsdimy\tcell_ID\n", "{x}\t{y}\t{c}"),  # of Giotto
    ],
)
def test_coordinates_in_the_forms_of_many_programs_are_the_same(tmp_path, head, form):
    (tmp_path / "counts.csv").write_text(COUNTS_CSV)
    (tmp_path / "places.txt").write_text(head + rows_of(form))
    assert_is_the_tissue(tmp_path)


def test_coordinates_with_decimal_commas_are_numbers(tmp_path):
    (tmp_path / "counts.csv").write_text(COUNTS_CSV)
    (tmp_path / "places.csv").write_text("cell;x;y\n" + rows_of("{c};{x};{y}").replace(".", ","))
    assert_is_the_tissue(tmp_path)


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode("utf-16"),  # Excel's "Unicode text"
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: gzip.compress(text.encode("utf-16"), mtime=0),
        lambda text: text.replace("\n", "\r").encode(),  # old Macs
        lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
        lambda text: text.encode("cp1252"),
    ],
)
def test_tables_in_the_encodings_and_line_ends_of_any_system_are_the_same(tmp_path, written):
    (tmp_path / "counts.csv").write_bytes(written(COUNTS_CSV))
    (tmp_path / "places.csv").write_bytes(written("cell,x,y,fläche\n" + rows_of("{c},{x},{y},ä")))
    assert_is_the_tissue(tmp_path)


def test_thousands_with_a_separator_are_no_numbers_and_that_is_said(tmp_path):
    (tmp_path / "counts.csv").write_text(COUNTS_CSV)
    (tmp_path / "places.csv").write_text("cell,x,y\n" + rows_of('{c},"1,{x}",{y}'))
    with pytest.raises(SampleError, match=r"places\.csv holds `1,[\d.]+` in place of a number: write numbers with"):
        importing.read(tmp_path, ImportChoices())


def test_what_is_no_gene_among_the_counts_is_left_out_and_said(tmp_path):
    titles, *rows = COUNTS_CSV.split("\n")
    more = [f"{row},{x},{y},81.5,7" for row, x, y in zip(rows, X_UM, Y_UM, strict=True)]
    (tmp_path / "counts.csv").write_text("\n".join([f"{titles},x,y,area,Quality", *more]))
    (tmp_path / "places.csv").write_text("cell,x,y,quality\n" + rows_of("{c},{x},{y},7"))
    said = [check.found for check in importing.survey(tmp_path).checks if check.what == "Columns"]
    assert said == ["x, y, area and Quality of counts.csv are no genes."]
    assert_is_the_tissue(tmp_path)


def test_cells_that_r_made_titles_of_are_found_by_their_names(tmp_path):
    numbers = [str(900 + number) for number in range(N_CELLS)]
    for names, made in ((CELLS, [cell.replace("-", ".") for cell in CELLS]), (numbers, [f"X{n}" for n in numbers])):
        genes = [f"{gene},{','.join(map(str, row))}" for gene, row in zip(GENES, COUNTS.T, strict=True)]
        (tmp_path / "counts.csv").write_text("\n".join([",".join(["", *made]), *genes]))
        places = [f"{names[n]},{X_UM[n]},{Y_UM[n]}" for n in SHUFFLED.tolist()]
        (tmp_path / "places.csv").write_text("\n".join(["cell,x,y", *places]))
        sample = importing.read(tmp_path, ImportChoices())
        assert sample.barcodes.tolist() == names
        assert (np.asarray(sample.expression) == COUNTS).all()
        assert (sample.coords_um == COORDS_UM).all()


def test_spots_of_the_first_arrays_are_named_by_their_places(tmp_path):
    places = [(column, row) for column in range(3, 11) for row in range(7, 12)]
    lines = ["\t".join(["", *GENES])]
    lines += ["\t".join([f"{x}x{y}", *map(str, row)]) for (x, y), row in zip(places, COUNTS, strict=True)]
    (tmp_path / "counts.tsv").write_text("\n".join(lines))
    selection = [f"{x}\t{y}\t{x + 0.02}\t{y - 0.01}\t1" for x, y in reversed(places)]
    (tmp_path / "spot_data-selection.tsv").write_text("\n".join(["x\ty\tnew_x\tnew_y\tselected", *selection]))
    sample = importing.read(tmp_path, ImportChoices(um_per_unit=200))
    assert (sample.coords_um == np.array(places)[:, ::-1] * 200.0).all()
    assert (np.asarray(sample.expression) == COUNTS).all()


def write_matrix(folder: Path, prefix: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    mmwrite(written, sparse.coo_array(COUNTS.T))
    texts = {
        "barcodes.tsv": CELLS,
        "features.tsv": [f"ENSG{n}\t{gene}\tGene Expression" for n, gene in enumerate(GENES)],
    }
    (folder / f"{prefix}matrix.mtx.gz").write_bytes(gzip.compress(written.getvalue()))
    for name, lines in texts.items():
        (folder / f"{prefix}{name}.gz").write_bytes(gzip.compress("\n".join(lines).encode()))


@pytest.mark.parametrize("prefix", ["", "GSM12_puck_"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_matrix_of_10x_with_a_table_of_coordinates_is_a_sample(tmp_path, prefix, packed):
    folder = tmp_path / "sample"
    write_matrix(folder, prefix)
    (folder / f"{prefix}coordinates.csv.gz").write_bytes(
        gzip.compress(("cell,x,y\n" + rows_of("{c},{x},{y}")).encode())
    )
    (folder / f"{prefix}genes_of_interest.csv").write_text("gene\nMBP\n")
    source = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", folder)) if packed else folder
    found = importing.survey(source)
    assert (found.kind, found.n_spots) == ("Counts as a matrix of 10x, coordinates as a table", N_CELLS)
    assert_is_the_tissue(source)


def test_a_matrix_whose_cells_are_rows_and_whose_names_are_quoted_is_the_same(tmp_path):
    with (tmp_path / "matrix.mtx").open("wb") as file:
        mmwrite(file, sparse.coo_array(COUNTS))
    (tmp_path / "barcodes.tsv").write_text("\n".join(f'"{cell}"' for cell in CELLS))
    (tmp_path / "genes.tsv").write_text("\n".join(f'"E{n}"\t"{gene}"' for n, gene in enumerate(GENES)))
    (tmp_path / "xy.csv").write_text("cell,x,y\n" + rows_of("{c},{x},{y}"))
    assert_is_the_tissue(tmp_path)
    (tmp_path / "barcodes.tsv").write_text("\n".join(["x", *CELLS]))
    (tmp_path / "genes.tsv").write_text("\n".join(["x", *GENES]))
    with pytest.raises(SampleError, match="name 6 and 41: take their titles away"):
        importing.read(tmp_path, ImportChoices())


def test_of_two_matrices_in_a_tar_each_has_its_own_coordinates(tmp_path):
    for number in (1, 2):
        write_matrix(tmp_path, f"GSM{number}_")
        (tmp_path / f"GSM{number}_coords.csv").write_text(
            "cell,x,y\n" + rows_of("{c},{x},{y}" if number == 2 else "{c},{y},{x}")
        )
    with tarfile.open(tmp_path / "GSE1_RAW.tar", "w") as tar:
        for path in sorted(tmp_path.glob("GSM*")):
            tar.add(path, path.name)
    assert list(importing.survey(tmp_path / "GSE1_RAW.tar").sections) == ["GSM1", "GSM2"]
    assert_is_the_tissue(tmp_path / "GSE1_RAW.tar", section="GSM2")


def test_a_matrix_whose_table_places_other_cells_is_refused_with_both_names(tmp_path):
    write_matrix(tmp_path)
    (tmp_path / "coords.csv").write_text("cell,x,y\nother-1,1,2\nother-2,3,4\n")
    with pytest.raises(SampleError, match="places cells such as other-1, but the matrix counts such as cell00-1"):
        importing.read(tmp_path, ImportChoices())


@pytest.mark.parametrize(
    ("files", "step"),
    [
        ({"transcripts.parquet": b"PAR1", "gene_panel.json": b"{}"}, "with `cell_feature_matrix.h5`"),
        ({"cell_by_gene.csv": b"cell,A\n1,2\n"}, "give `cell_by_gene.csv` and `cell_metadata.csv`"),
        ({"S0_exprMat_file.csv": b"fov,cell_ID,A\n1,1,2\n"}, r"give `\*_exprMat_file.csv` and"),
        ({"a.gem": b"geneID\tx\ty\tMIDCount\nA\t1\t2\t3\n"}, "geftools bgef"),
        ({"obj.rds": b"X\n\0\0\0\3", "readme.md": b"hello"}, "anndataR"),
        ({"obj.qs2": b"\0\1\2"}, r"qs2::qs_read\(.obj.qs2.\)"),
        ({"all.csv": COUNTS_CSV.encode()}, "two are needed, counts by cell or by gene, and coordinates"),
        ({"counts.csv": COUNTS_CSV.encode(), "xy.csv": b"x,y\n1,2\n1,2\n"}, "no column that names each cell once"),
    ],
)
def test_what_lacks_a_part_is_named_with_the_next_step(tmp_path, files, step):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SampleError, match=step):
        importing.read(tmp_path, ImportChoices())


def test_a_part_beside_an_archive_does_not_hide_the_sample_in_it(tmp_path):
    inner = shutil.make_archive(str(tmp_path / "GSM1_outs"), "zip", instruments.write_xenium(tmp_path / "outs"))
    with tarfile.open(tmp_path / "GSE1_RAW.tar", "w") as tar:
        tar.add(inner, "GSM1_outs.zip")
        tar.add(tmp_path / "outs" / "cells.parquet", "GSM1_gene_panel.json")
    assert_is_the_tissue(tmp_path / "GSE1_RAW.tar")


def test_a_table_by_itself_is_named_with_the_next_step(tmp_path):
    (tmp_path / "all.csv").write_text(COUNTS_CSV)
    with pytest.raises(SampleError, match=r"all.csv is a table by itself: give a folder or a zip of two"):
        importing.read(tmp_path / "all.csv", ImportChoices())


def test_a_table_of_parquet_by_itself_is_named_with_the_next_step(tmp_path):
    pd.DataFrame({"cell_id": ["a"], "x_centroid": [1.0]}).to_parquet(tmp_path / "cells.parquet")
    with pytest.raises(SampleError, match=r"cells.parquet is a table by itself: give a folder or a zip of two"):
        importing.read(tmp_path / "cells.parquet", ImportChoices())


def test_a_matrix_of_text_by_itself_is_named_with_the_next_step(tmp_path):
    (tmp_path / "matrix.mtx").write_text("%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 1 3\n")
    with pytest.raises(SampleError, match=r"matrix.mtx is a matrix by itself, .*: give its folder, with their names"):
        importing.read(tmp_path / "matrix.mtx", ImportChoices())


def test_half_of_an_object_of_hdf5array_by_itself_is_named_with_the_next_step(tmp_path):
    with h5py.File(tmp_path / "assays.h5", "w") as file:
        file["assay001"] = np.zeros((3, 4))
    with pytest.raises(SampleError, match=r"assays.h5 is half of an object that R saved with HDF5Array: .*loadHDF5"):
        importing.read(tmp_path / "assays.h5", ImportChoices())
