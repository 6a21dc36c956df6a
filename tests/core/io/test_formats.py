"""Outputs of instruments come in with the counts, positions and names that they were written with."""

import gzip
import io
import re
import shutil
import tarfile
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.io import mmwrite

from core.errors import SampleFileError
from core.io import formats, importing
from core.io.controls import controls
from core.io.incoming import ImportChoices
from tests import instruments
from tests.h5ad_files import text
from tests.instruments import CELLS, COORDS_UM, COUNTS, GENES, N_CELLS, X_UM, Y_UM


def dense(sample):
    return np.asarray(sample.expression)


def plain_adata():
    obs, var = (pd.DataFrame(index=pd.Index(text(names), dtype=object)) for names in (CELLS, GENES))
    return anndata.AnnData(sparse.csr_matrix(COUNTS.astype(np.float32)), obs=obs, var=var)


def said(survey, what):
    return [check.found for check in survey.checks if check.what == what]


def assert_is_the_tissue(sample, coords_um=COORDS_UM):
    assert (dense(sample) == COUNTS).all()
    assert (sample.coords_um == coords_um).all()
    assert sample.gene_names.tolist() == GENES


@pytest.mark.parametrize("table", ["cells.parquet", "cells.csv.gz"])
def test_xenium_comes_in_without_its_control_probes(tmp_path, table):
    folder = instruments.write_xenium(tmp_path / "run_1", table=table)
    found = importing.survey(folder)
    assert (found.kind, found.name, found.n_spots, found.n_genes) == ("Xenium output", "run_1", N_CELLS, len(GENES))
    assert said(found, "Control probes") == [
        "3 control probes (1 antisense, 1 Negative Control Probe, 1 Unassigned Codeword)."
    ]
    assert "micrometres" in said(found, "Positions")[0]
    sample = importing.read(folder, ImportChoices())
    assert_is_the_tissue(sample)
    assert (sample.barcodes.tolist(), sample.unit_known, sample.gene_ids[1]) == (CELLS, True, "ENSG00000000001")


def test_a_cell_without_a_position_is_left_out_and_said(tmp_path):
    folder = instruments.write_xenium(tmp_path, leave_out=1)
    assert said(importing.survey(folder), "Positions")[1] == "1 cell has none and is left out."
    sample = importing.read(folder, ImportChoices())
    assert sample.barcodes.tolist() == CELLS[1:]
    assert (dense(sample) == COUNTS[1:]).all()


def test_xenium_with_prefixes_in_a_tar_of_two_samples_is_asked_which(tmp_path):
    for number in (1, 2):
        instruments.write_xenium(tmp_path / "flat", f"GSM{number}_", leave_out=number)
    with tarfile.open(tmp_path / "GSE9_RAW.tar", "w") as tar:
        tar.add(tmp_path / "flat", arcname="")
    found = importing.survey(tmp_path / "GSE9_RAW.tar")
    assert (list(found.sections), found.importable) == (["GSM1", "GSM2"], False)
    assert importing.read(tmp_path / "GSE9_RAW.tar", ImportChoices(), section="GSM2").barcodes.tolist() == CELLS[2:]
    with pytest.raises(SampleFileError, match="2 samples: GSM1 and GSM2"):
        importing.read(tmp_path / "GSE9_RAW.tar", ImportChoices(), section="GSM3")


def test_the_matrix_of_xenium_can_be_given_itself_and_a_zip_has_a_folder_in_it(tmp_path):
    folder = instruments.write_xenium(tmp_path / "packed" / "outs_of_7")
    assert_is_the_tissue(importing.read(folder / "cell_feature_matrix.h5", ImportChoices()))
    packed = shutil.make_archive(str(tmp_path / "run"), "zip", tmp_path / "packed")
    assert importing.read(packed, ImportChoices()).name == "outs_of_7"


def test_merscope_comes_in_without_blanks_and_offers_its_cell_types(tmp_path):
    folder = instruments.write_merscope(tmp_path / "mouse")
    found = importing.survey(folder)
    assert found.kind == "MERSCOPE output"
    assert said(found, "Control probes") == ["2 control probes (2 Blank)."]
    assert found.annotations == {"cell_type": 2}
    sample = importing.read(folder, ImportChoices(annotation="cell_type"))
    assert_is_the_tissue(sample)
    assert sample.labels_true.tolist() == ["neuron" if x > 200 else "glia" for x in X_UM]
    assert sample.barcodes[3] == "100000000000000021"


def test_cosmx_lies_at_its_global_pixels_and_what_is_in_no_cell_is_left_out(tmp_path):
    folder = instruments.write_cosmx(tmp_path)
    found = importing.survey(folder)
    assert (found.kind, found.name, found.n_spots) == ("CosMx output", "Run1", N_CELLS)
    assert said(found, "Control probes") == ["2 control probes (1 NegPrb, 1 SystemControl)."]
    assert said(found, "Outside of cells") == ["1 row counts what lies in no cell (`cell_ID` 0)."]
    assert "0.12028 micrometres" in said(found, "Positions")[0]
    sample = importing.read(folder, ImportChoices())
    assert_is_the_tissue(sample, np.column_stack([Y_UM * 0.12028, X_UM * 0.12028]))
    assert sample.barcodes[:3].tolist() == ["1_1", "1_2", "2_1"]


def test_cosmx_with_local_positions_only_is_refused_because_fields_would_lie_on_one_another(tmp_path):
    folder = instruments.write_cosmx(tmp_path, with_global=False)
    with pytest.raises(SampleFileError, match="no global positions"):
        importing.survey(folder)


@pytest.mark.parametrize("digits", [13, 17])
def test_names_of_cells_that_a_spreadsheet_rounded_are_named(tmp_path, digits):
    folder = instruments.write_merscope(tmp_path)
    table = folder / "cell_metadata.csv"
    rounded = re.sub(r"(?m)^\d{18}", lambda found: f"{float(found[0]):.{digits}E}", table.read_text())
    table.write_text(rounded)
    with pytest.raises(SampleFileError, match="a spreadsheet rounded the names of cells, so export"):
        importing.read(folder, ImportChoices())


def test_two_tables_are_told_apart_by_the_cells_that_both_name(tmp_path):
    folder = instruments.write_slide_seq(tmp_path / "puck")
    found = importing.survey(folder)
    assert found.kind == "Counts and coordinates as two tables"
    assert "1 µm per unit, guessed, since neighbours lie" in said(found, "Positions")[0]
    sample = importing.read(folder, ImportChoices())
    assert_is_the_tissue(sample)
    assert (sample.barcodes.tolist(), sample.unit_known) == (CELLS, True)
    scaled = importing.read(folder / "MappedDGEForR.csv", ImportChoices(um_per_unit=0.65))
    assert (scaled.coords_um == COORDS_UM * 0.65).all()
    assert scaled.unit_known


def test_two_tables_with_cells_as_rows_and_any_other_titles(tmp_path):
    lines = ["id\t" + "\t".join(GENES)] + [
        f"{cell}\t" + "\t".join(map(str, row)) for cell, row in zip(CELLS, COUNTS, strict=True)
    ]
    (tmp_path / "counts.tsv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    # R writes no title above the names of rows, and quotes text.
    places = ['"X_mm";"Y_mm";"kind"'] + [f'"{cell}";{x};{y};"a"' for cell, x, y in zip(CELLS, X_UM, Y_UM, strict=True)]
    (tmp_path / "where.csv").write_text("\n".join(places))
    sample = importing.read(tmp_path, ImportChoices())
    assert_is_the_tissue(sample, COORDS_UM * 1000)
    assert sample.unit_known


def test_counts_of_the_same_cells_twice_are_a_choice(tmp_path):
    folder = instruments.write_slide_seq(tmp_path)
    more = (folder / "MappedDGEForR.csv").read_text().replace("SNAP25", "SNAP26")
    (folder / "other.csv").write_text(more)
    assert list(importing.survey(folder).sections) == ["MappedDGEForR.csv", "other.csv"]
    assert importing.read(folder, ImportChoices(), section="other.csv").gene_names[0] == "SNAP26"


def test_columns_of_coordinates_with_any_titles_are_chosen(tmp_path):
    folder = instruments.write_slide_seq(tmp_path)
    table = folder / "BeadLocationsForR.csv"
    table.write_text(table.read_text().replace("xcoord,ycoord", "first,second"))
    found = importing.survey(folder)
    assert (list(found.columns), found.importable) == (["first", "second"], False)
    with pytest.raises(SampleFileError, match="say which columns hold x and y"):
        importing.read(folder, ImportChoices())
    assert importing.survey(folder, axes=("first", "second")).importable
    assert_is_the_tissue(importing.read(folder, ImportChoices(), axes=("first", "second")))


def test_the_rna_of_an_h5mu_is_read(tmp_path):
    plain_adata().write_h5ad(tmp_path / "rna.h5ad")
    with h5py.File(tmp_path / "a.h5mu", "w") as file, h5py.File(tmp_path / "rna.h5ad") as rna:
        for kind in ("prot", "rna"):
            for key in ("X", "obs", "var"):
                rna.copy(key, file.require_group(f"mod/{kind}"))
        file["mod/rna/obsm/spatial"] = COORDS_UM[:, ::-1]
        file["obs/_index"] = np.array(CELLS, dtype="S")
    assert importing.survey(tmp_path / "a.h5mu").n_spots == N_CELLS
    sample = importing.read(tmp_path / "a.h5mu", ImportChoices())
    assert (dense(sample) == COUNTS).all()
    assert (sample.coords_um == COORDS_UM).all()
    with h5py.File(tmp_path / "a.h5mu", "r+") as file:
        file["mod/gizmo"] = file["mod/rna"]
        del file["mod/rna"]
    with pytest.raises(SampleFileError, match=r"a.h5mu holds gizmo and prot, none of them called `rna`"):
        importing.survey(tmp_path / "a.h5mu")


def test_an_h5ad_of_stereo_seq_says_how_far_apart_spots_of_its_chip_lie(tmp_path):
    adata = plain_adata()
    adata.obsm["spatial"], adata.uns["bin_size"], adata.uns["resolution"] = COORDS_UM[:, ::-1], 50, 500
    adata.write_h5ad(tmp_path / "a.h5ad")
    sample = importing.read(tmp_path / "a.h5ad", ImportChoices())
    assert (sample.coords_um == COORDS_UM * 0.5).all()
    assert sample.unit_known


def test_a_hole_in_a_table_of_counts_names_its_line(tmp_path):
    folder = instruments.write_merscope(tmp_path)
    lines = (folder / "cell_by_gene.csv").read_text().splitlines()
    lines[3] = lines[3].rpartition(",")[0] + ","
    (folder / "cell_by_gene.csv").write_text("\n".join(lines))
    with pytest.raises(SampleFileError, match=r"cell_by_gene.csv does not hold 7 counts in line 4"):
        importing.read(folder, ImportChoices())


@pytest.mark.parametrize("write", [instruments.write_xenium, instruments.write_merscope, instruments.write_segmented])
def test_what_reading_takes_is_known_before(tmp_path, monkeypatch, write):
    folder = write(tmp_path / "outs")
    monkeypatch.setenv("SPCA_MAX_MEMORY", "200")
    with pytest.raises(SampleFileError, match="of memory, and at most 0 MiB may be taken"):
        importing.read(folder, ImportChoices())


def test_cells_of_visium_hd_lie_at_the_centroids_of_their_outlines(tmp_path):
    folder = instruments.write_segmented(tmp_path / "outs" / "segmented_outputs")
    found = importing.survey(tmp_path / "outs")
    assert (found.kind, found.n_spots) == ("Visium HD output, cells", N_CELLS)
    sample = importing.read(folder, ImportChoices())
    assert (dense(sample) == COUNTS).all()
    np.testing.assert_allclose(sample.coords_um, COORDS_UM, rtol=1e-12)
    np.testing.assert_allclose(sample.coords_px, COORDS_UM * 4, rtol=1e-12)


@pytest.mark.parametrize("spelled", ["{}.0", '"{}"', '"cellid_{:09d}"', '"cellid_{:09d}-1"'])
def test_outlines_of_visium_hd_that_other_programs_wrote_again_name_the_same_cells(tmp_path, spelled):
    folder = instruments.write_segmented(tmp_path / "segmented_outputs")
    outlines = folder / "cell_segmentations.geojson"
    again = re.sub(
        r'"cell_id": (\d+)', lambda found: '"cell_id": ' + spelled.format(int(found[1])), outlines.read_text()
    )
    outlines.write_text(again)
    sample = importing.read(folder, ImportChoices())
    assert (dense(sample) == COUNTS).all()
    np.testing.assert_allclose(sample.coords_um, COORDS_UM, rtol=1e-12)


def test_cells_of_visium_hd_may_be_counted_in_three_texts(tmp_path):
    folder = instruments.write_segmented(tmp_path / "segmented_outputs")
    matrix = folder / "filtered_feature_cell_matrix"
    matrix.mkdir()
    written = io.BytesIO()
    mmwrite(written, sparse.coo_array(COUNTS.T))
    (matrix / "matrix.mtx.gz").write_bytes(gzip.compress(written.getvalue()))
    for name, rows in (
        ("barcodes", [f"cellid_{number + 1:09d}-1" for number in range(N_CELLS)]),
        ("features", [f"ENSG{number}\t{gene}\tGene Expression" for number, gene in enumerate(GENES)]),
    ):
        (matrix / f"{name}.tsv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    (folder / "filtered_feature_cell_matrix.h5").unlink()
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    for source in (folder, Path(packed)):
        sample = importing.read(source, ImportChoices())
        assert (dense(sample) == COUNTS).all()
        np.testing.assert_allclose(sample.coords_um, COORDS_UM, rtol=1e-12)


def test_bins_of_visium_hd_are_a_choice_beside_its_cells(tmp_path):
    instruments.write_segmented(tmp_path / "segmented_outputs")
    for size in (8, 16):
        instruments.write_binned(tmp_path / "binned_outputs" / f"square_{size:03}um", size)
    assert list(importing.survey(tmp_path).sections) == ["cells", "8 um", "16 um"]
    assert importing.read(tmp_path, ImportChoices(), section="cells").n_spots == N_CELLS
    for size in (8, 16):
        sample = importing.read(tmp_path, ImportChoices(), section=f"{size} um")
        assert sample.coords_um.tolist() == [[0, 0], [0, size], [size, 0]]
    shutil.rmtree(tmp_path / "segmented_outputs")
    assert list(importing.survey(tmp_path).sections) == ["8 um", "16 um"]
    assert importing.read(tmp_path, ImportChoices()).coords_um[1].tolist() == [0, 8]


def test_cells_of_stereo_seq_lie_half_a_micrometre_per_spot_of_the_chip(tmp_path):
    sample = importing.read(instruments.write_cell_bins(tmp_path / "S1.cellbin.gef"), ImportChoices())
    assert_is_the_tissue(sample, np.column_stack([Y_UM.astype(int) * 0.5, X_UM.astype(int) * 0.5]))
    assert (sample.name, sample.barcodes[0]) == ("S1", "5")


def test_bins_of_stereo_seq_are_as_small_as_hold_enough_counts_or_as_asked(tmp_path):
    path = instruments.write_bins(tmp_path / "S1.tissue.gef", scale=25)  # 10 counts of 25 in a bin of one spot
    found = importing.survey(path)
    assert (found.sections[0], found.n_spots) == ("bins of 1", N_CELLS)
    sample = importing.read(path, ImportChoices())
    order = np.lexsort((X_UM.astype(int), Y_UM.astype(int)))
    assert (dense(sample) == COUNTS[order] * 25).all()
    assert (sample.coords_um == np.column_stack([Y_UM.astype(int), X_UM.astype(int)])[order] * 0.5).all()
    coarse = importing.read(path, ImportChoices(), section="bins of 50")
    rows, columns = Y_UM.astype(int) // 50, X_UM.astype(int) // 50
    expected: dict[tuple[int, int], np.ndarray] = {}
    for cell, place in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        expected[place] = expected.get(place, 0) + COUNTS[cell] * 25
    places = sorted(expected)
    assert (dense(coarse) == np.array([expected[place] for place in places])).all()
    assert (coarse.coords_um == np.array([[row * 50 + 24.5, column * 50 + 24.5] for row, column in places]) * 0.5).all()


def test_a_gef_whose_genes_do_not_fit_its_counts_is_refused(tmp_path):
    path = instruments.write_bins(tmp_path / "S1.gef")
    with h5py.File(path, "r+") as file:
        genes = file["geneExp/bin1/gene"][...]
        genes["offset"][1] = 10**6
        file["geneExp/bin1/gene"][...] = genes
    with pytest.raises(SampleFileError, match=r"S1.gef has `offset` in `gene`"):
        importing.read(path, ImportChoices(), section="bins of 1")


@pytest.mark.parametrize(
    ("name", "content", "step"),
    [
        (
            "s.rds",
            gzip.compress(b"X\n\x00\x00\x00\x03" + b"\0" * 600, mtime=0),
            r'anndataR::as_AnnData\(obj\), "s.h5ad"',
        ),
        ("s.RData", b"RDX3\nX\n\x00\x00" + b"\0" * 600, "anndataR"),
        (
            "s.gem.gz",
            gzip.compress(b"#FileFormat=GEMv0.1\ngeneID\tx\ty\tMIDCount\nA\t1\t2\t3\n", mtime=0),
            "geftools bgef -i s.gem.gz",
        ),
    ],
)
def test_files_of_other_programs_are_named_with_the_way_out(tmp_path, name, content, step):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SampleFileError, match=step):
        importing.survey(tmp_path / name)


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        (("assays/RNA", "cell.names", "meta.data"), "SeuratDisk::LoadH5Seurat"),
        (("matrix", "row_attrs", "col_attrs"), "scanpy.read_loom"),
    ],
)
def test_hdf5_of_other_programs_is_named_with_the_way_out(tmp_path, keys, step):
    with h5py.File(tmp_path / "s.h5", "w") as file:
        for key in keys:
            file.create_group(key)
    with pytest.raises(SampleFileError, match=step):
        importing.survey(tmp_path / "s.h5")


def test_names_of_control_probes_are_known_and_those_of_genes_are_none():
    probes = ["NegControlProbe_00042", "NegControlCodeword_0500", "antisense_PROKR2", "BLANK_0006", "Blank-1", "NegPrb12",
              "SystemControl199", "UnassignedCodeword_0001", "DeprecatedCodeword_0318", "FalseCode12", "Negative3"]  # fmt: skip
    assert controls(np.array(probes)).all()
    assert not controls(np.array(["NEGR1", "ANTXR1", "UNC5A", "SYS1", "BLNK", "FALZ", "DEPDC1", "CTRL", "INTS1"])).any()


def test_every_format_says_what_it_is_known_by():
    assert all(known.name and known.holds for known in (*formats.OF_FILES, formats.TWO_TABLES))
