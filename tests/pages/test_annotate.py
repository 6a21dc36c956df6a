"""Journeys over the Annotate page and "Compared with", from `app.py`, without a browser; drawing itself is tested in one."""

import dataclasses
import json
import time

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from streamlit.testing.v1 import AppTest

from core.annotation import Region, new_annotation
from core.figures import colours
from core.io import geojson, lab, label_files
from core.io.annotation_store import AnnotationStore
from core.work.board.board import shared_board
from core.work.runs import open_record
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from tests.tissue_view import given
from ui.shell.drawing import pictures
from ui.tissue_view.edits import of
from ui.tissue_view.spots import pack


def key(*parts):
    return "widget:" + ".".join(parts)


def opened(page="annotate", **query):
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run().switch_page(f"pages/{page}.py").run()


def linked(page, **query):
    """Open a page by a link to it."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.switch_page(f"pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


@pytest.fixture
def sample(samples_folder, ana):
    sample = small_sample("first")
    lab.write(sample, samples_folder / "first.h5")
    return sample


@pytest.fixture
def store(sample, samples_folder):
    return AnnotationStore(samples_folder / "first.h5", sample)


def kept(store, author="Ana", n_first=60, name="mine", colour="#123456"):
    """An annotation of two regions, the first spots in one and all others but ten in the other."""
    start = new_annotation(
        store.sample.n_spots, name=name, author=author, regions=(Region("Top", colour), Region("Rest", "#ABCDEF"))
    )
    assigned = np.where(np.arange(store.sample.n_spots) < n_first, 0, 1)
    assigned[-10:] = -1
    return store.save(start.with_assigned(assigned), author).annotation


def the_only(store):
    (entry,) = store.entries()
    return entry.annotation


def create(app, source, name="drawn"):
    app.text_input(key("annotation", "new name")).set_value(name).run()
    app.radio(key("annotation", "source")).set_value(source).run()
    app.button(key("annotation", "create")).click().run()
    assert not app.exception
    return app


def test_from_nothing_the_first_region_waits_to_be_drawn(store):
    create(app := opened(), "nothing")
    made = the_only(store)
    assert (made.name, made.author, made.names, made.source) == ("drawn", "Ana", ["Region 1"], "drawn")
    views = given(app)
    assert views["drawing"] == {"annotation": made.id, "active": 0, "count": 0, "taken": []}
    assert views["maps"][0]["names"] == ["Region 1", "Not annotated"]
    assert set(views["maps"][0]["labels"].tolist()) == {1}


def test_from_the_predicted_domains_every_spot_has_the_region_of_its_domain(store):
    app = opened()
    predicted = given(app)["maps"][0]
    create(app, "predicted")
    made = the_only(store)
    assert [predicted["names"][label] for label in predicted["labels"]] == made.labels_true().tolist()
    assert made.source.startswith("domains of Paper without autoencoder, K=3")


def test_no_new_region_has_a_colour_of_a_region_or_of_a_class_of_the_file_but_that_of_its_own_name(sample):
    classes = np.array([f"class {index}" for index in range(10)])
    named = dataclasses.replace(sample, labels_true=np.resize(classes, sample.n_spots))
    of_file = colours.layer_colours(classes, "light")
    first = Region("Mine", pictures.new_colour("Mine", (), named))
    assert len({*of_file.values(), first.colour, pictures.new_colour("Other", (first,), named)}) == 12
    assert pictures.new_colour("class 3", (first,), named) == of_file["class 3"]
    assert pictures.new_colour("White matter", (), named) == colours.layer_colours(["WM"], "light")["WM"]


def test_from_the_files_annotation_layers_keep_names_and_colours(store, sample):
    create(app := opened(), "annotation")
    made = the_only(store)
    assert made.names == ["Layer 1", "Layer 2", "Layer 3"]
    assert (made.assigned < 0).sum() == (sample.labels_true == "NA").sum()
    app.button_group(key("beside")).set_value("annotation").run()
    drawn, beside = given(app)["maps"]
    assert dict(zip(drawn["names"], drawn["colours"], strict=True)) == dict(
        zip(beside["names"], beside["colours"], strict=True)
    )


def test_regions_are_added_named_coloured_joined_grown_and_removed_and_each_step_is_undone_and_redone(store):
    made = kept(store)
    app = opened()

    def after(act):
        act()
        assert not app.exception
        return the_only(store)

    added = after(lambda: app.text_input(key("region", "new", made.id, "0")).set_value("Layer 4").run())
    assert added.names == ["Top", "Rest", "Layer 4"]
    assert given(app)["drawing"]["active"] == 2
    named = after(lambda: app.text_input(key("region", "name", made.id, "Layer 4")).set_value("Mine").run())
    assert named.names[2] == "Mine"
    coloured = after(lambda: app.color_picker(key("region", "colour", made.id, "Mine")).set_value("#00ff00").run())
    assert coloured.regions[2].colour == "#00FF00"
    app.radio(key("region", made.id, "2")).set_value("Top").run()
    joined = after(lambda: app.selectbox(key("region", "merge", made.id)).set_value("Mine").run())
    assert dict(zip(joined.names, joined.sizes, strict=True)) == {"Rest": store.sample.n_spots - 70, "Mine": 60}
    grown = after(lambda: app.button(key("region", "grow")).click().run())
    assert (
        sum(grown.sizes) > sum(joined.sizes) or grown.sizes == joined.sizes
    )  # only free spots, which lie beside the rest
    removed = after(lambda: app.button(key("region", "remove")).click().run())
    assert removed.names == ["Rest"]
    for _ in range(5):
        app.button(key("annotation", "undo")).click().run()
    back = the_only(store)
    assert (back.names, back.sizes) == (made.names, made.sizes) or back.names == added.names
    while app.button(key("annotation", "redo")).disabled is False:
        app.button(key("annotation", "redo")).click().run()
    assert the_only(store).names == ["Rest"]


def test_anothers_annotation_is_shown_but_not_changed_and_a_copy_is_ones_own(store):
    theirs = kept(store, author="Ben")
    app = opened()
    assert given(app)["drawing"] is None
    assert any("take a copy" in item.value for item in app.info)
    app.button(key("annotation", "copy")).click().run()
    mine = next(entry.annotation for entry in store.entries() if entry.id != theirs.id)
    assert (mine.author, mine.sizes) == ("Ana", theirs.sizes)
    assert given(app)["drawing"]["annotation"] == mine.id
    assert store.read(theirs.id).annotation.author == "Ben"


def test_what_is_deleted_comes_back(store):
    made = kept(store)
    app = opened()
    app.button(key("annotation", "delete")).click().run()
    assert store.entries() == []
    app.button(key("annotation", "take back")).click().run()
    assert not app.exception
    assert (the_only(store).id, the_only(store).sizes) == (made.id, made.sizes)


def test_names_with_markup_are_plain_text_and_names_that_no_region_can_have_are_refused_in_a_sentence(store):
    made = kept(store)
    app = opened()
    name = "<b>*x*</b> :red[y] $z$"
    app.text_input(key("region", "name", made.id, "Top")).set_value(name).run()
    assert the_only(store).names[0] == name
    assert not app.exception
    app.text_input(key("region", "name", made.id, name)).set_value("na").run()
    assert any("cannot be called" in item.value for item in app.error)
    assert the_only(store).names[0] == name


def test_agreement_on_the_page_is_that_of_scikit_learn(store):
    made = kept(store)
    app = opened()
    predicted = given(app)["maps"][1]["labels"]
    known = made.assigned >= 0
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["ARI"] == f"{adjusted_rand_score(made.assigned[known], predicted[known]):.3f}"
    assert shown["NMI"] == f"{normalized_mutual_info_score(made.assigned[known], predicted[known]):.3f}"


@pytest.mark.parametrize("page", ["tune", "tissue"])
def test_a_page_compares_with_none_or_with_an_annotation_in_its_own_colours(store, page):
    made = kept(store)
    app = opened(page, sample="first.h5", truth=made.id)
    annotated = given(app)["maps"][-1]
    shades = dict(zip(annotated["names"], annotated["colours"], strict=True))
    assert (shades["Top"], shades["Rest"]) == ("#123456", "#ABCDEF")
    assert made.id in app.query_params["truth"]
    app.selectbox(key("truth", "")).set_value("none").run()
    assert not app.exception
    assert all("Annotated" not in item["title"] for item in given(app)["maps"])
    assert "none" in app.query_params["truth"]
    app.selectbox(key("truth", "")).set_value("").run()
    assert "truth" not in app.query_params


def test_domains_have_the_colours_of_the_regions_they_are_matched_with(store):
    made = kept(store)
    app = opened("tune", sample="first.h5", truth=made.id)
    predicted = given(app)["maps"][0]
    assert {"Top": "#123456", "Rest": "#ABCDEF"}.items() <= dict(
        zip(predicted["names"], predicted["colours"], strict=True)
    ).items()


@pytest.mark.parametrize(("asked", "said"), [("x" * 12, "ignored"), ("0123456789ab", "not here")])
def test_a_link_to_an_annotation_that_is_none_or_not_here_compares_with_the_files_own(store, asked, said):
    app = opened("tune", sample="first.h5", truth=asked)
    assert not app.exception
    assert any(said in item.value for item in [*app.warning, *app.caption])
    assert given(app)["maps"][-1]["title"] == "Annotated"


def test_a_damaged_annotation_is_named_in_a_sentence_and_the_others_are_there(store):
    made, broken = kept(store), kept(store, name="broken")
    (store.folder / f"{broken.id}.json").write_text("{")
    app = opened()
    assert not app.exception
    assert any("damaged" in item.value for item in app.warning)
    assert given(app)["drawing"]["annotation"] == made.id


def told(sample, **changes):
    spots = pack(sample.coordinates, [str(i) for i in range(sample.n_spots)])
    edit = {
        "tab": "t", "number": 1, "spots": spots.digest, "annotation": "0123456789ab", "count": 0, "what": "add", "region": 0,
        "name": "Top", "runs": [0, 3, 5, 6],
    }  # fmt: skip
    return spots, {**edit, **changes}


def test_an_edit_of_the_browser_is_read_with_its_spots(monkeypatch):
    spots, edit = told(small_sample("first"))
    monkeypatch.setattr("streamlit.session_state", {"maps": {"edits": [edit]}})
    (read,) = of("maps", spots)
    assert (read.kind, read.region, read.number, read.spots.tolist()) == ("add", 0, 1, [0, 1, 2, 5])


@pytest.mark.parametrize(
    "changes",
    [
        {"runs": [0]}, {"runs": [-1, 2]}, {"runs": [0, 10**9]}, {"runs": ["0", 2]}, {"runs": None}, {"what": "replace"}, {"spots": "others"},
        {"tab": 3}, {"annotation": "x" * 300}, {"number": -1}, {"region": None}, {"count": float("nan")}, {"number": 10**30},
    ],
)  # fmt: skip
def test_what_is_no_edit_is_left_out(monkeypatch, changes):
    spots, edit = told(small_sample("first"), **changes)
    monkeypatch.setattr("streamlit.session_state", {"maps": {"edits": [edit, 7, None]}})
    assert of("maps", spots) == []


def test_kept_runs_remember_which_annotation_their_scores_are_with_and_runs_says_where_another_is_shown(
    store, samples_folder, monkeypatch
):
    monkeypatch.setattr(
        "ui.shell.navigation.only_through_app", lambda: None
    )  # a button would forget that it was pressed
    made = kept(store)
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["sample"], app.query_params["truth"] = "first.h5", made.id
    app.run()
    next(button for button in app.button if button.label == "Keep").click().run()
    record = open_record(samples_folder.parent / "models")
    (run,) = record.runs()
    assert (run.annotation, run.annotation_id) == ("mine · Ana", made.id)
    record.close()
    page = AppTest.from_file(APP, default_timeout=120)
    page.session_state["chosen runs"] = (run.id,)
    page.switch_page("pages/runs.py").run()
    assert not page.exception
    assert any("Kept scores are of another: 1 with mine · Ana" in item.value for item in page.caption)
    page.selectbox(key("truth", "first.h5")).set_value(made.id).run()
    assert not any("Kept scores are of another" in item.value for item in page.caption)
    assert made.id in page.query_params["truth.first.h5"]
    other = linked("runs", **dict(page.query_params.items()))
    assert not other.warning
    assert other.selectbox(key("truth", "first.h5")).value == made.id
    assert not any("Kept scores are of another" in item.value for item in other.caption)
    other.selectbox(key("truth", "first.h5")).set_value("").run()
    assert "truth.first.h5" not in other.query_params


def test_a_link_to_sections_says_what_each_is_compared_with_and_refuses_what_no_annotation_is_called(
    store, samples_folder
):
    made = kept(store)
    lab.write(small_sample("second"), samples_folder / "second.h5")
    query = {"section": ["first.h5", "second.h5"], "truth.first.h5": made.id, "truth.second.h5": "<b>"}
    app = linked("sections", **query)
    assert app.selectbox(key("truth", "first.h5")).value == made.id
    assert app.selectbox(key("truth", "second.h5")).value == ""
    assert "`truth.second.h5=<b>` in the address was ignored" in " ".join(item.value for item in app.warning)
    assert made.id in app.query_params["truth.first.h5"]
    assert "truth.second.h5" not in app.query_params
    app.selectbox(key("truth", "second.h5")).set_value("none").run()
    assert "none" in app.query_params["truth.second.h5"]
    assert not any("in the address was ignored" in item.value for item in app.warning)


def beginning_from(content, name):
    app = opened()
    next(item for item in app.radio if item.label == "Start from").set_value("file").run()
    app.get("file_uploader")[0].upload(name, content, "text/plain")
    return settled(app)


def settled(app, seconds=120):
    """Run until a worker has read the file, in the way that is asked for, and the page has seen it."""
    end, n_before = time.monotonic() + seconds, -1
    while n_before != (n_before := len(shared_board().jobs())) or not all(
        job.finished for job in shared_board().jobs()
    ):
        assert time.monotonic() < end
        app.run()
        assert not app.exception
        time.sleep(0.05)
    return app.run()


def box(right, bottom):
    """A rectangle from the corner of the tissue, in µm on the array."""
    corners = [[-1, -1], [right, -1], [right, bottom], [-1, bottom], [-1, -1]]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [corners]},
        "properties": {"name": "<b>a</b>"},
    }


def test_shapes_are_known_by_their_content_whatever_the_file_is_called(store):
    app = beginning_from(json.dumps(box(1200, 400)).encode(), "regions.txt")
    app.button(key("annotation", "take")).click().run()
    made = the_only(store)
    inside = (store.sample.tissue_um <= (1200, 400)).all(axis=1)
    assert made.names == ["<b>a</b>"]
    assert (made.assigned == 0).tolist() == inside.tolist()


LABELS = "spot,label\n" + "".join(f"{row},{'AB'[row % 2]}\n" for row in range(small_sample("first").n_spots))


@pytest.mark.parametrize(
    ("content", "name"), [(json.dumps(box(1200, 400)).encode(), "r.geojson"), (LABELS.encode(), "r.csv")]
)
def test_the_server_itself_never_reads_a_file_of_regions_and_redraws_do_not_read_it_again(
    store, monkeypatch, content, name
):
    def read_here(*_, **__):
        raise AssertionError("read in the server's own process")

    for module, function in ((geojson, "read"), (geojson, "is_geojson"), (label_files, "labels_of")):
        monkeypatch.setattr(module, function, read_here)
    app = beginning_from(content, name)
    n_read = len(shared_board().jobs())
    app.run()
    assert len(shared_board().jobs()) == n_read
    app.button(key("annotation", "take")).click().run()
    assert not app.exception
    assert the_only(store).sizes[0] > 0


def test_a_file_that_is_taken_twice_is_two_annotations(store):
    app = beginning_from(LABELS.encode(), "regions.csv")
    for _ in range(2):
        app.button(key("annotation", "take")).click().run()
        assert not app.exception
        app = settled(app)
    first, second = store.entries()
    assert first.id != second.id


def test_shapes_that_fit_in_two_units_wait_for_an_answer(samples_folder, ana):
    plain = small_sample("first")
    # Pixels of 0.7 µm: a region in the corner lies on the tissue in either.
    lab.write(dataclasses.replace(plain, coords_px=plain.tissue_um[:, ::-1] / 0.7), samples_folder / "first.h5")
    app = beginning_from(json.dumps(box(900, 600)).encode(), "regions.json")
    assert app.button(key("annotation", "take")).disabled
    assert any("say which is right" in item.value for item in app.caption)
    app.selectbox(key("shapes", "unit")).select("um")
    settled(app)
    app.button(key("annotation", "take")).click().run()
    made = the_only(AnnotationStore(samples_folder / "first.h5", lab.read(samples_folder / "first.h5")))
    inside = (plain.tissue_um <= (900, 600)).all(axis=1)
    assert abs(int((made.assigned == 0).sum()) - int(inside.sum())) <= 2


@pytest.mark.parametrize("content", [b"{", b"[]", b"\x00\x01", b'{"type": "Polygon"}', b"", b"a,b\n1,2\n"])
def test_a_file_that_holds_no_regions_is_a_sentence(store, content):
    app = beginning_from(content, "regions.geojson")
    assert [item.value for item in app.error]
    assert not store.entries()
