from typing import Any

from fastapi.testclient import TestClient

from knowledge.tables import DEFAULT_TENANT, User


def language_of(client: TestClient) -> str:
    return client.get("/console").text.split('<html lang="')[1].split('"')[0]


def add_user(runtime: Any, user_id: str) -> None:
    with runtime.workspace.database.write() as session:
        session.add(User(tenant_id=DEFAULT_TENANT, id=user_id, name=user_id))


def test_a_language_belongs_to_the_person_and_comes_along_to_another_machine(client: TestClient, runtime: Any) -> None:
    add_user(runtime, "wang")
    client.post("/me/seat", data={"agent_id": "wang"})
    client.post("/me/language", data={"language": "zh_Hant"})
    assert language_of(client) == "zh-Hant"
    client.cookies.clear()
    assert language_of(client) == "zh-Hans"
    client.post("/me/seat", data={"agent_id": "wang"})
    assert language_of(client) == "zh-Hant"


def test_the_page_is_drawn_again_without_the_language_of_its_address(client: TestClient) -> None:
    headers = {"HX-Current-URL": "http://testserver/desk/scripts?q=a%26b&lang=en"}
    answer = client.post("/me/language", data={"language": "zh_Hans"}, headers=headers)
    assert answer.headers["hx-redirect"] == "/desk/scripts?q=a%26b"


def test_no_other_site_is_gone_to(client: TestClient) -> None:
    for address in ("http://testserver//evil.example/x", "javascript:alert(1)", ""):
        answer = client.post("/me/seat", data={"agent_id": ""}, headers={"HX-Current-URL": address})
        assert answer.headers["hx-redirect"] == "/"


def test_nobody_can_be_chosen_again_and_an_unknown_language_is_refused(client: TestClient) -> None:
    assert client.post("/me/seat", data={"agent_id": ""}).status_code == 204
    assert client.post("/me/language", data={"language": "fr"}).status_code == 422
