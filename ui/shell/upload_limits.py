"""How much of uploads the server holds in memory: Streamlit takes any number of files from whoever has a connection.

A page copies an upload to the disk once it has come, but nothing obliges a visitor to have a page that does. So one person may have as
much in memory as one file may be large (`server.maxUploadSize`), and eight times as much in private folders, in all tabs together; all
people together no more than memory allows; and where a sign-in is required, nobody who did not sign in may send anything.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import memory
from ui.data import own_drafts, session_end, user

_WAY = "/_stcore/upload_file/"
_FRAME_BYTES = 1 << 16  # what a form has around its file
_FILES_ON_DISK = 8  # as large as one may be, of one person
_TOO_MUCH = "You have other files on their way to this server: wait until they are read, or remove one from its page."
_TOO_MANY = "You have many files here that are not saved as samples: save them, or close their tabs."
_NO_ROOM = "The server has no memory for a file of this size now: try again later."


class _Visitors:
    """Whose each session is, and how much of files is on the way."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.who: dict[str, str] = {}
        self.coming: Counter[str] = Counter()  # bytes by session

    def forget(self, session: str) -> None:
        with self.lock:
            self.who.pop(session, None)

    def held(self) -> Counter[str]:
        """Count the bytes in memory and on the way, by session."""
        manager = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
        there = manager.file_storage if isinstance(manager, MemoryUploadedFileManager) else {}
        # Copies, since other threads add to both and take away.
        held = {session: sum(len(file.data) for file in list(files.values())) for session, files in list(there.items())}
        return Counter(held) + self.coming


_VISITORS = _Visitors()


def known_as(who: str) -> None:
    """Count uploads of the present session as those of somebody, who may send files from now on."""
    context = get_script_run_ctx()
    if context is None:
        return
    session = context.session_id
    with _VISITORS.lock:
        is_new = session not in _VISITORS.who
        _VISITORS.who[session] = who
    if is_new:
        session_end.at_end(lambda: _VISITORS.forget(session))


class UploadLimits:
    """Refuses a file that would be too much, before it is taken in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything else on."""
        if scope["type"] != "http" or scope["method"] != "PUT" or _WAY not in str(scope["path"]):
            await self._app(scope, receive, send)
            return
        session = str(scope["path"]).partition(_WAY)[2].partition("/")[0]
        length = dict(scope["headers"]).get(b"content-length", b"")
        if not length.isdigit():
            await PlainTextResponse("Length Required", status_code=411)(scope, receive, send)
            return
        with _on_its_way(session, int(length)) as refusal:
            await (refusal or self._app)(scope, receive, send)


@contextmanager
def _on_its_way(session: str, n_bytes: int) -> Iterator[PlainTextResponse | None]:
    """Count a file as on its way while the block lasts, or say why it is refused."""
    with _VISITORS.lock:
        refusal = _refusal(session, n_bytes)
        _VISITORS.coming[session] += n_bytes if refusal is None else 0
    try:
        yield refusal
    finally:
        with _VISITORS.lock:
            _VISITORS.coming[session] -= n_bytes if refusal is None else 0
            if not _VISITORS.coming[session]:
                del _VISITORS.coming[session]


def _refusal(session: str, n_bytes: int) -> PlainTextResponse | None:
    who, held = _VISITORS.who.get(session), _VISITORS.held()
    if who is None and user.signs_in():
        return PlainTextResponse("Sign in first.", status_code=403)
    mine = {session} | {other for other, name in _VISITORS.who.items() if name == who}
    most = int(st.get_option("server.maxUploadSize")) << 20
    if sum(held[one] for one in mine) + n_bytes > most + _FRAME_BYTES:
        return PlainTextResponse(_TOO_MUCH, status_code=413)
    kept = own_drafts.held()
    if sum(kept[one] for one in mine) + n_bytes > _FILES_ON_DISK * most:
        return PlainTextResponse(_TOO_MANY, status_code=413)
    if _VISITORS.coming.total() + n_bytes > memory.free_bytes() // 2:  # what has come is not free any more
        return PlainTextResponse(_NO_ROOM, status_code=503)
    return None
