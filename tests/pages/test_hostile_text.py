"""Whatever files and people call things, no page reads it as more than text: the browser of who looks fetches and runs nothing.

Every string that a page sends is looked at, but for those that the browser shows as they are (fields, tables, data of maps).
"""

import dataclasses
import re
from collections.abc import Iterator

import numpy as np
import pytest
from google.protobuf.message import Message  # type: ignore[import-untyped]
from streamlit.testing.v1 import AppTest

from core.annotation_labels import from_labels
from core.guidance import Guidance
from core.io import lab
from core.io.annotation_store import AnnotationStore
from core.marker_table import MarkerTable
from core.method import pipeline
from core.method.pipeline import Pipeline
from core.method.reference import learn
from core.params import preset
from core.work.board.board import shared_board
from core.work.board.job import About
from core.work.runs import open_record
from tests.core.work import chores
from tests.named_tissue import named_sample
from tests.pages.conftest import APP
from tests.teaching import LAYERS, section
from ui.annotate import address as annotate
from ui.guide import address as guide
from ui.shell.asking import address as asking
from ui.sweep import address as sweep
from ui.tissue import address as tissue
from ui.tune import address as tune

HOSTILE = "![](http://evil.example/a.png)<b>x</b>www.evil.example a@evil.example $x^2$ :red[y]\u202e"
READ_AS_MORE = ("![](", "http://evil", "<b>", "www.evil", "a@evil", "$x^2$", ":red[", "\u202e")
NOT_MARKDOWN = {
    "text_input", "text_area", "selectbox", "multiselect", "arrow_data_frame", "plotly_chart", "bidi_component", "number_input",
    "file_uploader", "imgs", "download_button.url", "html",
}  # fmt: skip
PAGES = sorted(path.stem for path in (APP.parent / "pages").glob("[a-z]*.py"))


WAITING = """
import streamlit as st
from ui.shell.job_progress import watch
for number, job_id in enumerate(st.session_state.ids):
    watch(job_id, str(number))
"""


def hostile(of: str) -> str:
    return f"{of} {HOSTILE}"


@pytest.fixture
def everywhere(samples_folder, tmp_path, monkeypatch):
    """A sample, an annotation, kept runs and a user with hostile names; gives the runs."""
    plain = named_sample("one")
    sample = dataclasses.replace(
        plain,
        labels_true=np.array([hostile(layer) for layer in plain.labels_true.tolist()]),
        gene_names=np.array([hostile(gene) for gene in plain.gene_names.tolist()]),
        source=hostile("source"),
    )
    lab.write(sample, samples_folder / "one.h5")
    lab.write(dataclasses.replace(sample, name="two"), samples_folder / "two.h5")
    sample = lab.read(samples_folder / "one.h5")
    printable = HOSTILE.replace("\u202e", "")[:50]
    annotation = from_labels(
        np.where(np.arange(sample.n_spots) % 2, printable, "other"),
        name=printable,
        author=hostile("author"),
        colours={},
    )
    AnnotationStore(samples_folder / "one.h5", sample).save(annotation, hostile("author"))
    record = open_record(tmp_path / "models")
    return [
        record.keep(sample, pipeline.run(sample, preset("paper", n_clusters=k)), name=hostile("run"), note=hostile("note"), who=hostile("who"))
        for k in (3, 4)
    ]  # fmt: skip


def strings(message: Message, at: str = "") -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        here = f"{at}.{field.name}" if at else field.name
        if field.name in NOT_MARKDOWN:
            continue
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                yield from strings(one, here)
            elif isinstance(one, str) and field.name not in (
                "id",
                "user_key",
                "form_id",
                "element_id",
                "block_id",
                "url",
            ):
                yield here, one


def sent(app: AppTest) -> Iterator[tuple[str, str]]:
    def walk(node) -> Iterator[tuple[str, str]]:
        if isinstance(getattr(node, "proto", None), Message):
            kind = node.type
            if kind not in NOT_MARKDOWN:
                yield from ((f"{kind}.{at}", text) for at, text in strings(node.proto))
        for child in getattr(node, "children", {}).values():
            yield from walk(child)

    yield from walk(app._tree)


def test_who_waits_behind_somebody_sees_his_name_and_work_as_text(everywhere, tmp_path):
    about = About(what="Training", sample=hostile("sample"), settings=hostile("settings"))
    ids = [
        shared_board().submit(f"hostile {number}", chores.count, tmp_path / "x", 1000, 0.1, owner=hostile("owner"), about=about)
        for number in range(4)
    ]  # fmt: skip
    try:
        app = AppTest.from_string(WAITING, default_timeout=60)
        app.session_state["ids"] = ids
        app = app.run()
        assert not app.exception
        words = list(sent(app))
        assert any(f"behind {about.what}" in text for _, text in words)
        assert not [(at, text) for at, text in words if any(sign in text for sign in READ_AS_MORE)]
    finally:
        for job_id in ids:
            shared_board().cancel(job_id)


@pytest.mark.parametrize("page", PAGES)
def test_no_name_is_read_as_more_than_text_on_any_page(everywhere, page):
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["sample"] = "one.h5"
    app.session_state["who"] = hostile("me")
    app.session_state["chosen runs"] = tuple(run.id for run in everywhere)
    app = app.run()
    if page != "tune":
        app = app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    found = [(at, text) for at, text in sent(app) if any(sign in text for sign in READ_AS_MORE)]
    assert not found
    assert page in ("method", "glossary", "health", "add_data", "sections") or any(
        "evil" in text for _, text in sent(app)
    )


def read_as_more(app: AppTest) -> list[tuple[str, str]]:
    """What the page sends that a browser would read as more than text, but for `code`, in which nothing is."""
    plain = ((at, re.sub("`[^`]*`", "", text)) for at, text in sent(app))
    return [(at, text) for at, text in plain if any(sign in text for sign in READ_AS_MORE)]


ENTRIES = [
    "preset", "run", "truth", "truth.one.h5", "section", "window", "x_weight", HOSTILE,
    *(name for module in (annotate, guide, asking, sweep, tissue, tune) for name in module.PART.names),
]  # fmt: skip


@pytest.mark.parametrize(
    "text", [HOSTILE, "x" * 10_000, "\x00\x1b[2J", "[" * 3000], ids=["markup", "long", "control", "open"]
)
@pytest.mark.parametrize("page", PAGES)
def test_nothing_in_an_address_is_read_as_more_than_text(everywhere, page, text):
    for entries in (ENTRIES, ["sample"]):
        app = AppTest.from_file(APP, default_timeout=120).run().switch_page(f"pages/{page}.py")
        app.query_params["sample"] = "one.h5"
        for name in entries:
            app.query_params[name] = text
        app.run()
        assert not app.exception
        assert not read_as_more(app)
        assert all(len(words) < 3000 for at, words in sent(app) if at.startswith("warning"))


@pytest.fixture
def guided(samples_folder, tmp_path):
    """Runs that were taught by a section and by marker genes, whose domains have hostile names."""
    names = [
        "![](http://evil.example/a.png)<b>x</b>",
        "www.evil.example a@evil.example $x^2$ :red[y]",
        "# head",
        "|a|b|",
    ]
    target, teacher = section("target", 1), section("teacher", 0)
    called = dict(zip(LAYERS, names, strict=True))
    teacher = dataclasses.replace(
        teacher, name=HOSTILE, labels_true=np.array([called[layer] for layer in teacher.labels_true.tolist()])
    )
    lab.write(target, samples_folder / "target.h5")
    lab.write(dataclasses.replace(teacher, name="teacher"), samples_folder / "teacher.h5")
    genes: dict[str, tuple[str, ...]] = {
        name: (f"GENE{number}", f"GENE{number + 4}") for number, name in enumerate(names)
    }
    table = MarkerTable(markers=genes, source=hostile("source"))
    record, steps = open_record(tmp_path / "models"), Pipeline(target)
    return [
        record.keep(target, steps.run_guided(preset("recommended", 4), guidance), name=hostile("run"))
        for guidance in (Guidance(reference=learn([teacher])), Guidance(markers=table))
    ]


@pytest.mark.parametrize("number", [0, 1], ids=["section", "markers"])
@pytest.mark.parametrize("page", ["guide", "runs", "tune", "sweep"])
def test_domains_that_were_taught_and_swept_have_names_that_are_text(guided, page, number):
    app = AppTest.from_file(APP, default_timeout=120).run()
    app.session_state["chosen runs"] = tuple(run.id for run in guided)
    app.switch_page("pages/guide.py")
    app.query_params.clear()
    app.query_params["run"] = guided[number].id
    app.run()
    if page == "guide":
        app.button("widget:guide.take over").click().run()
    else:
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    assert not read_as_more(app)
