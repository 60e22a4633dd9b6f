"""`copilot serve`: the console and the API on this machine."""

from typing import Annotated

import typer

from copilot.cli.options import EncoderOption, WorkspaceOption, read_settings


def serve(
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on; this machine only by default.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="The port; 0 picks a free one.")] = 8000,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the console in a browser.")] = False,
    workspace: WorkspaceOption = None,
    encoder: EncoderOption = None,
) -> None:
    """Serve the agent console and the HTTP API.

    Example: copilot serve --port 8000
    """
    from copilot.web.server import run

    run(read_settings(workspace, encoder), host, port, open_browser=open_browser)
