"""Errors as `application/problem+json` (RFC 9457): the one place where an error gets an HTTP status."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from copilot.errors import (
    BadRequestError,
    CannotUndoError,
    CopilotError,
    KeyReusedError,
    NotReadyError,
    StaleConversationError,
    UnknownIdError,
)
from copilot.web.errors import BusyError, ForeignOriginError, TooLargeError
from knowledge.errors import (
    ImportFileError,
    InvalidValueError,
    KnowledgeError,
    NotFoundError,
    SearchIndexError,
    StaleVersionError,
    WorkspaceError,
)

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
SHOWN_CHARACTERS = 120


@dataclass(frozen=True)
class Kind:
    """How one class of errors is told to a client."""

    status: int
    slug: str
    title: str


KINDS: Mapping[type[Exception], Kind] = {
    BadRequestError: Kind(422, "invalid-value", "A value breaks a rule"),
    InvalidValueError: Kind(422, "invalid-value", "A value breaks a rule"),
    ImportFileError: Kind(422, "unreadable-file", "A file cannot be read"),
    UnknownIdError: Kind(404, "unknown-id", "No row has this id"),
    NotFoundError: Kind(404, "unknown-id", "No row has this id"),
    StaleConversationError: Kind(409, "stale-conversation", "The conversation has moved on"),
    StaleVersionError: Kind(409, "stale-version", "Somebody changed it first"),
    CannotUndoError: Kind(409, "cannot-undo", "It can no longer be taken back"),
    KeyReusedError: Kind(409, "key-reused", "The Idempotency-Key was used for another request"),
    ForeignOriginError: Kind(403, "foreign-origin", "Sent by a page of another site"),
    TooLargeError: Kind(413, "too-large", "The request is too large"),
    BusyError: Kind(503, "busy", "Too many messages at once"),
    NotReadyError: Kind(503, "not-ready", "Something is missing"),
    SearchIndexError: Kind(503, "index-not-ready", "The search index cannot serve"),
    WorkspaceError: Kind(503, "workspace-not-ready", "The workspace cannot be used"),
    OperationalError: Kind(503, "database-not-ready", "The database does not answer"),
}
UNEXPECTED = Kind(500, "unexpected", "Something went wrong")
MALFORMED = Kind(400, "malformed", "The request body is not JSON")
INVALID = Kind(422, "invalid-value", "A value breaks a rule")


class FieldError(BaseModel):
    """One value that was refused."""

    field: str = Field(description="Where it is, as a path.", examples=["body.context.0.role"])
    value: str | None = Field(default=None, description="What was there, shortened.", examples=["'visitor'"])
    reason: str = Field(description="What was expected.", examples=["Input should be 'customer' or 'agent'"])


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:copilot:problem:unknown-id",
                    "title": "No row has this id",
                    "status": 404,
                    "detail": "no conversation has the id 'c404'",
                    "errors": [],
                }
            ]
        }
    )

    type: str = Field(description="Names the kind of problem; stable, made for programs.")
    title: str = Field(description="The kind of problem in words.")
    status: int
    detail: str = Field(description="What happened this time, fit for a user.")
    errors: list[FieldError] = Field(default=[], description="Which values were refused, when any were.")


def install(app: FastAPI) -> None:
    """Answer every error of an application as a problem."""
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    for expected in (CopilotError, KnowledgeError, OperationalError):
        app.add_exception_handler(expected, _on_known)
    app.add_exception_handler(Exception, _on_unexpected)


def kind_of(error: Exception) -> Kind:
    """The kind of an error: that of its nearest ancestor in the table."""
    return next((KINDS[parent] for parent in type(error).__mro__ if parent in KINDS), UNEXPECTED)


def problem_response(error: Exception) -> Response:
    """A known error as a response."""
    kind = kind_of(error)
    headers = {"Retry-After": str(getattr(error, "retry_after_s", 5))} if kind.status == 503 else {}
    detail = "the database does not answer; try again" if isinstance(error, OperationalError) else str(error)
    return _respond(kind, detail, _errors_of(error), headers)


def _on_known(_: Request, error: Exception) -> Response:
    if kind_of(error).status >= 500 and not isinstance(error, BusyError):
        logger.warning("%s: %s", type(error).__name__, error)
    return problem_response(error)


def _on_unexpected(request: Request, error: Exception) -> Response:
    logger.error("unexpected error in %s %s", request.method, request.url.path, exc_info=error)
    return _respond(UNEXPECTED, "an error on our side; it has been logged")


def _on_http(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return _on_unexpected(_, error)
    phrase = HTTPStatus(error.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    return _respond(Kind(error.status_code, slug, phrase), str(error.detail), headers=error.headers)


def _on_validation(_: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    if any(one["type"] == "json_invalid" for one in found):
        return _respond(MALFORMED, f"not JSON: {found[0]['ctx'].get('error', '')}")
    errors = [
        FieldError(
            field=".".join(str(part) for part in one["loc"]),
            value=None if one["type"] == "missing" else _shorten(one.get("input")),
            reason=one["msg"],
        )
        for one in found
    ]
    first = f"{errors[0].field}: {errors[0].reason}" if errors else "a value breaks a rule"
    return _respond(INVALID, first, errors)


def _errors_of(error: Exception) -> list[FieldError]:
    field = getattr(error, "field", None)
    return [FieldError(field=str(field), reason=str(error))] if field else []


def _respond(
    kind: Kind, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> Response:
    problem = Problem(
        type=f"urn:copilot:problem:{kind.slug}",
        title=kind.title,
        status=kind.status,
        detail=_printable(detail),
        errors=list(errors),
    )
    body = json.dumps(problem.model_dump(), ensure_ascii=False).encode()
    return Response(body, kind.status, dict(headers or {}), PROBLEM_JSON)


def _shorten(value: object) -> str:
    shown = _printable(repr(value))
    return shown if len(shown) <= SHOWN_CHARACTERS else shown[:SHOWN_CHARACTERS] + "…"


def _printable(text: str) -> str:
    """The text without lone surrogates, which UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
