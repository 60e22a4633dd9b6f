"""Everything a route works with, made once when the application starts; and how routes ask for it."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import StringConstraints

from copilot.curation.script_list import ScriptList
from copilot.runtime import Runtime
from copilot.web.board import SuggestionBoard
from copilot.web.hub import Hub
from copilot.web.metrics import Metrics
from copilot.web.newsroom import Newsroom
from copilot.web.options import WebOptions
from copilot.web.pool import EnginePool
from copilot.web.uploads import Uploads
from knowledge.database import Database


@dataclass(frozen=True)
class Services:
    """One application's parts."""

    runtime: Runtime
    options: WebOptions
    pool: EnginePool
    hub: Hub
    newsroom: Newsroom
    metrics: Metrics
    board: SuggestionBoard
    uploads: Uploads
    script_list: ScriptList = field(default_factory=ScriptList)

    @classmethod
    def start(cls, runtime: Runtime, options: WebOptions, hub: Hub) -> "Services":
        """The parts over an open runtime."""
        pool = EnginePool(options.workers, options.queue)
        metrics = Metrics(pool, hub)
        board = SuggestionBoard(runtime, pool, metrics, options.shelf)
        return cls(runtime, options, pool, hub, Newsroom(hub), metrics, board, Uploads(runtime))

    @property
    def database(self) -> Database:
        return self.runtime.workspace.database

    @property
    def tenant_id(self) -> str:
        return self.runtime.settings.tenant


def services_of(request: Request) -> Services:
    """The parts of the application that serves this request."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(services_of)]
IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")] | None,
    Header(
        alias="Idempotency-Key",
        description="A name the client gives to this write; sent again with the same key, it changes nothing and gets "
        "the same answer. Kept per tenant.",
        examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7"],
    ),
]
