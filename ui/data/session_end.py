"""What ends with a visitor's session, soon after the tab was closed.

Streamlit forgets a session two minutes after its connection ended, but what the session held may stay in memory, and so on the disk,
until Python collects it, which on a quiet server takes minutes more.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

_SECONDS_BETWEEN_LOOKS, _SECONDS_TO_COME_BACK = 20.0, 120.0


@dataclass(slots=True)
class _Held:
    session: str
    let_go: Callable[[], None]
    gone_since: float | None = None


class _Keeper(threading.Thread):
    """Looks which sessions have ended."""

    def __init__(self) -> None:
        super().__init__(name="ended sessions", daemon=True)
        self.held: list[_Held] = []
        self.lock = threading.Lock()

    def run(self) -> None:
        while True:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            if runtime.exists():
                self.look(runtime.get_instance().is_active_session, time.monotonic())

    def look(self, is_active: Callable[[str], bool], now: float) -> None:
        """Let go of what belongs to sessions that have been away for too long."""
        with self.lock:
            for item in self.held:
                item.gone_since = None if is_active(item.session) else item.gone_since or now
            ended = [item for item in self.held if now - (item.gone_since or now) >= _SECONDS_TO_COME_BACK]
            self.held = [item for item in self.held if item not in ended]
        for item in ended:
            item.let_go()


_KEEPER = _Keeper()


def at_end(let_go: Callable[[], None]) -> None:
    """Call this once the present session has ended, whatever still refers to its values."""
    context = get_script_run_ctx()
    if context is None:
        return
    with _KEEPER.lock:
        _KEEPER.held.append(_Held(context.session_id, let_go))
        if not _KEEPER.is_alive():
            _KEEPER.start()
