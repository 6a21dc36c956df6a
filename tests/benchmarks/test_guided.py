"""`python -m benchmarks guided`: strokes drawn from an annotation, and what they are worth on a piece of the shipped section."""

import csv
import dataclasses

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from benchmarks import guided
from core.errors import SampleFileError
from core.io import lab
from core.method.guided import follow
from core.method.pipeline import Pipeline
from core.params import preset
from tests.sections import shipped_part


@pytest.fixture(scope="module")
def section():
    sample = shipped_part(600, 60)
    return sample, Pipeline(sample).guide(preset("recommended", len(sample.layer_names)))


@pytest.mark.parametrize("draw", [guided.spread, guided.dabs])
def test_strokes_are_as_many_of_each_layer_as_asked_for_and_what_the_experts_say(section, draw):
    sample, guide = section
    painted = draw(sample, guide, 5, 0)
    names = np.array(sample.layer_names)
    assert (names[painted[painted >= 0]] == sample.labels_true[painted >= 0]).all()
    sizes = np.bincount(painted[painted >= 0], minlength=len(names))
    assert (sizes <= 5).all()
    assert (sizes >= 3).all()
    assert painted.tolist() == draw(sample, guide, 5, 0).tolist()


def test_spots_of_a_dab_lie_nearer_to_one_another_than_spread_ones(section):
    sample, guide = section

    def nearest_um(painted):
        gaps = []
        for number in range(len(sample.layer_names)):
            own = sample.tissue_um[painted == number]
            apart = np.hypot(*(own[:, None] - own).T)
            gaps.append(np.median((apart + 1e9 * np.eye(len(own))).min(axis=0)))
        return np.mean(gaps)

    assert nearest_um(guided.dabs(sample, guide, 9, 0)) < nearest_um(guided.spread(sample, guide, 9, 0))


def test_ten_answers_are_ten_more_spots_that_the_experts_labelled(section):
    sample, guide = section
    before, after = guided.spread(sample, guide, 3, 0), guided.answered(sample, guide, 3, 0)
    assert (after >= 0).sum() == (before >= 0).sum() + guided.N_QUESTIONS
    assert (after[before >= 0] == before[before >= 0]).all()


def test_the_score_leaves_painted_spots_out(section):
    sample, guide = section
    painted = guided.spread(sample, guide, 20, 0)
    labels = follow(guide, painted, len(sample.layer_names)).labels
    left = (painted < 0) & (sample.labels_true != "NA")
    expected = adjusted_rand_score(sample.labels_true[left], labels[left])
    assert guided.score(sample, guide, painted) == pytest.approx(expected)


def test_the_table_has_a_row_for_each_kind_of_strokes(tmp_path, capsys):
    lab.write(shipped_part(400, 40), tmp_path / "part.h5")
    assert guided.report(tmp_path, n_draws=1, only="strokes", csv_path=tmp_path / "table.csv")
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    assert [(row["kind"], row["n_each"]) for row in rows] == [
        ("spread", "5"), ("spread", "20"), ("dabs", "5"), ("dabs", "20"), ("10 questions", "3"),
    ]  # fmt: skip
    assert "Mean of 1 samples, spread, 5 of each domain" in capsys.readouterr().out


def test_a_folder_without_annotated_samples_is_told_in_a_sentence(tmp_path):
    lab.write(dataclasses.replace(shipped_part(100, 20), labels_true=None), tmp_path / "bare.h5")
    with pytest.raises(SampleFileError, match="no annotated sample below"):
        guided.report(tmp_path, n_draws=1)
