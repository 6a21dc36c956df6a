"""A browser without a screen: one session of a Streamlit app, in Streamlit's own protocol.

It does what Streamlit's page does: it keeps the elements of the latest run, sends widgets back by the ids found in them, gives
the address back that the app wrote last, and runs fragments again as often as they ask for. Nothing is drawn.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, quote

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

_NAME_COOKIE = "spatial_domains_name"  # as ui/data/user.py has the browser keep it
_SECONDS_TO_DRAW = 120.0
_MAPS, _CARDS = "bidi_component", "metric"  # kinds of elements by which parts of Tune are known


class Session:
    """One visitor's connection.

    Parameters
    ----------
    link : websockets.asyncio.client.ClientConnection
    query : str
        Query string of the address that is opened.

    Attributes
    ----------
    query : str
        As the app wrote it last.
    page_name : str
        Page that is asked for; empty for the first one.
    exceptions : list of str
        Everything that went wrong on the page, from the beginning.
    n_bytes : int
        Received so far.
    """

    def __init__(self, link: ClientConnection, query: str, page_name: str = "") -> None:
        self.query, self.page_name = query, page_name
        self.exceptions: list[str] = []
        self.n_bytes = 0
        self._link = link
        self._deltas: dict[tuple[int, ...], Delta] = {}
        self._coming: dict[tuple[int, ...], Delta] | None = (
            None  # of a run that is not over; until then the last one shows
        )
        self._values: dict[str, WidgetState] = {}
        self._shown: dict[
            str, list[float]
        ] = {}  # of widgets, by their ids: an app tells them only what they do not show
        self._awaited_run, self._gave_way = "", ""
        self._awaited_kind = _MAPS
        self._drawn = asyncio.Event()
        self._timers: dict[str, asyncio.Task[None]] = {}

    async def redraw(self, *pressed: WidgetState) -> float:
        """Run the page again.

        Parameters
        ----------
        *pressed : WidgetState
            Buttons that are pressed.

        Returns
        -------
        float
            Seconds from asking to the end of the script.

        Raises
        ------
        TimeoutError
            If that takes two minutes.
        """
        return await self._drawn_after(_MAPS, pressed)

    async def _drawn_after(self, kind: str, pressed: tuple[WidgetState, ...] = (), fragment: str = "") -> float:
        """Ask, and wait for the end of the run of the whole page, or of the part that has elements of that kind."""
        self._awaited_run = ""  # one that began before does not know what is asked now
        self._awaited_kind = kind
        self._drawn.clear()
        asked = time.perf_counter()
        await self._ask(pressed, fragment=fragment)
        async with asyncio.timeout(_SECONDS_TO_DRAW):
            await self._drawn.wait()
        return time.perf_counter() - asked

    async def turn(self, label: str, value: float) -> float:
        """Give a number input or slider another value.

        Parameters
        ----------
        label : str
            How its label begins.
        value : float

        Returns
        -------
        float
            Seconds to the end of the script.
        """
        widget = self.widget(label)
        self._values[widget.id] = _state(widget, value)
        self._shown[widget.id] = [value]
        _show(widget, [value])
        seconds = await self.redraw()
        if fragment := self._fragment_of(_CARDS):  # the maps ask for it once they have rested
            await self._drawn_after(_CARDS, fragment=fragment)
        return seconds

    async def press(self, label: str) -> None:
        """Press a button, and do not wait for what comes of it.

        Parameters
        ----------
        label : str

        Raises
        ------
        LookupError
            If the page has none of that label.
        """
        delta = next((delta for delta in self._deltas.values() if _label(_element(delta)) == label), None)
        if delta is None:
            raise LookupError(f"The page at ?{self.query} shows no button {label}.")
        pressed = WidgetState(id=_element(delta).id, trigger_value=True)
        await self._ask((pressed,), fragment=delta.fragment_id)

    def has(self, label: str) -> bool:
        """Whether the page shows a widget.

        Parameters
        ----------
        label : str

        Returns
        -------
        bool
        """
        return any(_label(element) == label for element in self.elements())

    def widget(self, label: str) -> Any:
        """Find a widget.

        Parameters
        ----------
        label : str
            Up to what stands in brackets.

        Returns
        -------
        protobuf message
            Such as `NumberInput`.

        Raises
        ------
        LookupError
            If the page has none of that label.
        """
        found = next((one for one in self.elements() if _label(one).partition(" (")[0] == label), None)
        if found is None:
            raise LookupError(f"The page at ?{self.query} shows no {label}.")
        return found

    def elements(self, kind: str = "") -> Iterator[Any]:
        """Go through what the page shows.

        Parameters
        ----------
        kind : str
            As `streamlit.proto.Element_pb2` calls it, such as `metric`; all where empty.

        Yields
        ------
        protobuf message
        """
        for delta in self._deltas.values():
            if not kind or delta.new_element.WhichOneof("type") == kind:
                yield _element(delta)

    def asked_for(self) -> dict[str, str]:
        """Take the address apart.

        Returns
        -------
        dict of str to str
        """
        return {name: values[0] for name, values in parse_qs(self.query).items()}

    async def listen(self) -> None:
        """Take in what the app sends, until it ends or the task is cancelled."""
        async for raw in self._link:
            self.n_bytes += len(raw)
            message = ForwardMsg()
            message.ParseFromString(bytes(raw, "utf-8") if isinstance(raw, str) else raw)
            self._take(message)

    def break_off(self) -> None:
        """Cut the connection without a word, as a laptop does that is shut."""
        self.end()
        self._link.transport.abort()

    def end(self) -> None:
        """Run no fragment again."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session" and message.metadata.run.fragment_ids:
            self._begin_part(message.metadata.run.script_run_id, message.metadata.run.fragment_ids)
        elif kind == "new_session":
            self._begin(message.metadata.run.script_run_id)
        elif kind == "delta":
            self._take_delta(tuple(message.metadata.delta_path), message.delta)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._run_every(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "script_finished":
            self._finish(message)

    def _fragment_of(self, kind: str) -> str:
        """Find the part of the page that elements of a kind belong to; empty where they belong to none."""
        found = (delta for delta in self._deltas.values() if delta.new_element.WhichOneof("type") == kind)
        return next((delta.fragment_id for delta in found), "")

    def _begin_part(self, run: str, fragments: Collection[str]) -> None:
        self._coming = None  # the rest of the page stays, and one that was begun is given up
        if self._fragment_of(self._awaited_kind) in fragments:
            self._awaited_run = run
        elif self._gave_way and self._gave_way == self._awaited_run:
            self._drawn.set()  # nothing draws it again: it had ended, and only the next part was quicker than its message

    def _begin(self, run: str) -> None:
        self._awaited_run, self._coming = run, {}
        self.end()

    def _take_delta(self, path: tuple[int, ...], delta: Delta) -> None:
        (self._deltas if self._coming is None else self._coming)[path] = delta
        element = delta.new_element
        if element.WhichOneof("type") in ("number_input", "slider"):
            self._take_widget(_element(delta))
        if element.WhichOneof("type") == "exception":
            self.exceptions.append(f"{element.exception.type}: {element.exception.message}")
        elif element.WhichOneof("type") == "alert" and element.alert.format == element.alert.ERROR:
            self.exceptions.append(element.alert.body)

    def _take_widget(self, widget: Any) -> None:
        """Show what a widget is told, or else what it showed before."""
        if widget.set_value:
            self._shown[widget.id] = [widget.value] if isinstance(widget, NumberInput) else list(widget.value)
        elif widget.id in self._shown:
            _show(widget, self._shown[widget.id])

    def _finish(self, message: ForwardMsg) -> None:
        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.exceptions.append("The script does not compile.")
        whole = message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        if whole and self._coming is not None:
            self._deltas, self._coming = self._coming, None
        run = message.metadata.run.script_run_id
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self._gave_way = run
        ended = whole or message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
        if ended and run == self._awaited_run:
            self._drawn.set()

    def _run_every(self, fragment: str, seconds: float) -> None:
        if fragment not in self._timers:
            self._timers[fragment] = asyncio.create_task(self._keep_running(fragment, seconds))

    async def _keep_running(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._ask(fragment=fragment, by_itself=True)

    async def _ask(self, pressed: tuple[WidgetState, ...] = (), *, fragment: str = "", by_itself: bool = False) -> None:
        state = ClientState(
            query_string=self.query, page_name=self.page_name, fragment_id=fragment, is_auto_rerun=by_itself
        )
        state.widget_states.widgets.extend([*self._values.values(), *pressed])
        await self._link.send(BackMsg(rerun_script=state).SerializeToString())


@asynccontextmanager
async def opened(address: str, query: str = "", *, user: str = "", page_name: str = "") -> AsyncIterator[Session]:
    """Open a page, as a browser does, and wait until it is drawn.

    Parameters
    ----------
    address : str
        Of the server, such as `http://127.0.0.1:8501`.
    query : str
        Query string.
    user : str
        Name that the browser keeps.
    page_name : str
        Page, as the address calls it; empty for the first one.

    Yields
    ------
    Session
    """
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    cookie = {"Cookie": f"{_NAME_COOKIE}={quote(user, safe='')}"} if user else {}
    async with connect(
        stream, origin=Origin(address), subprotocols=[Subprotocol("streamlit")], additional_headers=cookie, max_size=None
    ) as link:  # fmt: skip
        session = Session(link, query, page_name)
        listening = asyncio.create_task(session.listen())
        try:
            await session.redraw()
            yield session
        finally:
            session.end()
            listening.cancel()


def _element(delta: Delta) -> Any:
    kind = delta.new_element.WhichOneof("type")
    return getattr(delta.new_element, kind) if kind else None


def _label(element: Any) -> str:
    return str(getattr(element, "label", ""))


def _show(widget: Any, values: list[float]) -> None:
    """Show what was typed or told, as a browser does until the server tells something else."""
    if isinstance(widget, NumberInput):
        widget.value = values[0]
    else:
        widget.value[:] = values


def _state(widget: Any, value: float) -> WidgetState:
    state = WidgetState(id=widget.id)
    if not isinstance(widget, NumberInput):
        state.double_array_value.data.append(value)
    elif widget.data_type == NumberInput.INT:
        state.int_value = int(value)
    else:
        state.double_value = value
    return state
