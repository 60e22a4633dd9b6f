"""Tags that people give to customers and take away; every function works in the session it is given.

A tag is never deleted, only ended. Taking away an imported tag ends it too; the next import that still has it gives it
again.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from knowledge.audit import append_entry
from knowledge.errors import InvalidValueError, NotFoundError
from knowledge.library.changes import record_change
from knowledge.tables import AuditEntry, Customer, CustomerTag, IndexKind
from knowledge.text import normalise

LONGEST = 200
SOURCE = "agent"
ADDED, REMOVED = "tag.add", "tag.remove"
_LOOKED_THROUGH = 100
"""So many of the newest audit entries are looked through for a change."""


@dataclass(frozen=True)
class TagChange:
    """Something done to a tag; `action` is `ADDED` or `REMOVED`."""

    tag_id: int
    label: str
    action: str
    at: datetime


def add_tag(
    session: Session, tenant_id: str, customer_id: str, tag: str, value: str = "", *, actor: str, now: datetime
) -> tuple[CustomerTag, bool]:
    """The customer's tag, and whether it is new; one the customer has already, from whatever source, stays as it is.

    Raises:
        NotFoundError: there is no such customer.
        InvalidValueError: the tag is empty, too long, or has characters that cannot be shown.
    """
    tag, value = _checked("tag", tag), _checked("value", value) if value.strip() else ""
    if session.get(Customer, (tenant_id, customer_id)) is None:
        raise NotFoundError("customer", customer_id)
    held = live_tags(session, tenant_id, customer_id, tag, value)
    if held:
        return held[0], False
    given = CustomerTag(
        tenant_id=tenant_id, customer_id=customer_id, tag=tag, value=value, source=SOURCE, valid_from=now
    )
    session.add(given)
    session.flush()
    _note(session, given, ADDED, actor=actor, now=now)
    return given, True


def end_tag(
    session: Session, tenant_id: str, customer_id: str, tag: str, value: str = "", *, actor: str, now: datetime
) -> list[CustomerTag]:
    """The customer's tags of this name and value, all of them ended now.

    Raises:
        NotFoundError: the customer does not have it.
    """
    held = live_tags(session, tenant_id, customer_id, tag, value)
    if not held:
        raise NotFoundError("tag", f"{tag}:{value}" if value else tag)
    for one in held:
        one.valid_to = now
        session.add(one)
        _note(session, one, REMOVED, actor=actor, now=now)
    return held


def restore_tag(session: Session, tenant_id: str, tag_id: int, *, actor: str, now: datetime) -> CustomerTag:
    """The tag as if it had never been ended, with its source and its beginning; one that is held stays as it is.

    Raises:
        NotFoundError: there is no such tag.
    """
    tag = session.get(CustomerTag, tag_id)
    if tag is None or tag.tenant_id != tenant_id:
        raise NotFoundError("tag", str(tag_id))
    held = live_tags(session, tenant_id, tag.customer_id, tag.tag, tag.value)
    if held:
        return held[0]
    tag.valid_to = None
    session.add(tag)
    _note(session, tag, ADDED, actor=actor, now=now, is_restored=True)
    return tag


def live_tags(session: Session, tenant_id: str, customer_id: str, tag: str, value: str) -> list[CustomerTag]:
    """The tags of this name and value that the customer has now, from whatever source."""
    query = select(CustomerTag).where(
        col(CustomerTag.tenant_id) == tenant_id,
        col(CustomerTag.customer_id) == customer_id,
        col(CustomerTag.tag) == tag,
        col(CustomerTag.value) == value,
        col(CustomerTag.valid_to).is_(None),
    )
    return list(session.execute(query.order_by(col(CustomerTag.id))).scalars())


def tags_of(session: Session, tenant_id: str, customer_id: str) -> list[CustomerTag]:
    """The tags that a customer has now, the oldest first."""
    query = select(CustomerTag).where(
        col(CustomerTag.tenant_id) == tenant_id,
        col(CustomerTag.customer_id) == customer_id,
        col(CustomerTag.valid_to).is_(None),
    )
    return list(session.execute(query.order_by(col(CustomerTag.valid_from), col(CustomerTag.id))).scalars())


def last_change(session: Session, tenant_id: str, customer_id: str, *, actor: str, since: datetime) -> TagChange | None:
    """What this person did last to the tags of a customer since a moment, as far as the newest entries tell."""
    newest = (
        select(AuditEntry)
        .where(col(AuditEntry.tenant_id) == tenant_id)
        .order_by(col(AuditEntry.seq).desc())
        .limit(_LOOKED_THROUGH)
    )
    for entry in session.execute(newest).scalars():
        is_wanted = entry.action in (ADDED, REMOVED) and (entry.subject, entry.actor) == (customer_id, actor)
        if is_wanted and entry.at >= since:
            tag, value = entry.detail["tag"], entry.detail["value"]
            label = f"{tag}：{value}" if value else f"{tag}"
            return TagChange(int(str(entry.detail["tag_id"])), label, entry.action, entry.at)
    return None


def _checked(field: str, text: str) -> str:
    """The text without space around it, when it can be shown in one line."""
    bare = text.strip()
    if not normalise(bare):
        raise InvalidValueError(field, text, "a word that can be seen")
    if len(bare) > LONGEST:
        raise InvalidValueError(field, f"{bare[:40]}… ({len(bare)} characters)", f"at most {LONGEST} characters")
    if any(unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} for one in bare):
        raise InvalidValueError(field, bare, "one line without control characters")
    return bare


def _note(
    session: Session, tag: CustomerTag, action: str, *, actor: str, now: datetime, is_restored: bool = False
) -> None:
    """Write down what was done, and tell every process to read the customer again."""
    detail: dict[str, object] = {"tag_id": tag.id, "tag": tag.tag, "value": tag.value, "source": tag.source}
    if is_restored:
        detail["restored"] = True
    session.flush()
    record_change(session, tag.tenant_id, IndexKind.CUSTOMER, tag.customer_id)
    append_entry(session, tag.tenant_id, at=now, actor=actor, action=action, subject=tag.customer_id, detail=detail)
