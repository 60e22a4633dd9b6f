"""What competes to answer one message: scripts found under the rules, extracts of documents, and how they score."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from copilot.engine.cards import CardFile, ProductCard, ScriptCard, read_passages, read_scripts
from copilot.engine.context import Memory
from copilot.engine.experiments import Treatment
from copilot.engine.nextbest.signals import Signals
from copilot.engine.opening import find_openings, is_greeting, opening_features
from copilot.engine.opening_policy import OPENING_FEATURES
from copilot.engine.policy import Policy
from copilot.engine.ranking import Ranked, passage_features, script_features, weigh
from copilot.engine.replies import (
    PASSAGE,
    REPLY,
    TRIGGER,
    Candidates,
    Draft,
    assess_scripts,
    discussed_product,
    find_scripts,
)
from copilot.engine.setup import EngineSetup, Stopwatch
from copilot.engine.situation import Situation
from copilot.engine.small_talk import Talk

N_EXTRACTS = 6
MIN_MENTIONED = 0.7
"""A product whose `message` feature reaches this is the one being discussed."""


@dataclass(frozen=True)
class Contest:
    """Everything that competes to answer a message: drafts of scripts and then of extracts, and their order.

    `found` and `cards` are of the scripts only; `features` gives those of all drafts as a policy sees them.
    """

    found: Candidates
    cards: Sequence[ScriptCard]
    drafts: Sequence[Draft]
    features: Callable[[Policy], NDArray[np.float64]]
    ranked: Ranked
    talk: Talk | None = None


class Competition:
    """Finds and scores what may answer a message; safe to call from many threads."""

    def __init__(self, setup: EngineSetup, products: CardFile[str, ProductCard], memory: Memory) -> None:
        tenant_id = setup.tenant_id
        self.setup = setup
        self.memory = memory
        self.products = products
        self.scripts: CardFile[tuple[str, int], ScriptCard] = CardFile(lambda s, keys: read_scripts(s, tenant_id, keys))
        self.passages: CardFile[str, ScriptCard] = CardFile(lambda s, keys: read_passages(s, tenant_id, keys))

    def read_ahead(self, situation: Situation) -> None:
        """Search by words, which needs no vector."""
        if situation.turn.has_content:
            for field in (TRIGGER, REPLY):
                situation.scripts.find_by_words(field, situation.policy.n_searched)
            situation.passages.find_by_words(PASSAGE, N_EXTRACTS)

    def hold(
        self,
        session: Session,
        situation: Situation,
        signals: Signals,
        products: Mapping[str, ProductCard],
        watch: Stopwatch,
    ) -> Contest:
        """The candidates for a message that has content, scored and ready to be looked at best first."""
        policy = situation.policy
        with watch.stage("retrieval"):
            found = self._found(situation)
        talk = self.setup.small_talk.recognise(situation.turn.message)
        if talk is not None:
            found = self._fitting(found, talk)
        n_extracts = 0 if talk is not None or situation.turn.is_opening else N_EXTRACTS
        with watch.stage("passages"):
            extracts, extract_features = self._extracts(session, situation, n_extracts)
        with watch.stage("ranking"):
            found, cards = self._with_cards(session, found)
            features_under = self._script_features(session, situation, found, cards)
        with watch.stage("selection"):
            drafts = self.drafts(session, situation, signals, products, found=found, cards=cards)
            drafts += [Draft(card, len(cards) + place, tuple, None) for place, card in enumerate(extracts)]

        def features(policy: Policy) -> NDArray[np.float64]:
            return np.vstack([features_under(policy), extract_features]) if extracts else features_under(policy)

        with watch.stage("ranking"):
            return Contest(found, cards, drafts, features, self._weigh(situation, features(policy)), talk)

    def candidates(
        self, session: Session, situation: Situation, items: NDArray[np.int32]
    ) -> tuple[Candidates, list[ScriptCard]]:
        """Scripts as candidates, whether they may be shown here or not; without those the database does not have."""
        search = situation.scripts.among(situation.scripts.view.mask())
        return self._with_cards(session, Candidates(items, assess_scripts(search, items), search))

    def weigh_beside(
        self,
        session: Session,
        situation: Situation,
        contest: Contest,
        found: Candidates,
        cards: Sequence[ScriptCard],
    ) -> Ranked:
        """What other candidates would have scored, had they competed."""
        features = self._script_features(session, situation, found, cards, beside=contest.cards)
        return self._weigh(situation, features(situation.policy))

    def drafts(
        self,
        session: Session,
        situation: Situation,
        signals: Signals,
        products: Mapping[str, ProductCard],
        *,
        found: Candidates,
        cards: Sequence[ScriptCard],
    ) -> list[Draft]:
        """The candidates with the product each may speak of."""
        sku = situation.request.sku
        wanted = {card.skus[0] for card in cards if len(card.skus) == 1} | ({sku} if sku else set())
        known = {**products, **self.products.get(session, sorted(wanted - products.keys()))}
        mentioned = sku or _most_mentioned(signals)
        return [
            Draft(card, position, partial(found.matched, position), discussed_product(card, mentioned, known))
            for position, card in enumerate(cards)
        ]

    def _found(self, situation: Situation) -> Candidates:
        policy, search = situation.policy, situation.scripts
        if not situation.turn.is_opening:
            return find_scripts(search, policy.n_searched).most_promising(policy.n_ranked, policy.reply)
        items = find_openings(search, self.setup.small_talk, policy.n_searched)
        return Candidates(items, assess_scripts(search, items), search)

    def _weigh(self, situation: Situation, features: NDArray[np.float64]) -> Ranked:
        if situation.turn.is_opening:
            return weigh(features, self.setup.opening.weights, OPENING_FEATURES)
        return weigh(features, situation.policy.reply)

    def _script_features(
        self,
        session: Session,
        situation: Situation,
        found: Candidates,
        cards: Sequence[ScriptCard],
        *,
        beside: Sequence[ScriptCard] = (),
    ) -> Callable[[Policy], NDArray[np.float64]]:
        """Gives the features of the candidates as a policy sees them; the database is asked once, now."""
        place = situation.place
        uses = self.memory.use(session, [card.script_id for card in cards], place.agent.agent_id, place.now)

        def under(policy: Policy) -> NDArray[np.float64]:
            moment = replace(situation, treatment=Treatment(policy)).moment
            features = script_features(found.evidence, cards, uses, situation.sent.scripts, moment, beside=beside)
            if not situation.turn.is_opening:
                return features
            greets = is_greeting(found, cards, situation.stage, self.setup.small_talk)
            return opening_features(features, greets, has_topic=bool(situation.turn.topic))

        return under

    def _fitting(self, found: Candidates, talk: Talk) -> Candidates:
        """The candidates that may answer small talk, judged by their nearest trigger and by what they say."""
        view, evidence = found.search.view, found.evidence
        replies = (view.row_text(REPLY, row) if row >= 0 else "" for row in evidence.reply.rows.tolist())
        fits = [
            is_exact or self.setup.small_talk.fits(talk, found.matched(position), reply)
            for position, (is_exact, reply) in enumerate(zip(evidence.is_exact.tolist(), replies, strict=True))
        ]
        return found.subset(np.flatnonzero(fits))

    def _with_cards(self, session: Session, found: Candidates) -> tuple[Candidates, list[ScriptCard]]:
        """The candidates whose version is in the database, with their cards."""
        keys = found.keys()
        cards = self.scripts.get(session, keys)
        known = [position for position, key in enumerate(keys) if key in cards]
        return found.subset(np.array(known, np.intp)), [cards[keys[position]] for position in known]

    def _extracts(self, session: Session, situation: Situation, n: int) -> tuple[list[ScriptCard], NDArray[np.float64]]:
        """Candidate extracts of documents and their features."""
        search = situation.passages
        items = search.find(PASSAGE, n) if n else np.empty(0, np.int32)
        keys = [search.view.item_id(item) for item in items.tolist()]
        cards = self.passages.get(session, keys)
        known = [position for position, key in enumerate(keys) if key in cards]
        chosen = [cards[keys[position]] for position in known]
        scores = search.score(PASSAGE, items[np.array(known, np.intp)])
        return chosen, passage_features(scores, chosen, situation.moment)


def _most_mentioned(signals: Signals) -> str | None:
    """The product the message clearly speaks of."""
    best = max(signals.features, key=lambda one: signals.features[one].get("message", 0.0), default=None)
    return best if best and signals.features[best].get("message", 0.0) >= MIN_MENTIONED else None
