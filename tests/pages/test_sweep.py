"""Journeys through the Sweep page, from `app.py`, without a browser."""

import base64
import io
import itertools
import json

import numpy as np
import pytest
from PIL import Image, ImageColor
from sklearn.metrics import adjusted_rand_score
from streamlit.testing.v1 import AppTest

from core.annotation import Region, new_annotation
from core.folders import models_folder
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.work.sweep.folder import SweepFolder
from core.work.sweep.outcome import Event, SweepStatus
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from tests.tissue_view import given
from ui.data.record import record
from ui.sweep import sweeps


def key(*parts):
    return "widget:" + ".".join(("sweep", *parts))


@pytest.fixture
def page(app):
    """The Sweep page on two small samples."""
    return app.switch_page("pages/sweep.py").run()


@pytest.fixture(autouse=True)
def _rest(samples_folder):
    """Let no sweep go on into the next test."""
    yield
    sweeps.sweeps().close()


def captions(page):
    return " ".join(item.value for item in page.caption)


def start(page):
    page.button(key("start")).click().run()
    status = sweeps.sweeps().all()[0]
    assert sweeps.sweeps().wait(status.id, 120)
    assert sweeps.sweeps().find(status.id).outcome.status is SweepStatus.DONE
    return page.run(), status.id


def small_grid(page):
    page.text_input(key("values", "0", "window")).set_value("1, 3")
    page.text_input(key("values", "1", "x_weight")).set_value("0.5, 2")
    page.number_input(key("starts", "Grid")).set_value(2)
    return page.run()


def test_a_newcomer_finds_a_grid_filled_in_and_its_work_counted(page):
    assert not page.exception
    assert page.title[0].value == "Sweep"
    assert "25 settings × 3 starts = 75 runs, about" in captions(page)
    assert "No sweep has run here yet" in page.info[0].value


def test_a_grid_runs_fills_the_sheet_and_opens_its_best_cell_in_tune(app):
    app.number_input("widget:clustering.n_clusters").set_value(
        5
    ).run()  # with as many as layers, several cells are perfect
    page = small_grid(app.switch_page("pages/sweep.py").run())
    page.text_input(key("values", "0", "window")).set_value("1, 2")
    page, sweep_id = start(page.run())
    assert not page.exception
    runs = record().runs(sweep=sweep_id)
    assert len(runs) == 8
    page.button(key("open best")).click().run()
    page.switch_page(
        "pages/tune.py"
    ).run()  # a page that a script asks for does not reach AppTest; the browser test shows it
    shown = page.slider("widget:pooling.window").value, page.number_input("widget:clustering.x_weight").value
    assert shown in {(1, 0.5), (1, 2.0), (2, 0.5), (2, 2.0)}
    totals = {cell(run): sum(one.scores.ari for one in runs if cell(one) == cell(run)) for run in runs}
    best, second, *_ = sorted(totals, key=totals.get, reverse=True)
    assert totals[best] > totals[second] + 0.01  # else this test could not tell which one is right
    assert shown == best


def cell(run):
    return run.params.pooling.window, run.params.clustering.x_weight


def test_the_table_writes_values_of_knobs_as_the_maps_beside_it_do(page):
    page.text_input(key("values", "0", "window")).set_value("found, 1")
    page.text_input(key("values", "1", "x_weight")).set_value("0.5, 2")
    page.number_input(key("starts", "Grid")).set_value(1)
    page, _ = start(page.run())
    page = page.segmented_control(key("view", "3")).set_value("Table").run()
    assert not page.exception
    assert set(page.dataframe[0].value["Window k"]) == {"found", "1"}
    assert set(page.dataframe[0].value["X weight"]) == {0.5, 2}


def test_the_legend_of_the_sheet_has_the_names_and_colours_of_tunes_maps(app):
    app.number_input("widget:clustering.n_clusters").set_value(5).run()  # two more than layers
    page = small_grid(app.switch_page("pages/sweep.py").run())
    page.number_input(key("starts", "Grid")).set_value(1)
    page, _ = start(page.run())
    sheet = json.loads(page.get("plotly_chart")[0].proto.spec)
    legend = {trace["name"]: trace["marker"]["color"] for trace in sheet["data"] if trace["showlegend"]}
    cells = itertools.product(("1", "3"), ("0.5", "2"))
    tunes = [opened("pages/tune.py", n_clusters="5", window=window, x_weight=weight) for window, weight in cells]
    predicted = [drawn(given(tune)["maps"][0]) for tune in tunes]
    annotated = drawn(given(tunes[0])["maps"][1])
    assert set(annotated) - set(legend) == {"Not annotated"}
    assert sum(name.startswith("Domain") for name in legend) >= 2
    of_tune = {name: annotated[name] for name in annotated.keys() & legend.keys()}
    for colours in predicted:
        assert colours == {name: legend[name] for name in colours}
        of_tune |= colours
    assert legend == of_tune
    pictures = [pixels(image["source"]) for image in sheet["layout"]["images"]]
    for colours, picture in zip(predicted, pictures, strict=True):
        assert {colour for colour in legend.values() if has(picture, colour)} == set(colours.values())


def drawn(one):
    """Names and colours of what a map of Tune shows."""
    return {one["names"][label]: one["colours"][label] for label in np.unique(one["labels"])}


def pixels(source):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).convert("RGBA"))


def has(picture, colour):
    return bool((picture == (*ImageColor.getrgb(colour), 255)).all(axis=-1).any())


def test_a_sweep_is_found_again_after_a_reload(page):
    _, sweep_id = start(small_grid(page))
    again = AppTest.from_file(APP, default_timeout=120).run().switch_page("pages/sweep.py").run()
    assert again.selectbox(key("chosen")).value == sweep_id
    again.segmented_control(key("view", "3")).set_value("Scores").run()
    assert not again.exception
    again.segmented_control(key("view", "3")).set_value("Table").run()
    assert len(again.dataframe[0].value) == 4


def test_a_sweep_that_another_server_of_the_folder_works_on_is_told(page):
    page, sweep_id = start(small_grid(page))
    with SweepFolder(models_folder() / "sweeps" / sweep_id).hold():
        page.button(key("start")).click().run()
    assert not page.exception
    assert "Another process works on this sweep" in page.error[0].value


def test_a_sweep_that_another_server_runs_is_watched_here_and_offers_nothing_that_would_do_nothing(page):
    page, sweep_id = start(small_grid(page))
    folder = SweepFolder(models_folder() / "sweeps" / sweep_id)
    with folder.hold():
        folder.add(Event(state=SweepStatus.RUNNING))
        page.run()
        assert not page.exception
        assert "Another server works on this sweep" in " ".join(caption.value for caption in page.caption)
        assert {"Pause", "Cancel", "Go on"}.isdisjoint(button.label for button in page.button)
    page.run()
    assert "Go on" in {button.label for button in page.button}  # once that server has ended without a word


def opened(file="pages/sweep.py", **query):
    page = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        page.query_params[name] = value
    return page.switch_page(file).run()


def test_a_form_that_somebody_fills_in_does_not_fold_when_another_starts_a_sweep(page):
    other = AppTest.from_file(APP, default_timeout=60).run().switch_page("pages/sweep.py").run()
    assert page.expander[0].proto.expanded
    start(small_grid(other))
    assert not other.run().expander[0].proto.expanded
    page.text_input(key("values", "0", "window")).set_value("1, 5").run()
    assert page.expander[0].proto.expanded
    page, _ = start(small_grid(page))
    assert not page.expander[0].proto.expanded


def test_the_address_names_the_sweep_and_shows_somebody_else_the_same_one(page):
    page, sweep_id = start(small_grid(page))
    address = dict(page.query_params)
    assert address["sweep"] == sweep_id
    page.text_input(key("values", "0", "window")).set_value("2")
    _, later_id = start(page.run())
    assert opened().selectbox(key("chosen")).value == later_id
    colleague = opened(**address)
    assert colleague.selectbox(key("chosen")).value == sweep_id
    assert not colleague.warning


def test_the_browsers_own_back_leads_to_the_sweep_of_that_address_and_to_before_there_was_one(page):
    page, first = start(small_grid(page))
    page.text_input(key("values", "0", "window")).set_value("2")
    page, second = start(page.run())
    assert page.query_params["sweep"] == second
    page.query_params["sweep"] = first  # as the browser sends it
    page.run()
    assert page.selectbox(key("chosen")).value == first
    del page.query_params["sweep"]
    page.run()
    assert page.selectbox(key("chosen")).value == second  # the latest
    assert "sweep" not in page.query_params


def test_a_sweep_that_is_not_here_is_said_and_the_latest_is_shown(page):
    _, sweep_id = start(small_grid(page))
    colleague = opened(sample="first.h5", sweep="0123<b>")
    assert "not on this server" in colleague.warning[0].value
    assert colleague.selectbox(key("chosen")).value == sweep_id


def test_a_search_shows_what_it_learned(page):
    page.segmented_control(key("kind")).set_value("Search").run()
    page.number_input(key("trials")).set_value(6).run()
    page, _ = start(page)
    for view in ("History", "Slices", "Parallel", "Table"):
        page.segmented_control(key("view", "6")).set_value(view).run()
        assert not page.exception
        assert not page.error


def test_without_an_annotation_a_search_offers_scores_that_need_none(samples_folder):
    lab.write(small_sample("bare", annotated=False), samples_folder / "bare.h5")
    page = AppTest.from_file(APP, default_timeout=120).run().switch_page("pages/sweep.py").run()
    page.segmented_control(key("kind")).set_value("Search").run()
    assert page.selectbox(key("objective", "False")).options == ["CHAOS", "PAS", "Stability"]


@pytest.mark.parametrize(
    ("values", "words"), [("1, 99", "between 0 and 40"), ("", "no values"), ("2, 2", "twice"), ("many", "whole number")]
)
def test_values_that_cannot_be_swept_are_said_beside_them_and_offer_no_start(page, values, words):
    page.text_input(key("values", "0", "window")).set_value(values).run()
    assert words in page.error[0].value
    assert page.button(key("start")).disabled
    assert page.text_input(key("values", "1", "x_weight")).value  # the rest of the form stays
    page.text_input(key("values", "0", "window")).set_value("1, 3").run()
    assert not page.error
    assert not page.button(key("start")).disabled


def test_a_link_shows_the_same_view_and_score_and_says_what_it_asks_for_in_vain(page):
    page, sweep_id = start(small_grid(page))
    page.segmented_control(key("view", "3")).set_value("Scores").run()
    score = next(box for box in page.selectbox if box.label == "Score")
    score.set_value("nmi").run()
    page.run()  # in a browser the part that was chosen in writes the address itself
    address = dict(page.query_params)
    assert (address["results"], address["results_by"]) == ("scores", "nmi")
    colleague = opened(**address)
    assert not colleague.exception
    assert not colleague.warning
    assert colleague.segmented_control(key("view", "3")).value == "Scores"
    assert next(box for box in colleague.selectbox if box.label == "Score").value == "nmi"
    page.segmented_control(key("view", "3")).set_value("Maps").run()
    page.run()
    assert "results" not in page.query_params
    wrong = opened(sweep=sweep_id, results="pie", results_by="luck", results_on="nowhere")
    words = " ".join(item.value for item in wrong.warning)
    assert "results=pie` in the address was ignored" in words
    assert "results_by=luck` in the address was ignored" in words
    assert "has no sample nowhere" in words
    assert wrong.segmented_control(key("view", "3")).value == "Maps"


def guided_page(samples_folder):
    """Sweep, opened by the button on Guide, on a sample with strokes, and what guides its domains."""
    sample = small_sample("first")
    lab.write(sample, samples_folder / "first.h5")
    regions = (Region("Upper", "#123456"), Region("Lower", "#ABCDEF"))
    assigned = np.full(sample.n_spots, -1)
    assigned[:60:9], assigned[-60::9] = 0, 1
    made = new_annotation(sample.n_spots, name="Strokes", author="Ana", regions=regions, source="strokes")
    AnnotationStore(samples_folder / "first.h5", sample).save(made.with_assigned(assigned), "Ana")
    page = opened("pages/guide.py", preset="recommended")
    page.button("widget:guide.sweep").click().run()
    assert not page.exception
    assert page.title[0].value == "Sweep"
    return (
        page.switch_page("pages/sweep.py").run(),
        sample,
        assigned,
    )  # AppTest does not follow a page that a script asks for


def test_a_sweep_from_guide_makes_guided_runs_that_open_in_guide(samples_folder, ana, once_through_app):
    page, sample, assigned = guided_page(samples_folder)
    n_painted = int((assigned >= 0).sum())
    assert f"Guided by {n_painted} painted spots of 2 domains. Runs are not label-free." in captions(page)
    assert "Clusters" not in page.selectbox(key("knob", "0")).options
    page.text_input(key("values", "0", "window")).set_value("1, 3")
    page.text_input(key("values", "1", "x_weight")).set_value("1").run()
    page, sweep_id = start(page)
    assert not page.exception
    assert "Below each: ARI on spots that nobody painted." in captions(page)
    assert "These runs are not label-free" in captions(page)
    assert ", guided," in page.selectbox(key("chosen")).options[0]
    left = (assigned < 0) & (sample.labels_true != "NA")
    runs = record().runs(sweep=sweep_id)
    assert sorted(run.params.pooling.window for run in runs) == [1, 3]
    for run in runs:
        assert run.guided == f"guided by {n_painted} painted spots of 2 domains"
        labels = record().result(run).labels
        assert run.scores.ari == pytest.approx(adjusted_rand_score(sample.labels_true[left], labels[left]))
    sheet = json.loads(page.get("plotly_chart")[0].proto.spec)
    legend = {trace["name"]: trace["marker"]["color"] for trace in sheet["data"] if trace["showlegend"]}
    assert (legend["Upper"], legend["Lower"]) == ("#123456", "#ABCDEF")
    page.button(key("open best")).click().run()
    assert page.title[0].value == "Guide"
    assert page.query_params["run"] in {run.id for run in runs}
    _, guided = given(page)["maps"]
    best = record().run(page.query_params["run"])
    assert guided["labels"].tolist() == record().result(best).labels.tolist()
    assert best.scores.ari == max(run.scores.ari for run in runs)


def test_a_sweep_after_guide_is_label_free_where_people_want_that(samples_folder, ana, once_through_app):
    page, *_ = guided_page(samples_folder)
    page.toggle(key("guided")).set_value(False).run()
    assert not page.exception
    assert "not label-free" not in captions(page)
    assert "Clusters" in page.selectbox(key("knob", "0")).options


def test_a_sweep_whose_strokes_are_damaged_says_so_when_it_goes_on(samples_folder, ana, once_through_app):
    page, *_ = guided_page(samples_folder)
    page.text_input(key("values", "0", "window")).set_value("1, 3, 4, 5, 6, 7, 8, 9")
    page.run().button(key("start")).click().run()
    (status,) = sweeps.sweeps().all()
    sweeps.sweeps().cancel(status.id)
    assert sweeps.sweeps().wait(status.id, 240)
    (file,) = (samples_folder.parent / "models" / "sweeps" / status.id / "guidance").iterdir()
    file.write_text("{}")
    page.run().button(key("go on")).click().run()
    assert sweeps.sweeps().wait(status.id, 240)
    page.run()
    assert any("holds no strokes" in warning.value for warning in page.warning)
