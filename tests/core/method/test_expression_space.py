import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from core.errors import CancelledError, ParameterError
from core.method import expression_space
from core.method.early_steps import LEARNT_BY
from core.method.pipeline import Pipeline
from core.params import preset
from tests.sections import shipped_part


@pytest.fixture(scope="module")
def factors():
    return expression_space.factor_space(Pipeline(shipped_part(300, 60)), preset("recommended", 4))


def test_umap_keeps_neighbours_and_is_the_same_again(factors):
    epochs: list[tuple[int, int]] = []
    laid_out = expression_space.umap(factors, lambda done, of: epochs.append((done, of)))
    assert laid_out.shape == (300, 2)
    assert trustworthiness(factors, laid_out, n_neighbors=15) > 0.85
    assert (expression_space.umap(factors) == laid_out).all()
    assert epochs == sorted(epochs)
    assert epochs[-1] == (500, 500)  # what umap-learn takes for so few spots


def test_umap_ends_when_it_is_told_to(factors):
    def cancel(done, of):
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        expression_space.umap(factors, cancel)


def test_too_few_spots_have_a_sentence():
    with pytest.raises(ParameterError, match="15 others"):
        expression_space.umap(np.zeros((15, 3)))


def test_the_space_is_of_the_runs_own_factors_or_else_of_those_that_its_direction_is_found_from(factors):
    sample, paper = shipped_part(300, 60), preset("paper", 4)
    assert (factors == Pipeline(sample).factors(preset("recommended", 4))).all()
    assert (expression_space.factor_space(Pipeline(sample), paper) == Pipeline(sample).factors(LEARNT_BY)).all()
    assert expression_space.space_key(paper) != expression_space.space_key(preset("recommended", 4))
    assert expression_space.space_key(paper) == expression_space.space_key(preset("paper", 5))
