import dataclasses
import json
import pickle

import numpy as np
import pytest
import torch

from core.errors import CheckpointError
from core.method import checkpoints, pipeline
from core.params import AutoencoderParams, EmbeddingParams, MethodParams, PoolingParams
from core.sample import Sample
from tests.sections import shipped_part

PARAMS = MethodParams(
    embedding=EmbeddingParams(kind="reconstruction", autoencoder=AutoencoderParams(epochs=2, width=8))
)


@pytest.fixture(scope="module")
def sample():
    return shipped_part(300, 20)


@pytest.fixture
def trained(sample, tmp_path):
    """Path of a model trained on the sample."""
    pipeline.train(sample, PARAMS, models=tmp_path)
    return next(tmp_path.glob("*.pt"))


def load(path, sample, **changes):
    autoencoder = dataclasses.replace(PARAMS.embedding.autoencoder, **changes)
    return checkpoints.load(path, sample, PARAMS.pooling, autoencoder)


def test_a_model_comes_back_as_it_was(sample, trained):
    first = pipeline.run(sample, PARAMS)
    again = pipeline.run(sample, PARAMS, models=trained.parent)
    assert np.array_equal(first.labels, again.labels)
    assert again.autoencoder.losses == first.autoencoder.losses
    assert (first.autoencoder.reused, again.autoencoder.reused) == (False, True)


def test_a_trained_model_is_found_by_data_and_parameters_alone(sample, trained):
    assert pipeline.has_model(sample, PARAMS, trained.parent)
    other = dataclasses.replace(PARAMS, pooling=PoolingParams(window=3))
    assert not pipeline.has_model(sample, other, trained.parent)


def test_a_model_of_other_data_is_refused_in_words(sample, trained):
    other = Sample(name="other", expression=sample.expression + 1, lattice=sample.lattice)
    with pytest.raises(CheckpointError, match="was trained on other data"):
        load(trained, other)
    fewer = Sample(name="fewer", expression=sample.expression[:, :9], lattice=sample.lattice)
    with pytest.raises(CheckpointError, match="was trained on 20 genes, but fewer has 9"):
        load(trained, fewer)


def test_a_model_of_other_parameters_is_refused_in_words(sample, trained):
    with pytest.raises(CheckpointError, match=r"autoencoder width = 8, but 16 is asked for"):
        load(trained, sample, width=16)


def test_weights_that_hold_a_pickle_are_refused_and_not_run(sample, trained, tmp_path):
    marker = tmp_path / "ran"

    class Exploit:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    trained.write_bytes(pickle.dumps(Exploit()))
    with pytest.raises(CheckpointError, match="does not hold the weights"):
        load(trained, sample)
    torch.save({"encoder.0.weight": Exploit()}, trained)
    with pytest.raises(CheckpointError, match="does not hold the weights"):
        load(trained, sample)
    assert not marker.exists()


def test_damaged_or_missing_files_are_refused_in_words(sample, trained):
    whole = trained.read_bytes()
    trained.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="delete it and train again"):
        load(trained, sample)
    story = trained.with_suffix(".json")
    story.write_text("{")
    with pytest.raises(CheckpointError, match="missing or damaged"):
        load(trained, sample)
    story.write_text(json.dumps({"format": 99}))
    with pytest.raises(CheckpointError, match="another version"):
        load(trained, sample)
    story.unlink()
    with pytest.raises(CheckpointError, match="missing or damaged"):
        load(trained, sample)


@pytest.mark.parametrize(
    "content",
    ["null", "[]", '"text"', "3", "[" * 100_000, '{"format": 1, "a": ' + '{"b":' * 50_000, '{"format": "one"}', '{"format": 1, "losses": null}'],
)  # fmt: skip
def test_a_story_that_is_no_story_is_refused_in_words(sample, trained, content):
    trained.with_suffix(".json").write_text(content)
    with pytest.raises(CheckpointError, match=r"missing or damaged|another version"):
        load(trained, sample)


def test_each_fact_of_a_model_that_is_damaged_is_refused_in_words(sample, trained):
    story = trained.with_suffix(".json")
    facts = json.loads(story.read_text())
    damages: tuple[object, ...] = (None, "wrong", -1, [[[]]], {"x": {}})
    for name in facts:
        for wrong in damages:
            if facts[name] == wrong or (name, wrong) in (("sample", "wrong"), ("explained_variance", -1)):
                continue  # which says nothing of the model
            story.write_text(json.dumps(facts | {name: wrong}))
            with pytest.raises(CheckpointError):
                load(trained, sample)


def test_weights_that_are_not_numbers_are_refused_in_words(sample, trained):
    weights = torch.load(trained, weights_only=True)
    first = next(iter(weights.values()))
    first.view(-1)[0] = float("nan")
    torch.save(weights, trained)
    with pytest.raises(CheckpointError, match="weights that are not numbers"):
        load(trained, sample)


def test_the_json_tells_the_story_and_nothing_else_is_left_in_the_folder(sample, trained):
    story = json.loads(trained.with_suffix(".json").read_text())
    assert story["content_hash"] == sample.content_hash
    assert story["pooling"] == {"window": 6, "scale": 2.0}
    assert len(story["losses"]) == 2
    assert sorted(path.suffix for path in trained.parent.iterdir()) == [".json", ".pt"]


def test_a_sample_with_a_path_for_a_name_stays_inside_the_folder(sample, tmp_path):
    nasty = Sample(name="../../etc/x y", expression=sample.expression, lattice=sample.lattice)
    path = checkpoints.checkpoint_path(tmp_path, nasty, PARAMS.pooling, PARAMS.embedding.autoencoder)
    assert path.parent == tmp_path


def test_a_folder_that_cannot_be_written_is_said_in_words(sample, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(CheckpointError, match="could not be written"):
        pipeline.train(sample, PARAMS, models=blocked / "models")
