"""Cut conversations into sessions and turns, so that every reply stands beside what it answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from knowledge.imports.rows import ConversationRow, MessageRow
from knowledge.tables import MessageRole

SESSION_GAP = timedelta(hours=12)


@dataclass(frozen=True)
class Reply:
    """One message of an agent beside the customer's burst that it answers.

    Attributes:
        session: Counts from 0 within the conversation.
        position: Of the agent's message in the conversation, from 1.
        turn: Counts the customer's bursts within the session, from 0.
        at: Seconds since 1970; NaN where there is no time.
        message: All that the customer wrote since the agent wrote last, one line a message.
        answered: Whether the customer wrote again in the session.
    """

    session: int
    position: int
    turn: int
    at: float
    agent_id: str
    script_id: str
    message: str
    reply: str
    answered: bool


def replies_of(conversation: ConversationRow, gap: timedelta = SESSION_GAP) -> list[Reply]:
    """The agents' messages of a conversation that answer a customer's, in order.

    An agent's message before any of the customer's answers nothing and is left out, and so is one without text.
    """
    found: list[Reply] = []
    for number, session in enumerate(sessions_of(conversation.messages, gap)):
        found += _replies(conversation, number, session)
    return found


def sessions_of(messages: Sequence[MessageRow], gap: timedelta) -> Iterator[list[tuple[int, MessageRow]]]:
    """The messages with their positions from 1, cut where both sides were silent for longer than the gap.

    Times that are missing or run backwards cut nothing.
    """
    session: list[tuple[int, MessageRow]] = []
    last = None
    for position, message in enumerate(messages, start=1):
        if session and last is not None and message.at is not None and message.at - last > gap:
            yield session
            session = []
        session.append((position, message))
        if message.at is not None:
            last = message.at if last is None else max(last, message.at)
    if session:
        yield session


def _replies(conversation: ConversationRow, number: int, session: Sequence[tuple[int, MessageRow]]) -> Iterator[Reply]:
    last_customer = max((position for position, message in session if _is_asking(message, conversation)), default=0)
    burst: list[str] = []
    turn, answering = -1, False
    for position, message in session:
        if _is_asking(message, conversation):
            if answering or turn < 0:
                turn, burst, answering = turn + 1, [], False
            burst.append(message.text)
            continue
        if message.role is MessageRole.CUSTOMER:
            continue
        answering = turn >= 0
        text = _joined(burst)
        if text and message.text:
            yield Reply(
                session=number,
                position=position,
                turn=turn,
                at=message.at.timestamp() if message.at is not None else float("nan"),
                agent_id=message.author_id or conversation.agent_id or "",
                script_id=message.script_id or "",
                message=text,
                reply=message.text,
                answered=position < last_customer,
            )


def _is_asking(message: MessageRow, conversation: ConversationRow) -> bool:
    """Whether the customer wrote this, and not another member of a group, whom the agent does not answer."""
    is_somebody_else = message.author_id != conversation.customer_id and None not in (
        message.author_id,
        conversation.customer_id,
    )
    return message.role is MessageRole.CUSTOMER and not is_somebody_else


def _joined(burst: Sequence[str]) -> str:
    """A burst as one message; a line break keeps its parts apart."""
    return "\n".join(text for text in burst if text)
