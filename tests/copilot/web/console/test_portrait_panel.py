import re
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from copilot.web.pages.translation import LANGUAGES
from knowledge.tables import (
    DEFAULT_TENANT,
    Customer,
    CustomerTag,
    Event,
    Member,
    MessageRole,
    Order,
    OrderLine,
    Product,
)
from knowledge.workspace import utc_now

HERE = {"tenant_id": DEFAULT_TENANT}
HOSTILE = [
    "<script>alert(1)</script>",
    "\u202eشراء",
    "\u200b\u200d\ufeff",
    "👩‍👧‍👦🛒",
    "长" * 20_000,
    "'\"><img src=x>",
    "{{ 7*7 }}",
]


def panel(client: TestClient, conversation: Any, **headers: str) -> str:
    response = client.get(f"/console/c/{conversation.id}/customer", headers=headers)
    assert response.status_code == 200
    return response.text


def tag_ids(text: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="tag-(\d+)"', text)]


def add(runtime: Runtime, *rows: Any) -> None:
    with runtime.workspace.database.write() as session:
        session.add_all(rows)


def test_the_panel_shows_orders_tags_scales_and_the_timeline(client: TestClient, conversation: Any) -> None:
    shown = panel(client, conversation)
    for words in (
        "林小满",
        "杭州",
        "敏感肌",
        "补水面膜",
        "已签收",
        "购买 RFM",
        "沟通 RFM",
        "购买意向",
        "时间线",
        "开始会话",
    ):
        assert words in shown


def test_what_moved_the_intent_is_shown_with_its_points(client: TestClient, conversation: Any) -> None:
    conversation.say("面霜多少钱")
    shown = panel(client, conversation)
    assert "问价格" in shown
    assert "+10.0" in shown
    assert "一天内升 10 分" in shown


def test_with_few_customers_no_fifths_are_claimed(client: TestClient, conversation: Any) -> None:
    shown = panel(client, conversation)
    assert "不分档" in shown
    assert 'class="fifth"' not in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_speaks_every_language(client: TestClient, conversation: Any, language: str) -> None:
    shown = panel(client, conversation, **{"Accept-Language": language.replace("_", "-")})
    title = {"zh_Hans": "时间线", "zh_Hant": "時間軸", "en": "Timeline"}[language]
    assert title in shown


def test_a_preference_names_the_rows_it_rests_on(client: TestClient, conversation: Any, runtime: Runtime) -> None:
    with runtime.workspace.database.write() as session:
        product = session.get(Product, (DEFAULT_TENANT, "mask"))
        product.category = "面膜"  # type: ignore[union-attr]
    add(
        runtime, Event(**HERE, id="e1", customer_id="c1", kind="view", at=utc_now() - timedelta(hours=1), object="mask")
    )
    shown = panel(client, conversation)
    assert "1 单中 1 单" in shown
    assert shown.index("偏好与依据") < shown.index('class="evidence"')
    assert "<small>浏览</small>" in shown


def test_a_tag_is_given_taken_away_and_both_can_be_undone(client: TestClient, conversation: Any) -> None:
    path = f"/console/c/{conversation.id}/tags"
    given = client.post(path, data={"tag": "肤质：油皮"}).text
    assert "已加上「肤质：油皮」" in given
    assert "客服标记" in given
    skin, new = tag_ids(given)
    undone = client.post(f"{path}/undo", data={"tag_id": new, "did": "tag.add"}).text
    assert tag_ids(undone) == [skin]
    taken = client.post(f"{path}/remove", data={"tag_id": skin}).text
    assert "已移除「敏感肌」" in taken
    assert tag_ids(taken) == []
    back = client.post(f"{path}/undo", data={"tag_id": skin, "did": "tag.remove"}).text
    assert tag_ids(back) == [skin]
    assert "25-11-01" in back


def test_undoing_twice_undoes_once(client: TestClient, conversation: Any) -> None:
    path = f"/console/c/{conversation.id}/tags"
    (skin,) = tag_ids(panel(client, conversation))
    client.post(f"{path}/remove", data={"tag_id": skin})
    for _ in range(2):
        assert tag_ids(client.post(f"{path}/undo", data={"tag_id": skin, "did": "tag.remove"}).text) == [skin]


def test_the_next_suggestion_sees_a_tag_given_in_the_panel(
    client: TestClient, conversation: Any, runtime: Runtime
) -> None:
    def vip_is_offered() -> bool:
        return "vip" in [one["script_id"] for one in conversation.suggest()["replies"]]

    conversation.say("会员怎么退货")
    before = vip_is_offered()
    client.post(f"/console/c/{conversation.id}/tags", data={"tag": "黑金"})
    runtime.index.catch_up()
    conversation.say("会员怎么退货")
    assert (before, vip_is_offered()) == (False, True)


def test_a_tag_of_somebody_else_is_not_touched(client: TestClient, conversation: Any, runtime: Runtime) -> None:
    tag = CustomerTag(**HERE, customer_id="c2", tag="黑金", valid_from=utc_now())
    add(runtime, tag)
    path = f"/console/c/{conversation.id}/tags"
    assert client.post(f"{path}/remove", data={"tag_id": tag.id}).status_code == 404
    assert client.post(f"{path}/undo", data={"tag_id": tag.id, "did": "tag.add"}).status_code == 404


@pytest.mark.parametrize("tag", ["", "  ", "长" * 201, "：油皮", "两\n行", "nul\0"])
def test_a_tag_that_cannot_be_shown_is_refused(client: TestClient, conversation: Any, tag: str) -> None:
    assert client.post(f"/console/c/{conversation.id}/tags", data={"tag": tag}).status_code == 422


def test_the_tags_the_shop_uses_most_are_offered_unless_held(
    client: TestClient, conversation: Any, runtime: Runtime
) -> None:
    tags = (("c2", "老客"), ("c2", "敏感肌"), ("c2", "</option><b>"))
    add(runtime, *(CustomerTag(**HERE, customer_id=one, tag=tag, valid_from=utc_now()) for one, tag in tags))
    shown = panel(client, conversation)
    offered = re.findall(r'<option value="([^"]*)"', shown)
    assert set(offered) == {"老客", "&lt;/option&gt;&lt;b&gt;"}
    assert "&#34;\\u003c/option\\u003e\\u003cb\\u003e&#34;" in shown


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_stored_is_shown_as_text(client: TestClient, runtime: Runtime, text: str) -> None:
    now = utc_now() - timedelta(minutes=1)
    add(
        runtime,
        Customer(**HERE, id="evil", name=text, city=text, attributes={text: text, "list": [text]}, updated_at=now),
        CustomerTag(**HERE, customer_id="evil", tag=text, value=text, source=text, valid_from=now),
        Product(**HERE, sku="evil", name=text, category=text, brand=text, tags=[text], updated_at=now),
        Order(**HERE, id=text, customer_id="evil", ordered_at=now, status=text),
        OrderLine(**HERE, order_id=text, sku="evil"),
        Event(**HERE, id="e1", customer_id="evil", kind=text, at=now, object=text, value=text),
        Event(**HERE, id="e2", customer_id="evil", kind="view", at=now, object="evil"),
    )
    opened = client.post("/v1/conversations", json={"customer_id": "evil"}).json()["id"]
    client.post(f"/v1/conversations/{opened}/messages", json={"role": "customer", "text": f"多少钱{text}"})
    for path in (f"/console/c/{opened}/customer", f"/console/c/{opened}/timeline", "/console/list"):
        response = client.get(path)
        assert response.status_code == 200
        assert not re.search(r"<script|<img", response.text)
        assert len(response.text) < 120_000
    assert "{{ 7*7 }}" not in text or text in client.get(f"/console/c/{opened}/customer").text
    assert client.get("/v1/customers/evil/portrait").json()["name"] == text


def test_a_group_shows_its_members_and_nothing_private(client: TestClient, runtime: Runtime) -> None:
    opened = client.post("/v1/conversations", json={"customer_id": "c1", "scene": "group"}).json()["id"]
    here = {**HERE, "conversation_id": opened}
    add(
        runtime,
        Member(**here, member_id="m1", name="<b>阿青</b>", customer_id="c1"),
        Member(**here, member_id="m2", name="温若宁", role=MessageRole.AGENT),
    )
    shown = client.get(f"/console/c/{opened}/customer").text
    assert "&lt;b&gt;阿青" in shown
    assert "温若宁" in shown
    for private in ("敏感肌", "杭州", "补水面膜", "RFM", "林小满", "购买意向"):
        assert private not in shown
    assert client.post(f"/console/c/{opened}/tags", data={"tag": "油皮"}).status_code == 422
    assert client.get(f"/console/c/{opened}/timeline").status_code == 422


def test_a_group_without_a_list_shows_who_wrote(client: TestClient) -> None:
    opened = client.post("/v1/conversations", json={"customer_id": "c1", "scene": "group"}).json()["id"]
    empty = client.get(f"/console/c/{opened}/customer").text
    assert "还没有人发言" in empty
    client.post(f"/v1/conversations/{opened}/messages", json={"role": "customer", "text": "你好"})
    assert "群成员 1 人" in client.get(f"/console/c/{opened}/customer").text


def test_a_customer_nobody_knows_has_an_empty_panel(client: TestClient) -> None:
    opened = client.post("/v1/conversations", json={}).json()["id"]
    assert (
        "未登记" in client.get(f"/console/c/{opened}/customer").text
        or "匿名" in client.get(f"/console/c/{opened}/customer").text
    )


def test_older_entries_are_read_page_by_page(client: TestClient, conversation: Any, runtime: Runtime) -> None:
    day = timedelta(days=1)
    add(
        runtime,
        *(
            Event(**HERE, id=f"e{n:02d}", customer_id="c1", kind="view", at=utc_now() - n * day, object=f"p{n:02d}")
            for n in range(1, 31)
        ),
    )
    shown = panel(client, conversation).split('class="timeline"')[1]
    seen: list[str] = []
    while True:
        seen += re.findall(r">p(\d\d)<", shown)
        following = re.search(r'hx-get="([^"]+timeline\?after=[^"]+)"', shown)
        if following is None:
            break
        shown = client.get(following.group(1).replace("&amp;", "&")).text
    assert seen == [f"{n:02d}" for n in range(1, 31)]
