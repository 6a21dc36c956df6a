"""Journeys over the Sections page, from `app.py`."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.io import lab
from core.work.board.board import shared_board
from tests.named_tissue import named_sample
from tests.pages.conftest import APP
from tests.small_tissue import small_sample
from ui.sections import address

PICK, START, CLUSTERS = "widget:sections", "widget:cluster together", "widget:sections.clustering.n_clusters"


@pytest.fixture
def folder(samples_folder):
    lab.write(named_sample("one"), samples_folder / "one.h5")
    lab.write(named_sample("two", 20), samples_folder / "two.h5")
    return samples_folder


def opened(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    app.switch_page("pages/sections.py")
    for name, values in query.items():
        app.query_params[name] = values
    return app.run()


def finished(app):
    assert shared_board().wait(shared_board().jobs()[-1].id, 60)
    return app.run()


def maps(app):
    layout = json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]
    return " ".join(note["text"] for note in layout["annotations"])


def errors(app):
    return " ".join(item.value for item in app.error)


def test_two_sections_are_chosen_clustered_and_turned_and_the_link_keeps_all_of_it(folder):
    app = opened()
    assert "Choose two or more sections" in app.info[0].value
    app.multiselect(PICK).set_value(["one.h5", "two.h5"]).run()
    assert "<b>two</b>" in maps(app)
    assert "predicted" not in maps(app)
    app.button(START).click().run()
    finished(app)
    assert not app.exception
    assert "predicted, ARI" in maps(app)
    table = app.dataframe[0].value
    assert table["Section"].tolist() == ["one", "two"]
    assert table["Domains"].tolist() == ["3", "3"]
    assert all(float(score) > 0.7 for score in table["ARI"])
    # Asked for once, knobs act at once.
    app.number_input(CLUSTERS).set_value(2).run()
    finished(app)
    assert app.dataframe[0].value["Domains"].tolist() == ["2", "2"]
    again = opened(**{name: app.query_params[name] for name in ("section", "n_clusters", "started")})
    assert again.multiselect(PICK).value == ["one.h5", "two.h5"]
    assert again.dataframe[0].value["Domains"].tolist() == ["2", "2"]


def test_sections_without_genes_in_common_end_in_a_sentence(folder):
    lab.write(named_sample("odd", 18, prefix="ENSG"), folder / "odd.h5")
    lab.write(small_sample("nameless", 18), folder / "nameless.h5")
    app = opened(section=["one.h5", "odd.h5"])
    assert "one and odd share 0 gene names, but at least 50 are needed" in errors(app)
    app.multiselect(PICK).set_value(["one.h5", "nameless.h5"]).run()
    assert "nameless has no gene names" in errors(app)
    app.multiselect(PICK).set_value(["one.h5", "two.h5"]).run()
    assert not app.error


def test_an_address_that_asks_for_what_is_not_there_is_told(folder):
    app = opened(section=["one.h5", "two.h5", "gone.h5"], n_clusters=["0"], x_weight=["3"])
    told = " ".join(item.value for item in app.warning)
    assert "There is no sample gone.h5 here" in told
    assert "`n_clusters=0` in the address was ignored" in told
    assert "`x_weight=3` in the address was ignored" in told
    assert "it is not a knob of this page." in told
    assert app.number_input(CLUSTERS).value == 3


def test_a_link_of_version_0_1_with_hops_is_read_as_a_window():
    together, refused = address.together_of({"section": ["one.h5"], "hops": ["2"]})
    assert (together.changes, refused) == ({("pooling", "window"): 3, ("pooling", "scale"): 1.0}, [])
