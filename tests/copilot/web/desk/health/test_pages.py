"""The health page and `GET /v1/reports/health`."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from copilot.runtime import Runtime
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Script, SuggestionSet

NOW = datetime.now(UTC)
ODD = "<script>alert(1)</script>\u202e反 {{customer.shoe}} 👩‍👩‍👧"
HTMX = {"HX-Request": "true"}


def write(runtime: Runtime, script_id: str, text: str, *triggers: str, owner: str = "e1", **content: Any) -> None:
    at = NOW - timedelta(days=60)
    with runtime.workspace.database.write() as session:
        save_draft(session, DEFAULT_TENANT, script_id, ScriptContent(text, triggers, **content), actor=owner, now=at)
        publish_script(session, DEFAULT_TENANT, script_id, actor=owner, now=at)


def ask_in_vain(runtime: Runtime, message: str, times: int, stage: str = "") -> None:
    with runtime.workspace.database.write() as session:
        for number in range(times):
            session.add(
                SuggestionSet(
                    tenant_id=DEFAULT_TENANT,
                    id=f"{message}-{number}",
                    message=message,
                    abstain_reason="unlikely: …",
                    stage=stage,
                    at=NOW - timedelta(days=1),
                )
            )


def report_of(client: TestClient) -> dict[str, Any]:
    """The report once everything in it is computed."""
    for _ in range(100):
        found: dict[str, Any] = client.get("/v1/reports/health").json()
        if not found["is_coming"]:
            return found
    pytest.fail("the report never came")


def live_version(runtime: Runtime, script_id: str) -> int | None:
    with runtime.workspace.database.read() as session:
        script = session.get(Script, (DEFAULT_TENANT, script_id))
        assert script is not None
        return script.live_version


def finding(report: dict[str, Any], kind: str, script_id: str) -> dict[str, Any]:
    (found,) = [one for one in report["findings"] if one["kind"] == kind and script_id in one["script_ids"]]
    return dict(found)


def test_the_report_says_what_is_wrong_and_what_is_missing(client: TestClient, runtime: Runtime) -> None:
    write(runtime, "past", "活动", valid_to=NOW - timedelta(days=1))
    write(runtime, "week", "拆封后7天内可以退换货品", "拆封还能退吗")
    write(runtime, "month", "拆封后30天内可以退换货品", "拆封还能退吗")
    ask_in_vain(runtime, "可以开发票吗，我是13912345678", 3, "交易")
    found = report_of(client)
    assert finding(found, "expired", "past")["script_ids"] == ["past"]
    conflict = finding(found, "conflict", "week")
    assert (conflict["script_ids"], conflict["said"]) == (["month", "week"], ["30天", "7天"])
    assert finding(found, "never_shown", "past")["kind"] == "never_shown"
    assert found["counts"]["expired"] == 1
    assert found["n_scripts"] == 6
    (gap,) = found["gaps"]
    assert (gap["n_messages"], gap["stage"], gap["why"]) == (3, "交易", {"abstained": 3})
    assert "139" not in str(found)


def test_the_page_links_each_finding_and_a_gap_to_a_new_script(client: TestClient, runtime: Runtime) -> None:
    write(runtime, "past", "活动", valid_to=NOW - timedelta(days=1))
    ask_in_vain(runtime, "可以开发票吗", 3, "交易")
    report_of(client)
    page = client.get("/desk/health?lang=zh").text
    assert 'href="/desk/scripts/past"' in page
    address = page.split('href="/desk/scripts/new?')[1].split('"')[0].replace("&amp;", "&")
    assert parse_qs(urlsplit(f"/?{address}").query) == {"trigger": ["可以开发票吗"], "stage": ["交易"]}


@pytest.mark.parametrize("lang", ["zh", "zh-TW", "en"])
@pytest.mark.parametrize("kind", ["", "gap", "conflict", "never_shown"])
def test_hostile_texts_are_shown_as_text(client: TestClient, runtime: Runtime, lang: str, kind: str) -> None:
    write(runtime, ODD[:40], ODD + "长" * 19_000, ODD, owner=ODD, valid_to=NOW - timedelta(days=1))
    write(runtime, "twin", ODD + "长" * 19_000 + "！7天", ODD)
    ask_in_vain(runtime, ODD, 3)
    ask_in_vain(runtime, "长" * 20_000, 2)
    report_of(client)
    answer = client.get(f"/desk/health?lang={lang}&kind={kind}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_findings_are_filtered_by_kind_owner_and_stage(client: TestClient, runtime: Runtime) -> None:
    yesterday = NOW - timedelta(days=1)
    write(runtime, "mine", "活动一", owner="e7", stages=("交付",), valid_to=yesterday)
    write(runtime, "yours", "活动二", owner="e8", stages=("转化",), valid_to=yesterday)
    report_of(client)

    def shown(address: str) -> set[str]:
        page = client.get(f"/desk/health?{address}").text
        return {one for one in ("mine", "yours") if f'href="/desk/scripts/{one}"' in page}

    assert shown("kind=expired") == {"mine", "yours"}
    assert shown("kind=expired&owner=e7") == {"mine"}
    assert shown("kind=expired&stage=转化") == {"yours"}
    assert shown("kind=conflict") == set()


def test_a_script_is_retired_at_once_and_brought_back(client: TestClient, runtime: Runtime) -> None:
    write(runtime, "past", "活动", valid_to=NOW - timedelta(days=1))
    form = {"script_id": "past", "version": 1, "key": "k1"}
    for _ in range(2):  # sent again, it is done once
        done = client.post("/desk/health/retire?kind=expired", data=form, headers=HTMX)
        assert done.status_code == 200
        assert 'href="/desk/scripts/past"' not in done.text
    assert live_version(runtime, "past") is None
    change_id = done.text.split("change_id&#34;: &#34;")[1].split("&#34;")[0]
    client.post("/desk/health/undo", data={"change_id": change_id}).raise_for_status()
    assert live_version(runtime, "past") == 2
    assert client.post("/desk/health/undo", data={"change_id": change_id}).status_code == 422


def test_a_script_is_valid_longer_and_leaves_the_list(client: TestClient, runtime: Runtime) -> None:
    write(runtime, "past", "活动", valid_to=NOW - timedelta(days=1))
    done = client.post("/desk/health/extend?kind=expired", data={"script_id": "past", "version": 1, "days": 90})
    assert 'href="/desk/scripts/past"' not in done.text
    version = client.get("/v1/scripts/past").json()["versions"][0]
    assert (version["status"], version["version"]) == ("published", 2)
    assert timedelta(days=89) < datetime.fromisoformat(version["valid_to"]) - NOW < timedelta(days=91)


def test_who_comes_second_is_told(client: TestClient, runtime: Runtime) -> None:
    write(runtime, "past", "活动", valid_to=NOW - timedelta(days=1))
    write(runtime, "past", "新活动", valid_to=NOW - timedelta(days=1))
    answer = client.post("/desk/health/retire", data={"script_id": "past", "version": 1})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:copilot:problem:stale-version")
    assert live_version(runtime, "past") == 2


def test_what_was_called_fine_is_out_of_sight_until_the_script_changes(client: TestClient, runtime: Runtime) -> None:
    write(runtime, "past", "活动", valid_to=NOW - timedelta(days=1))
    one = finding(report_of(client), "expired", "past")
    client.post("/desk/health/fine", data={"finding": one["id"], "days": 30}).raise_for_status()
    after = report_of(client)
    assert after["n_fine"] == 1
    assert "expired" not in after["counts"]
    write(runtime, "past", "新活动", valid_to=NOW - timedelta(days=1))
    assert report_of(client)["counts"]["expired"] == 1
    again = client.post("/desk/health/fine", data={"finding": one["id"], "days": 30})
    assert again.status_code == 404


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("fine", {"finding": "nothing"}),
        ("retire", {"script_id": "nobody", "version": 1}),
        ("undo", {"change_id": "nothing"}),
    ],
)
def test_what_does_not_exist_is_told(client: TestClient, path: str, form: dict[str, Any]) -> None:
    assert client.post(f"/desk/health/{path}", data=form).status_code == 404


@pytest.mark.parametrize(
    "form",
    [{"version": 1}, {"script_id": "returns", "version": "x"}, {"script_id": "returns", "version": 1, "days": 0}],
)
def test_what_a_form_cannot_mean_is_refused(client: TestClient, form: dict[str, Any]) -> None:
    assert client.post("/desk/health/extend", data=form).status_code == 422


def test_a_library_of_many_findings_is_read_page_by_page(client: TestClient, runtime: Runtime) -> None:
    for number in range(45):
        write(runtime, f"past-{number:02d}", f"活动第{number}期", valid_to=NOW - timedelta(days=1))
    report_of(client)
    first, second, beyond = (client.get(f"/desk/health?kind=expired&page={page}").text for page in (1, 2, 99))
    assert (first.count("data-row "), second.count("data-row ")) == (40, 5)
    assert beyond.count("data-row ") == 5


def test_everything_can_be_computed_anew(client: TestClient) -> None:
    before = report_of(client)["as_of"]
    client.post("/desk/health/refresh").raise_for_status()
    assert report_of(client)["as_of"] > before
