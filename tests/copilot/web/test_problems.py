import pytest
from starlette.testclient import TestClient

from copilot.errors import CopilotError
from copilot.runtime import Runtime
from copilot.web.app import create_app
from copilot.web.options import WebOptions
from copilot.web.problems import kind_of
from knowledge.errors import IndexCorruptError, KnowledgeError

PROBLEM = "application/problem+json"


def test_an_unknown_route_is_a_problem(client: TestClient) -> None:
    response = client.get("/v1/nothing")
    assert (response.status_code, response.headers["content-type"]) == (404, PROBLEM)
    assert response.json().keys() == {"type", "title", "status", "detail", "errors"}


def test_a_wrong_method_is_a_problem(client: TestClient) -> None:
    response = client.put("/v1/suggest")
    assert (response.status_code, response.headers["content-type"]) == (405, PROBLEM)


def test_malformed_json_is_told_apart_from_bad_values(client: TestClient) -> None:
    response = client.post("/v1/suggest", content=b'{"message": ', headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["type"]) == (400, "urn:copilot:problem:malformed")


def test_a_refused_value_is_named_and_shown_shortened(client: TestClient) -> None:
    response = client.post("/v1/suggest", json={"message": "在吗", "scene": "x" * 500})
    error = response.json()["errors"][0]
    assert error["field"] == "body.scene"
    assert error["value"].startswith("'xxx")
    assert len(error["value"]) == 121


def test_a_lone_surrogate_is_refused_and_not_a_crash(client: TestClient) -> None:
    response = client.post(
        "/v1/suggest", content=b'{"message": "\\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_the_limit_is_refused(runtime: Runtime, declared: bool) -> None:
    with TestClient(create_app(runtime, WebOptions(max_body_bytes=1000))) as client:
        content = b"x" * 1001 if declared else iter([b"x" * 600, b"x" * 600])
        response = client.post("/v1/suggest", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.headers["content-type"]) == (413, PROBLEM)


def test_a_page_of_another_site_cannot_change_anything(client: TestClient) -> None:
    response = client.post("/v1/suggest", json={"message": "在吗"}, headers={"Origin": "https://evil.example"})
    assert response.status_code == 403
    own = client.post("/v1/suggest", json={"message": "在吗"}, headers={"Origin": "http://testserver"})
    assert own.status_code == 200


def test_an_unexpected_error_tells_nothing_of_the_inside(runtime: Runtime) -> None:
    app = create_app(runtime)

    def fails() -> None:
        raise ZeroDivisionError("secret")

    app.add_api_route("/fails", fails)
    with TestClient(app, raise_server_exceptions=False) as client:
        response = client.get("/fails")
    assert (response.status_code, response.headers["content-type"]) == (500, PROBLEM)
    assert "secret" not in response.text


def all_kinds(base: type[Exception]) -> list[type[Exception]]:
    return [kind for child in base.__subclasses__() for kind in (child, *all_kinds(child))]


@pytest.mark.parametrize("base", [CopilotError, KnowledgeError])
def test_every_error_raised_on_purpose_has_a_status(base: type[Exception]) -> None:
    leaves = [
        kind
        for kind in all_kinds(base)
        if not kind.__subclasses__() and kind.__module__.startswith(("copilot", "knowledge"))
    ]
    assert leaves
    for kind in leaves:
        assert kind_of(kind.__new__(kind)).status != 500, kind


def test_an_error_gets_the_status_of_its_nearest_ancestor() -> None:
    assert kind_of(IndexCorruptError("x")).slug == "index-not-ready"


def test_every_answer_has_the_security_headers(client: TestClient) -> None:
    for path in ("/console", "/v1/nothing", "/static/console.css"):
        headers = client.get(path).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
