import pytest
from starlette.testclient import TestClient

SCRIPT = {"id": "ship", "text": "当天下午四点前的订单当天发出。", "triggers": ["什么时候发货"], "title": "发货"}


def suggested(client: TestClient, message: str) -> list[str]:
    return [one["script_id"] for one in client.post("/v1/suggest", json={"message": message}).json()["replies"]]


def test_a_script_is_suggested_once_published_and_no_more_once_retired(client: TestClient) -> None:
    made = client.post("/v1/scripts", json=SCRIPT)
    assert (made.status_code, made.json()["live_version"]) == (201, None)
    assert "ship" not in suggested(client, "什么时候发货")
    assert client.post("/v1/scripts/ship/publish", json={}).json()["live_version"] == 1
    assert suggested(client, "什么时候发货")[0] == "ship"
    assert client.post("/v1/scripts/ship/retire", json={}).json()["live_version"] is None
    assert "ship" not in suggested(client, "什么时候发货")


def test_a_new_version_leaves_the_live_one_as_it_is(client: TestClient) -> None:
    client.post("/v1/scripts", json=SCRIPT)
    client.post("/v1/scripts/ship/publish", json={})
    changed = client.put("/v1/scripts/ship", json={"text": "每天发货。", "title": "发货"}).json()
    assert (changed["live_version"], changed["latest_version"]) == (1, 2)
    assert [version["status"] for version in changed["versions"]] == ["draft", "published"]


def test_an_id_that_exists_is_not_made_again(client: TestClient) -> None:
    client.post("/v1/scripts", json=SCRIPT)
    refused = client.post("/v1/scripts", json={**SCRIPT, "text": "别的"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:copilot:problem:stale-version")


def test_making_a_script_twice_with_one_key_gives_the_same_answer(client: TestClient) -> None:
    first, second = (client.post("/v1/scripts", json=SCRIPT, headers={"Idempotency-Key": "s1"}) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())


def test_a_rule_of_the_library_that_is_broken_is_named(client: TestClient) -> None:
    refused = client.post("/v1/scripts", json={**SCRIPT, "scope": "everyone"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "scope")


def test_scripts_are_found_by_text_and_read_page_by_page(client: TestClient) -> None:
    assert [one["id"] for one in client.get("/v1/scripts", params={"q": "酒精"}).json()] == ["sensitive"]
    first = client.get("/v1/scripts", params={"limit": 2}).json()
    rest = client.get("/v1/scripts", params={"after": first[-1]["id"]}).json()
    assert [one["id"] for one in first + rest] == ["returns", "sensitive", "vip"]
    assert client.get("/v1/scripts/returns").json()["versions"][0]["triggers"] == ["可以退货吗", "不想要了怎么退"]
    assert client.get("/v1/scripts/nothing").status_code == 404


def test_a_product_is_made_changed_and_removed(client: TestClient) -> None:
    made = client.put("/v1/products/oil", json={"name": "护理油", "price_fen": 9900, "stock": 5})
    assert (made.status_code, made.json()["price_fen"]) == (200, 9900)
    assert client.put("/v1/products/oil", json={"name": "护理油", "price_fen": 8900}).json()["price_fen"] == 8900
    assert [one["sku"] for one in client.get("/v1/products", params={"q": "护理"}).json()] == ["oil"]
    assert client.delete("/v1/products/oil").status_code == 204
    assert client.get("/v1/products/oil").status_code == 404
    assert client.delete("/v1/products/oil").status_code == 404


@pytest.mark.parametrize("text", ["50%", "_"])
def test_search_takes_its_text_as_it_is(client: TestClient, text: str) -> None:
    assert client.get("/v1/products", params={"q": text}).json() == []


def test_asking_again_for_a_script_counts_up(client: TestClient) -> None:
    for _ in range(2):
        asked = client.post("/v1/candidates", json={"message": "可以寄到国外吗", "agent_id": "a1"})
        assert asked.status_code == 201
    wishes = client.get("/v1/candidates", params={"status": "requested"}).json()
    assert [(one["triggers"], one["evidence"]["n_requests"]) for one in wishes] == [(["可以寄到国外吗"], 2)]


def test_customers_are_found_by_name_or_id(client: TestClient) -> None:
    assert [one["id"] for one in client.get("/v1/customers", params={"q": "小满"}).json()] == ["c1"]
    assert [one["id"] for one in client.get("/v1/customers", params={"q": "c2"}).json()] == ["c2"]


def test_a_customer_comes_with_tags_and_orders(client: TestClient) -> None:
    customer = client.get("/v1/customers/c1").json()
    assert [tag["tag"] for tag in customer["tags"]] == ["敏感肌"]
    assert [line["sku"] for line in customer["bought"]] == ["mask"]
    assert client.get("/v1/customers/nobody").status_code == 404
