"""One path from a message to suggestions, the same for the console, the API, the command line and evaluation."""

import logging
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from copilot.engine.answer import SuggestionAnswer, Versions
from copilot.engine.context import ContextReader, Memory
from copilot.engine.diversity import read_sent
from copilot.engine.eligibility import Place
from copilot.engine.experiments import Treatment
from copilot.engine.freshness import reading
from copilot.engine.hidden import hidden_items
from copilot.engine.language import language_of
from copilot.engine.library_search import Librarian, LibraryHit, LibraryQuery, Surroundings
from copilot.engine.nextbest.promoting import Promoter
from copilot.engine.opening import read_opening
from copilot.engine.policy import Policy
from copilot.engine.record import record_answer
from copilot.engine.replying import Replier
from copilot.engine.request import SuggestRequest
from copilot.engine.retrieval import Query, Search
from copilot.engine.rule_tables import Latest, ScriptRuleTable
from copilot.engine.setup import EngineSetup, Stopwatch
from copilot.engine.situation import Situation
from copilot.engine.turn import Turn, read_turn, told
from copilot.engine.why_not import ScriptFate, script_fate
from copilot.errors import UnknownIdError
from knowledge.database import Database
from knowledge.index.library_index import TextEncoder
from knowledge.index.library_state import LibraryView, Thing
from knowledge.tables import IndexKind, MessageRole, Scene
from knowledge.text import for_encoder
from knowledge.text_mending import mended

logger = logging.getLogger(__name__)

SEARCHED_CHARACTERS = 400
"""Of a very long message only its end is searched; that is where the question stands."""
N_CONTEXT_SEARCHED = 2
N_ENCODING = 4
"""Messages encoded at once; meanwhile each one's customer is read and its words are searched."""


class LibrarySource(Protocol):
    """Where the engine finds the library: one that keeps up with the database, or one that stands still."""

    @property
    def view(self) -> LibraryView: ...

    @property
    def version(self) -> str: ...

    def refresh(self) -> None: ...

    def on_changes(self, tell: Callable[[Sequence[Thing]], None]) -> None: ...


class Engine:
    """Turns messages into suggestions for one tenant; safe to call from many threads."""

    def __init__(
        self,
        database: Database,
        index: LibrarySource,
        encoder: TextEncoder,
        setup: EngineSetup,
        *,
        clock: Callable[[], datetime],
        memory: Memory | None = None,
    ) -> None:
        """Without a `memory`, people are known as the database has them now."""
        self.database = database
        self.index = index
        self.encoder = encoder
        self.setup = setup
        self.clock = clock
        self.memory = memory or ContextReader(setup.tenant_id)
        self.promoter = Promoter(setup)
        self.replier = Replier(setup, self.promoter.products, self.memory)
        self.librarian = Librarian(setup.tenant_id, self.replier.competition.scripts)
        self.script_rules = Latest(ScriptRuleTable)
        self._encoding = ThreadPoolExecutor(N_ENCODING, "encode")
        self._warming = ThreadPoolExecutor(1, "warm-up")
        index.on_changes(self._forget)

    def suggest(self, request: SuggestRequest) -> SuggestionAnswer:
        """The best eligible replies and products for a message, recorded before they are returned.

        Raises:
            UnknownIdError: the conversation or customer does not exist.
        """
        watch = Stopwatch()
        answer, place = self._consider(request, watch, uuid.uuid4().hex)
        with watch.stage("record"), self.database.write() as session:
            record_answer(
                session, self.setup.tenant_id, answer, customer=place.customer, agent=place.agent, at=place.now
            )
        return answer

    def rehearse(self, request: SuggestRequest) -> tuple[SuggestionAnswer, Place]:
        """What `suggest` would answer and what it would know of customer and agent; nothing is recorded.

        Without a set to record there is no set id, and of what a policy explores the likeliest order is shown.

        Raises:
            UnknownIdError: the conversation or customer does not exist.
        """
        return self._consider(request, Stopwatch(), "")

    def why_not(self, request: SuggestRequest, script_id: str) -> ScriptFate:
        """What became of a script when this request was answered, or would become of it now; nothing is recorded.

        Raises:
            UnknownIdError: the script, conversation or customer does not exist.
        """
        self.index.refresh()
        with reading(self.database) as session:
            situation = self._read_situation(session, request, Stopwatch())
            picture = self.promoter.look(session, self.promoter.read_ahead(session, situation))
            return script_fate(session, situation, self.replier, picture.signals, picture.cards, script_id)

    def search_library(self, query: LibraryQuery) -> list[LibraryHit]:
        """Scripts that somebody looks for by hand, best first; nothing is recorded.

        Raises:
            BadRequestError: the query is for another tenant.
        """
        self.index.refresh()
        with reading(self.database) as session:
            agent = self.memory.agent(session, query.agent_id)
            here = Surroundings(
                self.index.view, agent, self.clock(), lambda text: self._encoding.submit(self._encode, text)
            )
            return self.librarian.search(session, query, here)

    def warm_up(self) -> Future[None]:
        """Begin to read what the first messages would wait for, in a thread; the future ends when all is read.

        Messages that come meanwhile are answered: without reading wishes as long as the catalogue is not there.
        """
        return self._warming.submit(self._warm_up)

    def close(self) -> None:
        """Give the threads back."""
        self._warming.shutdown()
        self._encoding.shutdown()

    def versions(self, index_version: str | None = None, policy: Policy | None = None) -> Versions:
        """What produces answers now; the usual policy unless another is given."""
        return Versions(
            index=index_version or self.index.version,
            model=self.encoder.fingerprint,
            policy=(policy or self.setup.policy).version,
            rules=self.setup.rules_version,
        )

    def _consider(self, request: SuggestRequest, watch: Stopwatch, set_id: str) -> tuple[SuggestionAnswer, Place]:
        with watch.stage("index"):
            self.index.refresh()
        with reading(self.database) as session:
            situation = self._read_situation(session, request, watch)
            return self._answer(session, situation, watch, set_id), situation.place

    def _read_situation(self, session: Session, request: SuggestRequest, watch: Stopwatch) -> Situation:
        library = self.index.view
        with watch.stage("context"):
            turn = self._read_turn(session, request)
            searched = mended(turn.searched[-SEARCHED_CHARACTERS:], library.word_counts)
            encoded = self._encoding.submit(self._encode, searched)
            encoded_told = None if turn.is_opening else self._encode_told(turn, searched)
        with watch.stage("customer"):
            place = self._place(session, request, turn)
        with watch.stage("context"):
            treatment = Treatment(self.setup.policy) if request.opening else self.setup.treatment(place)
            sent = read_sent(
                session, self.setup.tenant_id, place.customer.customer_id, now=place.now, policy=treatment.policy
            )
        before = [said.text for said in turn.context[-N_CONTEXT_SEARCHED:] if said.role is MessageRole.CUSTOMER]
        with watch.stage("tokens"):
            query = replace(Query.of(searched, encoded, before), encoded_told=encoded_told)
        with watch.stage("eligibility"):
            scripts, products = library.scripts, library.products
            scripts_allowed = scripts.mask(self.script_rules.of(scripts).filter(place))
            products_allowed = self.promoter.gate.allowed(session, products, place)
        stage = request.stage or (turn.conversation and turn.conversation.stage) or place.customer.stage(place.now)
        return Situation(
            request=request,
            turn=turn,
            place=place,
            treatment=treatment,
            query=query,
            sent=sent,
            stage=str(stage),
            language=_language(turn.searched, searched) or (self.setup.shop.language if turn.is_opening else ""),
            index_version=library.version,
            scripts=Search(scripts, query, scripts_allowed),
            products=Search(products, self._unasked if turn.is_opening else query.alone, products_allowed),
            passages=Search(library.passages, query.told, None),
        )

    def _read_turn(self, session: Session, request: SuggestRequest) -> Turn:
        if not request.opening:
            return read_turn(session, request)
        return read_opening(session, request, request.at or self.clock(), self.setup.small_talk)

    @property
    def _unasked(self) -> Query:
        """The query of somebody who has asked for nothing."""
        nothing: Future[NDArray[np.float32]] = Future()
        nothing.set_result(np.zeros(self.encoder.dim, np.float32))
        return Query("", nothing, (), "")

    def _encode_told(self, turn: Turn, searched: str) -> Future[NDArray[np.float32]] | None:
        """The message with the turns before it, where the encoder was trained to read them."""
        before = turn.last_turns(getattr(self.encoder, "context_turns", 0))
        return self._encoding.submit(self._encode, told(before, searched)) if before else None

    def _encode(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.encoder.encode_queries([for_encoder(text)])[0]
        return vector

    def _place(self, session: Session, request: SuggestRequest, turn: Turn) -> Place:
        conversation = turn.conversation
        customer_id = request.customer_id or (conversation.customer_id if conversation else None)
        now = request.at or self.clock()
        customer = self.memory.customer(session, customer_id, now)
        if customer is None:
            raise UnknownIdError("customer", str(customer_id))
        agent_id = request.agent_id or (conversation.agent_id if conversation else None)
        scene = request.scene or (conversation.scene if conversation else Scene.DIRECT)
        channel = request.channel or (conversation.channel if conversation else "")
        return Place(customer, self.memory.agent(session, agent_id), scene, channel, now)

    def _answer(self, session: Session, situation: Situation, watch: Stopwatch, set_id: str) -> SuggestionAnswer:
        request = situation.request
        with watch.stage("words"):
            self.replier.competition.read_ahead(situation)
        with watch.stage("products"):
            ahead = self.promoter.read_ahead(session, situation)
        with watch.stage("encode"):
            situation.query.wait()
        with watch.stage("products"):
            picture = self.promoter.look(session, ahead)
        chosen = self.replier.choose(session, situation, picture.signals, picture.cards, watch, set_id=set_id)
        with watch.stage("products"):
            promotion = self.promoter.choose(session, situation, picture, chosen.presenting)
        excluded = list(chosen.excluded)
        if request.explain_excluded and situation.turn.has_content:
            with watch.stage("excluded"):
                excluded += promotion.kept_back
                gate, places = self.promoter.gate, self.promoter.places
                excluded += hidden_items(session, situation, picture.refused, gate, places)
        return SuggestionAnswer(
            set_id=set_id,
            conversation_id=request.conversation_id,
            conversation_version=situation.turn.version,
            message=situation.turn.message,
            replies=chosen.replies,
            products=promotion.products,
            stage=situation.stage,
            scene=situation.place.scene.value,
            abstained=not chosen.replies,
            abstain_reason=chosen.abstain_reason,
            products_reason=promotion.reason,
            excluded=tuple(dict.fromkeys(excluded)),
            ask=promotion.ask,
            versions=self._versions(situation),
            timing_ms=watch.timing_ms,
            slate=chosen.slate,
            exposure=situation.treatment.exposure,
        )

    def _versions(self, situation: Situation) -> Versions:
        versions = self.versions(situation.index_version, situation.policy)
        if not situation.turn.is_opening:
            return versions
        return replace(versions, policy=self.setup.opening.version(situation.policy))

    def _warm_up(self) -> None:
        try:
            with reading(self.database) as session:
                self.promoter.warm_up(session, self.index.view.products)
                self.librarian.warm_up(session)
        except Exception:
            logger.exception("nothing could be read ahead; the first messages will wait for it")
            raise

    def _forget(self, things: Sequence[tuple[IndexKind, str]]) -> None:
        """Drop what is kept of changed rows; script versions never change."""
        forget = {
            IndexKind.CUSTOMER: self.memory.forget,
            IndexKind.SCRIPT: self.librarian.shelves.note,
            IndexKind.PRODUCT: self.promoter.forget,
            IndexKind.PASSAGE: self.replier.competition.passages.forget,
        }
        for kind, item_id in things:
            if kind in forget:
                forget[kind](item_id)


def _language(message: str, read: str) -> str:
    """The language a message is written in; of pinyin, which looks like English, the one it was read as."""
    written, meant = language_of(message), language_of(read)
    return written if written[:2] == meant[:2] else meant
