import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from copilot.web.desk.editor.forms import FIELDS
from copilot.web.pages.translation import words_of
from knowledge.tables import AuditEntry, ScriptUse, Suggestion, SuggestionSet, User

HTMX = {"HX-Request": "true"}
ODD = "<b>粗体</b> مرحبا \u202eback 👩‍👩‍👧 <script>alert(1)</script> {{customer.name}}"


def opened(client: TestClient, script_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/scripts/{script_id}").json()
    return found


def form_of(client: TestClient, script_id: str, **changes: Any) -> dict[str, Any]:
    """The form as a browser would send it, with some fields changed."""
    script = opened(client, script_id)
    newest = script["versions"][0]
    form = {
        "script_id": script_id,
        "base": newest["version"],
        "base_kind": script["kind"],
        "base_title": script["title"],
        "base_owner": script["owner"],
        "key": "k1",
        "text": newest["text"],
        "triggers": "\r\n".join(newest["triggers"]),
        "title": script["title"],
        "kind": script["kind"],
        "owner": script["owner"],
        "scope": newest["scope"],
        "audience_all": newest["audience"].get("all", []),
    }
    return form | changes


def save(client: TestClient, form: dict[str, Any]) -> Any:
    return client.post("/desk/editor/save", data=form, headers=HTMX)


def step(client: TestClient, script_id: str, name: str, **values: Any) -> Any:
    base = opened(client, script_id)["latest_version"]
    form = {"script_id": script_id, "base": base, "step": name, "key": f"{name}{base}", **values}
    return client.post("/desk/editor/step", data=form, headers=HTMX)


def sit(client: TestClient, agent_id: str) -> None:
    client.cookies.set("agent", agent_id)


@pytest.fixture
def two_people(runtime: Runtime) -> None:
    with runtime.workspace.database.write() as session:
        session.add(User(tenant_id="default", id="a2", name="陆知夏"))


def test_a_saved_form_is_a_new_draft_and_what_is_live_stays(client: TestClient) -> None:
    answer = save(client, form_of(client, "returns", text="十五天内可以退货。", reason="新政策"))
    assert answer.status_code == 200
    assert json.loads(answer.headers["HX-Trigger"])["saved"] == "returns"
    script = opened(client, "returns")
    assert (script["latest_version"], script["live_version"]) == (2, 1)
    assert (script["versions"][0]["text"], script["versions"][0]["reason"]) == ("十五天内可以退货。", "新政策")


def test_a_new_script_gets_a_number_and_sending_the_form_again_makes_no_second_one(client: TestClient) -> None:
    form = {"key": "once", "text": "周末也发货。", "triggers": "周末发货吗", "base": 0}
    first, second = save(client, form), save(client, form)
    assert (first.status_code, second.status_code) == (200, 200)
    (made,) = [one["id"] for one in client.get("/v1/scripts").json() if one["id"].startswith("S-")]
    assert opened(client, made)["latest_version"] == 1
    assert json.loads(first.headers["HX-Trigger"])["saved"] == made


def test_a_taken_number_is_told_and_nothing_is_changed(client: TestClient) -> None:
    answer = save(client, {"script_id": "returns", "key": "x", "text": "别的话", "base": 0})
    assert answer.status_code == 409
    assert "这个编号已经有话术了" in answer.text
    assert opened(client, "returns")["latest_version"] == 1


def test_the_second_of_two_editors_is_told_who_saved_what(client: TestClient) -> None:
    mine = form_of(client, "returns", text="十天内可以退货。")
    assert save(client, form_of(client, "returns", text="十五天内可以退货。", title="退货")).status_code == 200
    answer = save(client, mine)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (409, "#conflict")
    assert set(re.findall(r'data-clash="(\w+)"', answer.text)) == {"text", "title"}
    assert "采用只有对方改过的 1 项" in answer.text
    assert "十五天内可以退货。" in answer.text
    assert opened(client, "returns")["latest_version"] == 2


def test_a_title_that_somebody_else_changed_is_a_conflict_too(client: TestClient) -> None:
    mine = form_of(client, "returns", title="我的标题")
    save(client, form_of(client, "returns", title="别人的标题"))
    answer = save(client, mine)
    assert answer.status_code == 409
    assert re.findall(r'data-clash="(\w+)"', answer.text) == ["title"]
    assert opened(client, "returns")["title"] == "别人的标题"


def test_saving_on_top_knowingly_makes_the_next_version(client: TestClient) -> None:
    mine = form_of(client, "returns", text="十天内可以退货。")
    save(client, form_of(client, "returns", text="十五天内可以退货。"))
    assert save(client, mine | {"base": 2}).status_code == 200
    assert [one["text"][:2] for one in opened(client, "returns")["versions"]] == ["十天", "十五", "七天"]


def test_a_form_sent_before_the_scripts_were_there_is_saved_all_the_same(client: TestClient) -> None:
    form = form_of(client, "returns", text="十五天内可以退货。")
    answer = client.post("/desk/editor/save", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/scripts/returns")
    assert opened(client, "returns")["latest_version"] == 2


def test_a_bad_value_is_named_and_nothing_is_saved(client: TestClient) -> None:
    for changes, field in (({"text": " "}, "text"), ({"audience_orders_min": "三"}, "audience.orders.min")):
        answer = save(client, form_of(client, "returns", **changes))
        assert answer.status_code == 422
        assert field in answer.json()["detail"]
    assert opened(client, "returns")["latest_version"] == 1


def test_alone_an_editor_publishes_what_was_written(client: TestClient) -> None:
    answer = save(client, form_of(client, "returns", text="十五天内可以退货。", then="publish"))
    assert answer.headers["HX-Redirect"] == "/desk/scripts/returns"
    assert opened(client, "returns")["live_version"] == 2


@pytest.mark.usefixtures("two_people")
def test_a_script_is_approved_by_somebody_else_than_its_author(client: TestClient) -> None:
    sit(client, "a1")
    assert save(client, form_of(client, "returns", text="十五天内可以退货。", then="submit")).status_code == 204
    assert opened(client, "returns")["versions"][0]["status"] == "review"
    assert step(client, "returns", "approve").status_code == 422
    client.cookies.clear()
    assert step(client, "returns", "approve").status_code == 422
    sit(client, "a2")
    assert step(client, "returns", "approve").status_code == 204
    assert opened(client, "returns")["live_version"] == 2


@pytest.mark.usefixtures("two_people")
def test_with_two_people_nobody_publishes_without_review(client: TestClient) -> None:
    sit(client, "a1")
    answer = save(client, form_of(client, "returns", text="十五天内可以退货。", then="publish"))
    assert answer.status_code == 422
    assert opened(client, "returns")["latest_version"] == 1


@pytest.mark.usefixtures("two_people")
def test_what_is_sent_back_is_a_draft_with_the_reason_as_an_open_remark(client: TestClient) -> None:
    sit(client, "a1")
    save(client, form_of(client, "returns", text="十五天内可以退货。", then="submit"))
    sit(client, "a2")
    assert step(client, "returns", "send_back").status_code == 422
    assert step(client, "returns", "send_back", reason="天数不对").status_code == 204
    page = client.get("/desk/scripts/returns?lang=zh").text
    assert "天数不对" in page
    assert "1 条未解决" in page
    assert opened(client, "returns")["versions"][0]["status"] == "draft"


def test_what_a_rule_blocks_can_be_saved_and_not_published(client: TestClient) -> None:
    form = form_of(client, "returns", text="这是全国第一的面霜，{{customer.shoe}}。")
    assert save(client, form).status_code == 200
    form = form_of(client, "returns", text="这是全国第一的面霜，{{customer.shoe}}。", then="publish")
    answer = save(client, form)
    assert answer.status_code == 422
    assert opened(client, "returns")["live_version"] == 1


def test_an_earlier_version_comes_back_as_a_copy(client: TestClient) -> None:
    save(client, form_of(client, "returns", text="十五天内可以退货。", then="publish"))
    assert step(client, "returns", "roll_back", version=1, reason="改错了").status_code == 204
    script = opened(client, "returns")
    assert (script["live_version"], script["versions"][0]["text"][:2]) == (3, "七天")
    assert "恢复了旧版本" in client.get("/desk/scripts/returns?tab=history&lang=zh").text


def test_retiring_says_why(client: TestClient) -> None:
    assert step(client, "returns", "retire", reason="换季").status_code == 204
    assert opened(client, "returns")["live_version"] is None
    assert "换季" in client.get("/desk/scripts/returns?tab=history").text


def test_a_step_of_a_stale_page_is_refused(client: TestClient) -> None:
    form = {"script_id": "returns", "base": 1, "step": "retire", "key": "r"}
    save(client, form_of(client, "returns", text="十五天内可以退货。"))
    assert client.post("/desk/editor/step", data=form).status_code == 409


def test_remarks_are_made_once_resolved_and_opened_again(client: TestClient) -> None:
    form = {"script_id": "returns", "version": 1, "text": "<i>写短一点</i>", "key": "remark1"}
    client.post("/desk/editor/comment", data=form)
    page = client.post("/desk/editor/comment", data=form).text
    assert page.count("&lt;i&gt;写短一点") == 1
    resolved = client.post("/desk/editor/resolve", data={"comment_id": "remark1", "is_open": "false"}).text
    assert "desk 已解决" in resolved
    assert (
        "desk 已解决" not in client.post("/desk/editor/resolve", data={"comment_id": "remark1", "is_open": "true"}).text
    )


def test_two_versions_are_told_apart_word_by_word(client: TestClient) -> None:
    save(
        client,
        form_of(client, "returns", text="十五天内未拆封可以无理由退货，拆封后如过敏凭照片也能退。", title="退货"),
    )
    page = client.get("/desk/scripts/returns?tab=versions&a=1&b=2").text
    assert "<del>七</del><ins>十五</ins>天内" in page
    assert client.get("/desk/scripts/returns?tab=versions&a=1&b=9").status_code == 404


def test_everything_hostile_is_shown_as_text(client: TestClient) -> None:
    long = "长" * 20_000
    client.post("/v1/scripts", json={"id": "<odd>/x", "text": ODD, "triggers": ["</textarea><script>"], "title": ODD})
    client.post("/v1/scripts", json={"id": "long", "text": long})
    for tab in ("edit", "versions", "history", "try"):
        page = client.get(f"/desk/scripts/%3Codd%3E%2Fx?tab={tab}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "</textarea><script>" not in page.text
        assert client.get(f"/desk/scripts/long?tab={tab}").status_code == 200


def test_a_script_nobody_knows_is_said_so(client: TestClient) -> None:
    answer = client.get("/desk/scripts/none?lang=zh")
    assert (answer.status_code, "没有这条话术" in answer.text) == (404, True)


def test_a_new_script_begins_with_what_the_address_says(client: TestClient) -> None:
    page = client.get(
        "/desk/scripts/new", params={"trigger": ["怎么退", "<能退吗>"], "stage": "交付", "text": "可以", "sku": "cream"}
    ).text
    assert "怎么退\n&lt;能退吗&gt;</textarea>" in page
    assert re.search(r'value="交付" checked', page)
    assert "舒缓面霜" in page


def test_the_checks_tell_what_is_wrong_and_the_preview_is_filled_in(client: TestClient) -> None:
    text = "{{customer.name}}您好，这款{{product.name}}全网最低价，原价 99 元，{{no.such}}"
    form = form_of(client, "sensitive", text="{{customer.name}}您好，{{product.name}}", skus=["cream"], customer="c1")
    page = client.post("/desk/editor/check", data=form).text
    assert "林小满您好，舒缓面霜" in page
    page = client.post("/desk/editor/check", data=form | {"text": text}).text
    found = set(re.findall(r'data-check="(\w+)"', page))
    assert {"compliance", "slot", "price"} <= found
    assert "没有这位客户" in client.post("/desk/editor/check", data=form | {"customer": "c404"}).text


def test_a_tried_message_shows_the_ranking_and_records_nothing(client: TestClient, runtime: Runtime) -> None:
    form = {"script_id": "returns", "message": "可以退货吗", "scene": "direct"}
    page = client.post("/desk/editor/hits", data=form).text
    assert "这条话术排第 1" in page
    with runtime.workspace.database.read() as session:
        assert [len(session.exec(select(table)).all()) for table in (SuggestionSet, Suggestion, ScriptUse)] == [0, 0, 0]


def test_a_draft_is_tried_as_if_it_were_live_and_nothing_else_sees_it(client: TestClient) -> None:
    save(client, {"script_id": "draft1", "key": "d", "text": "周末照常发货。", "triggers": "周末发货吗", "base": 0})
    form = {"script_id": "draft1", "message": "周末发货吗", "scene": "direct"}
    assert "不在结果里" in client.post("/desk/editor/hits", data=form).text
    assert "这条话术排第 1" in client.post("/desk/editor/hits", data=form | {"supposing": "true"}).text
    assert "不在结果里" in client.post("/desk/editor/hits", data=form).text


def test_a_kept_message_is_run_again_and_can_be_forgotten(client: TestClient) -> None:
    form = {"script_id": "returns", "message": "可以退货吗", "scene": "direct", "within": 1, "key": "case1"}
    assert "全部通过" in client.post("/desk/editor/cases", data=form).text
    report = client.get("/v1/regressions").json()
    assert (report["n"], report["n_failed"], report["cases"][0]["rank"]) == (1, 0, 1)
    client.post("/v1/scripts/returns/retire", json={})
    failed = client.get("/v1/regressions").json()
    assert (failed["n_failed"], failed["cases"][0]["rank"]) == (1, None)
    assert "1 个用例未通过" in client.get("/desk/editor/cases").text
    client.post("/desk/editor/cases/remove", data={"case_id": "case1"})
    assert client.get("/v1/regressions").json()["n"] == 0


def test_whatever_is_done_is_in_the_trail(client: TestClient, runtime: Runtime) -> None:
    save(client, form_of(client, "returns", text="十五天内可以退货。", then="publish"))
    with runtime.workspace.database.read() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.subject == "returns").order_by(AuditEntry.seq)).all()
    assert [one.action for one in entries][-2:] == ["script.draft", "script.publish"]


def test_every_objection_field_and_deed_has_a_word() -> None:
    curation = Path(__file__).parents[5] / "copilot" / "curation"
    keys = {
        key
        for path in curation.glob("*checks.py")
        for key in re.findall(r'Severity(?:\.\w+|\(\S+\)), "(\w+)"', path.read_text("utf-8"))
    }
    assert len(keys) > 10
    texts = words_of("zh_Hans").texts
    wanted = [f"check.{key}" for key in keys] + [f"editor_field.{name}" for name in FIELDS]
    library = (Path(__file__).parents[5] / "knowledge" / "library").glob("*.py")
    deeds = {deed for path in library for deed in re.findall(r'"script\.(\w+)"', path.read_text("utf-8"))}
    wanted += [f"deed.{deed}" for deed in deeds]
    assert [key for key in wanted if key not in texts] == []
