"""What travels between a page and its server during one move, timed on the browser's own clock.

A move is split into: the browser's way to the request, the server's time until the maps leave it, and the browser's time until they
are drawn. Messages and bytes are counted to the end of the move, with what is told of the maps afterwards.
"""

import base64
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_COMPONENT = "tissue_view"

# Wraps the page's WebSocket before anything opens one. Frames are kept for one move and read out after it.
_RECORD = """(() => {
  const Plain = window.WebSocket;
  window.traffic = [];
  const record = (way, data) => window.traffic.push({ way, at: performance.now(), data });
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", event => record("received", event.data));
    }
    send(data) { record("sent", data); super.send(data); }
  };
})();"""
_READ = """async () => {
  const text = bytes => { let all = ""; for (const byte of bytes) all += String.fromCharCode(byte); return btoa(all); };
  const bytes = async data => new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data);
  const read = [];
  for (const { way, at, data } of window.traffic.splice(0)) read.push([way, at, text(await bytes(data))]);
  return read;
}"""


@dataclass(frozen=True, slots=True)
class Traffic:
    """One move. Times are milliseconds.

    Parameters
    ----------
    milliseconds : float
        From key press to drawn maps.
    to_request, to_maps, to_drawn : float
        From key press to request; from there to the arrival of the maps; from there until they are drawn. NaN if no maps came.
    messages, n_bytes : int
        What the server sent until its pictures and words were complete.
    first_messages, first_bytes : int
        Those up to the maps.
    kinds : Counter of str
        Messages by kind.
    """

    milliseconds: float
    to_request: float
    to_maps: float
    to_drawn: float
    messages: int
    n_bytes: int
    first_messages: int
    first_bytes: int
    kinds: Counter[str]


def record(context: BrowserContext) -> None:
    """Record what all pages of a context send and receive from now on."""
    context.add_init_script(_RECORD)


def read(page: Page, pressed: float, drawn: float) -> Traffic:
    """Read out, and forget, what was recorded since the last reading.

    Parameters
    ----------
    page : Page
    pressed, drawn : float
        Times of key press and drawn maps on the page's clock, ms.

    Returns
    -------
    Traffic
    """
    frames = [(way, at, base64.b64decode(data)) for way, at, data in page.evaluate(_READ) if at >= pressed]
    sent = next((at for way, at, _ in frames if way == "sent"), float("nan"))
    received = [(at, data, ForwardMsg.FromString(data)) for way, at, data in frames if way == "received"]
    first = next((number for number, (_, data, _) in enumerate(received) if _COMPONENT.encode() in data), None)
    arrived = float("nan") if first is None else received[first][0]
    until = received[: 0 if first is None else first + 1]
    return Traffic(
        milliseconds=drawn - pressed,
        to_request=sent - pressed,
        to_maps=arrived - sent,
        to_drawn=drawn - arrived,
        messages=len(received),
        n_bytes=sum(len(data) for _, data, _ in received),
        first_messages=len(until),
        first_bytes=sum(len(data) for _, data, _ in until),
        kinds=Counter(_kind(message) for _, _, message in received),
    )


def in_words(moves: Sequence[Traffic]) -> str:
    """Write the medians of several moves."""

    def middle(name: str) -> float:
        return statistics.median(getattr(move, name) for move in moves)

    return (
        f"to the request {middle('to_request'):.0f} ms, server to the maps {middle('to_maps'):.0f} ms, browser "
        f"{middle('to_drawn'):.0f} ms; {middle('first_messages'):.0f} messages and {middle('first_bytes') / 1000:.0f} kB to the maps, "
        f"{middle('messages'):.0f} and {middle('n_bytes') / 1000:.0f} kB in all"
    )


def _kind(message: ForwardMsg) -> str:
    kind = message.WhichOneof("type") or "none"
    if kind != "delta":
        return kind
    inside = str(message.delta.WhichOneof("type"))
    return f"{inside} {message.delta.new_element.WhichOneof('type')}" if inside == "new_element" else inside
