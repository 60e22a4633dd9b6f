"""Conversations in the format of `copilot load`, cut into turns.

{"conversation_id", "customer_id", "agent_id", "channel", "scene", "stage",
 "messages": [{"role": "customer" | "agent", "text", "at", "script_id", "author_id"}]}
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise

from eval.datasets.logged_turn import LoggedTurn
from eval.datasets.record import Record
from eval.datasets.said import Said
from eval.datasets.words import AGENT, CUSTOMER, SCENES, SPEAKERS, STAGES

MAX_CONTEXT = 6
FIELDS = frozenset(
    {"conversation_id", "customer_id", "agent_id", "channel", "scene", "stage", "messages", "open", "outcome"}
)
"""`open` and `outcome` are understood and not needed: nothing after the answer may be known."""
MESSAGE_FIELDS = frozenset({"role", "text", "at", "script_id", "sender_id", "author_id"})
"""Who wrote a message of a group stands in `sender_id` or `author_id`."""


@dataclass(frozen=True, slots=True)
class _Message:
    position: int
    role: str
    text: str
    at: datetime | None
    script_id: str | None
    sender_id: str | None


@dataclass(frozen=True, slots=True)
class _Conversation:
    id: str
    customer_id: str | None
    agent_id: str | None
    channel: str
    scene: str | None
    stage: str | None
    messages: list[_Message]


def turns_of(record: Record) -> Iterator[LoggedTurn]:
    """What customers said in this conversation and agents answered, oldest first.

    A turn is a burst of customer messages followed by one of agent messages; without text on both sides there is none.
    Its id ends with the position, from 1, of the last customer message, whose time and sender are the turn's.

    Raises:
        DataError: a field is wrong, or messages are not in the order of their times.
    """
    conversation = _conversation(record)
    bursts = [list(burst) for _, burst in groupby(conversation.messages, key=lambda message: message.role)]
    for asked, answered in pairwise(bursts):
        if asked[0].role == CUSTOMER and _merged(asked) and _merged(answered):
            yield _turn(conversation, asked, answered)


def unknown_fields(record: Record) -> list[str]:
    """Fields of a conversation and its messages that mean nothing to us; those of messages without their number."""
    nested = (name for message in record.records("messages") for name in message.fields if name not in MESSAGE_FIELDS)
    return record.unknown(FIELDS) + [f"messages.{name}" for name in nested]


def _conversation(record: Record) -> _Conversation:
    return _Conversation(
        id=record.id("conversation_id"),
        customer_id=record.optional_id("customer_id"),
        agent_id=record.optional_id("agent_id"),
        channel=record.optional_text("channel") or "",
        scene=record.word("scene", SCENES),
        stage=record.word("stage", STAGES),
        messages=_messages(record),
    )


def _messages(record: Record) -> list[_Message]:
    messages = [_message(position, one) for position, one in enumerate(record.records("messages"), start=1)]
    if not messages:
        raise record.error("messages", 'messages such as [{"role": "customer", "text": "在吗"}]')
    latest: datetime | None = None
    for message in messages:
        if message.at is not None and latest is not None and message.at < latest:
            name, problem = f"messages[{message.position}].at", f"is {message.at.isoformat()}, before the message ahead"
            raise record.refusal(name, problem, f"a time from {latest.isoformat()} on: messages in order")
        latest = message.at or latest
    return messages


def _message(position: int, record: Record) -> _Message:
    role = record.word("role", SPEAKERS)
    if role is None:
        raise record.error("role", f"one of {CUSTOMER}, {AGENT}")
    text = (record.optional_text("text") or "").strip()
    sender_id = record.optional_id("sender_id") or record.optional_id("author_id")
    return _Message(position, role, text, record.moment("at"), record.optional_id("script_id"), sender_id)


def _turn(conversation: _Conversation, asked: Sequence[_Message], answered: Sequence[_Message]) -> LoggedTurn:
    before = conversation.messages[: asked[0].position - 1][-MAX_CONTEXT:]
    return LoggedTurn(
        id=f"{conversation.id}#{asked[-1].position}",
        conversation_id=conversation.id,
        customer_id=asked[-1].sender_id or conversation.customer_id,
        agent_id=next((one.sender_id for one in answered if one.sender_id), conversation.agent_id),
        at=asked[-1].at,
        scene=conversation.scene,
        channel=conversation.channel,
        stage=conversation.stage,
        message=_merged(asked),
        context=tuple(Said(message.role, message.text, message.at) for message in before),
        sent=_merged(answered),
        script_id=next((one.script_id for one in answered if one.script_id), None),
        decision=None,
    )


def _merged(burst: Sequence[_Message]) -> str:
    """The texts of a burst with blanks between; pictures and the like have none."""
    return " ".join(message.text for message in burst if message.text)
