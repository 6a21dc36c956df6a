"""Every stored text, each of its fields damaged: it is refused in a sentence, or what stands there is taken as it is."""

import json

import pytest

from tests.damage import damaged_fields, in_a_sentence, is_sentence, kept, torn
from tests.stores import all_stores


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return all_stores(tmp_path_factory.mktemp("stores"))


NAMES = ("model", "small_model", "journal", "plan", "search", "events", "facts", "losses", "annotation", "learnt", "strokes", "markers")  # fmt: skip


def test_every_store_is_damaged_below(stores):
    assert tuple(stores) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_whole_one_reads_as_it_was_written(stores, name):
    store = stores[name]
    assert store.read(json.dumps(store.plain).encode()) == store.plain


@pytest.mark.parametrize("name", NAMES)
def test_each_damaged_field_is_a_sentence_or_kept_as_it_is(stores, name):
    store = stores[name]
    wrong = [str(damaged) for damaged in damaged_fields(store.plain) if not is_settled(store, damaged)]
    assert wrong == []


def is_settled(store, damaged):
    try:
        again = store.read(damaged.text)
    except store.error as error:
        return is_sentence(str(error))
    where = ".".join(map(str, damaged.where))
    return again is None or where.startswith(store.free) or kept(damaged, store.plain, again)


@pytest.mark.parametrize("name", NAMES)
def test_each_torn_text_is_a_sentence_or_another_text_of_its_kind(stores, name):
    store = stores[name]
    for what, data in torn(json.dumps(store.plain).encode()):
        with in_a_sentence(store.error, what):
            store.read(data)
