from typing import Any

import pytest

from core.method import version
from core.method.version import METHOD_VERSION, code_version, same_method
from tests.core.method import golden

BEFORE: dict[str, Any] = {"method_version": 3, "labels": {"paper": "aa", "recommended": "bb"}}
CHANGED = {"paper": "aa", "recommended": "cc"}


def test_labels_and_confidence_are_those_of_this_version_of_the_method():
    words = golden.complaint(golden.stored(), golden.digests(), METHOD_VERSION)
    assert not words, words


def test_labels_that_change_while_the_version_does_not_ask_for_raising_it():
    words = golden.complaint(BEFORE, CHANGED, 3)
    assert "changed in: recommended" in words
    assert "raise METHOD_VERSION in core/method/version.py" in words
    assert golden.COMMAND in words
    assert golden.COMMAND in golden.complaint(BEFORE, CHANGED, 4)
    assert golden.complaint(BEFORE, BEFORE["labels"], 3) == ""


def test_other_labels_become_golden_only_with_another_version_and_a_new_case_always():
    assert "raise METHOD_VERSION" in golden.refusal(BEFORE, CHANGED, CHANGED, 3)
    assert golden.refusal(BEFORE, CHANGED, CHANGED, 4) == ""
    more = {**BEFORE["labels"], "new": "dd"}
    assert golden.refusal(BEFORE, more, more, 3) == ""
    assert golden.refusal(None, CHANGED, CHANGED, 3) == ""


def test_labels_that_rounding_decides_never_become_golden():
    assert "last digits of the counts" in golden.refusal(BEFORE, CHANGED, BEFORE["labels"], 4)


def test_the_method_alone_says_whether_a_run_can_be_told_again(monkeypatch):
    made = code_version()
    monkeypatch.setattr(version, "__version__", "9.9.9")
    assert code_version() != made
    assert same_method(made)
    monkeypatch.setattr(version, "METHOD_VERSION", METHOD_VERSION + 1)
    assert not same_method(made)


@pytest.mark.parametrize("recorded", ["", "0.1.0+5e884898", "0.1.0", f"0.1.0+method.1{METHOD_VERSION}"])
def test_runs_of_release_0_1_and_of_other_methods_are_told_apart(recorded):
    assert not same_method(recorded)
