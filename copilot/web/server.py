"""Runs the application on this machine until it is told to stop."""

import logging
import signal
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from types import FrameType

import uvicorn

from copilot.runtime import Runtime
from copilot.settings import Settings
from copilot.web.app import create_app
from copilot.web.hub import Hub
from copilot.web.options import WebOptions

logger = logging.getLogger(__name__)

GRACE_S = 5
SWITCH_S = 0.0005
"""A request passes from thread to thread many times; while the engine computes, each time would cost 5 ms otherwise."""


class ConsoleServer(uvicorn.Server):
    """A server that ends its event streams as soon as it is told to stop, so that it need not wait for them."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop."""
        self._hub.close()
        super().handle_exit(sig, frame)


def run(settings: Settings, host: str, port: int, *, open_browser: bool = False, path: str = "/") -> None:
    """Serve a workspace; `path` is the page to look at first.

    Prints the address, follows changes of the database, returns after SIGINT or SIGTERM.

    Raises:
        WorkspaceError: there is no such workspace.
        SearchIndexError: the index cannot serve; the message says what to run.
        OSError: the address is taken.
    """
    sys.setswitchinterval(SWITCH_S)
    runtime = Runtime.open(settings)
    try:
        runtime.index.start_following()
        runtime.engine.warm_up()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family) as listener:
            signal.signal(signal.SIGTERM, _stop_was_asked)
            with suppress(KeyboardInterrupt):
                _serve(runtime, listener, path, open_browser=open_browser)
    finally:
        runtime.close()


def _stop_was_asked(_: int, __: FrameType | None) -> None:
    """Do nothing: uvicorn sends the signal again once it has stopped, and the workspace is still to be closed."""


def _serve(runtime: Runtime, listener: socket.socket, path: str, *, open_browser: bool) -> None:
    app = create_app(runtime, WebOptions())
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=GRACE_S, server_header=False)
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}{path.rstrip('/')}"
    print(f"Copilot is at {url} (stop it with Ctrl+C)", flush=True)  # noqa: T201  # the address is this command's output
    if runtime.degraded:
        logger.warning("suggestions by words only: %s", runtime.degraded)
    if open_browser:
        threading.Timer(1.0, webbrowser.open, [url]).start()
    ConsoleServer(config, app.state.hub).run(sockets=[listener])
