"""Reads what the maps are given, as the browser does."""

import json

import numpy as np
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import app_test


def unpack(block):
    """Header of a packed block, with its arrays in place of their numbers."""
    length = int.from_bytes(block[:4], "little")
    header = json.loads(block[4 : 4 + length])

    def array(index):
        if index is None:
            return None
        dtype, offset, count = header["arrays"][index]
        return np.frombuffer(block, dtype, count, 4 + length + offset)

    for holder in [header, *header.get("maps", []), *header.get("hover_only", [])]:
        holder.update(
            {
                name: array(holder[name])
                for name in ("centres_um", "stain", "labels", "values", "lines", "selected")
                if name in holder
            }
        )
    if "digest" in header:  # spots, whose names are lines of text
        header["names"] = None if header["names"] is None else array(header["names"]).tobytes().decode().split("\n")
    return header


def given(app):
    """What the maps on a page are given with each run; `app` is an AppTest."""
    (views,) = all_given(app)
    return views


def all_given(app):
    """What the maps of each tissue on a page are given."""
    views = (part for part in app.get("bidi_component") if part.proto.component_name.endswith("tissue_view"))
    return [unpack(component.proto.bytes) for component in views]


def shared_store(monkeypatch):
    """One store of media for all runs of AppTests, which otherwise forget it at the end of a run."""
    store = MemoryMediaFileStorage("/media")
    monkeypatch.setattr(app_test, "MemoryMediaFileStorage", lambda endpoint: store)
    return store


def fetched(app, store):
    """The spots that the browser fetches for a page."""
    return unpack(store.get_file(given(app)["spots"]["url"].removeprefix("/media/")).content)
