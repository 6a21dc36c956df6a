"""`python -m benchmarks guided --only transfer`: which pairs are measured, and as what."""

import csv

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from benchmarks import guided
from benchmarks.transferred import kind_of
from core.guidance import Guidance
from core.io import lab
from core.method.pipeline import Pipeline
from core.method.reference import learn
from core.params import preset
from tests.teaching import section, without


@pytest.mark.parametrize(
    ("one", "other", "same", "kind"),
    [
        ("151507", "sample_151510", True, "same donor"),
        ("151673_part", "151507", True, "across donors"),
        ("151669", "151673", False, "across donors, other layers"),
        ("mpfc_1", "mpfc_2", True, "other tissue"),
    ],
)
def test_how_near_two_sections_are_is_told_by_their_names(one, other, same, kind):
    assert kind_of(one, other, same=same) == kind


def test_each_ordered_pair_that_shares_layers_and_genes_is_scored_once_and_never_against_itself(tmp_path, capsys):
    first, second = section("A", 0), without(section("B", 1), "Layer1")
    for sample in (first, second, section("M", 2, kinds="Gene")):
        lab.write(sample, tmp_path / f"{sample.name}.h5")
    table = tmp_path / "out.csv"
    assert guided.report(tmp_path, n_draws=1, only="transfer", transfer_csv=table)
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [(row["taught_by"], row["sample"], row["n_lacking"]) for row in rows] == [("A", "B", "0"), ("B", "A", "1")]
    result = Pipeline(second).run_guided(preset("recommended", 4), Guidance(reference=learn([first])))
    assert float(rows[0]["ari"]) == pytest.approx(adjusted_rand_score(second.labels_true, result.labels))
    assert "other tissue, other layers: ARI" in capsys.readouterr().out
    assert float(rows[1]["unlike"]) == pytest.approx(np.mean(first.labels_true == "Layer1"), abs=0.06)
