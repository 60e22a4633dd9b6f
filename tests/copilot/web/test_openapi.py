"""The description against the running application: no crash, and no status that is not described."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from starlette.testclient import TestClient

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
SEED = 7
STREAM = "/v1/stream"


def examine(client: TestClient, mode: GenerationMode, n_examples: int) -> int:
    """Send made-up requests to every operation; how many operations there were."""
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", client.app)
    operations = [found.ok() for found in schema.get_all_operations()]
    chosen = [operation for operation in operations if operation.path != STREAM]
    for operation in chosen:
        if mode is GenerationMode.POSITIVE or operation.body or operation.query:
            attack(operation, mode, n_examples)
    return len(chosen)


def attack(operation: Any, mode: GenerationMode, n_examples: int) -> None:
    @seed(SEED)
    @settings(max_examples=n_examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    send()


@pytest.mark.parametrize("mode", GenerationMode)
def test_no_request_crashes_and_every_answer_is_described(client: TestClient, mode: GenerationMode) -> None:
    assert examine(client, mode, 3) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode)
def test_many_requests_crash_nothing(client: TestClient, mode: GenerationMode) -> None:
    assert examine(client, mode, 40) >= 20


def test_problems_are_described_with_their_media_type_and_examples_are_given(client: TestClient) -> None:
    description = client.get("/v1/openapi.json").json()
    responses = description["paths"]["/v1/suggest"]["post"]["responses"]
    assert set(responses) == {"200", "400", "403", "404", "409", "413", "422", "503"}
    assert list(responses["422"]["content"]) == ["application/problem+json"]
    assert description["components"]["schemas"]["SuggestOut"]["examples"][0]["replies"]
    assert "HTTPValidationError" not in str(description)
