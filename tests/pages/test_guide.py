"""Journeys over the page Guide, from `app.py`, without a browser; painting itself is tested in one."""

import dataclasses
import io

import anndata
import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from streamlit.testing.v1 import AppTest

from core.annotation import Region, new_annotation
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.method.pipeline import Pipeline
from core.params import preset
from core.work.runs import open_record
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from tests.tissue_view import given
from ui.guide import exports

REGIONS = (Region("Upper", "#123456"), Region("Lower", "#ABCDEF"), Region("Never painted", "#111111"))


def key(*parts):
    return "widget:" + ".".join(parts)


def opened(page="guide", **query):
    app = AppTest.from_file(APP, default_timeout=120)
    app = app.run().switch_page(f"pages/{page}.py")
    if "run" in query:
        app.query_params.clear()  # a link to a run has nothing of the page before
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


@pytest.fixture
def sample(samples_folder, ana):
    sample = small_sample("first")
    lab.write(sample, samples_folder / "first.h5")
    return sample


@pytest.fixture
def store(sample, samples_folder):
    return AnnotationStore(samples_folder / "first.h5", sample)


def test_layers_with_names_too_long_for_regions_are_painted_under_their_beginnings(samples_folder, ana):
    sample = small_sample("first")
    long = "Molecular layer of the dorsolateral prefrontal cortex, sublamina one"
    truth = np.where(sample.labels_true == sample.layer_names[0], long, sample.labels_true)
    lab.write(dataclasses.replace(sample, labels_true=truth), samples_folder / "first.h5")
    app = opened()
    assert not app.error
    app.button(key("guide", "begin")).click().run()
    (entry,) = AnnotationStore(samples_folder / "first.h5", lab.read(samples_folder / "first.h5")).entries()
    assert f"{long[:57]}..." in entry.annotation.names


def strokes(store, assigned, author="Ana"):
    made = new_annotation(store.sample.n_spots, name="Strokes", author=author, regions=REGIONS, source="strokes")
    return store.save(made.with_assigned(assigned), author).annotation


def few(sample, *regions):
    """Every fifteenth spot, painted by turns."""
    assigned = np.full(sample.n_spots, -1)
    for number, region in enumerate(regions):
        assigned[number::15] = region
    return assigned


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def test_it_begins_with_domains_that_people_name_and_hides_the_annotation(sample, store):
    app = opened()
    assert [one["names"] for one in given(app)["maps"]] == [["Not painted"]]
    app.radio(key("guide", "kind")).set_value("cortex").run()
    app.button(key("guide", "begin")).click().run()
    assert not app.exception
    (entry,) = store.entries()
    assert (entry.annotation.source, entry.annotation.author) == ("strokes", "Ana")
    assert entry.annotation.names == [*(f"Layer {n}" for n in range(1, 7)), "White matter"]
    _, guided = given(app)["maps"]
    assert "follow" in guided["message"]
    assert given(app)["drawing"]["annotation"] == entry.annotation.id


def test_all_others_follow_and_both_scores_are_scikit_learns_on_unpainted_spots(sample, store):
    annotation = strokes(store, few(sample, 0, 1))
    app = opened(preset="recommended")
    _, guided = given(app)["maps"]
    result = Pipeline(sample).run(preset("recommended", sample.suggested_n_clusters()))
    left = (annotation.assigned < 0) & (sample.labels_true != "NA")
    names = np.array(guided["names"])[guided["labels"]]
    assert set(names) == {"Upper", "Lower"}
    assert (names[annotation.assigned == 0] == "Upper").all()
    truth = sample.labels_true[left]
    assert metrics(app) == {
        "ARI, guided": f"{adjusted_rand_score(truth, names[left]):.3f}",
        "ARI, label-free": f"{adjusted_rand_score(truth, result.labels[left]):.3f}",
    }
    assert dict(zip(guided["names"], guided["colours"], strict=True))["Upper"] == "#123456"


def test_the_h5ad_has_guided_domains_as_the_map_has_them_and_the_strokes_that_they_follow(sample, store, monkeypatch):
    made = {}
    monkeypatch.setattr(exports, "download", lambda label, make, *words, **more: made.update({label: make}))
    annotation = strokes(store, few(sample, 0, 1))
    _, guided = given(opened(preset="recommended"))["maps"]
    adata = anndata.read_h5ad(io.BytesIO(made["Sample as h5ad"]()))
    assert adata.obs["domain"].tolist() == [guided["names"][label] for label in guided["labels"]]
    painted = annotation.assigned >= 0
    assert adata.obs["Strokes"].notna().tolist() == painted.tolist()
    assert adata.obs["Strokes"][painted].tolist() == [REGIONS[number].name for number in annotation.assigned[painted]]


def partition(labels):
    """The labels, numbered by their first spots."""
    _, first, index = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[index].tolist()


def test_the_annotation_that_it_is_scored_with_changes_no_label(sample, store, samples_folder):
    strokes(store, few(sample, 0, 1))
    maps = given(opened(preset="recommended"))["maps"]
    shuffled = np.random.default_rng(0).permutation(sample.labels_true)
    lab.write(dataclasses.replace(sample, labels_true=shuffled), samples_folder / "first.h5")
    again = opened(preset="recommended")
    assert given(again)["maps"][1]["labels"].tolist() == maps[1]["labels"].tolist()
    free = opened(preset="recommended", guide_beside="free")
    lab.write(sample, samples_folder / "first.h5")
    # Their names are those of Tune, which calls domains after layers.
    again = opened(preset="recommended", guide_beside="free")
    assert partition(given(free)["maps"][1]["labels"]) == partition(given(again)["maps"][1]["labels"])


def looks(app, title):
    """Name and colour of each spot in the map with that title."""
    [item] = [item for item in given(app)["maps"] if item["title"].startswith(title)]
    return [(item["names"][label], item["colours"][label]) for label in item["labels"]]


def test_label_free_domains_have_the_names_and_colours_that_they_have_on_tune_also_those_of_a_kept_run(
    sample, store, tmp_path, once_through_app
):
    strokes(store, few(sample, 0, 1))
    record, params = open_record(tmp_path / "models"), preset("recommended", sample.suggested_n_clusters())
    run = record.keep(sample, Pipeline(sample).run(params))
    for words in ({"preset": "recommended"}, {"run": run.id}):
        app = opened("tune", sample="first.h5", **words)
        wanted = looks(app, "Predicted")
        app.session_state["beside strokes"] = "free"
        assert looks(app.switch_page("pages/guide.py").run(), "Label-free") == wanted
        assert looks(app.switch_page("pages/annotate.py").run(), "Predicted") == wanted
        assert ("Tumour" in dict(wanted)) == ("run" in words)
        record.name_domains(run.id, {0: "Tumour"})


def test_one_painted_domain_says_what_to_do_and_others_may_stand_beside_it(sample, store, once_through_app):
    strokes(store, np.where(np.arange(sample.n_spots) < 10, 0, -1))
    app = opened(preset="recommended")
    assert "Only Upper is painted" in given(app)["maps"][1]["message"]
    app.toggle(key("guide", "others")).set_value(True).run()
    names = given(app)["maps"][1]["names"]
    assert names[:2] == ["Upper", "Other 1"]
    assert app.query_params["others"] == "1"


def test_every_spot_painted_leaves_none_to_count_and_says_so(sample, store):
    strokes(store, np.arange(sample.n_spots) % 2)
    app = opened(preset="recommended")
    assert metrics(app)["ARI, guided"] == "–"
    assert any("Every annotated spot is painted" in caption.value for caption in app.caption)


def test_strokes_of_another_are_shown_by_a_link_and_taken_over_as_a_copy(sample, store, once_through_app):
    theirs = strokes(store, few(sample, 0, 1), author="Ben")
    mine = strokes(store, few(sample, 1, 0, 2))
    app = opened(preset="recommended", sample="first.h5", strokes=theirs.id)
    assert given(app)["drawing"] is None
    assert any("These strokes are Ben's" in info.value for info in app.info)
    app.button(key("guide", "take over")).click().run()
    kept = store.read(mine.id)
    assert kept.annotation.assigned.tolist() == theirs.assigned.tolist()
    assert store.undo(mine.id, "Ana").annotation.assigned.tolist() == mine.assigned.tolist()
    assert app.query_params["strokes"] == mine.id


def test_begin_in_a_second_window_shows_what_the_first_has_begun(sample, store, once_through_app):
    windows = [opened(), opened()]
    windows[1].radio(key("guide", "kind")).set_value("cortex").run()
    for window in windows:
        window.button(key("guide", "begin")).click().run()
    (entry,) = store.entries()
    assert set(entry.annotation.names) == {"Layer 1", "Layer 2", "Layer 3"}
    assert not windows[0].error
    (error,) = windows[1].error
    assert "You have begun already, in another window" in error.value
    assert windows[1].query_params["strokes"] == windows[0].query_params["strokes"] == entry.id


def test_strokes_are_in_no_list_of_annotations_to_compare_with(sample, store):
    strokes(store, few(sample, 0, 1))
    assert opened("tune").selectbox(key("truth", "")).options == ["File's annotation", "None"]
    assert opened("annotate").button(key("annotation", "create"))


def test_answers_paint_the_spot_that_is_marked_and_the_next_is_another(sample, store, once_through_app):
    annotation = strokes(store, few(sample, 0, 1))
    app = opened(preset="recommended")
    app.toggle(key("guide", "asking")).set_value(True).run()
    asked = given(app)["marked"]
    assert annotation.assigned[asked] < 0
    app.button(key("guide", "answer", "1")).click().run()
    assert store.read(annotation.id).annotation.assigned[asked] == 1
    another = given(app)["marked"]
    assert another not in (None, asked)
    app.button(key("guide", "pass")).click().run()
    assert given(app)["marked"] not in (None, asked, another)


def test_a_run_is_kept_with_its_strokes_opened_by_a_link_and_no_result_of_tune(
    sample, store, tmp_path, once_through_app
):
    annotation = strokes(store, few(sample, 0, 1))
    app = opened(preset="recommended")
    guided = given(app)["maps"][1]["labels"].tolist()
    next(button for button in app.button if button.label == "Keep").click().run()
    (run,) = open_record(tmp_path / "models").runs()
    assert run.guided == f"guided by {(annotation.assigned >= 0).sum()} painted spots of 2 domains"
    store.delete(annotation.id, "Ana")
    colleague = opened(run=run.id)
    assert given(colleague)["maps"][1]["labels"].tolist() == guided
    assert given(colleague)["drawing"] is None
    tune = AppTest.from_file(APP, default_timeout=120)
    tune.query_params["run"] = run.id
    tune.run()
    assert any("the page Guide shows it" in warning.value for warning in tune.warning)
    assert not any("Kept:" in str(badge.value) for badge in tune.markdown)


@pytest.mark.parametrize(
    "query",
    [{"strokes": "<b>"}, {"strokes": "0" * 12, "sample": "first.h5"}, {"others": "many"}, {"guide_beside": "x"}],
)
def test_an_address_may_ask_for_anything_and_a_sentence_answers(sample, store, query):
    app = opened(**query)
    assert not app.exception
    assert len(app.warning) >= 1


def test_a_moved_knob_lets_domains_follow_the_strokes_of_a_run_anew(sample, store, tmp_path, once_through_app):
    strokes(store, few(sample, 0, 1))
    app = opened(preset="recommended")
    next(button for button in app.button if button.label == "Keep").click().run()
    assert any("Kept:" in str(badge.value) for badge in app.markdown)
    kept = given(app)["maps"][1]
    app.slider(key("guide", "pooling", "window")).set_value(6).run()
    assert not app.exception
    painted, guided = given(app)["maps"]
    assert guided["labels"].tolist() != kept["labels"].tolist()
    assert given(app)["drawing"] is None
    assert (np.array(guided["names"])[guided["labels"][::15]] == "Upper").all()
    assert painted["names"][:2] == ["Lower", "Upper"]
    assert not any("Kept:" in str(badge.value) for badge in app.markdown)


def kept_guided(app, tmp_path):
    next(button for button in app.button if button.label == "Keep").click().run()
    return max(open_record(tmp_path / "models").runs(), key=lambda run: run.created)


def test_a_link_to_a_run_with_moved_knobs_opens_what_guided_it_with_these_knobs(
    sample, store, tmp_path, once_through_app
):
    annotation = strokes(store, few(sample, 0, 1))
    app = opened(preset="recommended")
    run = kept_guided(app, tmp_path)
    kept = given(app)["maps"][1]["labels"].tolist()
    app.slider(key("guide", "pooling", "window")).set_value(6).run()
    moved, address = given(app)["maps"][1]["labels"].tolist(), dict(app.query_params)
    assert moved != kept
    assert (address["run"], address["window"]) == (run.id, "6")
    store.delete(annotation.id, "Ana")
    for query, labels in ((address, moved), ({"run": run.id}, kept)):
        colleague = opened(**query)
        assert not colleague.exception
        assert not colleague.warning
        assert given(colleague)["maps"][1]["labels"].tolist() == labels
        assert any("Kept:" in str(badge.value) for badge in colleague.markdown) == (labels == kept)
    colleague.slider(key("guide", "pooling", "window")).set_value(6).run()
    assert given(colleague)["maps"][1]["labels"].tolist() == moved


def test_a_link_to_a_run_with_other_domains_keeps_them_when_a_knob_is_moved(sample, store, tmp_path, once_through_app):
    strokes(store, np.where(np.arange(sample.n_spots) < 10, 0, -1))
    app = opened(preset="recommended", others="1")
    run = kept_guided(app, tmp_path)
    colleague = opened(run=run.id)
    assert not colleague.exception
    assert not colleague.error, colleague.error[0].value
    assert colleague.title[0].value == "Guide"
    assert colleague.toggle(key("guide", "others")).value
    assert given(colleague)["maps"][1]["names"][:2] == ["Upper", "Other 1"]
    colleague.slider(key("guide", "pooling", "window")).set_value(6).run()
    assert given(colleague)["maps"][1]["names"][:2] == ["Upper", "Other 1"]
    colleague.toggle(key("guide", "others")).set_value(False).run()
    assert "Only Upper is painted" in given(colleague)["maps"][1]["message"]
