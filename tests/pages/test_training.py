"""Journeys through training, from `app.py`, without a browser."""

import json
import time

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import LimitError
from core.method import pipeline
from core.work.board.board import JobStatus, shared_board
from tests.pages.conftest import APP
from tests.tissue_view import given
from ui.data import jobs


def key(address):
    return f"widget:{address}"


def cards(app):
    return {metric.label: metric.value for metric in app.metric}


def button(app, name="train"):
    return next((item for item in app.button if item.key == key(name)), None)


def waiting_words(app):
    return given(app)["maps"][0]["message"]


def ask_for_autoencoder(app, *, epochs, width=8, batch_size=32, kind="reconstruction"):
    app.selectbox(key("embedding.kind")).select(kind).run()
    for name, value in (("epochs", epochs), ("width", width), ("batch_size", batch_size)):
        app.number_input(key(f"embedding.autoencoder.{name}")).set_value(value)
    return app.run()


def new_app():
    return AppTest.from_file(APP, default_timeout=120).run()


def press_train(app):
    app.button(key("train")).click().run()
    return shared_board().jobs()[-1].id


def until(true, seconds=120.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def train(app):
    job_id = press_train(app)
    assert shared_board().wait(job_id, 120)
    return app.run()


@pytest.fixture
def long_training(app):
    """The app with a training that would take minutes, and its job; afterwards it is cancelled."""
    ask_for_autoencoder(app, epochs=10_000)
    job_id = press_train(app)
    until(lambda: len(shared_board().job(job_id).losses) > 2)
    yield app.run(), job_id
    shared_board().cancel(job_id)


def test_an_embedding_without_a_model_waits_for_a_click(app, monkeypatch):
    monkeypatch.setattr(pipeline, "run", lambda *args, **kwargs: pytest.fail("nothing may run before the click"))
    app.selectbox(key("embedding.kind")).select("code").run()
    assert cards(app)["ARI"] == "–"
    assert "Press Train" in waiting_words(app)
    assert button(app).label == "Train"
    assert not button(app).disabled


def test_training_gives_a_result_and_a_loss_curve_and_is_not_done_twice(app, samples_folder):
    ask_for_autoencoder(app, epochs=60)
    train(app)
    assert not app.exception
    assert cards(app)["ARI"] != "–"
    assert (button(app).label, button(app).disabled) == ("Trained", True)
    curve = json.loads(app.get("plotly_chart")[-1].proto.spec)
    assert curve["data"][0]["x"] == list(range(1, 61))
    assert len(list((samples_folder.parent / "models").glob("*.pt"))) == 1
    again = ask_for_autoencoder(new_app(), epochs=60)
    assert button(again).disabled
    assert cards(again)["ARI"] == cards(app)["ARI"]


def test_the_small_autoencoder_asks_for_its_own_knobs_and_ends_when_nothing_is_gained(app):
    app.selectbox(key("embedding.kind")).select("latent").run()
    asked = {item.key for item in (*app.slider, *app.number_input)}
    assert {key("pooling.window"), key("embedding.latent.size"), key("embedding.latent.epochs")} <= asked
    assert not {key("pooling.scale"), key("embedding.autoencoder.width"), key("embedding.n_components")} & asked
    app.number_input(key("embedding.latent.epochs")).set_value(2000).run()
    train(app)
    assert not app.exception
    assert cards(app)["ARI"] != "–"
    curve = json.loads(app.get("plotly_chart")[-1].proto.spec)
    assert 1 < len(curve["data"][0]["x"]) < 2000


def test_while_training_goes_on_the_page_says_so_and_other_knobs_work(long_training):
    app, job_id = long_training
    assert (button(app).label, button(app).disabled) == ("Training", True)
    assert any("left" in caption.value for caption in app.caption)
    assert "Training runs in the background" in waiting_words(app)
    assert "Press" not in waiting_words(app)
    app.selectbox(key("embedding.kind")).select("none").run()
    assert cards(app)["ARI"] != "–"
    app.number_input(key("clustering.n_clusters")).set_value(2).run()
    assert not app.exception
    assert not shared_board().job(job_id).finished


def test_another_session_finds_the_training_and_shares_it(long_training):
    _, job_id = long_training
    other = ask_for_autoencoder(new_app(), epochs=10_000)
    assert button(other).label == "Training"
    assert [job.id for job in shared_board().jobs() if not job.finished] == [job_id]


def test_who_did_not_ask_for_a_training_cannot_end_it_but_is_told_whose_it_is(long_training):
    _, job_id = long_training
    other = ask_for_autoencoder(new_app(), epochs=10_000)
    assert not [item for item in other.button if item.key and "cancel" in item.key]
    assert any(f"For {shared_board().job(job_id).owners[0]}" == item.value for item in other.caption)


def test_a_cancelled_training_ends_and_is_offered_again(long_training):
    app, job_id = long_training
    button(app, "cancel training").click().run()
    assert shared_board().job(job_id).status is JobStatus.CANCELLED
    assert not app.exception
    assert any("cancelled. Press Train" in caption.value for caption in app.caption)
    assert "was cancelled.\nPress Train" in waiting_words(app)
    assert (button(app).label, button(app).disabled) == ("Train", False)


def test_a_model_deleted_from_the_disk_can_be_trained_again(app, samples_folder):
    ask_for_autoencoder(app, epochs=2)
    train(app)
    for file in (samples_folder.parent / "models").glob("*.*"):
        file.unlink()
    app.run()
    assert (button(app).label, button(app).disabled) == ("Train", False)
    train(app)
    assert button(app).label == "Trained"


def test_a_dead_autoencoder_is_told_with_its_number_and_a_way_out(app):
    app.selectbox(key("preset")).select("paper-ae").run()
    ask_for_autoencoder(app, epochs=3)
    train(app)
    advice = next(item.value for item in app.caption if "learned nothing" in item.value)
    assert "scale alpha" in advice
    assert any("Autoencoder dead" in item.value for item in app.markdown)


def test_what_core_refuses_becomes_a_sentence_and_training_is_offered_again(app):
    ask_for_autoencoder(app, epochs=2, batch_size=5000)
    train(app)
    assert not app.exception
    assert "batch size of at most 192" in app.error[0].value
    assert "failed, for the reason in the sidebar" in waiting_words(app)
    assert not button(app).disabled
    ask_for_autoencoder(app, epochs=2)
    assert not app.error


def test_a_full_board_refuses_a_training_in_a_sentence(app, monkeypatch):
    def refuse(*args):
        raise LimitError("Ada has 8 jobs waiting: wait for one of them.")

    app.selectbox(key("preset")).select("paper-ae").run()
    monkeypatch.setattr(jobs, "train", refuse)
    app.button(key("train")).click().run()
    assert not app.exception
    assert any("Ada has 8 jobs waiting" in error.value for error in app.error)
