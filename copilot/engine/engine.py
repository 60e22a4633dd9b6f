"""One path from a message to suggestions, the same for the console, the API, the command line and evaluation."""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from copilot.engine.answer import ProductSuggestion, SuggestionAnswer, Versions
from copilot.engine.cards import CardFile, ProductCard, ScriptCard, read_passages, read_products, read_scripts, read_use
from copilot.engine.compliance import RuleBook
from copilot.engine.context import ContextReader
from copilot.engine.diversity import read_sent
from copilot.engine.eligibility import Place, ProductRules, product_filter, script_filter
from copilot.engine.hidden import hidden_items
from copilot.engine.language import language_of
from copilot.engine.policy import Policy
from copilot.engine.products import (
    ProductModels,
    Signals,
    gather,
    not_wanted_again,
    owned_products,
    rank_products,
)
from copilot.engine.ranking import passage_features, script_features, weigh
from copilot.engine.record import record_answer
from copilot.engine.rendering import Rendered, render, slot_values
from copilot.engine.replies import PASSAGE, Draft, Selection, discussed_product, find_scripts
from copilot.engine.request import SuggestRequest
from copilot.engine.retrieval import Query, find, score_field
from copilot.engine.situation import Situation
from copilot.engine.turn import Turn, read_turn
from copilot.errors import UnknownIdError
from knowledge.database import Database
from knowledge.errors import SearchIndexError
from knowledge.index.library_index import LibraryIndex, TextEncoder
from knowledge.tables import IndexKind, MessageRole, Scene

logger = logging.getLogger(__name__)

SEARCHED_CHARACTERS = 400
"""Of a very long message only its end is searched; that is where the question stands."""
N_CONTEXT_SEARCHED = 2
MIN_MENTIONED = 0.7
"""A product whose `message` feature reaches this is the one being discussed."""


@dataclass(frozen=True)
class ShopProfile:
    """What slots say of the shop."""

    name: str = ""
    language: str = "zh"


@dataclass(frozen=True)
class EngineSetup:
    """What makes one engine differ from another on the same library."""

    tenant_id: str
    policy: Policy
    rules: RuleBook
    models: ProductModels
    shop: ShopProfile
    product_rules: ProductRules = field(default_factory=ProductRules)


@dataclass
class Stopwatch:
    """Milliseconds spent in each stage of one suggestion."""

    timing_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        start = perf_counter()
        yield
        self.timing_ms[name] = self.timing_ms.get(name, 0.0) + (perf_counter() - start) * 1000


class Engine:
    """Turns messages into suggestions for one tenant; safe to call from many threads."""

    def __init__(
        self,
        database: Database,
        index: LibraryIndex,
        encoder: TextEncoder,
        setup: EngineSetup,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.database = database
        self.index = index
        self.encoder = encoder
        self.setup = setup
        self.clock = clock
        tenant_id = setup.tenant_id
        self.contexts = ContextReader(tenant_id)
        self.scripts: CardFile[tuple[str, int], ScriptCard] = CardFile(lambda s, keys: read_scripts(s, tenant_id, keys))
        self.passages: CardFile[str, ScriptCard] = CardFile(lambda s, keys: read_passages(s, tenant_id, keys))
        self.products: CardFile[str, ProductCard] = CardFile(lambda s, keys: read_products(s, tenant_id, keys))
        index.on_changes(self._forget)

    def suggest(self, request: SuggestRequest) -> SuggestionAnswer:
        """The best eligible replies and products for a message, recorded before they are returned.

        Raises:
            UnknownIdError: the conversation or customer does not exist.
        """
        watch = Stopwatch()
        with watch.stage("index"):
            self._catch_up()
        with self.database.read() as session:
            situation = self._read_situation(session, request, watch)
            answer = self._answer(session, situation, watch)
        with watch.stage("record"), self.database.write() as session:
            place = situation.place
            record_answer(
                session, self.setup.tenant_id, answer, customer=place.customer, agent=place.agent, at=place.now
            )
        return answer

    def versions(self) -> Versions:
        """What produces answers now."""
        return Versions(
            self.index.version, self.encoder.fingerprint, self.setup.policy.version, self.setup.rules.version
        )

    def _forget(self, things: Sequence[tuple[IndexKind, str]]) -> None:
        """Drop what is kept of changed rows; script versions never change."""
        forget = {
            IndexKind.CUSTOMER: self.contexts.forget,
            IndexKind.PRODUCT: self.products.forget,
            IndexKind.PASSAGE: self.passages.forget,
        }
        for kind, item_id in things:
            if kind in forget:
                forget[kind](item_id)

    def _catch_up(self) -> None:
        """Take in what has changed; something that cannot be indexed must not keep the rest from being found."""
        try:
            self.index.catch_up()
        except SearchIndexError as error:
            logger.warning("the index is incomplete: %s", error)

    def _read_situation(self, session: Session, request: SuggestRequest, watch: Stopwatch) -> Situation:
        with watch.stage("context"):
            turn = read_turn(session, request)
            place = self._place(session, request, turn)
            sent = read_sent(
                session, self.setup.tenant_id, place.customer.customer_id, now=place.now, policy=self.setup.policy
            )
        with watch.stage("encode"):
            searched = turn.message[-SEARCHED_CHARACTERS:]
            vector = self.encoder.encode_queries([searched])[0]
        before = [said.text for said in turn.context[-N_CONTEXT_SEARCHED:] if said.role is MessageRole.CUSTOMER]
        with watch.stage("tokens"):
            query = Query.of(searched, vector, before)
        stage = request.stage or (turn.conversation and turn.conversation.stage) or place.customer.stage(place.now)
        return Situation(turn, place, query, sent, str(stage), language_of(turn.message), request)

    def _place(self, session: Session, request: SuggestRequest, turn: Turn) -> Place:
        conversation = turn.conversation
        customer_id = request.customer_id or (conversation.customer_id if conversation else None)
        customer = self.contexts.customer(session, customer_id)
        if customer is None:
            raise UnknownIdError("customer", str(customer_id))
        agent_id = request.agent_id or (conversation.agent_id if conversation else None)
        scene = request.scene or (conversation.scene if conversation else Scene.DIRECT)
        channel = request.channel or (conversation.channel if conversation else "")
        return Place(customer, self.contexts.agent(session, agent_id), scene, channel, self.clock())

    def _answer(self, session: Session, situation: Situation, watch: Stopwatch) -> SuggestionAnswer:
        with watch.stage("products"):
            signals, refused = self._product_signals(session, situation)
            cards = self.products.get(session, list(signals.features))
        selection = Selection(
            self.setup.policy,
            self.setup.rules,
            lambda card, product: self._render(card, product, situation),
            situation.language,
        )
        presenting = self._fill(session, selection, situation, signals, cards, watch)
        with watch.stage("products"):
            products, products_reason = self._choose_products(situation, signals, cards, presenting)
        excluded = selection.excluded
        if situation.request.explain_excluded and situation.turn.has_content:
            with watch.stage("excluded"):
                excluded = excluded + hidden_items(self.index.view, situation, refused, self.setup.product_rules)
        return SuggestionAnswer(
            set_id=uuid.uuid4().hex,
            conversation_id=situation.request.conversation_id,
            conversation_version=situation.turn.version,
            message=situation.turn.message,
            replies=tuple(selection.replies),
            products=products,
            stage=situation.stage,
            scene=situation.place.scene.value,
            abstained=not selection.replies,
            abstain_reason="" if selection.replies else self._abstain_reason(situation, selection),
            products_reason=products_reason,
            excluded=tuple(dict.fromkeys(excluded)),
            versions=self.versions(),
            timing_ms=watch.timing_ms,
        )

    def _fill(
        self,
        session: Session,
        selection: Selection,
        situation: Situation,
        signals: Signals,
        products: Mapping[str, ProductCard],
        watch: Stopwatch,
    ) -> dict[str, str]:
        """Choose the replies; returns which script presents each sku among the candidates."""
        if not situation.turn.has_content or not situation.request.max_replies:
            return {}
        with watch.stage("eligibility"):
            view = self.index.scripts
            allowed = view.mask(script_filter(view.distinct("rule"), situation.place))
        with watch.stage("retrieval"):
            found = find_scripts(view, situation.query, allowed, self.setup.policy.n_candidates)
            extracts = self._passages(session, situation)
        with watch.stage("ranking"):
            keys = [found.key(position) for position in range(len(found.items))]
            cards = self.scripts.get(session, keys)
            known = [position for position, key in enumerate(keys) if key in cards]
            found, chosen = found.subset(known), [cards[keys[position]] for position in known]
            uses = read_use(
                session, self.setup.tenant_id, [card.script_id for card in chosen], situation.place.agent.agent_id
            )
            moment = situation.moment
            features = script_features(found.evidence, chosen, uses, situation.sent.scripts, moment)
            ranked = weigh(np.vstack([features, extracts[1]]), self.setup.policy.reply)
        with watch.stage("selection"):
            own = self._own_products(session, chosen, situation.request.sku, products)
            mentioned = _mentioned(situation.request.sku, signals)
            drafts = [
                Draft(card, position, found.matched(position), discussed_product(card, mentioned, own))
                for position, card in enumerate(chosen)
            ]
            drafts += [Draft(card, len(chosen) + place, (), None) for place, card in enumerate(extracts[0])]
            selection.fill(drafts, ranked, situation.request.max_replies)
        presenting: dict[str, str] = {}
        for position in ranked.order[ranked.order < len(chosen)].tolist():
            for sku in chosen[position].skus:
                presenting.setdefault(sku, chosen[position].script_id)
        return presenting

    def _own_products(
        self, session: Session, cards: Sequence[ScriptCard], sku: str | None, known: Mapping[str, ProductCard]
    ) -> dict[str, ProductCard]:
        """The products that slots may speak of."""
        wanted = {card.skus[0] for card in cards if len(card.skus) == 1} | ({sku} if sku else set())
        return {**known, **self.products.get(session, sorted(wanted - known.keys()))}

    def _passages(self, session: Session, situation: Situation) -> tuple[list[ScriptCard], NDArray[np.float64]]:
        """Candidate extracts of documents and their features."""
        view = self.index.passages
        items = find(view, PASSAGE, situation.query, view.mask(), self.setup.policy.n_candidates // 4)
        keys = [view.item_id(int(item)) for item in items]
        cards = self.passages.get(session, keys)
        known = [position for position, key in enumerate(keys) if key in cards]
        chosen = [cards[keys[position]] for position in known]
        scores = score_field(view, PASSAGE, situation.query, items[np.asarray(known, dtype=np.intp)])
        return chosen, passage_features(scores, chosen, situation.moment)

    def _render(self, card: ScriptCard, product: ProductCard | None, situation: Situation) -> Rendered:
        place = situation.place
        values = slot_values(
            place.customer,
            place.agent,
            product,
            shop_name=self.setup.shop.name,
            scene=place.scene,
            language=card.language,
        )
        return render(card.text, values)

    def _product_signals(self, session: Session, situation: Situation) -> tuple[Signals, dict[str, str]]:
        """Candidate products, and the owned ones that must not be offered again."""
        view, place = self.index.products, situation.place
        bought = self.products.get(session, sorted({line.sku for line in place.customer.kept}))
        owned = owned_products(place.customer, bought, self.setup.models)
        refused = not_wanted_again(owned, place.now)
        allowed = view.mask(product_filter(view.distinct("rule"), place, self.setup.product_rules))
        for sku in refused:
            ordinal = view.ordinal(sku)
            if ordinal is not None:
                allowed[ordinal] = False
        signals = gather(
            view,
            allowed,
            situation.query,
            place.customer,
            owned,
            models=self.setup.models,
            now=place.now,
            language=self.setup.shop.language,
        )
        return signals, refused

    def _choose_products(
        self,
        situation: Situation,
        signals: Signals,
        cards: Mapping[str, ProductCard],
        presenting: Mapping[str, str],
    ) -> tuple[tuple[ProductSuggestion, ...], str]:
        """The products to mention, or the reason for silence."""
        if situation.is_complaining:
            return (), "complaint"
        if situation.sent.n_promotions >= self.setup.policy.max_promotions_per_week:
            return (), f"cap:{self.setup.policy.max_promotions_per_week} in {self.setup.policy.fatigue_days} days"
        customer, n = situation.place.customer, situation.request.max_products
        ranked = rank_products(
            signals, cards, customer, policy=self.setup.policy, n=n, language=self.setup.shop.language
        )
        chosen = tuple(replace(product, script_id=presenting.get(product.sku)) for product in ranked)
        return chosen, "" if chosen else "nothing fits well enough"

    def _abstain_reason(self, situation: Situation, selection: Selection) -> str:
        if not situation.turn.message:
            return "no_message: the customer has not written since the last reply"
        if not situation.turn.has_content:
            return "no_content: the message has no words to answer"
        if selection.best_probability >= self.setup.policy.reply_threshold:
            return "blocked: every good match was refused by a rule"
        best, wanted = selection.best_probability, self.setup.policy.reply_threshold
        return f"unlikely: the best match has probability {best:.2f}, below {wanted:.2f}"


def _mentioned(sku: str | None, signals: Signals) -> str | None:
    """The product on screen, or the one the message clearly speaks of."""
    if sku is not None:
        return sku
    best = max(signals.features, key=lambda one: signals.features[one].get("message", 0.0), default=None)
    return best if best and signals.features[best].get("message", 0.0) >= MIN_MENTIONED else None
