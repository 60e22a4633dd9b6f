import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape

from knowledge.library.content import ScriptContent
from knowledge.library.scripts import save_draft
from knowledge.tables import DEFAULT_TENANT, Script, User
from knowledge.workspace import utc_now

HOSTILE = "<script>alert(1)</script>‮反‬​😀"


def add(client: TestClient, script_id: str, text: str, **fields: Any) -> None:
    client.post("/v1/scripts", json={"id": script_id, "text": text, **fields}).raise_for_status()


@pytest.fixture(autouse=True)
def library(client: TestClient) -> None:
    add(client, "ship", "今天发货", title="发货时间", triggers=["什么时候发货"], stages=["交付"])
    add(client, "hello", HOSTILE, title=HOSTILE)
    client.post("/v1/scripts/ship/publish", json={}).raise_for_status()


def listed(client: TestClient, **query: Any) -> list[str]:
    """The ids of the scripts on the page, in order."""
    page = client.get("/desk/scripts", params={"lang": "zh", **query})
    assert page.status_code == 200
    return re.findall(r'data-script="([^"]+)"', page.text)


def test_the_list_shows_every_script_with_its_status(client: TestClient) -> None:
    page = client.get("/desk/scripts?lang=zh").text
    assert {"ship", "hello"} <= set(listed(client))
    assert "已发布" in page
    assert "草稿" in page


def test_choices_narrow_the_list_and_stand_in_the_address(client: TestClient) -> None:
    assert listed(client, stage="交付", status="published") == ["ship"]
    assert listed(client, status="retired") == []
    page = client.get("/desk/scripts", params={"stage": "交付", "lang": "zh"}).text
    addresses = [
        parse_qs(urlsplit(one.replace("&amp;", "&")).query) for one in re.findall(r'href="([^"]*\?[^"]*)"', page)
    ]
    assert {"stage": ["交付"], "status": ["published"]} in addresses


@pytest.mark.parametrize("text", ["今天", "SHIP", "什么时候发", "fahuo"])
def test_scripts_are_found_by_text_id_trigger_and_pinyin(client: TestClient, text: str) -> None:
    assert "ship" in listed(client, q=text)


def test_markup_and_marks_of_direction_are_shown_as_text(client: TestClient) -> None:
    page = client.get("/desk/scripts?lang=en").text
    assert "<script>alert" not in page
    assert str(escape(HOSTILE)) in page


def test_many_scripts_are_retired_at_once_and_come_back(client: TestClient) -> None:
    done = client.post("/desk/scripts/bulk?stage=交付", data={"script_id": ["ship"], "action": "retire"})
    assert done.status_code == 204
    assert listed(client, status="retired") == ["ship"]
    address = done.headers["hx-redirect"]
    assert "1 script retired" in client.get(f"{address}&lang=en").text
    change_id = parse_qs(urlsplit(address).query)["changed"][0]
    client.post("/desk/scripts/undo", data={"change_id": change_id}).raise_for_status()
    assert listed(client, status="published", q="发货时间") == ["ship"]
    assert "1 script is as before" in client.get(f"{address}&lang=en").text


def test_all_that_the_list_finds_can_be_changed(client: TestClient, runtime: Any) -> None:
    data = {"all_found": "true", "action": "owner", "new_owner": "a1"}
    client.post("/desk/scripts/bulk?stage=交付", data=data).raise_for_status()
    with runtime.workspace.database.read() as session:
        owners = {one: session.get(Script, (DEFAULT_TENANT, one)).owner for one in ("ship", "hello")}
    assert owners["ship"] == "a1"
    assert owners["hello"] != "a1"


def test_refusals_are_told_with_their_reason(client: TestClient) -> None:
    data = {"script_id": ["ship", "nothing"], "action": "retire"}
    told = client.post("/desk/scripts/bulk?lang=en", data=data)
    assert told.status_code == 200
    assert "1 was left alone" in told.text
    assert "nothing" in told.text


@pytest.mark.parametrize("data", [{"action": "retire"}, {"action": "explode", "script_id": "ship"}])
def test_an_order_that_cannot_be_meant_is_refused(client: TestClient, data: dict[str, str]) -> None:
    assert client.post("/desk/scripts/bulk", data=data).status_code == 422


def test_a_draft_is_published_by_the_rules_of_the_editor(client: TestClient, runtime: Any) -> None:
    with runtime.workspace.database.write() as session:
        for user_id in ("w1", "w2"):
            session.add(User(tenant_id=DEFAULT_TENANT, id=user_id, name=user_id))
    told = client.post("/desk/scripts/bulk?lang=en", data={"script_id": ["hello"], "action": "publish"})
    assert "somebody else has approved" in told.text
    assert listed(client, status="draft", q="hello") == ["hello"]


def test_a_view_is_kept_by_name_for_the_person_and_forgotten_again(client: TestClient) -> None:
    client.post("/desk/scripts/views?stage=交付", data={"name": HOSTILE}).raise_for_status()
    page = client.get("/desk/scripts?lang=en").text
    assert str(escape(HOSTILE)) in page
    view_id = re.findall(r"/desk/scripts/views/(\w+)/delete", page)[0]
    client.cookies.set("agent", "a1")
    assert "/delete" not in client.get("/desk/scripts?lang=en").text
    assert client.post(f"/desk/scripts/views/{view_id}/delete").status_code == 404
    client.cookies.delete("agent")
    client.post(f"/desk/scripts/views/{view_id}/delete").raise_for_status()
    assert "/delete" not in client.get("/desk/scripts?lang=en").text


def test_a_view_without_a_name_is_refused(client: TestClient) -> None:
    assert client.post("/desk/scripts/views?stage=交付", data={"name": "  "}).status_code == 422


def test_a_row_shows_the_words_searched_also_from_the_middle_of_a_long_text(client: TestClient) -> None:
    add(client, "long", f"{'很长' * 400}无理由退换{'很长' * 400}", title="退换")
    page = client.get("/desk/scripts?q=无理由退换&lang=zh").text
    assert "<mark>无理由退换</mark>" in page
    assert page.count("很长") < 200
    assert "<mark>" not in client.get("/desk/scripts?lang=zh").text


def test_what_narrows_the_list_stands_over_it_and_can_be_taken_out_alone(client: TestClient) -> None:
    page = client.get("/desk/scripts", params={"stage": "交付", "status": "published", "lang": "zh"}).text
    (filters,) = re.findall(r'<ul class="filters".*?</ul>', page, re.DOTALL)
    addresses = [parse_qs(one.replace("&amp;", "&")) for one in re.findall(r'href="/desk/scripts\?([^"]*)"', filters)]
    assert addresses == [{"stage": ["交付"]}, {"status": ["published"]}]
    assert 'class="filters"' not in client.get("/desk/scripts?lang=zh").text


def test_an_empty_list_offers_no_action(client: TestClient) -> None:
    assert 'name="action"' in client.get("/desk/scripts").text
    assert 'name="action"' not in client.get("/desk/scripts?status=retired").text


def test_of_hundreds_of_values_of_a_facet_the_most_common_are_offered(client: TestClient, runtime: Any) -> None:
    with runtime.workspace.database.write() as session:
        content = ScriptContent("很多商品", skus=tuple(f"k{number:03d}" for number in range(150)))
        save_draft(session, DEFAULT_TENANT, "many", content, actor="wang", now=utc_now())
    add(client, "one", "一件商品", skus=["k149"])
    page = client.get("/desk/scripts?lang=en").text
    offered = re.findall(r'href="/desk/scripts\?sku=(k\d+)"', page)
    assert offered == ["k149", *(f"k{number:03d}" for number in range(99))]
    assert "Only the 100 most common" in page
    assert "k148" in client.get("/desk/scripts?sku=k148").text
