"""Private folders of sessions, removed at their end, and how much each session has in them."""

import threading
import weakref
from collections import Counter
from pathlib import Path

from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.io.drafts import Draft
from ui.data import session_end

_DRAFTS: weakref.WeakKeyDictionary[Draft, str] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def new() -> Draft:
    """Make a private folder of the present session."""
    draft, context = Draft(), get_script_run_ctx()
    session_end.at_end(draft.remove)
    with _LOCK:
        _DRAFTS[draft] = "" if context is None else context.session_id
    return draft


def held() -> Counter[str]:
    """Count the bytes in private folders, by session."""
    with _LOCK:
        drafts = list(_DRAFTS.items())
    found: Counter[str] = Counter()
    for draft, session in drafts:
        found[session] += sum(map(_size, draft.folder.rglob("*")))
    return found


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it has just been removed
        return 0
