"""What stands beside a conversation at one of its versions; pages ask for it, or are sent it when it changes."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from copilot.engine.answer import SuggestionAnswer
from copilot.web.console.keys import HINTS
from copilot.web.console.opening import opening_answer
from copilot.web.console.views import AnswerView, answer_view
from copilot.web.errors import BusyError
from copilot.web.pages.translation import Words
from copilot.web.services import Services
from knowledge.tables import Decision, DecisionKind, Product

TEMPLATE = "console/suggestions.html"


@dataclass(frozen=True)
class Advice:
    """The suggestions for a version of a conversation; without an answer nothing waits for one, or too much does."""

    conversation_id: str
    version: int
    answer: SuggestionAnswer | None = None
    is_opening: bool = False
    is_busy: bool = False


async def advise(services: Services, conversation_id: str, agent_id: str | None) -> Advice:
    """The suggestions for the conversation as it stands, or to begin the day with; made now when there are none yet.

    Raises:
        UnknownIdError: there is no such conversation.
    """
    try:
        standing = await services.board.look(conversation_id, agent_id)
        opening = None if standing.answer else await opening_answer(services, conversation_id, agent_id)
    except BusyError:
        return Advice(conversation_id, version=0, is_busy=True)
    return Advice(conversation_id, standing.version, standing.answer or opening, is_opening=opening is not None)


def advice_values(services: Services, advice: Advice, words: Words) -> dict[str, object]:
    """What the template needs; asks the database what was dismissed."""
    return {
        "conversation_id": advice.conversation_id,
        "version": advice.version,
        "view": _view(services, advice.answer, words) if advice.answer else None,
        "is_busy": advice.is_busy,
        "is_opening": advice.is_opening,
        "hints": HINTS,
    }


def _view(services: Services, answer: SuggestionAnswer, words: Words) -> AnswerView:
    return answer_view(answer, _dismissed(services, answer.set_id), words, urls=_urls(services, answer))


def _urls(services: Services, answer: SuggestionAnswer) -> dict[str, str]:
    """Where customers may look at the products of an answer."""
    if not answer.products:
        return {}
    query = select(col(Product.sku), col(Product.url)).where(
        col(Product.tenant_id) == services.tenant_id, col(Product.sku).in_([one.sku for one in answer.products])
    )
    with services.database.read() as session:
        return {sku: url for sku, url in session.execute(query) if url}


def _dismissed(services: Services, set_id: str) -> frozenset[tuple[str, int | None]]:
    """What an agent has dismissed of a set, by kind and rank; without a rank, all of that kind."""
    query = select(col(Decision.item_kind), col(Decision.rank)).where(
        col(Decision.tenant_id) == services.tenant_id,
        col(Decision.set_id) == set_id,
        col(Decision.kind) == DecisionKind.DISMISS,
        col(Decision.undone_at).is_(None),
    )
    with services.database.read() as session:
        return frozenset((kind, rank) for kind, rank in session.execute(query))
