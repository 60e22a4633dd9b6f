"""Customers with their tags and the names other systems have for them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from knowledge.imports.plan import Plan, Stored, Values, differs, stored_by_id, stored_rows, table_of
from knowledge.imports.planners.agreement import agreed_row
from knowledge.imports.report import RejectedRow
from knowledge.imports.rows import CustomerRow
from knowledge.imports.staging import Group
from knowledge.imports.surroundings import Surroundings
from knowledge.tables import Customer, CustomerTag, Identity, IndexKind

SOURCE = "import"
SAME_NAMES = ("name", "gender", "birthday", "city", "joined_at", "attributes")

Tags = dict[tuple[str, str], Stored]


@dataclass(frozen=True)
class _Stored:
    """What the database has for the customers of a batch."""

    customers: dict[str, Stored]
    tags: dict[str, Tags]
    owners: dict[str, str]


def plan_customers(session: Session, groups: Sequence[Group[CustomerRow]], around: Surroundings) -> Plan:
    """What a batch of customers changes."""
    plan = Plan()
    rows = [(group.rows[0].line, agreed_row(group, "id", plan)) for group in groups]
    stored = _read(session, around.tenant_id, [row for _, row in rows])
    for line, row in rows:
        taken = [name for name in row.identities if stored.owners.get(name, row.id) != row.id]
        if taken:
            plan.tally.reject(_taken(line, taken[0], stored.owners[taken[0]]))
        else:
            _plan_customer(plan, row, stored, around)
    return plan


def _taken(line: int, name: str, owner: str) -> RejectedRow:
    reason = f"identities: {name!r} belongs to the customer {owner!r}"
    return RejectedRow(line, "identities", name, reason, "a name that no other customer has")


def _plan_customer(plan: Plan, row: CustomerRow, stored: _Stored, around: Surroundings) -> None:
    before = stored.customers.get(row.id)
    given = row.given(*SAME_NAMES)
    is_other = before is None or differs(given, before)
    new_names = [name for name in row.identities if name not in stored.owners]
    tags_moved = "tags" in row.model_fields_set and _plan_tags(plan, row, stored.tags.get(row.id, {}), around)
    if not (is_other or new_names or tags_moved):
        plan.tally.n_unchanged += 1
        return
    base = dict(before) if before is not None else _new_customer(around.tenant_id, row.id)
    plan.upsert(Customer, {**base, **given, "updated_at": around.now})
    for name in new_names:
        plan.upsert(Identity, {"tenant_id": around.tenant_id, "external_id": name, "customer_id": row.id})
    plan.announce(IndexKind.CUSTOMER, row.id)
    plan.tally.n_added += before is None
    plan.tally.n_changed += before is not None


def _plan_tags(plan: Plan, row: CustomerRow, held: Tags, around: Surroundings) -> bool:
    """End the imported tags that are gone and begin the new ones; whether there were any."""
    wanted = dict.fromkeys((name, value) for name, value in map(split_tag, row.tags) if name)
    ended = [tag for tag in held if tag not in wanted]
    begun = [tag for tag in wanted if tag not in held]
    for tag in ended:
        plan.upsert(CustomerTag, {**held[tag], "valid_to": around.now})
    for name, value in begun:
        plan.insert(CustomerTag, _new_tag(around, row.id, name, value))
    return bool(ended or begun)


def split_tag(tag: str) -> tuple[str, str]:
    """The name and value of a tag written `name` or `name:value`, with either colon."""
    name, _, value = tag.replace("：", ":", 1).partition(":")
    return name.strip(), value.strip()


def _new_tag(around: Surroundings, customer_id: str, name: str, value: str) -> Values:
    return {
        "tenant_id": around.tenant_id,
        "customer_id": customer_id,
        "tag": name,
        "value": value,
        "source": SOURCE,
        "confidence": 1.0,
        "valid_from": around.now,
        "valid_to": None,
    }


def _new_customer(tenant_id: str, customer_id: str) -> Values:
    empty = CustomerRow.model_construct(id=customer_id)
    return {"tenant_id": tenant_id, "id": customer_id, **{name: getattr(empty, name) for name in SAME_NAMES}}


def _read(session: Session, tenant_id: str, rows: Sequence[CustomerRow]) -> _Stored:
    ids = [row.id for row in rows]
    tags: dict[str, Tags] = defaultdict(dict)
    table = table_of(CustomerTag)
    is_ours = (table.c.source == SOURCE) & table.c.valid_to.is_(None)
    for tag in stored_rows(session, CustomerTag, tenant_id, "customer_id", ids, is_ours):
        tags[tag["customer_id"]][tag["tag"], tag["value"]] = tag
    names = [name for row in rows for name in row.identities]
    owners = stored_by_id(session, Identity, tenant_id, "external_id", names)
    return _Stored(
        stored_by_id(session, Customer, tenant_id, "id", ids),
        tags,
        {name: identity["customer_id"] for name, identity in owners.items()},
    )
