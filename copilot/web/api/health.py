"""What machines ask: is it alive, can it serve, what do the counters say."""

from dataclasses import asdict

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from copilot.web.schemas.common import Wire
from copilot.web.services import Services, ServicesDep

router = APIRouter(tags=["operation"])


class AliveOut(Wire):
    """The process answers."""

    status: str = "ok"


class ModelsOut(Wire):
    """Which models answer, and why these: named, promoted, or built in."""

    encoder: str
    ranker: str
    recommender: str
    shadow: str = Field(description="The version of the ranker that works silently; empty when none does.")
    warnings: list[str] = Field(description="What should serve and cannot, and what serves in its place.")


class ReadyOut(Wire):
    """Whether messages can be answered, and how well."""

    ready: bool
    database: bool
    index_version: str
    index_watermark: int = Field(description="The last change that can be found.")
    index_following: bool
    index_error: str = Field(description="Why following the database fails at the moment; empty when it does not.")
    degraded: str = Field(description="Why only words are searched; empty when all is well.")
    models: ModelsOut
    waiting: int = Field(description="Messages waiting for the engine or in it.")


@router.get("/healthz", summary="The process answers")
async def healthz() -> AliveOut:
    """Alive; says nothing of the database."""
    return AliveOut()


@router.get(
    "/readyz", summary="Messages can be answered", responses={503: {"model": ReadyOut, "description": "Not ready."}}
)
def readyz(services: ServicesDep) -> ReadyOut:
    """Ready when the database answers; a missing encoder is told as `degraded`, suggestions by words still work."""
    found = _look(services)
    if not found.ready:
        return JSONResponse(found.model_dump(), 503)  # type: ignore[return-value]  # another status, same shape
    return found


@router.get("/metrics", summary="Counters and times for Prometheus", response_class=Response)
async def metrics(services: ServicesDep) -> Response:
    """The text format of Prometheus."""
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


def _look(services: Services) -> ReadyOut:
    try:
        with services.database.read() as session:
            session.execute(text("SELECT 1"))
        answers = True
    except SQLAlchemyError:
        answers = False
    status = services.runtime.index.status
    return ReadyOut(
        ready=answers,
        database=answers,
        index_version=status.version,
        index_watermark=status.watermark,
        index_following=status.is_following,
        index_error=status.last_error or "",
        degraded=services.runtime.degraded,
        models=ModelsOut(**asdict(services.runtime.in_use)),
        waiting=services.pool.n_pending,
    )
