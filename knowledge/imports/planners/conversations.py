"""Conversations: what was said is never rewritten; more may be said."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from knowledge.imports.kinds import ImportKind
from knowledge.imports.plan import Plan, Stored, Values, differs, stored_by_id, stored_rows
from knowledge.imports.planners.agreement import agreed_row
from knowledge.imports.report import RejectedRow, shortened
from knowledge.imports.rows import ConversationRow, MessageRow
from knowledge.imports.staging import Group
from knowledge.imports.surroundings import Surroundings
from knowledge.tables import Conversation, Message, Scene

ADDABLE = ("at", "script_id", "author_id")
"""What a later file may add to a message that was stored without it."""


@dataclass(frozen=True)
class _Stored:
    """What the database has for the conversations of a batch; messages by position."""

    conversations: dict[str, Stored]
    messages: dict[str, dict[int, Stored]]


def plan_conversations(session: Session, groups: Sequence[Group[ConversationRow]], around: Surroundings) -> Plan:
    """What a batch of conversations changes."""
    plan = Plan()
    stored = _read(session, around.tenant_id, [group.key for group in groups])
    rows = [(group.rows[0].line, agreed_row(group, "conversation_id", plan)) for group in groups]
    for line, row in rows:
        _plan_conversation(plan, line, row, stored, around)
    named = [row.customer_id for _, row in rows if row.customer_id is not None]
    unknown = around.unknown(session, ImportKind.CUSTOMERS, named)
    for customer_id in named:
        if customer_id in unknown:
            plan.tally.warn("unknown_customers", customer_id)
    return plan


def _plan_conversation(plan: Plan, line: int, row: ConversationRow, stored: _Stored, around: Surroundings) -> None:
    before = stored.conversations.get(row.conversation_id)
    messages = stored.messages.get(row.conversation_id, {})
    rewritten = _first_rewritten(row.messages, messages)
    if rewritten is not None:
        plan.tally.reject(_history_rewritten(line, rewritten, row.messages[rewritten - 1], messages[rewritten]))
        return
    said = list(_said(row, messages, around))
    conversation = _conversation(row, before, messages, around)
    if before is not None and not said and not differs(conversation, before):
        plan.tally.n_unchanged += 1
        return
    plan.upsert(Conversation, conversation)
    for message in said:
        plan.upsert(Message, message)
    plan.tally.n_added += before is None
    plan.tally.n_changed += before is not None


def _first_rewritten(messages: Sequence[MessageRow], stored: dict[int, Stored]) -> int | None:
    """The position of the first message that is another than the one stored there."""
    for position, message in enumerate(messages, start=1):
        before = stored.get(position)
        if before is not None and (message.role, message.text) != (before["role"], before["text"]):
            return position
    return None


def _history_rewritten(line: int, position: int, message: MessageRow, before: Stored) -> RejectedRow:
    reason = f"messages: message {position} is {shortened(message.text)!r}, stored is {shortened(before['text'])!r}"
    return RejectedRow(line, "messages", shortened(message.text), reason, "the stored messages, then perhaps more")


def _said(row: ConversationRow, stored: dict[int, Stored], around: Surroundings) -> Iterator[Values]:
    """The messages to write: those that are new, or say more than the stored ones."""
    for position, message in enumerate(row.messages, start=1):
        before = stored.get(position)
        values = _message(row.conversation_id, position, message, before, around)
        if before is None or differs(values, before):
            yield values


def _message(
    conversation_id: str, position: int, message: MessageRow, before: Stored | None, around: Surroundings
) -> Values:
    if before is not None:
        found = {name: getattr(message, name) for name in ADDABLE if before[name] is None}
        return {**before, **found}
    return {
        "tenant_id": around.tenant_id,
        "conversation_id": conversation_id,
        "position": position,
        "role": message.role,
        "text": message.text,
        "at": message.at,
        "author_id": message.author_id,
        "script_id": message.script_id,
        "set_id": None,
    }


def _conversation(
    row: ConversationRow, before: Stored | None, stored: dict[int, Stored], around: Surroundings
) -> Values:
    base = dict(before) if before is not None else _new_conversation(around.tenant_id, row.conversation_id)
    given: Values = {
        "customer_id": row.customer_id,
        "agent_id": row.agent_id,
        "channel": row.channel or None,
        "scene": row.scene,
        "stage": row.stage.value if row.stage is not None else None,
        "open": row.open,
        **_outcome(row),
    }
    known = {name: value for name, value in given.items() if value is not None}
    return {**base, **known, **_extent(row, base, stored)}


def _outcome(row: ConversationRow) -> Values:
    outcome = row.outcome
    if outcome is None:
        return {}
    return {
        "converted": outcome.converted,
        "order_id": outcome.order_id,
        "amount_fen": outcome.amount,
        "satisfaction": outcome.satisfaction,
    }


def _extent(row: ConversationRow, base: Values, stored: dict[int, Stored]) -> Values:
    times = [message.at for message in row.messages if message.at is not None]
    has_all = len(row.messages) >= len(stored)
    return {
        "version": max(len(row.messages), len(stored)),
        "started_at": min(times) if times else base["started_at"],
        "last_message_at": max(times) if times and has_all else base["last_message_at"],
    }


def _new_conversation(tenant_id: str, conversation_id: str) -> Values:
    return {
        "tenant_id": tenant_id,
        "id": conversation_id,
        "customer_id": None,
        "agent_id": None,
        "channel": "web",
        "scene": Scene.DIRECT,
        "stage": "",
        "version": 0,
        "open": False,
        "started_at": None,
        "last_message_at": None,
        "converted": None,
        "order_id": None,
        "amount_fen": None,
        "satisfaction": None,
    }


def _read(session: Session, tenant_id: str, conversation_ids: Sequence[str]) -> _Stored:
    conversations = stored_by_id(session, Conversation, tenant_id, "id", conversation_ids)
    messages: dict[str, dict[int, Stored]] = defaultdict(dict)
    for message in stored_rows(session, Message, tenant_id, "conversation_id", list(conversations)):
        messages[message["conversation_id"]][message["position"]] = message
    return _Stored(conversations, messages)
