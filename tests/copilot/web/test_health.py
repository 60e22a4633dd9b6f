from dataclasses import replace

from starlette.testclient import TestClient

from copilot.runtime import Runtime
from copilot.web.app import create_app


def test_a_working_server_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"], ready.json()["degraded"]) == (200, True, "")


def test_a_missing_encoder_is_told_but_does_not_stop_the_server(runtime: Runtime) -> None:
    with TestClient(create_app(replace(runtime, degraded="no model"))) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["degraded"]) == (200, "no model")
        assert "no model" in client.get("/console").text


def test_counters_follow_what_happens(client: TestClient) -> None:
    set_id = client.post("/v1/suggest", json={"message": "敏感肌能用吗"}).json()["set_id"]
    client.post("/v1/suggest", json={"message": "zxqv wklj"})
    client.post("/v1/decisions", json={"set_id": set_id, "kind": "dismiss", "rank": 1})
    metrics = client.get("/metrics").text
    assert 'copilot_suggest_seconds_count{stage="total"} 2.0' in metrics
    assert 'copilot_abstentions_total{reason="unlikely"} 1.0' in metrics
    assert 'copilot_decisions_total{kind="dismiss"} 1.0' in metrics
    assert "copilot_engine_pending 0.0" in metrics
