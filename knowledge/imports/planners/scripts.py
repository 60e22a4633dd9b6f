"""Scripts: identities whose versions are never rewritten once published, only followed by the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from knowledge.imports.kinds import ImportKind
from knowledge.imports.plan import Plan, Stored, Values, differs, stored_by_id, stored_rows
from knowledge.imports.planners.agreement import agreed_row
from knowledge.imports.rows import ORGANISATION, ScriptRow
from knowledge.imports.staging import Group
from knowledge.imports.surroundings import Surroundings
from knowledge.tables import IndexKind, Script, ScriptKind, ScriptStatus, ScriptVersion

SAME_NAMES = ("text", "triggers", "channels", "audience", "skus", "attachments", "scope", "valid_from", "valid_to")
RENAMED = {"stage": "stages", "scene": "scenes"}


@dataclass
class _History:
    """A script as stored, with its versions by number."""

    script: Stored | None = None
    versions: dict[int, Stored] = field(default_factory=dict)

    @property
    def live(self) -> Stored | None:
        number = self.script["live_version"] if self.script is not None else None
        return self.versions.get(number) if number is not None else None

    @property
    def latest(self) -> Stored | None:
        return self.versions[max(self.versions)] if self.versions else None


def plan_scripts(session: Session, groups: Sequence[Group[ScriptRow]], around: Surroundings) -> Plan:
    """What a batch of scripts changes."""
    plan = Plan()
    histories = _histories(session, around.tenant_id, [group.key for group in groups])
    rows = [agreed_row(group, "id", plan) for group in groups]
    for row in rows:
        _plan_script(plan, row, histories.get(row.id, _History()), around)
    _warn_of_unknown_skus(session, rows, plan, around)
    return plan


def _plan_script(plan: Plan, row: ScriptRow, before: _History, around: Surroundings) -> None:
    status = row.status or _present_status(before)
    compared = _compared(row, before, status)
    same_text = compared is not None and not differs(_content(row), compared)
    same_card = before.script is not None and not differs(_card(row), before.script)
    if compared is not None and same_text and status == compared["status"]:
        if same_card:
            plan.tally.n_unchanged += 1
            return
        _write_script(plan, row, before, around, latest=compared, live=before.live)
    else:
        _write_version(plan, row, before, around, status=status, compared=compared, same_text=same_text)
    plan.announce(IndexKind.SCRIPT, row.id)
    plan.tally.n_added += before.script is None
    plan.tally.n_changed += before.script is not None


def _compared(row: ScriptRow, before: _History, status: ScriptStatus) -> Stored | None:
    """The stored version a row speaks of: the live one when it says the same, else the latest."""
    live = before.live
    if status is ScriptStatus.PUBLISHED and live is not None and not differs(_content(row), live):
        return live
    return before.latest


def _present_status(before: _History) -> ScriptStatus:
    present = before.live or before.latest
    return ScriptStatus(present["status"]) if present is not None else ScriptStatus.PUBLISHED


def _write_version(
    plan: Plan,
    row: ScriptRow,
    before: _History,
    around: Surroundings,
    *,
    status: ScriptStatus,
    compared: Stored | None,
    same_text: bool,
) -> None:
    """Write the version that now holds, and end the live one where it no longer does."""
    version = _next_version(row, before, around, compared if same_text else None, status)
    plan.upsert(ScriptVersion, version)
    live: Mapping[str, object] | None = before.live
    if live is not None and (same_text or status in {ScriptStatus.PUBLISHED, ScriptStatus.RETIRED}):
        if _number(live) != _number(version):
            plan.upsert(ScriptVersion, _ended(live, around))
        live = None
    if status is ScriptStatus.PUBLISHED:
        live = version
    _write_script(plan, row, before, around, latest=version, live=live)


def _next_version(
    row: ScriptRow, before: _History, around: Surroundings, same: Stored | None, status: ScriptStatus
) -> Values:
    """The same version with its new status while that rewrites no history, else a new one."""
    if same is not None and same["published_at"] is None:
        return _with_status(dict(same), status, around)
    if same is not None and status is ScriptStatus.RETIRED:
        return _ended(same, around)
    base = dict(before.latest) if before.latest is not None else _first_version(around.tenant_id, row.id)
    number = max(before.versions, default=0) + 1
    fresh = {
        **base,
        **_content(row),
        "version": number,
        "author": "import",
        "reason": f"imported from {around.file}",
        "created_at": around.now,
        "published_at": None,
        "ended_at": None,
    }
    return _with_status(fresh, status, around)


def _with_status(version: Values, status: ScriptStatus, around: Surroundings) -> Values:
    published_at = around.now if status is ScriptStatus.PUBLISHED else version["published_at"]
    return {**version, "status": status, "published_at": published_at}


def _ended(version: Mapping[str, object], around: Surroundings) -> Values:
    return {**version, "status": ScriptStatus.RETIRED, "ended_at": version["ended_at"] or around.now}


def _write_script(
    plan: Plan,
    row: ScriptRow,
    before: _History,
    around: Surroundings,
    *,
    latest: Mapping[str, object],
    live: Mapping[str, object] | None,
) -> None:
    base = dict(before.script) if before.script is not None else _new_script(around.tenant_id, row.id)
    plan.upsert(
        Script,
        {
            **base,
            **_card(row),
            "latest_version": max(*before.versions, _number(latest)) if before.versions else _number(latest),
            "live_version": _number(live) if live is not None else None,
            "updated_at": around.now,
        },
    )


def _number(version: Mapping[str, object]) -> int:
    return int(str(version["version"]))


def _content(row: ScriptRow) -> Values:
    """What a version says, as far as the file gives it."""
    renamed = {column: getattr(row, name) for name, column in RENAMED.items() if name in row.model_fields_set}
    return row.given(*SAME_NAMES) | renamed


def _card(row: ScriptRow) -> Values:
    """What the script's identity says, as far as the file gives it."""
    card = row.given("title", "owner")
    if row.kind is not None:
        card["kind"] = row.kind
    return card


def _new_script(tenant_id: str, script_id: str) -> Values:
    return {"tenant_id": tenant_id, "id": script_id, "kind": ScriptKind.SCRIPT, "title": "", "owner": ""}


def _first_version(tenant_id: str, script_id: str) -> Values:
    empty: dict[str, list[str]] = {
        name: [] for name in ("triggers", "stages", "scenes", "channels", "skus", "attachments")
    }
    return {
        "tenant_id": tenant_id,
        "script_id": script_id,
        **empty,
        "audience": {},
        "scope": ORGANISATION,
        "valid_from": None,
        "valid_to": None,
    }


def _histories(session: Session, tenant_id: str, script_ids: Sequence[str]) -> dict[str, _History]:
    histories = {
        script_id: _History(script)
        for script_id, script in stored_by_id(session, Script, tenant_id, "id", script_ids).items()
    }
    for version in stored_rows(session, ScriptVersion, tenant_id, "script_id", list(histories)):
        histories[version["script_id"]].versions[version["version"]] = version
    return histories


def _warn_of_unknown_skus(session: Session, rows: Sequence[ScriptRow], plan: Plan, around: Surroundings) -> None:
    named = [sku for row in rows for sku in row.skus]
    unknown = around.unknown(session, ImportKind.PRODUCTS, named)
    for sku in named:
        if sku in unknown:
            plan.tally.warn("unknown_skus", sku)
