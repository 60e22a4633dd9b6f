"""Before the customer has written: what was spoken of last, and which scripts an agent might begin with."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import or_, select
from sqlmodel import Session, col

from copilot.engine.cards import ScriptCard
from copilot.engine.eligibility import script_rule
from copilot.engine.policy import EXTRACT_FEATURES, SEARCH_FEATURES
from copilot.engine.replies import TRIGGER, Candidates, propose_scripts
from copilot.engine.request import Said, SuggestRequest
from copilot.engine.retrieval import Search
from copilot.engine.small_talk import SmallTalk
from copilot.engine.turn import RECENT_MESSAGES, Turn, merge_burst
from copilot.errors import UnknownIdError
from knowledge.index.filters import Among
from knowledge.tables import Conversation, Message, MessageRole, Scene

TOPIC_DAYS = 30
"""What was spoken of longer ago is no topic any more."""
MIN_TOPIC = 0.5
"""A script less near to the last topic, by meaning or by words, speaks of something else."""
N_CONVERSATIONS = 5
"""So many of the customer's latest conversations are looked through."""


def read_opening(session: Session, request: SuggestRequest, now: datetime, small_talk: SmallTalk) -> Turn:
    """A turn without a message, with the last topic in its context; a group knows only what was said in it.

    Raises:
        UnknownIdError: the conversation does not exist.
    """
    conversation = _conversation(session, request)
    is_group = (request.scene or (conversation.scene if conversation else Scene.DIRECT)) is Scene.GROUP
    customer_id = request.customer_id or (conversation.customer_id if conversation else None)
    others = () if is_group or customer_id is None else _latest(session, request.tenant_id, customer_id)
    topics = (
        _last_topic(session, one, now, small_talk) for one in [*([conversation] if conversation else []), *others]
    )
    topic = next((one for one in topics if one), "")
    return Turn(
        message="",
        context=(Said(MessageRole.CUSTOMER, topic),) if topic else (),
        version=conversation.version if conversation else 0,
        conversation=conversation,
        is_opening=True,
        topic=topic,
    )


def find_openings(search: Search, small_talk: SmallTalk, k: int) -> NDArray[np.int32]:
    """Ordinals of allowed scripts that may begin a conversation, ascending.

    They are greetings, scripts near the last topic, and those written for somebody like this customer.
    """
    found = [greetings(search, small_talk), _targeted(search)]
    if search.query.text:
        found.append(propose_scripts(search, k))
    return np.unique(np.concatenate(found)).astype(np.int32)


def greetings(search: Search, small_talk: SmallTalk) -> NDArray[np.int32]:
    """Ordinals of allowed scripts with a greeting among their triggers, ascending."""
    found = [search.view.exact(TRIGGER, phrase) for phrase in small_talk.phrases("greeting")]
    items = np.unique(np.concatenate([np.empty(0, np.int32), *found])).astype(np.int32)
    return items if search.allowed is None else items[search.allowed[items]]


def is_greeting(found: Candidates, cards: Sequence[ScriptCard], stage: str, small_talk: SmallTalk) -> NDArray[np.bool_]:
    """Which candidates greet: those of this stage or of all that answer a greeting and advertise nothing."""
    greets = np.isin(found.items, greetings(found.search, small_talk))
    fits = [(not card.stages or stage in card.stages) and not small_talk.pitches(card.text) for card in cards]
    return np.asarray(greets & np.array(fits, np.bool_))


def opening_features(
    features: NDArray[np.float64], is_greeting: NDArray[np.bool_], *, has_topic: bool
) -> NDArray[np.float64]:
    """The features of openings, from those of replies to the last topic; shape (n_candidates, n_opening_features)."""
    topic, words = (features[:, places].max(axis=1) for places in (_NEAR, _WORDS))
    is_near = np.maximum(topic, words) >= MIN_TOPIC if has_topic else np.zeros(len(features), np.bool_)
    own = features[:, len(SEARCH_FEATURES) : -len(EXTRACT_FEATURES)]
    return np.column_stack([is_greeting, topic * is_near, words * is_near, own]).astype(np.float64)


_NEAR = [SEARCH_FEATURES.index(name) for name in ("trigger_similarity", "reply_similarity")]
_WORDS = [SEARCH_FEATURES.index(name) for name in ("trigger_words", "reply_words")]


def _conversation(session: Session, request: SuggestRequest) -> Conversation | None:
    if request.conversation_id is None:
        return None
    conversation = session.get(Conversation, (request.tenant_id, request.conversation_id))
    if conversation is None:
        raise UnknownIdError("conversation", request.conversation_id)
    return conversation


def _latest(session: Session, tenant_id: str, customer_id: str) -> Iterator[Conversation]:
    """The customer's one-to-one conversations, the latest first."""
    query = (
        select(Conversation)
        .where(
            col(Conversation.tenant_id) == tenant_id,
            col(Conversation.customer_id) == customer_id,
            col(Conversation.scene) == Scene.DIRECT,
        )
        .order_by(col(Conversation.last_message_at).desc(), col(Conversation.id))
        .limit(N_CONVERSATIONS)
    )
    yield from session.execute(query).scalars()


def _last_topic(session: Session, conversation: Conversation, now: datetime, small_talk: SmallTalk) -> str:
    """The customer's last turn that was more than small talk; empty when there is none or it is too long ago."""
    said = _said(session, conversation, now)
    while said:
        turn = merge_burst(said)
        if turn.has_content and small_talk.recognise(turn.message) is None:
            return turn.message
        said = said[: -max(1, turn.n_messages)]
    return ""


def _said(session: Session, conversation: Conversation, now: datetime) -> list[Said]:
    """The last messages of lately, oldest first."""
    query = (
        select(Message.role, Message.text, Message.at)  # type: ignore[call-overload]
        .where(
            Message.tenant_id == conversation.tenant_id,
            Message.conversation_id == conversation.id,
            col(Message.withdrawn_at).is_(None),
            or_(col(Message.at).is_(None), col(Message.at).between(now - timedelta(days=TOPIC_DAYS), now)),
        )
        .order_by(col(Message.position).desc())
        .limit(RECENT_MESSAGES)
    )
    return [Said(role, text, at) for role, text, at in session.execute(query)][::-1]


def _targeted(search: Search) -> NDArray[np.int32]:
    """Allowed scripts whose audience names tags or segments, which this customer then has."""
    labels = [label for label in search.view.distinct("rule") if _names_somebody(label)]
    mask = search.view.mask(Among("rule", frozenset(labels)))
    return np.flatnonzero(mask if search.allowed is None else mask & search.allowed).astype(np.int32)


def _names_somebody(label: str) -> bool:
    audience = script_rule(label).audience
    return bool(audience.all or audience.any or audience.segments)
