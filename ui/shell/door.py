"""What the server answers at all: by the name that it is asked for, and not to everybody who asks how it does.

A page elsewhere can have a visitor's browser ask this server under a name of its own (DNS rebinding): `SPCA_HOSTS` lists the names
that are answered, for pages and for WebSockets. Streamlit's figures of itself are there with `SPCA_METRICS=1` only.
"""

import os
from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_METRICS = "/_stcore/metrics"


class NoMetrics:
    """Answers that there are no figures of the server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything else on."""
        asked = scope["type"] == "http" and str(scope["path"]).rstrip("/").endswith(_METRICS)
        answer = PlainTextResponse("Not Found", status_code=404) if asked else self._app
        await answer(scope, receive, send)


def keepers() -> Sequence[Middleware]:
    """List what stands before the app, by the settings of this server."""
    hosts = [host.strip() for host in os.environ.get("SPCA_HOSTS", "").split(",") if host.strip()]
    trusted = [Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)] if hosts else []
    return trusted if os.environ.get("SPCA_METRICS") == "1" else [*trusted, Middleware(NoMetrics)]
