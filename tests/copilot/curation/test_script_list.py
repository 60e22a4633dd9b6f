"""A list kept in memory is what reading everything anew would give."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from copilot.curation import script_list
from copilot.curation.listed import ListedScript
from copilot.curation.script_list import USE_KEPT, ScriptList
from knowledge.audit import append_entry
from knowledge.imports import ImportKind, import_file
from knowledge.library.comments import add_comment, resolve_comment
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import (
    describe_script,
    publish_script,
    retire_script,
    save_draft,
    send_back_script,
    submit_script,
)
from knowledge.tables import DEFAULT_TENANT, EVERYONE, ScriptKind, ScriptUse
from knowledge.workspace import Workspace

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=90)
Change = Callable[[Session], object]


def draft(session: Session, script_id: str, text: str, **fields: object) -> None:
    content = ScriptContent(text, **fields)  # type: ignore[arg-type]
    save_draft(session, DEFAULT_TENANT, script_id, content, actor="wang", now=LONG_AGO)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace.create(tmp_path / "workspace")
    with made.database.write() as session:
        for script_id in ("b", "d"):
            draft(session, script_id, "七天可退", valid_to=NOW + timedelta(seconds=2))
            publish_script(session, DEFAULT_TENANT, script_id, actor="wang", now=LONG_AGO)
        draft(session, "d", "三十天可退")
        add_comment(session, DEFAULT_TENANT, "k1", script_id="d", version=1, text="几天？", actor="li", now=NOW)
        submit_script(session, DEFAULT_TENANT, "d", actor="wang", now=NOW)
    yield made
    made.close()


def read(workspace: Workspace, scripts: ScriptList, now: datetime = NOW) -> dict[str, ListedScript]:
    with workspace.database.read() as session:
        return {one.script_id: one for one in scripts.read(session, DEFAULT_TENANT, now)}


HOW = {"actor": "wang", "now": NOW}
CHANGES: list[Change] = [
    lambda session: draft(session, "a", "新的"),
    lambda session: draft(session, "c", "{{nothing}}"),
    lambda session: draft(session, "b", "八天可退"),
    lambda session: publish_script(session, DEFAULT_TENANT, "d", **HOW),  # type: ignore[arg-type]
    lambda session: retire_script(session, DEFAULT_TENANT, "b", **HOW),  # type: ignore[arg-type]
    lambda session: send_back_script(session, DEFAULT_TENANT, "d", reason="几天？", **HOW),  # type: ignore[arg-type]
    lambda session: resolve_comment(session, DEFAULT_TENANT, "k1", **HOW),  # type: ignore[arg-type]
    lambda session: describe_script(
        session, DEFAULT_TENANT, "b", kind=ScriptKind.FAQ, title="退货", owner="li", actor="li", now=NOW
    ),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_seen_at_once_and_as_if_all_were_read_anew(workspace: Workspace, change: Change) -> None:
    kept = ScriptList()
    before = read(workspace, kept)
    with workspace.database.write() as session:
        change(session)
    after = read(workspace, kept)
    assert after != before
    assert list(after.items()) == list(read(workspace, ScriptList()).items())


def test_what_did_not_change_is_not_read_again(workspace: Workspace) -> None:
    kept = ScriptList()
    before = read(workspace, kept)
    with workspace.database.write() as session:
        retire_script(session, DEFAULT_TENANT, "b", actor="li", now=NOW)
    after = read(workspace, kept)
    assert after["b"] is not before["b"]
    assert after["d"] is before["d"]


@pytest.mark.parametrize("most_again", [0, 500])
def test_an_import_is_seen_whether_few_or_many_scripts_change(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_again: int
) -> None:
    monkeypatch.setattr(script_list, "MOST_AGAIN", most_again)
    kept = ScriptList()
    read(workspace, kept)
    file = tmp_path / "scripts.csv"
    file.write_text("id,text,status\na,早上好,draft\nd,十天可退,published\n", encoding="utf-8")
    import_file(workspace.database, DEFAULT_TENANT, ImportKind.SCRIPTS, file, now=lambda: NOW)
    after = read(workspace, kept)
    assert [(one.script_id, one.text) for one in after.values()] == [
        ("a", "早上好"),
        ("b", "七天可退"),
        ("d", "十天可退"),
    ]
    assert after == read(workspace, ScriptList())


def test_use_is_shown_within_seconds_without_any_change_of_a_script(workspace: Workspace) -> None:
    kept = ScriptList()
    read(workspace, kept)
    with workspace.database.write() as session:
        session.add(ScriptUse(tenant_id=DEFAULT_TENANT, script_id="b", agent_id=EVERYONE, n_shown=4, n_accepted=1))
        append_entry(session, DEFAULT_TENANT, at=NOW, actor="wang", action="customer.tag", subject="b")
    assert read(workspace, kept, NOW + USE_KEPT / 2)["b"].usage.n_shown == 0
    usage = read(workspace, kept, NOW + USE_KEPT)["b"].usage
    assert (usage.n_shown, usage.acceptance) == (4, 0.25)


def test_health_follows_the_clock(workspace: Workspace) -> None:
    kept = ScriptList()
    assert read(workspace, kept)["b"].health == ("never_shown", "expiring")
    assert read(workspace, kept, NOW + USE_KEPT)["b"].health == ("never_shown", "expired")


def test_a_clock_that_was_put_back_is_followed(workspace: Workspace) -> None:
    kept = ScriptList()
    assert "expired" in read(workspace, kept, NOW + USE_KEPT)["b"].health
    assert "expiring" in read(workspace, kept)["b"].health


def test_a_search_finds_parts_of_a_place_but_nothing_across_two(workspace: Workspace) -> None:
    with workspace.database.write() as session:
        draft(session, "e", "今天 Ｓｈｉｐ", triggers=("發貨嗎",))
    found = read(workspace, ScriptList())["e"]
    assert [found.says(text) for text in ("今天 ship", "发货吗", "e", "ship 发货", "ship发货")] == [
        True,
        True,
        True,
        False,
        False,
    ]
