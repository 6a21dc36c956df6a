"""What visitors say of themselves, and garbage over the WebSocket, on a server as docs/deploying.md starts it."""

import asyncio
import json
import math
import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

from benchmarks.lab_session import Session, opened
from core.errors import ParameterError
from core.io import lab
from scripts.chromium import served
from tests.small_tissue import small_sample
from ui.shell.door import check_cookie_secret

SECRET = "0123456789abcdef" * 2
NAME = re.compile(r"Guest [0-9a-f]{4}|Mallory|Ada Lovelace|Sign in")
HEADERS = [
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Preferred-Username",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "Remote-User",
    "X-Remote-User",
    "X-WEBAUTH-USER",
    "Streamlit-User-Info",
    "X-Streamlit-User",
]
FORGED = dict.fromkeys(HEADERS, "Mallory")


def run(work):
    """Run in a thread of its own: a test with a browser may have left an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@asynccontextmanager
async def visiting(address, headers, token=""):
    """A page as somebody sees it who sends these headers; and the token against forged requests, as browsers do."""
    protocols = [Subprotocol(one) for one in ("streamlit", token) if one]
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    async with connect(
        stream, origin=Origin(address), subprotocols=protocols, additional_headers=headers, max_size=None
    ) as link:
        session = Session(link, "")
        listening = asyncio.create_task(session.listen())
        try:
            await session._drawn_after("button")
            yield session
        finally:
            session.end()
            listening.cancel()


def names(address, headers, token=""):
    async def look():
        async with visiting(address, headers, token) as session:
            return set(NAME.findall(" ".join(map(str, session.elements()))))

    return run(look())


def forgeries(address):
    """Cookies that say who somebody is, as nobody made them who knows the secret of the server."""
    claims = {"is_logged_in": True, "name": "Mallory", "iss": "https://login", "sub": "1", "origin": address}
    plain, name = json.dumps(claims), "_streamlit_user"
    yield f"{name}={plain.encode().hex()}"
    for secret in ("", "secret", SECRET[:-1]):
        yield f"{name}={create_signed_value(secret, name, plain).decode()}"
    yield f"{name}={create_signed_value(SECRET, '_streamlit_xsrf', plain).decode()}"  # signed as something else
    elsewhere = json.dumps(claims | {"origin": "https://elsewhere.example"})
    yield f"{name}={create_signed_value(SECRET, name, elsewhere).decode()}"


@pytest.fixture
def samples(tmp_path):
    (tmp_path / "samples").mkdir()
    lab.write(small_sample("first"), tmp_path / "samples" / "first.h5")
    return {"SPCA_DATA": str(tmp_path / "samples"), "SPCA_MODELS": str(tmp_path / "models"), "SPCA_PRESET": "paper"}


def token_of(address):
    with urllib.request.urlopen(f"{address}/_stcore/health") as answer:  # noqa: S310 - our own server
        return re.search("_streamlit_xsrf=([^;]+)", answer.headers["Set-Cookie"])[1]


@pytest.mark.slow
def test_no_header_and_no_forged_cookie_makes_a_visitor_somebody(samples, tmp_path):
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "http://localhost/oauth2callback"\ncookie_secret = "{SECRET}"\nclient_id = "c"\n'
        'client_secret = "s"\nserver_metadata_url = "https://login.example/.well-known/openid-configuration"\n'
    )
    with served("app.py", STREAMLIT_SECRETS_FILES=str(secrets), **samples) as server:
        address, token = server.address, token_of(server.address)
        cookie = f"_streamlit_xsrf={token}"
        assert names(address, FORGED) == {"Sign in"}
        for forged in forgeries(address):
            assert names(address, {"Cookie": f"{cookie}; {forged}"} | FORGED, token) == {"Sign in"}, forged
        claims = {"is_logged_in": True, "name": "Ada Lovelace", "iss": "https://login", "sub": "1", "origin": address}
        signed = f"_streamlit_user={create_signed_value(SECRET, '_streamlit_user', json.dumps(claims)).decode()}"
        # As the server itself makes it: so the others are refused for what is wrong about them.
        assert names(address, {"Cookie": f"{cookie}; {signed}"} | FORGED, token) == {"Ada Lovelace"}
        assert names(address, {"Cookie": signed}) == {"Sign in"}  # without the token a page elsewhere could ask so


def garbage(widget):
    """Values of every type, out of every range."""
    for number in (math.nan, math.inf, -1e308):
        yield WidgetState(id=widget, double_value=number)
    for number in (2**62, -(2**62), -1):
        yield WidgetState(id=widget, int_value=number)
    for text in ("", "\0\u202e<b>" * 50, "9" * 5000):
        yield WidgetState(id=widget, string_value=text)
    for text in ("{", "null", '"x"', "[[[]]]", '{"edits": [{"runs": [1e999]}], "selection": {"rows": [-5]}}'):
        yield WidgetState(id=widget, json_value=text)
    yield WidgetState(id=widget, trigger_value=True)
    yield WidgetState(id=widget, bytes_value=b"\xff" * 100)


async def send_garbage(address):
    async with opened(address, "sample=first.h5&preset=paper-pooled") as session:
        widgets = [widget.id for widget in session.elements() if getattr(widget, "id", "")]
    assert len(widgets) > 30
    for widget in (*widgets[::4], "nobody's"):
        async with visiting(address, {}) as session:
            for value in garbage(widget):
                state = ClientState(query_string="sample=first.h5&preset=paper-pooled")
                state.widget_states.widgets.append(value)
                await session._link.send(BackMsg(rerun_script=state).SerializeToString())
            await session._link.send(b"\xff" * 50)  # no message at all


async def look(address):
    async with opened(address, "sample=first.h5&preset=paper-pooled", user="Ada") as session:
        return {card.label: card.body for card in session.elements("metric")}, session.exceptions


@pytest.mark.slow
def test_garbage_of_one_visitor_changes_nothing_for_another(samples):
    with served("app.py", **samples) as server:
        before, _ = run(look(server.address))
        run(send_garbage(server.address))
        after, wrong = run(look(server.address))
    assert wrong == []
    assert after == before
    assert "ARI" in after


@pytest.mark.parametrize("secret", ["", "secret", "a long random text", "x" * 40])
def test_a_secret_that_can_be_guessed_stops_the_start(secret):
    with pytest.raises(ParameterError, match=r"whoever guesses it can sign in as anybody.*token_hex"):
        check_cookie_secret(secret)


def test_a_secret_that_nobody_can_guess_does_not():
    check_cookie_secret(SECRET)
