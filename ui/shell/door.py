"""What the server answers at all: by the name that it is asked for, and not to everybody who asks how it does.

A page elsewhere can have a visitor's browser ask this server under a name of its own (DNS rebinding): `SPCA_HOSTS` lists the names
that are answered, for pages and for WebSockets. Streamlit's figures of itself are there with `SPCA_METRICS=1` only.

A page elsewhere can also show this server in a frame, so that a visitor clicks on what he does not see: only this server's own
pages and those that `SPCA_EMBEDDED_BY` names may. Browsers take each answer for what it says that it is, and tell other sites
nothing of the address, in which settings and names of samples are.

Who signed in is kept by the browser in a cookie, signed with a secret of the server: with one that can be guessed anybody is anybody.
"""

import os
import re
from collections.abc import Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import ParameterError
from core.text import counted, shown
from ui.data import user
from ui.shell.upload_limits import UploadLimits

_METRICS = "/_stcore/metrics"
_SHORTEST_SECRET = 32
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE)

_ORIGIN = re.compile(r"https?://(\*\.)?([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)


class Told:
    """Adds to every answer what browsers have to keep to."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and what comes back with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class NoMetrics:
    """Answers that there are no figures of the server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything else on."""
        # Anywhere in it: a path that ends with a line break is that of the figures to Starlette, too.
        asked = scope["type"] == "http" and _METRICS in str(scope["path"]).lower()
        answer = PlainTextResponse("Not Found", status_code=404) if asked else self._app
        await answer(scope, receive, send)


def keepers() -> Sequence[Middleware]:
    """List what stands before the app, by the settings of this server; a server whose settings cannot be read does not start."""
    try:
        hosts = read_hosts(os.environ.get("SPCA_HOSTS", ""))
        embedding = read_origins(os.environ.get("SPCA_EMBEDDED_BY", ""))
        if user.signs_in():
            check_cookie_secret(user.cookie_secret())
    except ParameterError as error:
        raise SystemExit(str(error)) from error
    # First, since those that are refused are told the same.
    before = [Middleware(Told, headers=_headers(embedding))]
    if hosts:
        before.append(Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False))
    before.append(Middleware(UploadLimits))
    return before if os.environ.get("SPCA_METRICS") == "1" else [*before, Middleware(NoMetrics)]


def check_cookie_secret(secret: str) -> None:
    """Refuse a secret that can be guessed, such as that of an example. Raises `core.errors.ParameterError`."""
    if len(secret) < _SHORTEST_SECRET or len(set(secret)) < _SHORTEST_SECRET // 4:
        raise ParameterError(
            f"The sign-in has a cookie_secret of {counted(len(secret), 'character')} in [auth] of secrets.toml; whoever guesses it can "
            f"sign in as anybody. Write {_SHORTEST_SECRET} or more that nobody can guess, as this makes them: "
            'python -c "import secrets; print(secrets.token_hex(32))"'
        )


def _headers(embedding: Sequence[str]) -> dict[str, str]:
    headers = {
        "Content-Security-Policy": " ".join(("frame-ancestors", "'self'", *embedding)),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    # Of browsers that do not know the first, and it can name no other site.
    return headers if embedding else headers | {"X-Frame-Options": "SAMEORIGIN"}


def read_hosts(text: str) -> list[str]:
    """Read the names that the server answers to; none for any. Raises `core.errors.ParameterError` for what is no name."""
    hosts = [host.strip() for host in text.split(",") if host.strip()]
    wrong = next((host for host in hosts if not _HOST.fullmatch(host)), "," if text.strip() and not hosts else "")
    if wrong:
        raise ParameterError(
            f"SPCA_HOSTS holds {shown(wrong)!r}, which is no name of a host: write names alone, without https:// and port, such as "
            "domains.example.org, *.example.org, 192.0.2.1 or [2001:db8::1], with commas between them."
        )
    return hosts


def read_origins(text: str) -> list[str]:
    """Read whose pages may show this server in a frame. Raises `core.errors.ParameterError` for what is no origin."""
    origins = [origin.strip() for origin in text.split(",") if origin.strip()]
    wrong = next((origin for origin in origins if not _ORIGIN.fullmatch(origin)), "")
    if wrong:
        raise ParameterError(
            f"SPCA_EMBEDDED_BY holds {shown(wrong)!r}, which is no origin: write https:// and a name, with a port where there is one "
            "and nothing behind it, such as https://wiki.example.org, with commas between them."
        )
    return origins
