from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from copilot.curation import bulk
from copilot.curation.bulk import Action, BulkOrder, Outcome
from copilot.curation.script_list import ScriptList
from copilot.errors import BadRequestError
from knowledge.errors import InvalidValueError, NotFoundError
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import publish_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Script, ScriptStatus, ScriptVersion
from knowledge.workspace import Workspace

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace.create(tmp_path / "workspace")
    with made.database.write() as session:
        for script_id in ("live", "other"):
            save_draft(session, DEFAULT_TENANT, script_id, ScriptContent("七天可退"), actor="wang", now=NOW)
            publish_script(session, DEFAULT_TENANT, script_id, actor="wang", now=NOW)
        save_draft(session, DEFAULT_TENANT, "draft", ScriptContent("稍等"), actor="wang", now=NOW)
    yield made
    made.close()


def publish(session: Session, script: Script, newest: ScriptVersion) -> None:
    if "最好" in newest.text:
        raise BadRequestError("text", "最好", "a text that nothing blocks")
    publish_script(session, DEFAULT_TENANT, script.id, actor="li", now=NOW)


def do(workspace: Workspace, action: Action, *script_ids: str, **fields: object) -> Outcome:
    order = BulkOrder(action, "li", NOW, publish=publish, **fields)  # type: ignore[arg-type]
    with workspace.database.write() as session:
        return bulk.apply(session, DEFAULT_TENANT, script_ids, order)


def undo(workspace: Workspace, outcome: Outcome) -> Outcome:
    with workspace.database.write() as session:
        return bulk.undo(session, DEFAULT_TENANT, outcome.change_id or "", actor="li", now=NOW)


def standing(workspace: Workspace) -> dict[str, tuple[object, ...]]:
    """What each script says, to whom, and whether it is live; by id."""
    with workspace.database.read() as session:
        listed = ScriptList().read(session, DEFAULT_TENANT, NOW)
        return {
            one.script_id: (one.text, one.stages, one.valid_to, one.owner, one.live_version is not None, one.statuses)
            for one in listed
        }


EVERYTHING = [
    (Action.SUBMIT, {}),
    (Action.RETIRE, {}),
    (Action.OWNER, {"owner": "zhao"}),
    (Action.VALID_TO, {"valid_to": NOW + timedelta(days=9)}),
]


@pytest.mark.parametrize(("action", "fields"), EVERYTHING)
def test_every_action_can_be_undone(workspace: Workspace, action: Action, fields: dict[str, object]) -> None:
    before = standing(workspace)
    outcome = do(workspace, action, "live", "other", "draft", **fields)
    assert outcome.done
    assert standing(workspace) != before
    assert undo(workspace, outcome).refused == []
    assert standing(workspace) == before


def test_publishing_undone_leaves_nothing_live_that_was_not(workspace: Workspace) -> None:
    outcome = do(workspace, Action.PUBLISH, "live", "draft")
    assert (outcome.done, outcome.unchanged) == (["draft"], ["live"])
    undo(workspace, outcome)
    assert standing(workspace)["draft"][-2:] == (False, ("retired",))
    assert standing(workspace)["live"][-2:] == (True, ("published",))


def test_a_stage_is_added_to_scripts_that_are_for_some_and_not_to_those_for_all(workspace: Workspace) -> None:
    with workspace.database.write() as session:
        content = ScriptContent("七天可退", stages=("转化",))
        save_draft(session, DEFAULT_TENANT, "live", content, actor="wang", now=NOW)
        publish_script(session, DEFAULT_TENANT, "live", actor="wang", now=NOW)
    outcome = do(workspace, Action.STAGE, "live", "other", stage="交付")
    assert (outcome.done, outcome.unchanged) == (["live"], ["other"])
    assert standing(workspace)["live"][1] == ("转化", "交付")
    undo(workspace, outcome)
    assert standing(workspace)["live"][1] == ("转化",)


def test_what_cannot_be_done_is_told_and_keeps_nothing_else_back(workspace: Workspace) -> None:
    with workspace.database.write() as session:
        save_draft(session, DEFAULT_TENANT, "bad", ScriptContent("全网最好"), actor="wang", now=NOW)
    outcome = do(workspace, Action.PUBLISH, "bad", "draft", "nothing", "live")
    assert (outcome.done, outcome.unchanged) == (["draft"], ["live"])
    assert [script_id for script_id, _ in outcome.refused] == ["bad", "nothing"]
    assert "最好" in outcome.refused[0][1]
    assert standing(workspace)["bad"][-1] == ("draft",)


def test_a_script_that_somebody_changed_since_is_left_as_it_is(workspace: Workspace) -> None:
    outcome = do(workspace, Action.RETIRE, "live", "other")
    with workspace.database.write() as session:
        publish_script(session, DEFAULT_TENANT, "live", actor="zhao", now=NOW)
    undone = undo(workspace, outcome)
    assert undone.done == ["other"]
    assert [script_id for script_id, _ in undone.refused] == ["live"]


def test_a_change_is_undone_once(workspace: Workspace) -> None:
    outcome = do(workspace, Action.RETIRE, "live")
    undo(workspace, outcome)
    with pytest.raises(InvalidValueError, match="li did"):
        undo(workspace, outcome)
    with pytest.raises(NotFoundError):
        undo(workspace, Outcome("nothing"))


def test_a_live_script_with_a_draft_ahead_keeps_its_dates(workspace: Workspace) -> None:
    with workspace.database.write() as session:
        save_draft(session, DEFAULT_TENANT, "live", ScriptContent("十五天可退"), actor="wang", now=NOW)
    outcome = do(workspace, Action.VALID_TO, "live", valid_to=NOW)
    assert [script_id for script_id, _ in outcome.refused] == ["live"]
    assert standing(workspace)["live"][0] == "七天可退"


@pytest.mark.parametrize(
    ("action", "fields", "names"),
    [(Action.OWNER, {"owner": " "}, "owner"), (Action.STAGE, {"stage": "付款"}, "付款")],
)
def test_an_action_without_its_value_is_refused(action: Action, fields: dict[str, str], names: str) -> None:
    with pytest.raises(InvalidValueError, match=names):
        BulkOrder(action, "li", NOW, **fields)  # type: ignore[arg-type]


def test_nothing_chosen_is_refused(workspace: Workspace) -> None:
    with pytest.raises(InvalidValueError, match="1 to 2000 scripts"):
        do(workspace, Action.RETIRE)


def test_a_list_read_twice_notices_every_change(workspace: Workspace) -> None:
    kept = ScriptList()
    with workspace.database.read() as session:
        kept.read(session, DEFAULT_TENANT, NOW)
    do(workspace, Action.RETIRE, "live")
    with workspace.database.read() as session:
        found = {one.script_id: one.status for one in kept.read(session, DEFAULT_TENANT, NOW)}
    assert found == {"live": ScriptStatus.RETIRED, "other": ScriptStatus.PUBLISHED, "draft": ScriptStatus.DRAFT}
