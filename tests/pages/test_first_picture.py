"""What a visitor sees first: the recommended preset, and the paper's method beside it."""

import math

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.method import pipeline
from core.params import preset
from tests.pages.conftest import APP
from tests.small_tissue import small_sample


@pytest.fixture
def first(samples_folder, monkeypatch):
    monkeypatch.delenv("SPCA_PRESET")
    lab.write(small_sample("first"), samples_folder / "first.h5")
    return samples_folder / "first.h5"


def opened():
    return AppTest.from_file(APP, default_timeout=120).run()


def chapter(page, name):
    return page.button(f"widget:story.{name}")


def test_tune_opens_with_the_recommended_preset_and_its_agreement(first):
    page, sample = opened(), lab.read(first)
    assert page.selectbox("widget:preset").value == "recommended"
    labels = pipeline.run(sample, preset("recommended", sample.suggested_n_clusters())).labels
    known = np.asarray(sample.labels_true) != "NA"
    ari = adjusted_rand_score(np.asarray(sample.labels_true)[known], labels[known])
    assert page.metric[0].value == f"{ari:.3f}"
    assert chapter(page, "Recommended").disabled
    assert chapter(page, "Recommended").label == f"Recommended **{ari:.3f}**"


def test_the_papers_method_is_one_click_away_and_the_story_says_what_it_scores(first):
    page = opened()
    said = chapter(page, "Paper without autoencoder").label
    chapter(page, "Paper without autoencoder").click().run()
    assert page.selectbox("widget:preset").value == "paper"
    assert said == f"Paper without autoencoder **{page.metric[0].value}**"
    assert chapter(page, "Paper without autoencoder").disabled


def test_the_angle_by_hand_is_the_one_that_the_recommended_depth_found(first):
    page, sample = opened(), lab.read(first)
    chapter(page, "Paper without autoencoder, angle by hand").click().run()
    assert not page.exception
    assert page.selectbox("widget:direction.method").value == "manual"
    found = pipeline.run(sample, preset("recommended", sample.suggested_n_clusters())).direction
    assert page.slider("widget:direction.angle").value == pytest.approx(math.degrees(found.angle), abs=0.01)


def test_a_sample_without_annotation_has_no_story(samples_folder, monkeypatch):
    import dataclasses

    monkeypatch.delenv("SPCA_PRESET")
    lab.write(dataclasses.replace(small_sample("bare"), labels_true=None), samples_folder / "bare.h5")
    page = opened()
    assert not page.exception
    assert not [button for button in page.button if str(button.key).startswith("widget:story")]


def test_a_server_may_open_with_another_preset(first, monkeypatch):
    monkeypatch.setenv("SPCA_PRESET", "paper")
    assert opened().selectbox("widget:preset").value == "paper"
    monkeypatch.setenv("SPCA_PRESET", "best of all")
    assert opened().selectbox("widget:preset").value == "recommended"
