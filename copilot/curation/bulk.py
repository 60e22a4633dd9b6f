"""One action on many scripts, with a way back.

Each script is done on its own: what cannot be done is told with its reason and keeps none of the others back. Undoing
touches only scripts that nobody has changed since.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from sqlmodel import Session

from copilot.errors import CopilotError
from knowledge.audit import append_entry
from knowledge.errors import InvalidValueError, KnowledgeError, NotFoundError
from knowledge.library.content import ScriptContent
from knowledge.library.scripts import (
    describe_script,
    publish_script,
    retire_script,
    roll_back_script,
    save_draft,
    submit_script,
    withdraw_script,
)
from knowledge.tables import BulkChange, Script, ScriptStatus, ScriptVersion, Stage

MAX_SCRIPTS = 2_000
Publish = Callable[[Session, Script, ScriptVersion], object]
"""Makes the newest version of a script live, or raises what speaks against it."""


class Action(StrEnum):
    """What can be done to many scripts at once."""

    SUBMIT = "submit"
    PUBLISH = "publish"
    RETIRE = "retire"
    OWNER = "owner"
    STAGE = "stage"
    VALID_TO = "valid_to"


@dataclass(frozen=True)
class BulkOrder:
    """An action, who does it, and what it sets: an owner, a stage, or the end of validity (nothing for no end)."""

    action: Action
    actor: str
    now: datetime
    owner: str = ""
    stage: str = ""
    valid_to: datetime | None = None
    publish: Publish | None = None
    """How a newest version goes live, with every rule of the shop; only asked for by that action."""

    def __post_init__(self) -> None:
        if self.action is Action.OWNER and not self.owner.strip():
            raise InvalidValueError("owner", self.owner, "the name of a person")
        if self.action is Action.STAGE and self.stage not in list(Stage):
            raise InvalidValueError("stage", self.stage, f"one of {', '.join(Stage)}")


@dataclass(frozen=True)
class Outcome:
    """What became of an order: the scripts done, those that were so already, and those refused with their reasons."""

    change_id: str | None
    done: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


Detail = dict[str, object]
"""What undoing one script needs: its id, its newest and live versions before and after, its owner before."""


def apply(session: Session, tenant_id: str, script_ids: Sequence[str], order: BulkOrder) -> Outcome:
    """Do it to each of the scripts, in one transaction.

    Raises:
        InvalidValueError: no script is chosen, or too many.
    """
    chosen = list(dict.fromkeys(script_ids))
    if not 1 <= len(chosen) <= MAX_SCRIPTS:
        raise InvalidValueError("scripts", len(chosen), f"1 to {MAX_SCRIPTS} scripts")
    outcome, details = Outcome(None), list[Detail]()
    for script_id in chosen:
        try:
            with session.begin_nested():
                detail = _do(session, tenant_id, script_id, order)
        except (CopilotError, KnowledgeError) as error:
            outcome.refused.append((script_id, str(error)))
            continue
        if detail is None:
            outcome.unchanged.append(script_id)
        else:
            outcome.done.append(script_id)
            details.append(detail)
    return replace(outcome, change_id=_note(session, tenant_id, order, details)) if details else outcome


def undo(session: Session, tenant_id: str, change_id: str, *, actor: str, now: datetime) -> Outcome:
    """Take a change back from every script that is still as the change left it.

    Raises:
        NotFoundError: there is no such change.
        InvalidValueError: it was undone before.
    """
    change = session.get(BulkChange, (tenant_id, change_id))
    if change is None:
        raise NotFoundError("change", change_id)
    if change.undone_at is not None:
        raise InvalidValueError("change", change_id, f"one that was not undone yet; {change.undone_by} did")
    outcome = Outcome(change_id)
    for detail in change.detail:
        script_id = str(detail["script_id"])
        try:
            with session.begin_nested():
                _undo_one(session, tenant_id, Action(change.action), detail, actor, now)
        except (CopilotError, KnowledgeError) as error:
            outcome.refused.append((script_id, str(error)))
        else:
            outcome.done.append(script_id)
    change.undone_by, change.undone_at = actor, now
    summary: dict[str, object] = {"n": len(outcome.done), "refused": [one for one, _ in outcome.refused]}
    append_entry(session, tenant_id, at=now, actor=actor, action="bulk.undo", subject=change_id, detail=summary)
    return outcome


def read_change(session: Session, tenant_id: str, change_id: str) -> BulkChange | None:
    """A change of many scripts, when there is one with this id."""
    return session.get(BulkChange, (tenant_id, change_id)) if change_id else None


def _do(session: Session, tenant_id: str, script_id: str, order: BulkOrder) -> Detail | None:
    """Do it to one script; nothing when it is so already."""
    script = session.get(Script, (tenant_id, script_id))
    if script is None:
        raise NotFoundError("script", script_id)
    before = _standing(session, script)
    _DOING[order.action](session, script, order)
    session.flush()
    after = _standing(session, script)
    if before == after:
        return None
    return {"script_id": script_id, "before": before, "after": after}


def _standing(session: Session, script: Script) -> dict[str, object]:
    newest = session.get(ScriptVersion, (script.tenant_id, script.id, script.latest_version))
    status = newest.status.value if newest else ""
    return {"latest": script.latest_version, "live": script.live_version, "owner": script.owner, "status": status}


def _submit(session: Session, script: Script, order: BulkOrder) -> None:
    submit_script(session, script.tenant_id, script.id, actor=order.actor, now=order.now)


def _publish(session: Session, script: Script, order: BulkOrder) -> None:
    newest = _version(session, script, script.latest_version)
    if newest.status is ScriptStatus.RETIRED or order.publish is None:
        raise InvalidValueError("status", newest.status.value, "a draft or a version in review")
    if newest.status is not ScriptStatus.PUBLISHED:
        order.publish(session, script, newest)


def _retire(session: Session, script: Script, order: BulkOrder) -> None:
    retire_script(session, script.tenant_id, script.id, actor=order.actor, now=order.now)


def _give_owner(session: Session, script: Script, order: BulkOrder) -> None:
    _describe(session, script, order.owner.strip(), order.actor, order.now)


def _add_stage(session: Session, script: Script, order: BulkOrder) -> None:
    """A script for all stages is for this one too."""
    content = _live_content(session, script)
    if content.stages and order.stage not in content.stages:
        _rewrite(session, script, replace(content, stages=(*content.stages, order.stage)), order)


def _set_end(session: Session, script: Script, order: BulkOrder) -> None:
    _rewrite(session, script, replace(_live_content(session, script), valid_to=order.valid_to), order)


_DOING: Mapping[Action, Callable[[Session, Script, BulkOrder], None]] = {
    Action.SUBMIT: _submit,
    Action.PUBLISH: _publish,
    Action.RETIRE: _retire,
    Action.OWNER: _give_owner,
    Action.STAGE: _add_stage,
    Action.VALID_TO: _set_end,
}


def _rewrite(session: Session, script: Script, content: ScriptContent, order: BulkOrder) -> None:
    """Its live version with another content, live at once, since no word of it is another; a draft stays a draft."""
    if script.live_version not in (None, script.latest_version):
        raise InvalidValueError("script", script.id, "no newer version than the live one: publish or drop that first")
    written = save_draft(session, script.tenant_id, script.id, content, actor=order.actor, now=order.now)
    if script.live_version is not None and written.version != script.live_version:
        publish_script(session, script.tenant_id, script.id, actor=order.actor, now=order.now)


def _live_content(session: Session, script: Script) -> ScriptContent:
    return ScriptContent.of(_version(session, script, script.live_version or script.latest_version))


def _version(session: Session, script: Script, version: int) -> ScriptVersion:
    found = session.get(ScriptVersion, (script.tenant_id, script.id, version))
    if found is None:
        raise NotFoundError("script version", f"{script.id} v{version}")
    return found


def _describe(session: Session, script: Script, owner: str, actor: str, now: datetime) -> None:
    describe_script(
        session,
        script.tenant_id,
        script.id,
        kind=script.kind,
        title=script.title,
        owner=owner,
        actor=actor,
        now=now,
    )


def _undo_one(
    session: Session, tenant_id: str, action: Action, detail: Mapping[str, object], actor: str, now: datetime
) -> None:
    script = session.get(Script, (tenant_id, str(detail["script_id"])))
    if script is None or _standing(session, script) != detail["after"]:
        raise InvalidValueError("script", detail["script_id"], "unchanged since: somebody has changed it")
    before = detail["before"]
    if not isinstance(before, Mapping):
        raise InvalidValueError("before", before, "what the script was before")
    if action is Action.OWNER:
        _describe(session, script, str(before["owner"]), actor, now)
    elif action is Action.SUBMIT:
        withdraw_script(session, tenant_id, script.id, actor=actor, now=now)
    elif before["live"] is not None:
        roll_back_script(session, tenant_id, script.id, version=int(before["live"]), actor=actor, now=now)
    elif script.live_version is not None:
        retire_script(session, tenant_id, script.id, actor=actor, now=now)
    else:
        content = ScriptContent.of(_version(session, script, int(before["latest"])))
        save_draft(session, tenant_id, script.id, content, actor=actor, now=now)


def _note(session: Session, tenant_id: str, order: BulkOrder, details: list[Detail]) -> str:
    change = BulkChange(
        tenant_id=tenant_id, id=uuid4().hex, action=order.action.value, actor=order.actor, at=order.now, detail=details
    )
    session.add(change)
    summary: dict[str, object] = {"action": order.action.value, "scripts": [one["script_id"] for one in details]}
    append_entry(
        session, tenant_id, at=order.now, actor=order.actor, action="bulk.apply", subject=change.id, detail=summary
    )
    return change.id
