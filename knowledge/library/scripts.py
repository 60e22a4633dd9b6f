"""The life of a script: drafts, review, publication, retirement.

A version's text never changes once written: saving writes the next version, and publishing a version that has ended
writes a copy of it, so that what was live at any moment can be read from `published_at` and `ended_at` alone.
Every function works in the session it is given (`Database.write()`); nothing is kept unless that commits.
"""

from datetime import datetime

from sqlmodel import Session

from knowledge.audit import append_entry
from knowledge.errors import InvalidValueError, NotFoundError, StaleVersionError
from knowledge.library.changes import record_change
from knowledge.library.content import ScriptContent, columns_of
from knowledge.tables import IndexKind, Script, ScriptKind, ScriptStatus, ScriptVersion


def save_draft(
    session: Session,
    tenant_id: str,
    script_id: str,
    content: ScriptContent,
    *,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    reason: str = "",
) -> ScriptVersion:
    """The script's newest version with this content, a draft; the newest one as it is when it says the same already.

    A script that does not exist yet is made. What is live stays live; what waited for review is a draft again, since
    nobody should approve words that somebody is still changing.

    Raises:
        InvalidValueError: the content breaks a rule.
        StaleVersionError: the newest version is not `expected_version` (0 for a script that should be new).
    """
    content.check()
    script = session.get(Script, (tenant_id, script_id))
    _expect(script, script_id, expected_version)
    if script is None:
        script = Script(tenant_id=tenant_id, id=script_id, latest_version=0, owner=actor, updated_at=now)
        session.add(script)
    else:
        newest = _version(session, script, script.latest_version)
        if ScriptContent.of(newest) == content:
            return newest
        if newest.status == ScriptStatus.REVIEW:
            newest.status = ScriptStatus.DRAFT
    version = _add_version(session, script, content, actor=actor, now=now, reason=reason)
    _note(session, version, "script.draft", actor, now)
    return version


def describe_script(
    session: Session,
    tenant_id: str,
    script_id: str,
    *,
    kind: ScriptKind,
    title: str,
    owner: str,
    actor: str,
    now: datetime,
) -> Script:
    """The script with this kind, title and owner, which belong to no version.

    Raises:
        NotFoundError: there is no such script.
    """
    script = _script(session, tenant_id, script_id)
    if (script.kind, script.title, script.owner) == (kind, title, owner):
        return script
    script.kind, script.title, script.owner, script.updated_at = kind, title, owner, now
    record_change(session, tenant_id, IndexKind.SCRIPT, script_id)
    detail = {"kind": kind.value, "title": title, "owner": owner}
    append_entry(session, tenant_id, at=now, actor=actor, action="script.describe", subject=script_id, detail=detail)
    return script


def submit_script(
    session: Session, tenant_id: str, script_id: str, *, actor: str, now: datetime, expected_version: int | None = None
) -> ScriptVersion:
    """The newest version, waiting for review.

    Raises:
        NotFoundError: there is no such script.
        InvalidValueError: the newest version is no draft.
        StaleVersionError: the newest version is not `expected_version`.
    """
    script = _script(session, tenant_id, script_id)
    _expect(script, script_id, expected_version)
    version = _version(session, script, script.latest_version)
    if version.status == ScriptStatus.REVIEW:
        return version
    if version.status != ScriptStatus.DRAFT:
        raise InvalidValueError("status", version.status.value, "a draft")
    version.status = ScriptStatus.REVIEW
    _note(session, version, "script.submit", actor, now)
    return version


def withdraw_script(
    session: Session, tenant_id: str, script_id: str, *, actor: str, now: datetime, expected_version: int | None = None
) -> ScriptVersion:
    """The newest version, a draft again because its author took it back from review.

    Raises:
        NotFoundError: there is no such script.
        InvalidValueError: the newest version does not wait for review.
        StaleVersionError: the newest version is not `expected_version`.
    """
    version = _in_review(session, tenant_id, script_id, expected_version)
    version.status = ScriptStatus.DRAFT
    _note(session, version, "script.withdraw", actor, now)
    return version


def send_back_script(
    session: Session,
    tenant_id: str,
    script_id: str,
    *,
    actor: str,
    now: datetime,
    reason: str,
    expected_version: int | None = None,
) -> ScriptVersion:
    """The newest version, a draft again because a reviewer wants it changed.

    Raises:
        NotFoundError: there is no such script.
        InvalidValueError: the newest version does not wait for review, or no reason is given.
        StaleVersionError: the newest version is not `expected_version`.
    """
    if not reason.strip():
        raise InvalidValueError("reason", reason, "what has to be changed, for the author")
    version = _in_review(session, tenant_id, script_id, expected_version)
    version.status = ScriptStatus.DRAFT
    _note(session, version, "script.send_back", actor, now, reason=reason)
    return version


def approve_script(
    session: Session,
    tenant_id: str,
    script_id: str,
    *,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    reason: str = "",
) -> ScriptVersion:
    """The newest version, reviewed and live from now on.

    Raises:
        NotFoundError: there is no such script.
        InvalidValueError: the newest version does not wait for review.
        StaleVersionError: the newest version is not `expected_version`.
    """
    version = _in_review(session, tenant_id, script_id, expected_version)
    _note(session, version, "script.approve", actor, now, reason=reason)
    return publish_script(session, tenant_id, script_id, actor=actor, now=now)


def roll_back_script(
    session: Session,
    tenant_id: str,
    script_id: str,
    *,
    version: int,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    reason: str = "",
) -> ScriptVersion:
    """A copy of a version that was live before, live from now on.

    Raises:
        NotFoundError: there is no such script or version.
        InvalidValueError: the version never was live, or is live now.
        StaleVersionError: the newest version is not `expected_version`.
    """
    script = _script(session, tenant_id, script_id)
    _expect(script, script_id, expected_version)
    chosen = _version(session, script, version)
    if chosen.published_at is None or version == script.live_version:
        raise InvalidValueError("version", version, "one that was live before and is not now")
    copied = publish_script(session, tenant_id, script_id, actor=actor, now=now, version=version, reason=reason)
    detail = {"version": copied.version, "of": version}
    append_entry(session, tenant_id, at=now, actor=actor, action="script.roll_back", subject=script_id, detail=detail)
    return copied


def publish_script(
    session: Session,
    tenant_id: str,
    script_id: str,
    *,
    actor: str,
    now: datetime,
    version: int | None = None,
    expected_version: int | None = None,
    reason: str = "",
) -> ScriptVersion:
    """The version that is live from now on: the newest, or the one named; does nothing when it is live already.

    Raises:
        NotFoundError: there is no such script or version.
        StaleVersionError: the newest version is not `expected_version`.
    """
    script = _script(session, tenant_id, script_id)
    _expect(script, script_id, expected_version)
    chosen = _version(session, script, version or script.latest_version)
    if chosen.version == script.live_version and chosen.status == ScriptStatus.PUBLISHED:
        return chosen
    if chosen.published_at is not None:
        content = ScriptContent.of(chosen)
        chosen = _add_version(session, script, content, actor=actor, now=now, reason=reason)
    if script.live_version is not None:
        _end_version(_version(session, script, script.live_version), now)
    chosen.status, chosen.published_at, chosen.ended_at = ScriptStatus.PUBLISHED, now, None
    chosen.reason = reason or chosen.reason
    script.live_version, script.updated_at = chosen.version, now
    record_change(session, tenant_id, IndexKind.SCRIPT, script_id)
    _note(session, chosen, "script.publish", actor, now)
    return chosen


def retire_script(
    session: Session,
    tenant_id: str,
    script_id: str,
    *,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    reason: str = "",
) -> Script:
    """The script, live no more; does nothing when it is not live.

    Raises:
        NotFoundError: there is no such script.
        StaleVersionError: the newest version is not `expected_version`.
    """
    script = _script(session, tenant_id, script_id)
    _expect(script, script_id, expected_version)
    if script.live_version is None:
        return script
    live = _version(session, script, script.live_version)
    _end_version(live, now)
    live.reason = reason or live.reason
    script.live_version, script.updated_at = None, now
    record_change(session, tenant_id, IndexKind.SCRIPT, script_id)
    _note(session, live, "script.retire", actor, now)
    return script


def _script(session: Session, tenant_id: str, script_id: str) -> Script:
    script = session.get(Script, (tenant_id, script_id))
    if script is None:
        raise NotFoundError("script", script_id)
    return script


def _version(session: Session, script: Script, version: int) -> ScriptVersion:
    found = session.get(ScriptVersion, (script.tenant_id, script.id, version))
    if found is None:
        raise NotFoundError("script version", f"{script.id} v{version}")
    return found


def _in_review(session: Session, tenant_id: str, script_id: str, expected_version: int | None) -> ScriptVersion:
    script = _script(session, tenant_id, script_id)
    _expect(script, script_id, expected_version)
    version = _version(session, script, script.latest_version)
    if version.status != ScriptStatus.REVIEW:
        raise InvalidValueError("status", version.status.value, "a version that waits for review")
    return version


def _expect(script: Script | None, script_id: str, expected_version: int | None) -> None:
    newest = 0 if script is None else script.latest_version
    if expected_version is not None and expected_version != newest:
        raise StaleVersionError(f"script {script_id!r} is at version {newest}, not {expected_version}: read it again")


def _add_version(
    session: Session, script: Script, content: ScriptContent, *, actor: str, now: datetime, reason: str
) -> ScriptVersion:
    script.latest_version += 1
    script.updated_at = now
    version = ScriptVersion(
        tenant_id=script.tenant_id,
        script_id=script.id,
        version=script.latest_version,
        author=actor,
        reason=reason,
        created_at=now,
        **columns_of(content),
    )
    session.add(version)
    session.flush()
    return version


def _end_version(live: ScriptVersion, now: datetime) -> None:
    live.status, live.ended_at = ScriptStatus.RETIRED, now


def _note(
    session: Session, version: ScriptVersion, action: str, actor: str, now: datetime, *, reason: str | None = None
) -> None:
    """Write the step down with its reason, which is that of the version unless another is given."""
    detail: dict[str, object] = {"version": version.version}
    told = version.reason if reason is None else reason
    if told:
        detail["reason"] = told
    tenant_id, subject = version.tenant_id, version.script_id
    append_entry(session, tenant_id, at=now, actor=actor, action=action, subject=subject, detail=detail)
