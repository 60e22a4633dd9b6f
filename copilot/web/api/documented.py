"""Which problems an operation may answer with, for the OpenAPI description."""

from typing import Any

from copilot.web.problems import Problem

WORDS = {
    400: "The body is not JSON.",
    403: "Sent by a page of another site.",
    404: "No row has this id.",
    409: "The conversation or row has moved on, or the Idempotency-Key was used for another request.",
    413: "The body is larger than 1 MB.",
    422: "A value breaks a rule; `errors` names it.",
    503: "Too many messages at once, or something is not ready; see `Retry-After`.",
}
READS = (404, 422, 503)
WRITES = (400, 403, 404, 409, 413, 422, 503)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    return {status: {"model": Problem, "description": WORDS[status]} for status in statuses}
