"""What Guide, Sections and Tune do with references and marker tables that are no good: a sentence, nothing lost, and the page goes on."""

import dataclasses

import numpy as np
import pytest

from core import reference
from core.annotation import Region, new_annotation
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.method.reference import learn
from tests.pages.test_guide_start import NAMES, TABLE, agreeing, drawn, key, opened
from tests.teaching import section
from tests.tissue_view import given

ONE_LAYER = "o_one_layer"


@pytest.fixture
def target(samples_folder, ana):
    """The section that is to be guided, among one that can teach it and many that cannot."""
    made = [section("a_target", 1), section("b_teacher", 0), section("m_mouse", 2, kinds="Gene")]
    made.append(dataclasses.replace(made[0], name="c_copy"))
    made.append(dataclasses.replace(section(ONE_LAYER, 3), labels_true=np.full(made[0].n_spots, "Layer1")))
    made.append(dataclasses.replace(section("u_unnamed", 4), gene_names=None))
    for sample in made:
        lab.write(sample, samples_folder / f"{sample.name}.h5")
    return made[0]


@pytest.fixture
def store(target, samples_folder):
    return AnnotationStore(samples_folder / "a_target.h5", target)


def strokes(store):
    """Strokes in two domains, one of which no reference knows."""
    regions = (Region("Layer 1", "#123456"), Region("Vessel", "#ABCDEF"))
    made = new_annotation(store.sample.n_spots, name="Strokes", author="Ana", regions=regions, source="strokes")
    assigned = np.where(np.arange(store.sample.n_spots) < 20, np.arange(store.sample.n_spots) % 2, -1)
    return store.save(made.with_assigned(assigned), "Ana").annotation


def errors(app):
    assert not app.exception
    return [error.value for error in app.error]


CANNOT_TEACH = {
    "m_mouse": "genes of human and of mouse: choose a reference of the same species",
    "c_copy": "itself among the references",
    ONE_LAYER: "1 domain of 3 annotated spots or more",
    "u_unnamed": "has no gene names",
}


def refused(app, teacher):
    """The sentence that a press of Start ends in, with this section as the reference."""
    app.multiselect(key("guide", "sections")).set_value([f"{teacher}.h5"]).run()
    app.button(key("guide", "start", "sections")).click().run()
    (said,) = errors(app)
    return said.replace("\\", "")


def test_a_section_that_cannot_teach_is_told_once_and_another_can_be_chosen(target, store):
    app = opened(sample="a_target.h5", preset="recommended")
    app.radio(key("guide", "from")).set_value("sections").run()
    for teacher, sentence in CANNOT_TEACH.items():
        assert sentence in refused(app, teacher)
    assert store.entries() == []
    app.multiselect(key("guide", "sections")).set_value(["b_teacher.h5"]).run()
    assert errors(app) == []
    app.button(key("guide", "start", "sections")).click().run()
    assert errors(app) == []
    assert agreeing(app, target) > 0.95


def test_what_cannot_teach_leaves_strokes_and_what_they_correct_as_they_were(target, store):
    strokes(store)
    app = opened(sample="a_target.h5", preset="recommended", layers_of="b_teacher.h5")
    before = drawn(app)["labels"].tolist()
    for teacher, sentence in CANNOT_TEACH.items():
        assert sentence in refused(app, teacher)
        assert drawn(app)["labels"].tolist() == before
        assert app.query_params["layers_of"] == "b_teacher.h5"
    (entry,) = store.entries()
    assert entry.annotation.names == ["Layer 1", "Vessel"]


@pytest.mark.parametrize("painted", [False, True])
@pytest.mark.parametrize("teacher", ["m_mouse", ONE_LAYER])
def test_a_link_to_a_section_that_cannot_teach_is_told_and_the_page_goes_on(target, store, teacher, painted):
    if painted:
        strokes(store)
    app = opened(sample="a_target.h5", preset="recommended", layers_of=f"{teacher}.h5")
    said = [*errors(app), *(one["message"] for one in given(app)["maps"])]
    assert sum(CANNOT_TEACH[teacher] in one.replace("\\", "").replace("\n", " ") for one in said) == 1
    assert app.button(key("guide", "start", "sections") if painted else key("guide", "begin"))
    if painted:
        app.radio(key("guide", "from now")).set_value("").run()
        app.button(key("guide", "strokes alone")).click().run()
        assert errors(app) == []
        assert drawn(app)["names"][:2] == ["Layer 1", "Vessel"]


def test_sections_says_why_one_cannot_teach_another_and_stays(target, store, once_through_app):
    app = opened("sections", sample="a_target.h5")
    for teacher, sentence in CANNOT_TEACH.items():
        app.multiselect(key("sections")).set_value([f"{teacher}.h5"]).run()
        app.button(key("sections", "give now")).click().run()
        assert any(sentence in said.replace("\\", "") for said in errors(app))
        assert app.title[0].value == "Sections"
    assert store.entries() == []


def test_what_is_suggested_is_neither_the_section_itself_nor_another_species_nor_without_names(target, samples_folder):
    (samples_folder / "b_teacher.h5").rename(samples_folder / "z_teacher.h5")
    (samples_folder / f"{ONE_LAYER}.h5").unlink()
    app = opened("sections", sample="a_target.h5")
    assert app.multiselect(key("sections", "layers of", "a_target.h5", "z_teacher.h5")).value == ["z_teacher.h5"]
    app.switch_page("pages/guide.py").run()
    app.radio(key("guide", "from")).set_value("sections").run()
    assert app.multiselect(key("guide", "sections")).value == ["z_teacher.h5"]
    assert not app.button(key("guide", "start", "sections")).disabled


def test_where_no_section_shares_genes_none_is_suggested(target, samples_folder):
    for other in ("b_teacher", "c_copy", ONE_LAYER):
        (samples_folder / f"{other}.h5").unlink()
    app = opened("sections", sample="a_target.h5")
    assert app.multiselect(key("sections", "layers of", "a_target.h5")).value == []
    assert app.button(key("sections", "give now")).disabled


def test_layers_given_to_a_section_with_strokes_stand_beside_its_domains_and_the_strokes_stay(
    target, store, once_through_app
):
    before = strokes(store)
    app = opened("sections", sample="a_target.h5")
    app.multiselect(key("sections")).set_value(["b_teacher.h5"]).run()
    app.button(key("sections", "give now")).click().run()
    assert errors(app) == []
    (entry,) = store.entries()
    assert entry.annotation.names == ["Layer 1", "Vessel", *NAMES[1:]]
    assert entry.annotation.assigned.tolist() == before.assigned.tolist()
    assert "ARI, transferred" in {metric.label for metric in app.metric}


def upload(app, name, content):
    app.get("file_uploader")[0].upload(name, content, "text/plain").run()


DAMAGED = {
    "nothing": lambda good: b"",
    "half": lambda good: good[: len(good) // 2],
    "list": lambda good: b"[1, 2]",
    "image": lambda good: b"\x89PNG\r\n\x1a\n\0\xff",
    "not a number": lambda good: good.replace(b'"hops":', b'"hops":NaN,"more":'),
    "deep": lambda good: b"[" * 100_000,
    "large": lambda good: b'{"names": "' + b"x" * reference.MAX_BYTES + b'"}',
}


def test_a_damaged_reference_is_named_with_what_to_do_and_starts_nothing(target):
    good = learn([section("b_teacher", 0)]).to_json()
    app = opened(sample="a_target.h5", preset="recommended")
    app.radio(key("guide", "from")).set_value("model").run()
    for damaged in DAMAGED.values():
        upload(app, "<b>mine</b>.json", damaged(good))
        (said,) = errors(app)
        assert said.startswith(r"\<b\>mine\</b\>.json cannot be used")
        assert said.endswith("Learn it again from its sections.")
        assert app.button(key("guide", "start", "model")).disabled
    upload(app, "good.json", good)
    assert errors(app) == []
    app.button(key("guide", "start", "model")).click().run()
    assert errors(app) == []
    assert agreeing(app, target) > 0.95
    assert any("a reload of the page forgets it" in caption.value for caption in app.caption)


def test_a_saved_reference_is_read_once_however_often_the_page_is_drawn(target, monkeypatch):
    read, from_json = [], reference.from_json
    monkeypatch.setattr(reference, "from_json", lambda data: read.append(data) or from_json(data))
    content = learn([section("b_teacher", 8)]).to_json()
    app = opened(sample="a_target.h5", preset="recommended")
    app.radio(key("guide", "from")).set_value("model").run()
    for given_now in (content[:-1], content):
        upload(app, "mine.json", given_now)
        app.run()
        app.run()
    app.button(key("guide", "start", "model")).click().run()
    app.run()
    assert "ARI, transferred" in {metric.label for metric in app.metric}
    assert read == [content[:-1], content]


def test_a_file_of_marker_genes_may_be_any_that_a_spreadsheet_writes_and_no_other(target):
    app = opened(sample="a_target.h5", preset="recommended")
    app.radio(key("guide", "from")).set_value("markers").run()
    app.selectbox(key("guide", "table")).set_value("file").run()
    assert app.button(key("guide", "start", "markers")).disabled
    for content, sentence in {
        b"": "mine.csv is empty: write a line for each domain",
        b"\x89PNG\r\n\x1a\n\0": "mine.csv is no text",
        b"Layer 1,GENE0": "1 domain were found, but at least two",
        b"x" * (2 << 20): "mine.csv has more than 1 MiB",
    }.items():
        upload(app, "mine.csv", content)
        (said,) = errors(app)
        assert sentence in said.replace("\\", "")
        assert app.button(key("guide", "start", "markers")).disabled
    for table in (
        TABLE.encode("utf-8-sig"),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode("utf-16"),
    ):
        upload(app, "mine.csv", table)
        assert errors(app) == []
        assert not app.button(key("guide", "start", "markers")).disabled
    app.button(key("guide", "start", "markers")).click().run()
    assert errors(app) == []
    assert agreeing(app, target) > 0.85


def test_marker_genes_that_the_section_lacks_begin_nothing_and_the_table_stays(target, store):
    app = opened(sample="a_target.h5")
    app.radio(key("guide", "from")).set_value("markers").run()
    app.selectbox(key("guide", "table")).set_value("own").run()
    for table in ("A,NOPE\nB,NADA", TABLE.replace("GENE", "Gene")):
        app.text_area(key("guide", "own table")).set_value(table).run()
        app.button(key("guide", "start", "markers")).click().run()
        (said,) = errors(app)
        assert "Write the markers as the sample names its genes" in said
        assert app.text_area(key("guide", "own table")).value == table
    assert store.entries() == []


def test_tune_names_domains_by_a_table_in_a_file_and_says_what_is_none(target):
    app = opened("tune", sample="a_target.h5", preset="recommended")
    app.toggle(key("suggest", "names")).set_value(True).run()
    app.selectbox(key("suggest", "table")).set_value("file").run()
    upload(app, "mine.csv", b"\x89PNG\r\n\x1a\n\0")
    assert any("mine.csv is no text" in said for said in errors(app))
    upload(app, "mine.csv", TABLE.replace(",", "\t").encode("utf-16"))
    assert errors(app) == []
    assert not app.button(key("suggest", "take")).disabled
