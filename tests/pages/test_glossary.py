"""The Glossary page, the links to it, and what a newcomer reads first."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import APP
from ui.shell.terms import TERMS, anchor

_NAMED = re.compile(r"\b(docs|core|ui|pages)/[\w/]+\.(md|py)")
ROOT = Path(__file__).resolve().parents[2]


def widgets(app):
    return [*app.slider, *app.number_input, *app.selectbox, *app.button, *app.metric]


def test_the_glossary_explains_every_term_at_a_place_of_its_own(app):
    page = AppTest.from_file(APP, default_timeout=120).run().switch_page("pages/glossary.py").run()
    assert not page.exception
    assert [item.value for item in page.subheader] == list(TERMS) == sorted(TERMS, key=str.lower)
    assert [item.anchor for item in page.subheader] == [anchor(term) for term in TERMS]
    for wanted in ("CHAOS", "PAS", "ARI", "NMI", "Factors", "Window", "Alpha", "X weight", "Angle", "Thickness"):
        assert wanted in TERMS


def test_help_texts_link_to_terms_that_are_there_and_name_no_files(app):
    helps = [item.proto.help for item in widgets(app)]
    linked = {place for text in helps for place in re.findall(r"\(glossary#([\w-]+)\)", text)}
    assert {"ari", "nmi", "pas", "chaos", "window", "alpha", "x-weight"} <= linked
    assert linked <= {anchor(term) for term in TERMS}
    texts = [path.read_text() for folder in ("ui", "pages") for path in (ROOT / folder).rglob("*.py")]
    shown = [text for source in texts for text in re.findall(r'^\s+f?"[^"]*"', source, re.MULTILINE)]
    assert not [text for text in shown if _NAMED.search(text) and "docs/" in text]
    assert not [text for text in helps if _NAMED.search(text)]


def test_a_newcomer_reads_what_this_is_and_three_steps_that_go_away_for_good(app):
    said = [item.value for item in app.caption]
    assert any(text.startswith("Find spatial") for text in said)
    assert any(text.startswith("**1** Choose") for text in said)
    app.button("widget:put steps away").click().run()
    assert not app.exception
    assert not any(item.value.startswith("**1** Choose") for item in app.caption)
    assert any(item.value.startswith("Find spatial") for item in app.caption)
