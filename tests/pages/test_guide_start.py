"""Guide from annotated sections, a saved reference, or marker genes; and the ways there from Sections, from links and kept runs."""

import dataclasses

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.guidance import Guidance
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.method.pipeline import Pipeline
from core.method.reference import learn
from core.params import preset
from core.work.runs import open_record
from tests.pages.conftest import APP
from tests.teaching import LAYERS, section
from tests.tissue_view import given

TABLE = "\n".join(f"{layer},GENE{number} GENE{number + 4}" for number, layer in enumerate(LAYERS))
NAMES = [f"Layer {number}" for number in range(1, 5)]


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
def sections(samples_folder, ana):
    """The section that is guided, and an annotated one."""
    made = [section("a_target", 1), section("b_teacher", 0)]
    for sample in made:
        lab.write(sample, samples_folder / f"{sample.name}.h5")
    return made


def drawn(app):
    return given(app)["maps"][1]


def agreeing(app, sample):
    shown = drawn(app)
    found = np.array(shown["names"])[np.asarray(shown["labels"])]
    wanted = [name.replace("Layer", "Layer ") for name in np.asarray(sample.labels_true)]
    return np.mean(found == wanted)


def test_one_click_on_an_annotated_section_gives_its_layers_by_name(sections):
    app = opened(sample="a_target.h5", preset="recommended")
    app.radio(key("guide", "from")).set_value("sections").run()
    app.multiselect(key("guide", "sections")).select("b_teacher.h5").run()
    app.button(key("guide", "start", "sections")).click().run()
    assert not app.exception
    assert agreeing(app, sections[0]) > 0.95
    assert "ARI, transferred" in {metric.label for metric in app.metric}
    said = " ".join(caption.value for caption in app.caption)
    assert "80 genes are shared with the reference" in said
    assert "Transferred from b_teacher (4 domains, 80 genes)" in said


def test_what_a_run_is_called_after_keeps_the_capitals_of_names(sections, samples_folder):
    lab.write(dataclasses.replace(sections[1], name="DLPFC_Br8100"), samples_folder / "DLPFC_Br8100.h5")
    app = opened(sample="a_target.h5", preset="recommended", layers_of="DLPFC_Br8100.h5")
    assert any(caption.value.startswith("Transferred from DLPFC_Br8100 ") for caption in app.caption)
    [name] = [
        field.value for field in app.text_input if field.label == "Name" and field.value.startswith("Transferred")
    ]
    assert name.startswith("Transferred from DLPFC_Br8100 ")


def test_marker_genes_that_are_pasted_find_and_name_the_domains(sections):
    app = opened(sample="a_target.h5", preset="recommended")
    app.radio(key("guide", "from")).set_value("markers").run()
    app.selectbox(key("guide", "table")).set_value("own").run()
    app.text_area(key("guide", "own table")).set_value(TABLE + "\nVessel,NOWHERE").run()
    app.button(key("guide", "start", "markers")).click().run()
    assert not app.exception
    assert agreeing(app, sections[0]) > 0.85
    assert "Vessel has no marker gene in the sample" in " ".join(caption.value for caption in app.caption)


def test_a_table_from_a_file_keeps_its_files_name_on_the_page_in_its_link_and_in_its_run(
    sections, tmp_path, once_through_app
):
    app = opened(sample="a_target.h5", preset="recommended")
    app.radio(key("guide", "from")).set_value("markers").run()
    app.selectbox(key("guide", "table")).set_value("file").run()
    app.get("file_uploader")[0].upload("my_layers.csv", TABLE.encode(), "text/csv").run()
    assert any(r"Source\: my_layers.csv" in caption.value for caption in app.caption)
    app.button(key("guide", "start", "markers")).click().run()
    assert not app.exception
    again = opened(sample="a_target.h5", preset="recommended", markers_of=app.query_params["markers_of"])
    for one in (app, again):
        assert any("domains from my_layers.csv" in caption.value for caption in one.caption)
    next(button for button in app.button if button.label == "Keep").click().run()
    record = open_record(tmp_path / "models")
    (run,) = record.runs()
    assert "from my_layers.csv" in run.guided
    assert record.result(run).guidance.markers.source == "my_layers.csv"


def test_a_table_that_is_none_is_told_and_cannot_be_started_from(sections):
    app = opened(sample="a_target.h5")
    app.radio(key("guide", "from")).set_value("markers").run()
    app.selectbox(key("guide", "table")).set_value("own").run()
    app.text_area(key("guide", "own table")).set_value("only one line").run()
    assert "at least two domains" in app.error[0].value
    assert app.button(key("guide", "start", "markers")).disabled


def test_sections_gives_the_present_section_the_layers_of_another_with_one_click(sections, once_through_app):
    app = opened("sections", sample="a_target.h5")
    app.button(key("sections", "give now")).click().run()
    assert not app.exception
    assert app.title[0].value == "Guide"
    assert agreeing(app, sections[0]) > 0.95
    assert app.query_params["layers_of"] == "b_teacher.h5"


def test_any_section_can_give_its_layers_to_any_other(sections, samples_folder, once_through_app):
    lab.write(section("c_other", 2), samples_folder / "c_other.h5")
    app = opened("sections", sample="a_target.h5")
    app.selectbox(key("sections", "give")).set_value("b_teacher.h5").run()
    app.multiselect(key("sections")).set_value(["c_other.h5", "a_target.h5"]).run()
    those = key("sections", "layers of", "b_teacher.h5", "c_other.h5", "a_target.h5")  # the chosen ones
    app.multiselect(those).set_value(["c_other.h5"]).run()
    app.button(key("sections", "give now")).click().run()
    assert not app.exception
    assert agreeing(app, sections[1]) > 0.95
    assert (app.query_params["sample"], app.query_params["layers_of"]) == ("b_teacher.h5", "c_other.h5")


def test_a_link_brings_what_domains_start_from(sections):
    app = opened(sample="a_target.h5", preset="recommended", layers_of="b_teacher.h5")
    assert agreeing(app, sections[0]) > 0.95
    assert app.query_params["layers_of"] == "b_teacher.h5"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [({"layers_of": "nowhere.h5"}, "sections that are here"), ({"markers_of": "x"}, "a table of marker genes")],
)
def test_a_link_to_what_is_not_here_is_told(sections, query, sentence):
    app = opened(sample="a_target.h5", **query)
    assert not app.exception
    assert any(sentence in warning.value for warning in app.warning)


@pytest.mark.parametrize("taught", [{"layers_of": "b_teacher.h5"}, {"markers_of": TABLE}])
def test_who_only_opens_a_link_writes_nothing_and_begins_with_a_click(sections, samples_folder, taught):
    before = sorted(samples_folder.rglob("*"))
    app = opened(sample="a_target.h5", preset="recommended", **taught)
    shown = drawn(app)["labels"]
    assert sorted(samples_folder.rglob("*")) == before
    app.button(key("guide", "take over")).click().run()
    assert not app.exception
    (entry,) = AnnotationStore(samples_folder / "a_target.h5", sections[0]).entries()
    assert (entry.annotation.author, entry.annotation.names) == ("Ana", NAMES)
    assert np.array_equal(drawn(app)["labels"], shown)


def test_strokes_correct_what_another_section_says(sections, samples_folder):
    app = opened(sample="a_target.h5", preset="recommended", layers_of="b_teacher.h5")
    app.button(key("guide", "take over")).click().run()
    store = AnnotationStore(samples_folder / "a_target.h5", sections[0])
    (entry,) = store.entries()
    assert entry.annotation.names == NAMES
    assigned = np.full(sections[0].n_spots, -1)
    assigned[:6] = 3
    store.save(entry.annotation.with_assigned(assigned), "Ana")
    app = opened(sample="a_target.h5", preset="recommended", layers_of="b_teacher.h5")
    assert np.array(drawn(app)["names"])[np.asarray(drawn(app)["labels"])[:6]].tolist() == ["Layer 4"] * 6


def test_a_kept_run_shows_what_it_was_taught_by_and_can_be_gone_on_from(sections, tmp_path):
    target, teacher = sections
    result = Pipeline(target).run_guided(preset("recommended", 4), Guidance(reference=learn([teacher])))
    record = open_record(tmp_path / "models")
    run = record.keep(target, result, who="Bo", name="mine")
    record.close()
    app = opened(run=run.id)
    assert not app.exception
    assert agreeing(app, target) > 0.95
    app.button(key("guide", "take over")).click().run()
    assert not app.exception
    assert agreeing(app, target) > 0.95


def test_an_unannotated_section_offers_nothing_to_give(samples_folder):
    bare = dataclasses.replace(section("bare", 2), labels_true=None)
    for name in ("bare", "other"):
        lab.write(dataclasses.replace(bare, name=name), samples_folder / f"{name}.h5")
    app = opened("sections")
    app.multiselect(key("sections")).select("bare.h5").run()
    assert not [one for one in app.button if one.label == "Give layers"]


def test_a_kept_run_with_a_knob_moved_is_still_taught_by_what_it_was(sections, tmp_path):
    target, teacher = sections
    result = Pipeline(target).run_guided(preset("recommended", 4), Guidance(reference=learn([teacher])))
    record = open_record(tmp_path / "models")
    run = record.keep(target, result, who="Bo", name="mine")
    record.close()
    app = opened(run=run.id)
    app.number_input(key("guide", "embedding", "n_components")).set_value(12).run()
    assert not app.exception
    assert "ARI, transferred" in {metric.label for metric in app.metric}
    assert agreeing(app, target) > 0.9
