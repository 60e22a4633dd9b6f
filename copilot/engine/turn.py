"""The customer's latest burst of messages, taken together."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.engine.request import Said, SuggestRequest
from copilot.errors import UnknownIdError
from knowledge.tables import Conversation, Message, MessageRole

BURST_GAP = timedelta(minutes=5)
"""A customer's messages further apart than this are separate turns."""
CONTEXT_MESSAGES = 6
RECENT_MESSAGES = 12
TOLD_CHARACTERS = 480

COMPLAINT = re.compile(
    r"投诉|差评|骗|假货|过敏|红肿|刺痛|起疹|烂脸|破损|破了|碎了|漏液|漏了|少发|发错|丢件|丢了|没收到|太慢|等了.{0,4}天|"
    r"退款|退钱|维权|消费者协会|12315|生气|无语|垃圾|失望|"
    r"\b(complain|refund|broken|leak|damaged|allerg|rash|wrong item|missing|scam|fake|terrible|angry|disappoint)",
    re.IGNORECASE,
)
CONTENT = re.compile(r"\w")


@dataclass(frozen=True)
class Turn:
    """What the customer has just said, in how many messages, what was said before, and where the conversation stands.

    An opening has no message: the customer has not written yet. Its `topic` is what was spoken of last, if anything.
    """

    message: str
    context: tuple[Said, ...] = ()
    version: int = 0
    conversation: Conversation | None = None
    n_messages: int = 0
    is_opening: bool = False
    topic: str = ""

    @property
    def searched(self) -> str:
        """What is searched for: the message, or the topic of an opening."""
        return self.topic if self.is_opening else self.message

    @property
    def is_complaint(self) -> bool:
        """Whether the customer is complaining; nothing is promoted then."""
        return is_complaint(self.message)

    @property
    def has_content(self) -> bool:
        """Whether there is a letter, character or digit to search for."""
        return CONTENT.search(self.message) is not None

    def last_turns(self, n: int) -> tuple[str, ...]:
        """The last `n` turns before this one, oldest first; what one side said in a row is one turn."""
        merged = [" ".join(text for one in said if (text := one.text.strip())) for said in _by_side(self.context)]
        return tuple([text for text in merged if text][-n:]) if n else ()


def told(before: Sequence[str], message: str) -> str:
    """A message with the turns before it in front, as encoders are trained on it; the oldest words give way."""
    return " ".join([*before, message])[-TOLD_CHARACTERS:]


def is_complaint(text: str) -> bool:
    """Whether a message complains."""
    return COMPLAINT.search(text) is not None


def read_turn(session: Session, request: SuggestRequest) -> Turn:
    """The turn a request is about.

    Raises:
        UnknownIdError: the conversation does not exist.
    """
    if request.conversation_id is None:
        return merge_burst([*request.context, Said(MessageRole.CUSTOMER, request.message)])
    conversation = session.get(Conversation, (request.tenant_id, request.conversation_id))
    if conversation is None:
        raise UnknownIdError("conversation", request.conversation_id)
    said = _recent_messages(session, conversation)
    if request.message.strip():
        said.append(Said(MessageRole.CUSTOMER, request.message))
    merged = merge_burst(said)
    return replace(merged, version=conversation.version, conversation=conversation)


def merge_burst(said: Sequence[Said]) -> Turn:
    """The trailing messages of the customer as one turn, and what came before it.

    Empty when an agent spoke last: then there is nothing to answer.
    """
    start = len(said)
    while start and said[start - 1].role is MessageRole.CUSTOMER and not _is_pause(said, start):
        start -= 1
    message = " ".join(one.text.strip() for one in said[start:] if one.text.strip())
    before = tuple(said[max(0, start - CONTEXT_MESSAGES) : start])
    return Turn(message, before, n_messages=len(said) - start)


def _by_side(said: Sequence[Said]) -> Iterator[list[Said]]:
    """Messages in a row of the same side."""
    return (list(one) for _, one in groupby(said, key=lambda one: one.role))


def _is_pause(said: Sequence[Said], start: int) -> bool:
    """Whether a long silence separates the message at `start` from the one before it."""
    if start == len(said):
        return False
    earlier, later = said[start - 1].at, said[start].at
    return earlier is not None and later is not None and later - earlier > BURST_GAP


def _recent_messages(session: Session, conversation: Conversation) -> list[Said]:
    query = (
        select(Message.role, Message.text, Message.at)  # type: ignore[call-overload]
        .where(
            Message.tenant_id == conversation.tenant_id,
            Message.conversation_id == conversation.id,
            Message.position > conversation.version - RECENT_MESSAGES,
            col(Message.withdrawn_at).is_(None),
        )
        .order_by(Message.position)
    )
    return [Said(role, text, at) for role, text, at in session.execute(query)]
