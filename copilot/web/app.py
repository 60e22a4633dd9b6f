"""The application: API, console and what stands before them, over one open runtime."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from copilot import __version__
from copilot.runtime import Runtime
from copilot.web import problems
from copilot.web.api import (
    candidates,
    conversations,
    customers,
    decisions,
    health,
    portrait,
    products,
    regressions,
    reports,
    scripts,
    stream,
    suggest,
)
from copilot.web.console import routes as console
from copilot.web.console.live.broadcast import Broadcast
from copilot.web.description import describe
from copilot.web.desk.candidates import routes as candidate_desk
from copilot.web.desk.editor import routes as editor_desk
from copilot.web.desk.health import routes as health_desk
from copilot.web.desk.performance import routes as performance_desk
from copilot.web.desk.scripts import routes as script_desk
from copilot.web.desk.transfer import routes as transfer_desk
from copilot.web.files import FreshFiles
from copilot.web.guards import BodyLimit, OwnPagesOnly, SecurityHeaders
from copilot.web.hub import Hub
from copilot.web.options import WebOptions
from copilot.web.pages import routes as choices
from copilot.web.services import Services
from copilot.web.watch import ConversationWatch

STATIC = Path(__file__).parent / "static"
API = (
    suggest,
    decisions,
    customers,
    portrait,
    conversations,
    scripts,
    products,
    candidates,
    regressions,
    reports,
    stream,
    health,
)
PAGES = (choices, console, candidate_desk, script_desk, transfer_desk, editor_desk, health_desk, performance_desk)


def create_app(runtime: Runtime | Callable[[], Runtime], options: WebOptions | None = None) -> FastAPI:
    """The application; a factory is called when it starts and what it made is closed when it ends."""
    chosen = options or WebOptions()
    hub = Hub(chosen.subscriber_queue)
    app = FastAPI(
        title="Copilot",
        version=__version__,
        lifespan=_lifespan(runtime, chosen, hub),
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.hub = hub
    for part in (*API, *PAGES):
        app.include_router(part.router)
    app.mount("/static", FreshFiles(directory=STATIC), name="static")
    app.add_route("/", lambda _: RedirectResponse("/console"), include_in_schema=False)
    problems.install(app)
    larger = {transfer_desk.CHECK_PATH: chosen.max_upload_bytes}
    app.add_middleware(BodyLimit, max_bytes=chosen.max_body_bytes, larger=larger)
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(SecurityHeaders)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


def _lifespan(
    runtime: Runtime | Callable[[], Runtime], options: WebOptions, hub: Hub
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = runtime if isinstance(runtime, Runtime) else await run_in_threadpool(runtime)
        services = Services.start(opened, options, hub)
        hub.start(asyncio.get_running_loop())
        app.state.services = services
        app.state.broadcast = broadcast = Broadcast(services)
        following = asyncio.create_task(broadcast.run())
        watch = asyncio.create_task(ConversationWatch(opened, services.newsroom, options.poll_s).run())
        try:
            yield
        finally:
            hub.close()
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            await following
            await run_in_threadpool(services.pool.close)
            await run_in_threadpool(services.uploads.close)
            if opened is not runtime:
                await run_in_threadpool(opened.close)

    return lifespan
