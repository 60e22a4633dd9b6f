import pytest
from starlette.testclient import TestClient

CONTRACT = {
    "set_id",
    "conversation_version",
    "replies",
    "products",
    "customer",
    "stage",
    "abstained",
    "abstain_reason",
    "excluded",
    "versions",
    "timing_ms",
}


def ask(client: TestClient, **body: object) -> dict:
    response = client.post("/v1/suggest", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_the_answer_has_every_field_of_the_contract(client: TestClient) -> None:
    answer = ask(client, message="敏感肌能用吗", customer_id="c1")
    assert answer.keys() >= CONTRACT
    assert answer["replies"][0].keys() >= {
        "rank",
        "script_id",
        "version",
        "text",
        "score",
        "probability",
        "source",
        "why",
        "matched",
        "warnings",
    }
    assert answer["versions"].keys() == {"index", "model", "policy", "rules"}


def test_a_message_that_equals_a_trigger_gets_its_script(client: TestClient) -> None:
    reply = ask(client, message="敏感肌能用吗")["replies"][0]
    assert (reply["rank"], reply["script_id"], reply["version"]) == (1, "sensitive", 1)
    assert reply["matched"] == ["敏感肌能用吗"]


def test_contributions_sum_to_the_score(client: TestClient) -> None:
    reply = ask(client, message="敏感肌能用吗")["replies"][0]
    assert round(sum(part["contribution"] for part in reply["why"]), 6) == reply["score"]


def test_products_have_a_price_and_reasons_that_can_be_checked(client: TestClient) -> None:
    product = ask(client, message="舒缓面霜", customer_id="c1")["products"][0]
    assert (product["sku"], product["price"]) == ("cream", "129")
    assert all(reason["text"] and reason["reference"] for reason in product["reasons"])


def test_the_customer_is_told_in_short(client: TestClient) -> None:
    customer = ask(client, message="在吗", customer_id="c1")["customer"]
    assert (customer["name"], customer["tags"], customer["n_orders"]) == ("林小满", ["敏感肌"], 1)


def test_what_a_rule_keeps_back_is_told_with_the_rule(client: TestClient) -> None:
    answer = ask(client, message="会员怎么退货", customer_id="c1")
    assert {"item_id": "vip", "rule": "audience.all:黑金"} in answer["excluded"]


def test_no_fitting_script_is_told_with_the_reason(client: TestClient) -> None:
    answer = ask(client, message="zxqv wklj")
    assert (answer["abstained"], answer["replies"]) == (True, [])
    assert answer["abstain_reason"].startswith("unlikely")


def test_fewer_replies_and_products_come_when_fewer_are_wanted(client: TestClient) -> None:
    answer = ask(client, message="敏感肌能用吗", max_replies=0, max_products=0)
    assert (answer["replies"], answer["products"]) == ([], [])


def test_a_message_of_twenty_thousand_characters_is_answered(client: TestClient) -> None:
    assert ask(client, message="退" * 20_000)["set_id"]


def test_markup_comes_back_as_it_was_sent(client: TestClient) -> None:
    assert ask(client, message="<script>alert(1)</script>")["message"] == "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": "在吗", "colour": "red"}, "body.colour"),
        ({"message": "在吗", "scene": "phone"}, "body.scene"),
        ({"message": "在吗", "max_replies": 11}, "body.max_replies"),
        ({"message": "退" * 20_001}, "body.message"),
        ({"message": "a\0b"}, "body.message"),
        (
            {"message": "在吗", "context": [{"role": "customer", "text": "x", "at": "2026-01-01T00:00:00"}]},
            "body.context.0.at",
        ),
        ({"message": "   "}, "message"),
    ],
)
def test_a_bad_value_is_refused_by_name(client: TestClient, body: dict, field: str) -> None:
    response = client.post("/v1/suggest", json=body)
    assert response.status_code == 422
    assert [one["field"] for one in response.json()["errors"]] == [field]


@pytest.mark.parametrize("body", [{"message": "在吗", "customer_id": "nobody"}, {"conversation_id": "nothing"}])
def test_an_unknown_customer_or_conversation_is_not_found(client: TestClient, body: dict) -> None:
    assert client.post("/v1/suggest", json=body).status_code == 404
