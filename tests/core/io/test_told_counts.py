"""What tables and matrices hold in place of counts is told apart as in h5ad, and never logged twice in silence."""

import gzip

import numpy as np
import pytest
from scipy import io, sparse

from core.errors import SampleFileError
from core.io import importing
from core.io.incoming import ImportChoices
from core.io.told_counts import told
from tests import space_ranger
from tests.instruments import CELLS, COORDS_UM, COUNTS, GENES, X_UM, Y_UM

LOGARITHMS = np.log1p(COUNTS / COUNTS.sum(axis=1, keepdims=True) * 1e4)  # as scanpy and Seurat make them


def write_tables(folder, values, *, by_gene=False):
    rows, titles = (GENES, CELLS) if by_gene else (CELLS, GENES)
    table = values.T if by_gene else values
    lines = [",".join(["", *titles])]
    lines += [",".join([name, *map(repr, row)]) for name, row in zip(rows, table.tolist(), strict=True)]
    (folder / "expression.csv").write_text("\n".join(lines))
    places = zip(CELLS, X_UM.tolist(), Y_UM.tolist(), strict=True)
    (folder / "places.csv").write_text("\n".join(["cell,x,y", *(f"{cell},{x},{y}" for cell, x, y in places)]))
    return folder


def counts_said(folder):
    return [(check.status, check.found) for check in importing.survey(folder).checks if check.what == "Counts"][1:]


@pytest.mark.parametrize("by_gene", [False, True])
def test_logarithms_in_two_tables_become_the_counts_that_they_were_made_of(tmp_path, by_gene):
    folder = write_tables(tmp_path, LOGARITHMS, by_gene=by_gene)
    assert counts_said(folder) == [
        ("notice", "Not whole numbers: normalised expression or logarithms of it, it seems.")
    ]
    sample = importing.read(folder, ImportChoices())
    assert (np.asarray(sample.expression) == COUNTS).all()
    assert (sample.coords_um == COORDS_UM).all()
    assert sample.expression_kind == "restored"


def test_other_logarithms_in_two_tables_are_used_as_they_are_and_that_is_kept(tmp_path):
    values = (LOGARITHMS * np.random.default_rng(0).uniform(0.5, 1, COUNTS.shape)).round(3)
    sample = importing.read(write_tables(tmp_path, values), ImportChoices())
    assert (np.asarray(sample.expression) == values).all()
    assert (sample.expression_kind, sample.is_logged) == ("logarithms", True)


def test_counts_that_are_written_as_fractions_are_counts_and_nothing_is_said(tmp_path):
    folder = write_tables(tmp_path, COUNTS.astype(float))
    assert counts_said(folder) == []
    assert importing.read(folder, ImportChoices()).expression_kind == "counts"


def test_scaled_values_in_two_tables_are_refused(tmp_path):
    folder = write_tables(tmp_path, LOGARITHMS - LOGARITHMS.mean(axis=0))
    assert counts_said(folder)[0][0] == "bad"
    with pytest.raises(SampleFileError, match="negative values: it was scaled or centred"):
        importing.read(folder, ImportChoices())


def test_one_value_that_is_no_whole_number_far_from_the_beginning_is_noticed():
    values = np.random.default_rng(1).poisson(3, (3000, 5)).astype(float) + 1
    values[2999, 0] += 0.5
    assert told(sparse.csr_array(values))[1] == "fractions"


def test_logarithms_in_the_three_texts_of_10x_become_counts_too(tmp_path):
    rng = np.random.default_rng(2)
    n_genes, names = 8, [f"AAAC{number:02}-1" for number in range(20)]
    counts = rng.poisson(3.0, (len(names), n_genes)) + 1
    folder = tmp_path / "outs" / "filtered_feature_bc_matrix"
    folder.mkdir(parents=True)
    values = np.log1p(counts / counts.sum(axis=1, keepdims=True) * 1e4)
    with gzip.open(folder / "matrix.mtx.gz", "wb") as file:
        io.mmwrite(file, sparse.coo_array(values.T), precision=17)
    (folder / "barcodes.tsv.gz").write_bytes(gzip.compress("\n".join(names).encode()))
    features = "\n".join(f"E{number}\tG{number}\tGene Expression" for number in range(n_genes))
    (folder / "features.tsv.gz").write_bytes(gzip.compress(features.encode()))
    space_ranger.write_spatial(tmp_path / "outs" / "spatial")
    rows = [f"{name},1,{number},{number % 2},{number * 10},{number % 2 * 6}" for number, name in enumerate(names)]
    (tmp_path / "outs" / "spatial" / "tissue_positions_list.csv").write_text("\n".join(rows))
    assert any("Not whole numbers" in found for _, found in counts_said(tmp_path / "outs"))
    sample = importing.read(tmp_path / "outs", ImportChoices(genes="all"))
    assert (np.asarray(sample.expression) == counts).all()
    assert sample.expression_kind == "restored"
