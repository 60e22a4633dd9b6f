"""The OpenAPI description, with every error as a problem."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from copilot import __version__
from copilot.web.problems import PROBLEM_JSON, Problem

INTRODUCTION = """\
Reply and next-best-product suggestions for customer service.

Errors are `application/problem+json`. Writes take an `Idempotency-Key`. Unknown JSON fields are refused.
"""


def describe(app: FastAPI) -> dict[str, Any]:
    """The description, made once and kept."""
    if app.openapi_schema is None:
        made = get_openapi(title="Copilot", version=__version__, description=INTRODUCTION, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(own.pop("$defs", {}))
        schemas["Problem"] = own
        for operations in made["paths"].values():
            for operation in operations.values():
                _as_problems(operation["responses"])
        app.openapi_schema = made
    return app.openapi_schema


def _as_problems(responses: dict[str, Any]) -> None:
    """Give error answers the media type they really have."""
    for status, response in responses.items():
        content = response.get("content", {}).get("application/json")
        if not status.startswith(("4", "5")) or content is None or "ReadyOut" in str(content):
            continue
        response["content"] = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
