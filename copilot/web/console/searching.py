"""Looking through the library while a customer waits: what was found, filled in for this customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import Response

from copilot.engine.context import AgentContext, CustomerContext
from copilot.engine.conversations import get_conversation
from copilot.engine.engine import Engine
from copilot.engine.language import language_of
from copilot.engine.library_search import LibraryHit, LibraryQuery
from copilot.engine.rendering import SLOT, render, slot_values
from copilot.web.board import SuggestionBoard
from copilot.web.pages.frame import Visitor, VisitorDep
from copilot.web.pages.highlight import Piece, highlight
from copilot.web.pages.translation import Words
from copilot.web.schemas.common import Id, Short
from copilot.web.services import Services, ServicesDep
from knowledge.tables import Conversation, Scene

router = APIRouter()
N_HITS = 12
Typed = Annotated[Short, Query()]


@dataclass(frozen=True)
class Shown:
    """Where a script stands among the suggestions on the screen."""

    set_id: str
    rank: int


@dataclass(frozen=True)
class HitView:
    """A script that was found: what to show of it, and the text to insert with the slots that have no value."""

    script_id: str
    version: int
    kind: str
    how: str
    title: list[Piece]
    matched: list[Piece]
    pieces: list[Piece]
    text: str
    missing: list[str]
    places: list[str]
    set_id: str = ""
    rank: int | str = ""


@dataclass(frozen=True)
class _Known:
    """What the slots of scripts may be filled with in one conversation."""

    customer: CustomerContext
    agent: AgentContext
    shop_name: str
    scene: Scene

    @classmethod
    def of(cls, session: Session, engine: Engine, conversation: Conversation, agent_id: str | None) -> "_Known":
        """What the engine knows now."""
        customer = engine.memory.customer(session, conversation.customer_id, engine.clock())
        agent = engine.memory.agent(session, agent_id or conversation.agent_id)
        return cls(customer or CustomerContext(), agent, engine.setup.shop.name, conversation.scene)

    def values(self, text: str) -> dict[str, str]:
        """The value of each slot, as a script in the language of this text says it; in a group nothing personal."""
        language = language_of(text)
        return slot_values(
            self.customer, self.agent, None, shop_name=self.shop_name, scene=self.scene, language=language
        )


@router.get("/c/{conversation_id}/search")
async def search(
    conversation_id: Id,
    services: ServicesDep,
    visitor: VisitorDep,
    q: Typed = "",
    stage: Typed = "",
    scene: Typed = "",
) -> Response:
    """What the library has for these words, to insert into the reply."""
    query = LibraryQuery(services.tenant_id, q.strip(), visitor.agent_id, stage, scene, k=N_HITS)
    views = await services.pool.run(lambda: _find(services, visitor, conversation_id, query))
    return visitor.draw("console/results.html", hits=views, q=q, window="search", conversation_id=conversation_id)


def _find(services: Services, visitor: Visitor, conversation_id: str, query: LibraryQuery) -> list[HitView]:
    engine = services.runtime.engine
    hits = engine.search_library(query)
    with services.database.read() as session:
        conversation = get_conversation(session, services.tenant_id, conversation_id)
        known = _Known.of(session, engine, conversation, visitor.agent_id)
    shown = _on_screen(services.board, conversation)
    return [
        hit_view(hit, query.text, visitor.words, values=known.values(hit.text), shown=shown.get(hit.script_id))
        for hit in hits
    ]


def hit_view(
    hit: LibraryHit, typed: str, words: Words, *, values: Mapping[str, str], shown: Shown | None = None
) -> HitView:
    """What to show of a script that was found."""
    text = SLOT.sub(lambda slot: values.get(slot.group(1)) or slot.group(), hit.text)
    title = hit.title or hit.script_id
    meant = f"{typed} {hit.matched}" if hit.how in ("pinyin", "initials") else typed
    return HitView(
        script_id=hit.script_id,
        version=hit.version,
        kind=hit.kind,
        how=hit.how,
        title=highlight(title, meant),
        matched=[] if hit.matched in f"{title}\n{text}" else highlight(hit.matched, meant),
        pieces=highlight(text, meant),
        text=text,
        missing=list(render(hit.text, values).missing),
        places=_places(hit, words),
        set_id=shown.set_id if shown else "",
        rank=shown.rank if shown else "",
    )


def _places(hit: LibraryHit, words: Words) -> list[str]:
    """The stages and scenes a script is for, in words."""
    stages = [words.name("stage", stage) for stage in hit.stages]
    return [*stages, *(words.name("scene", scene) for scene in hit.scenes)]


def _on_screen(board: SuggestionBoard, conversation: Conversation) -> dict[str, Shown]:
    """The scripts among the suggestions for the conversation as it stands, so that a decision can name them."""
    answer = board.kept(conversation.id)
    if answer is None or answer.conversation_version != conversation.version:
        return {}
    return {reply.script_id: Shown(answer.set_id, reply.rank) for reply in answer.replies}
