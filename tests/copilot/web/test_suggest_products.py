import pytest
from starlette.testclient import TestClient


def ask(client: TestClient, **body: object):
    return client.post("/v1/suggest", json={"message": "敏感肌能用吗", **body})


@pytest.mark.parametrize("mode", ["any", "new", "answer"])
def test_every_mode_is_answered(client: TestClient, mode: str) -> None:
    answer = ask(client, customer_id="c1", products=mode)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() >= {"products", "products_reason", "ask"}


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"products": "cheap"}, 422, "products"),
        ({"products": "complement"}, 422, "complement_of: got None, expected the sku whose complements are wanted"),
        ({"products": "new", "complement_of": "A"}, 422, "products: got 'new', expected complement"),
        ({"products": "complement", "complement_of": "nothing"}, 404, "no product has the id 'nothing'"),
    ],
)
def test_a_mode_that_cannot_be_meant_is_refused(client: TestClient, body: dict, status: int, told: str) -> None:
    answer = ask(client, **body)
    assert answer.status_code == status
    assert told in answer.text
