"""How much of uploads one person, and all together, may have on the server."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from core import memory
from ui.data import own_drafts, user
from ui.shell import upload_limits
from ui.shell.upload_limits import UploadLimits

MOST = 1000 << 20


@pytest.fixture
def manager(monkeypatch):
    manager = MemoryUploadedFileManager("/_stcore/upload_file")
    monkeypatch.setattr(runtime, "exists", lambda: True)
    # The thread that looks for ended sessions, where a page was drawn before, asks it, too.
    there = SimpleNamespace(uploaded_file_mgr=manager, is_active_session=lambda session: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: there)
    monkeypatch.setattr(upload_limits, "_VISITORS", upload_limits._Visitors())
    monkeypatch.setattr(memory, "free_bytes", lambda: 64 << 30)
    monkeypatch.setattr(st, "get_option", {"server.maxUploadSize": 1000}.get)
    monkeypatch.setattr(user, "signs_in", lambda: False)
    return manager


def answered(session, n_bytes, app=None, *, headers=None, method="PUT"):
    """The status with which a file is answered, 204 where it is passed on."""

    async def taken(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def ask():
        said = []

        async def send(message):
            said.append(message)

        given = [(b"content-length", str(n_bytes).encode())] if headers is None else headers
        path = f"/_stcore/upload_file/{session}/file"
        await UploadLimits(app or taken)({"type": "http", "method": method, "path": path, "headers": given}, None, send)
        return said[0]["status"]

    with ThreadPoolExecutor(1) as other:  # where browsers were tested before, this thread has a loop of events already
        return other.submit(lambda: asyncio.run(ask())).result()


class Large(bytes):
    def __len__(self):
        return 600 << 20


def hold(manager, session, name="one"):
    manager.add_file(session, UploadedFileRec(file_id=name, name=name, type="", data=Large()))


def test_a_file_that_fits_is_passed_on(manager):
    assert answered("tab", MOST) == 204
    assert answered("tab", MOST + (1 << 20)) == 413


def test_files_that_no_page_takes_count_until_they_are_gone(manager):
    hold(manager, "tab")
    assert answered("tab", 500 << 20) == 413
    assert answered("other", 500 << 20) == 204
    manager.remove_file("tab", "one")
    assert answered("tab", 500 << 20) == 204


def test_all_tabs_of_one_person_count_together(manager):
    upload_limits._VISITORS.who |= {"first": "Ada", "second": "Ada", "third": "Grace"}
    hold(manager, "first")
    assert answered("second", 500 << 20) == 413
    assert answered("third", 500 << 20) == 204


def test_a_file_on_its_way_counts_and_no_longer(manager):
    async def another_meanwhile(scope, receive, send):
        status = await asyncio.to_thread(answered, "tab", 500 << 20)
        await send({"type": "http.response.start", "status": status, "headers": []})

    assert answered("tab", 600 << 20, another_meanwhile) == 413
    assert answered("tab", 600 << 20) == 204


def test_no_more_comes_in_than_half_of_the_free_memory(manager, monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 800 << 20)
    assert answered("tab", 500 << 20) == 503
    assert answered("tab", 300 << 20) == 204


def test_drafts_on_the_disk_of_one_person_have_a_limit(manager, monkeypatch):
    drafts = {"tab": 7900 << 20}
    monkeypatch.setattr(own_drafts, "held", lambda: Counter(drafts))
    assert answered("tab", 50 << 20) == 204
    assert answered("tab", 500 << 20) == 413
    assert answered("other", 500 << 20) == 204


def test_bytes_of_drafts_are_counted_until_they_are_removed():
    before = own_drafts.held()[""]  # of other tests in this process
    draft = own_drafts.new()
    (draft.folder / "sample.h5").write_bytes(bytes(1000))
    assert own_drafts.held()[""] == before + 1000
    draft.remove()
    assert own_drafts.held()[""] == before


def test_nobody_who_did_not_sign_in_sends_anything(manager, monkeypatch):
    monkeypatch.setattr(user, "signs_in", lambda: True)
    assert answered("tab", 100) == 403
    upload_limits._VISITORS.who["tab"] = "Ada #0123456789abcdef"
    assert answered("tab", 100) == 204


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"-5")], [(b"transfer-encoding", b"chunked")]])
def test_a_file_without_a_length_is_refused(manager, headers):
    assert answered("tab", 0, headers=headers) == 411


def test_only_uploads_are_looked_at(manager):
    assert answered("tab", 0, headers=[], method="DELETE") == 204
