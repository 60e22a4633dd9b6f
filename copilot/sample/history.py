"""Some weeks of work with the copilot, invented for the demo: what was suggested, what was taken, what came of it.

The sample brand's conversations are put to the engine as of their moments; an agent who sent a script that was among
the suggestions took it, whoever sent something else dismissed what was shown or wrote freely.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

import numpy as np
from rapidfuzz.distance import Levenshtein
from sqlalchemy import select
from sqlmodel import Session, col

from copilot.engine.answer import Reply, SuggestionAnswer
from copilot.engine.record import COUNTER_OF, count_use, record_answer
from copilot.engine.request import Said, SuggestRequest
from copilot.runtime import Runtime
from copilot.sample.dice import Dice
from knowledge.tables import Conversation, Decision, DecisionKind, Message, MessageRole, Outcome, SuggestionSet

REASONS = ("irrelevant", "irrelevant", "tone", "wrong", "outdated")
DISMISSED_ODDS = 0.3
N_CONTEXT = 6
OUTCOME_WINDOW_S = 86_400
Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Exchange:
    """A customer's message, what was said before it, and the agent's reply to it."""

    conversation: Conversation
    before: Sequence[Message]
    asked: Message
    replied: Message
    is_answered: bool
    """Whether the customer wrote again."""


def invent_history(runtime: Runtime, n_exchanges: int, seed: int, advance: Advance) -> int:
    """How many exchanges were put to the engine and recorded; none where suggestions were recorded before."""
    with runtime.workspace.database.read() as session:
        if session.execute(select(col(SuggestionSet.id)).limit(1)).first() is not None:
            return 0
        chosen = list(_latest_exchanges(session, runtime.settings.tenant))[-n_exchanges:]
    dice = Dice(np.random.default_rng((seed, len(chosen))))
    for done, exchange in enumerate(chosen, start=1):
        _record(runtime, exchange, dice)
        advance(done, len(chosen))
    return len(chosen)


def _latest_exchanges(session: Session, tenant_id: str) -> Iterator[Exchange]:
    """Every first reply to a customer in the ended conversations, in the order of time."""
    conversations = select(Conversation).where(col(Conversation.tenant_id) == tenant_id, ~col(Conversation.open))
    by_id = {one.id: one for one in session.execute(conversations).scalars()}
    order = (col(Message.conversation_id), col(Message.position))
    messages = session.execute(select(Message).where(col(Message.tenant_id) == tenant_id).order_by(*order)).scalars()
    found = [
        exchange
        for conversation_id, said in groupby(messages, key=lambda message: message.conversation_id)
        if conversation_id in by_id
        for exchange in _exchanges(by_id[conversation_id], list(said))
    ]
    yield from sorted(found, key=lambda one: (one.replied.at, one.conversation.id, one.replied.position))


def _exchanges(conversation: Conversation, said: Sequence[Message]) -> Iterator[Exchange]:
    for place in range(1, len(said)):
        asked, replied = said[place - 1], said[place]
        if (asked.role, replied.role) == (MessageRole.CUSTOMER, MessageRole.AGENT) and replied.at is not None:
            later = any(message.role is MessageRole.CUSTOMER for message in said[place + 1 :])
            yield Exchange(conversation, said[max(0, place - 1 - N_CONTEXT) : place - 1], asked, replied, later)


def _record(runtime: Runtime, exchange: Exchange, dice: Dice) -> None:
    conversation, replied = exchange.conversation, exchange.replied
    at = replied.at
    if at is None:
        return
    request = SuggestRequest(
        message=exchange.asked.text,
        tenant_id=runtime.settings.tenant,
        context=[Said(message.role, message.text) for message in exchange.before],
        customer_id=conversation.customer_id,
        agent_id=conversation.agent_id,
        scene=conversation.scene,
        channel=conversation.channel,
    )
    answer, place = runtime.engine.rehearse(request)
    set_id = f"demo-{conversation.id}-{replied.position}"
    answer = replace(answer, set_id=set_id, conversation_id=conversation.id)
    with runtime.workspace.database.write() as session:
        record_answer(session, runtime.settings.tenant, answer, customer=place.customer, agent=place.agent, at=at)
        _decide(session, runtime.settings.tenant, answer, exchange, at, dice)
        for kind in _outcomes(exchange):
            session.add(
                Outcome(
                    tenant_id=runtime.settings.tenant,
                    id=f"{set_id}-{kind}",
                    set_id=set_id,
                    kind=kind,
                    at=at,
                    window_s=OUTCOME_WINDOW_S,
                )
            )


def _decide(
    session: Session, tenant_id: str, answer: SuggestionAnswer, exchange: Exchange, at: datetime, dice: Dice
) -> None:
    """What the agent did with the suggestions, as far as the reply tells; nothing where nothing was shown."""
    if not answer.replies:
        return
    taken = next((reply for reply in answer.replies if reply.script_id == exchange.replied.script_id), None)
    kind, reason = _kind_of(taken, exchange.replied.text, dice)
    text = exchange.replied.text
    decision = Decision(
        tenant_id=tenant_id,
        id=f"{answer.set_id}-decision",
        set_id=answer.set_id,
        kind=kind,
        rank=taken.rank if taken else None,
        item_id=taken.script_id if taken else None,
        sent_text=text if kind is not DecisionKind.DISMISS else "",
        edit_distance=Levenshtein.distance(taken.text, text) if taken else None,
        reason=reason,
        agent_id=exchange.conversation.agent_id,
        at=at,
    )
    session.add(decision)
    used = [taken.script_id] if taken else [one.script_id for one in answer.replies] if reason else []
    if kind in COUNTER_OF:
        count_use(session, tenant_id, used, decision.agent_id, COUNTER_OF[kind], at=at)


def _kind_of(taken: Reply | None, text: str, dice: Dice) -> tuple[DecisionKind, str]:
    if taken is not None:
        return (DecisionKind.ACCEPT if taken.text == text else DecisionKind.EDIT), ""
    if dice.chance(DISMISSED_ODDS):
        return DecisionKind.DISMISS, dice.pick(REASONS)
    return DecisionKind.FREEHAND, ""


def _outcomes(exchange: Exchange) -> list[str]:
    bought = ["purchase"] if exchange.conversation.converted else []
    return (["reply"] if exchange.is_answered else []) + bought
