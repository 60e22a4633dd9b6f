"""The performance page and `GET /v1/reports/performance`."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from copilot.curation.counts import share
from copilot.runtime import Runtime
from knowledge.tables import DEFAULT_TENANT, Decision, DecisionKind, Script, Suggestion, SuggestionSet

NOW = datetime.now(UTC)
ODD = "=<script>alert(1)</script>\u202e反 👩‍👩‍👧"


def show(runtime: Runtime, script_id: str, kind: DecisionKind | None = None, **columns: Any) -> None:
    with runtime.workspace.database.write() as session:
        number = session.execute(select(func.count()).select_from(SuggestionSet)).scalar()
        ids = {"tenant_id": DEFAULT_TENANT, "set_id": f"p{number}"}
        made = {"at": NOW - timedelta(hours=1), "message": "敏感肌能用吗", **columns}
        session.add(SuggestionSet(tenant_id=DEFAULT_TENANT, id=f"p{number}", **made))
        session.add(Suggestion(**ids, kind="reply", rank=1, item_id=script_id, text="好"))
        if kind is not None:
            session.add(Decision(**ids, id=f"d{number}", kind=kind, rank=1, item_id=script_id, reason="tone", at=NOW))


def rows_of(client: TestClient, address: str = "") -> list[list[str]]:
    answer = client.get(f"/desk/performance/export.csv?{address}")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def page_of(client: TestClient, address: str) -> str:
    """The page with its report, for which the file waits as long as it takes."""
    client.get(f"/desk/performance/export.csv?{address}").raise_for_status()
    answer = client.get(f"/desk/performance?{address}")
    assert answer.status_code == 200
    return answer.text


def test_the_report_has_the_numbers_with_their_intervals(client: TestClient, runtime: Runtime) -> None:
    show(runtime, "returns", DecisionKind.ACCEPT, agent_id="a1", stage="转化")
    show(runtime, "returns", DecisionKind.DISMISS, agent_id="a1")
    show(runtime, "sensitive", agent_id="a1")
    found = client.get("/v1/reports/performance").json()
    assert [(row["key"], row["n_shown"], row["n_accepted"]) for row in found["rows"]] == [
        ("returns", 2, 1),
        ("sensitive", 1, 0),
    ]
    expected = share(1, 2)
    assert expected is not None
    assert found["rows"][0]["acceptance"] == expected.to_dict()
    assert found["rows"][0]["dismissals"] == {"tone": 1}
    assert found["rows"][0]["ranks"] == [{"rank": 1, "n_shown": 2, "acceptance": expected.to_dict()}]
    assert found["total"]["n_shown"] == sum(week["n_shown"] for week in found["total"]["weeks"]) == 3
    (agent,) = client.get("/v1/reports/performance?by=agent").json()["rows"]
    assert (agent["key"], agent["name"], agent["n_shown"]) == ("a1", "温若宁", 3)


@pytest.mark.parametrize("address", ["first=2026-11-02&last=2026-11-01", "first=2020-01-01&last=2026-01-01"])
def test_days_that_cannot_be_are_refused_by_the_api_and_told_by_the_page(client: TestClient, address: str) -> None:
    assert client.get(f"/v1/reports/performance?{address}").status_code == 422
    page = client.get(f"/desk/performance?{address}&lang=en")
    assert page.status_code == 200
    assert "These days cannot be shown" in page.text


@pytest.mark.parametrize("address", ["first=1000-01-01", "last=9999-12-31", "first=soon", "by=customer", "turns=few"])
def test_an_address_that_means_nothing_is_refused(client: TestClient, address: str) -> None:
    assert client.get(f"/v1/reports/performance?{address}").status_code == 422


@pytest.mark.parametrize("lang", ["zh", "zh-TW", "en"])
@pytest.mark.parametrize("by", ["script", "stage", "agent", "team"])
def test_hostile_names_are_shown_as_text_in_every_table(
    client: TestClient, runtime: Runtime, lang: str, by: str
) -> None:
    with runtime.workspace.database.write() as session:
        session.add(Script(tenant_id=DEFAULT_TENANT, id=ODD, title=ODD * 200, updated_at=NOW))
    show(runtime, ODD, DecisionKind.DISMISS, agent_id=ODD, stage=ODD)
    for address in (f"by={by}&lang={lang}", f"sort=rank1&lang={lang}"):
        page = page_of(client, address)
        assert "<script>alert" not in page
        assert '<div class="tiles">' in page


def test_the_table_is_ordered_by_links_and_few_prove_little(client: TestClient, runtime: Runtime) -> None:
    for _ in range(20):
        show(runtime, "many", DecisionKind.ACCEPT)
    for _ in range(5):
        show(runtime, "many")
    show(runtime, "lucky", DecisionKind.ACCEPT)
    show(runtime, "bad")
    assert [row[0] for row in rows_of(client, "sort=acceptance")[1:-1]] == ["many", "lucky", "bad"]
    assert [row[0] for row in rows_of(client, "sort=acceptance&up=1")[1:-1]] == ["bad", "many", "lucky"]
    assert [row[0] for row in rows_of(client, "sort=name&up=1")[1:-1]] == ["bad", "lucky", "many"]
    page = page_of(client, "sort=acceptance")
    assert 'aria-sort="descending"' in page
    assert "sort=acceptance&amp;up=1" in page


def test_a_script_has_its_weeks_ranks_and_reasons_and_a_way_to_the_editor(client: TestClient, runtime: Runtime) -> None:
    show(runtime, "returns", DecisionKind.DISMISS)
    show(runtime, "returns", DecisionKind.ACCEPT, at=NOW - timedelta(days=8))
    page = client.get("/desk/performance/scripts/returns?lang=en").text
    assert 'href="/desk/scripts/returns"' in page
    assert page.count('<th scope="row">') >= 4 + 1
    assert client.get("/desk/performance/scripts/nobody").status_code == 404


def test_a_script_that_was_never_shown_says_so(client: TestClient) -> None:
    assert "Nothing was shown" in client.get("/desk/performance/scripts/returns?lang=en").text


def test_the_file_opens_in_a_spreadsheet_and_holds_no_formula(client: TestClient, runtime: Runtime) -> None:
    for script_id in ("=1+1", "+2", "-3", "@sum", "\tx", " =4", "plain"):
        show(runtime, script_id, DecisionKind.EDIT)
    header, *lines = rows_of(client)
    keys = {line[0] for line in lines}
    assert {"'=1+1", "'+2", "'-3", "'@sum", "'\tx", "' =4", "plain"} <= keys
    assert all(len(line) == len(header) for line in lines)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for line in lines for cell in line)
    total = dict(zip(header, lines[-1], strict=True))
    assert (total["n_shown"], total["n_edited"], total["acceptance_mean"]) == ("7", "7", "1")


def test_the_file_has_the_same_numbers_as_the_report(client: TestClient, runtime: Runtime) -> None:
    show(runtime, "returns", DecisionKind.ACCEPT)
    show(runtime, "returns")
    header, first, _ = rows_of(client)
    line = dict(zip(header, first, strict=True))
    reported = client.get("/v1/reports/performance").json()["rows"][0]["acceptance"]
    assert [float(line[f"acceptance_{end}"]) for end in ("mean", "low", "high")] == pytest.approx(
        [reported[end] for end in ("mean", "low", "high")], rel=1e-5
    )
    assert line["edit_distance_mean"] == ""


def test_a_table_that_is_longer_than_a_page_is_turned(client: TestClient, runtime: Runtime) -> None:
    with runtime.workspace.database.write() as session:
        session.add(SuggestionSet(tenant_id=DEFAULT_TENANT, id="many", at=NOW - timedelta(hours=1), message="在线吗亲"))
        for rank in range(1, 121):
            session.add(
                Suggestion(tenant_id=DEFAULT_TENANT, set_id="many", kind="reply", rank=rank, item_id=f"s{rank:03d}")
            )
    first, second, beyond = (page_of(client, f"page={page}") for page in (1, 2, 99))
    counts = [page.count('href="/desk/performance/scripts/') for page in (first, second, beyond)]
    assert counts == [100, 20, 20]
