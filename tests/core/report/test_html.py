"""The page that tells of runs, read back as a browser reads it; that it opens in one is shown in tests/browser."""

import base64
import dataclasses
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest

from core.errors import FigureError
from core.evaluation.matching import domains_of
from core.evaluation.thickness import in_words, measure
from core.guidance import Guidance
from core.marker_table import MarkerTable
from core.params import preset, replaced
from core.report.html import html_report, script_name
from core.report.script import labels_sha256, reproduction_script
from core.sample import Sample
from tests.core.report.runs import HOSTILE, reported
from tests.small_tissue import small_sample

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=")


class Read(HTMLParser):
    """Tags with their attributes, the words between them, and the rows of tables."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words, self.rows, self._in = [], [], [], []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag):
        self._in.append("/" + tag)

    def handle_data(self, data):
        if self._in[-1:] not in (["script"], ["style"]):
            self.words.append(data)
            if self.rows and self._in[-1] in ("td", "th", "span", "/span"):
                self.rows[-1].append(data.strip())

    def having(self, tag, attribute):
        return [attributes[attribute] for name, attributes in self.tags if name == tag and attribute in attributes]


@pytest.fixture(scope="module")
def sample():
    return small_sample("small")


@pytest.fixture(scope="module")
def runs(sample):
    paper = preset("paper", n_clusters=3)
    return [
        reported(sample, paper, name="First"),
        reported(sample, replaced(paper, ("pooling", "window"), 3), name="Second"),
    ]


def test_the_page_tells_scores_labels_and_what_differs(sample, runs):
    page = Read(html_report(runs, {sample.content_hash: sample}, written=datetime(2026, 5, 6, tzinfo=UTC)))
    rows = {row[0]: row[1:] for row in page.rows if row}
    assert rows["Name"] == ["First", "Second"]
    assert rows["ARI"] == [f"{run.result.scores.ari:.3f}" for run in runs]
    assert rows["Labels, SHA-256"] == [labels_sha256(run.result.labels) for run in runs]
    assert rows["Made"] == ["2026-05-04 03:02 UTC"] * 2
    assert "06 May 2026, 00:00 UTC" in "".join(page.words)
    marked = [attributes for tag, attributes in page.tags if tag == "tr" and attributes.get("class") == "differs"]
    assert len(marked) == 1
    assert ["Pooling", "Window k", "6", "3"] in page.rows


def test_each_script_is_there_to_read_and_to_download(sample, runs):
    page = Read(html_report(runs, {sample.content_hash: sample}))
    links = [attributes for tag, attributes in page.tags if tag == "a"]
    assert (
        [link["download"] for link in links]
        == [script_name(run) for run in runs]
        == ["reproduce_small_First.py", "reproduce_small_Second.py"]
    )
    contents = [base64.b64decode(link["href"].removeprefix("data:text/x-python;base64,")).decode() for link in links]
    assert contents == [reproduction_script(run) for run in runs]
    assert all("".join(page.words).count(line) for line in contents[0].splitlines() if line)


def test_nothing_is_asked_of_the_network(sample, runs):
    page = Read(html_report(runs, {sample.content_hash: sample}))
    addresses = [
        value
        for tag, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "action")
    ]
    assert all(address.startswith("data:") for address in addresses)
    assert not {"link", "iframe", "object", "form", "base"} & {tag for tag, _ in page.tags}
    assert "default-src 'none'" in page.having("meta", "content")[0]
    assert html_report(runs, {}).count(b"plotly.js v") == 1


@pytest.mark.parametrize("at_hand", [True, False])
def test_whatever_things_are_called_never_becomes_markup(at_hand):
    plain = small_sample("small")
    truth = np.where(plain.labels_true == "Layer1", HOSTILE, plain.labels_true)
    hostile = Sample(
        name=HOSTILE, expression=plain.expression, lattice=plain.lattice, labels_true=truth, source=HOSTILE
    )
    run = reported(
        hostile, name=HOSTILE, who=HOSTILE, note=HOSTILE, code_version=HOSTILE, id=HOSTILE, unknown=(HOSTILE,)
    )
    harmless = reported(plain)
    pages = [
        html_report([run, run], {run.content_hash: hostile} if at_hand else {}),
        html_report([harmless, harmless], {harmless.content_hash: plain} if at_hand else {}),
    ]
    tags = [[tag for tag, _ in Read(page).tags] for page in pages]
    # One row of unknown knobs more; otherwise what a harmless run has.
    assert [tags[0].count(tag) for tag in ("script", "img", "b", "a")] == [
        tags[1].count(tag) for tag in ("script", "img", "b", "a")
    ]
    assert b"<script>alert" not in pages[0]
    assert b"<img src=x" not in pages[0]
    assert "2 runs on </script><script>alert(1)</script>" in (words := "".join(Read(pages[0]).words))
    assert "{{ 7*7 }}" in words


def test_without_the_sample_the_pictures_that_were_kept_are_shown(runs, sample):
    bare = [reported(sample, picture=PIXEL), reported(sample, name="Blind")]
    page = Read(html_report(bare, {}))
    assert page.having("img", "src") == ["data:image/png;base64," + base64.b64encode(PIXEL).decode()]
    words = "".join(page.words)
    assert "The sample was not at hand" in words
    assert "2  Blind: no picture was kept" in words


def test_runs_on_two_samples_have_a_section_each_and_one_numbering():
    one, other = small_sample("one"), small_sample("other", n_rows=20)
    runs = [reported(one, name="a"), reported(other, name="b"), reported(one, name="c")]
    page = html_report(runs, {one.content_hash: one, other.content_hash: other})
    words = "".join(Read(page).words)
    assert "3 runs on one, other" in words
    assert words.index("Domains in one") < words.index("Domains in other")
    assert b"1  a" in page
    assert b"3  c" in page


def test_a_sample_without_annotation_is_told_of_without_layers():
    sample = small_sample("bare", annotated=False)
    words = "".join(Read(html_report([reported(sample)] * 2, {sample.content_hash: sample})).words)
    assert "Agreement between runs" in words
    assert "Which layers are found" not in words
    assert "ARI, all spots" not in words


@pytest.mark.parametrize("n_runs", [0, 7])
def test_no_runs_and_more_than_six_are_refused(runs, n_runs):
    with pytest.raises(FigureError, match=f"on {n_runs} runs was asked for"):
        html_report(runs[:1] * n_runs, {})


def test_the_report_says_how_thick_each_domain_and_layer_is(sample):
    run = reported(sample, preset("paper", n_clusters=3), name="First")
    page = Read(html_report([run], {sample.content_hash: sample}))
    rows = {row[0]: row[1:] for row in page.rows if row}
    found = measure(run.result.direction, sample.coordinates, run.result.labels, sample.labels_true)
    for item in found.annotated:
        ways = item.reason or f"{item.n_whole} of {item.n_ways} ways"
        assert rows[f"annotated {item.label.replace('Layer', 'Layer ')}"] == [in_words(item, "µm"), ways]
    assert any(item.known for item in found.annotated)


def test_domains_of_one_name_are_one_in_the_report_as_in_the_table_of_thickness(sample):
    run = reported(sample, preset("paper", n_clusters=3), name="First")
    labels = run.result.labels
    merged = domains_of(sample, labels).named({0: "Grey matter", 1: "Grey matter"})
    page = Read(html_report([dataclasses.replace(run, domains=merged.domains)], {sample.content_hash: sample}))
    grey, _ = measure(run.result.direction, sample.coordinates, np.maximum(labels, 1), None).predicted
    rows = [row for row in page.rows if row and "Grey matter" in row[0]]
    assert rows == [["Grey matter", in_words(grey, "µm"), grey.reason or f"{grey.n_whole} of {grey.n_ways} ways"]]


@pytest.mark.parametrize("name", ["By hand", "By hand (guided)"])
def test_a_guided_run_is_called_guided_once(sample, name):
    run = reported(sample, name=name)
    result = dataclasses.replace(
        run.result,
        guidance=Guidance(markers=MarkerTable(markers={"A": ("G1",), "B": ("G2",), "C": ("G3",)})),
        names=("A", "B", "C"),
    )
    words = Read(html_report([dataclasses.replace(run, result=result)], {sample.content_hash: sample})).words
    assert any("1  By hand (guided)" in word for word in words)
    assert not any("(guided) (guided)" in word for word in words)
