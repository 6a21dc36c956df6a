"""Journeys over the expression space of Tune, from `app.py`."""

import base64

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.method.pipeline import Pipeline
from core.params import preset
from core.work.board.board import JobStatus, shared_board
from tests.pages.conftest import APP
from tests.pages.test_views import choose, spec
from tests.small_tissue import small_sample

X, Y = (f"widget:expression.{axis}" for axis in ("across", "up"))


@pytest.fixture
def app(samples_folder, monkeypatch):
    monkeypatch.setenv("SPCA_PRESET", "recommended")
    lab.write(small_sample("first"), samples_folder / "first.h5")
    return choose(AppTest.from_file(APP, default_timeout=120).run(), "Expression")


def values(app, axis):
    """Numbers of all points along an axis, by spot."""
    found: dict[int, float] = {}
    for trace in spec(app)["data"]:
        found |= dict(zip(decoded(trace["customdata"]), decoded(trace[axis]), strict=True))
    return np.array([found[spot] for spot in sorted(found)])


def decoded(array):
    return np.frombuffer(base64.b64decode(array["bdata"]), dtype=np.dtype(array["dtype"])).tolist()


def test_the_axes_are_factors_of_the_run_and_can_be_chosen(app):
    factors = Pipeline(small_sample("first")).factors(preset("recommended", 3))
    assert np.allclose(values(app, "x"), factors[:, 0], rtol=1e-4, atol=1e-5)
    assert np.allclose(values(app, "y"), factors[:, 1], rtol=1e-4, atol=1e-5)
    app.selectbox(Y).select("Factor 3").run()
    assert not app.exception
    assert np.allclose(values(app, "y"), factors[:, 2], rtol=1e-4, atol=1e-5)


def test_a_link_shows_the_axes_that_were_chosen_and_refuses_others(app, samples_folder):
    app.selectbox(X).select("Factor 2").run()
    app.selectbox(Y).select("Factor 3").run()
    query = dict(app.query_params.items())
    linked = opened(**query)
    assert (linked.selectbox(X).value, linked.selectbox(Y).value) == ("Factor 2", "Factor 3")
    assert dict(linked.query_params.items()) == query
    refused = opened(chart="expression", across="Factor 99", up="UMAP")
    assert (refused.selectbox(X).value, refused.selectbox(Y).value) == ("Factor 1", "Factor 2")
    words = " ".join(item.value for item in refused.warning)
    assert "`across=Factor 99` in the address was ignored" in words
    assert "`up=UMAP` in the address was ignored" in words
    choose(app, "Flow")
    assert "across" not in app.query_params


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def test_umap_waits_for_a_click_runs_in_the_background_and_is_found_again(app):
    app.selectbox(X).select("UMAP").run()
    assert all(item.key != Y for item in app.selectbox)
    app.button("widget:umap").click().run()
    job = shared_board().jobs()[-1]
    assert shared_board().wait(job.id, 300)
    assert shared_board().job(job.id).status is JobStatus.DONE
    app.run()
    assert not app.exception
    assert np.allclose(np.column_stack((values(app, "x"), values(app, "y"))), shared_board().job(job.id).result)
    other = choose(AppTest.from_file(APP, default_timeout=120).run(), "Expression")
    other.selectbox(X).select("UMAP").run()
    assert spec(other)["layout"]["xaxis"]["title"]["text"] == "UMAP 1"
    assert len([item for item in shared_board().jobs() if item.about.what == "UMAP"]) == 1


def test_the_papers_preset_has_a_space_too(app):
    app.selectbox("widget:preset").select("paper").run()
    assert not app.exception
    assert len(values(app, "x")) == small_sample("first").n_spots
