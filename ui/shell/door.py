"""What the server answers at all: by the name that it is asked for, and not to everybody who asks how it does.

A page elsewhere can have a visitor's browser ask this server under a name of its own (DNS rebinding): `SPCA_HOSTS` lists the names
that are answered, for pages and for WebSockets. Streamlit's figures of itself are there with `SPCA_METRICS=1` only.
"""

import os
import re
from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import ParameterError
from core.text import shown

_METRICS = "/_stcore/metrics"
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE)


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
    """List what stands before the app, by the settings of this server; a server whose names cannot be read does not start."""
    try:
        hosts = read_hosts(os.environ.get("SPCA_HOSTS", ""))
    except ParameterError as error:
        raise SystemExit(str(error)) from error
    trusted = [Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)] if hosts else []
    return trusted if os.environ.get("SPCA_METRICS") == "1" else [*trusted, Middleware(NoMetrics)]


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
