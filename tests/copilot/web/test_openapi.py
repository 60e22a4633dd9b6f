"""The description against the running application: no crash, and no status that is not described."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from starlette.testclient import TestClient

CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance)
QUICK = settings(
    max_examples=4, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
THOROUGH = settings(QUICK, max_examples=60, derandomize=False)


@pytest.fixture
def described(client: TestClient) -> Any:
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", client.app)
    return schema.exclude(path="/v1/stream")


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@QUICK
def test_no_request_crashes_and_every_answer_is_described(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS)


@pytest.mark.slow
@schema.parametrize()
@THOROUGH
def test_many_requests_crash_nothing(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS)


def test_problems_are_described_with_their_media_type_and_examples_are_given(client: TestClient) -> None:
    description = client.get("/v1/openapi.json").json()
    responses = description["paths"]["/v1/suggest"]["post"]["responses"]
    assert set(responses) == {"200", "400", "403", "404", "409", "413", "422", "503"}
    assert list(responses["422"]["content"]) == ["application/problem+json"]
    assert description["components"]["schemas"]["SuggestOut"]["examples"][0]["replies"]
    assert "HTTPValidationError" not in str(description)
