"""Choosing the replies for one message."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from copilot.engine.answer import Excluded, Reply, Slate
from copilot.engine.cards import CardFile, ProductCard, ScriptCard, read_passages, read_scripts
from copilot.engine.context import Memory
from copilot.engine.experiments import Treatment
from copilot.engine.exploration import explore
from copilot.engine.nextbest.signals import Signals
from copilot.engine.policy import Policy
from copilot.engine.ranking import Ranked, passage_features, script_features, weigh
from copilot.engine.rendering import Rendered, render, slot_values
from copilot.engine.replies import (
    PASSAGE,
    REPLY,
    TRIGGER,
    Candidates,
    Draft,
    Selection,
    discussed_product,
    find_scripts,
)
from copilot.engine.setup import EngineSetup, Stopwatch
from copilot.engine.shadow import rank_silently
from copilot.engine.situation import Situation
from copilot.engine.small_talk import Talk

N_EXTRACTS = 6
MIN_MENTIONED = 0.7
"""A product whose `message` feature reaches this is the one being discussed."""


@dataclass(frozen=True)
class ChosenReplies:
    """The replies and what else they could have been, what a rule refused, why there is none, who presents which sku.

    `presenting` names a script among the candidates for each sku.
    """

    replies: tuple[Reply, ...] = ()
    slate: Slate = field(default_factory=Slate)
    excluded: tuple[Excluded, ...] = ()
    abstain_reason: str = ""
    presenting: Mapping[str, str] = field(default_factory=dict)


class Replier:
    """Finds, ranks, fills in and checks replies; safe to call from many threads."""

    def __init__(self, setup: EngineSetup, products: CardFile[str, ProductCard], memory: Memory) -> None:
        tenant_id = setup.tenant_id
        self.setup = setup
        self.memory = memory
        self.products = products
        self.scripts: CardFile[tuple[str, int], ScriptCard] = CardFile(lambda s, keys: read_scripts(s, tenant_id, keys))
        self.passages: CardFile[str, ScriptCard] = CardFile(lambda s, keys: read_passages(s, tenant_id, keys))

    def choose(
        self,
        session: Session,
        situation: Situation,
        signals: Signals,
        products: Mapping[str, ProductCard],
        watch: Stopwatch,
        *,
        set_id: str,
    ) -> ChosenReplies:
        """The best replies that may be shown, or the reason for silence; the set's id decides what is explored."""
        if not situation.turn.message:
            return ChosenReplies(abstain_reason="no_message: the customer has not written since the last reply")
        if not situation.turn.has_content:
            return ChosenReplies(abstain_reason="no_content: the message has no words to answer")
        with watch.stage("retrieval"):
            policy = situation.policy
            found = find_scripts(situation.scripts, policy.n_searched).most_promising(policy.n_ranked, policy.reply)
        talk = self.setup.small_talk.recognise(situation.turn.message)
        if talk is not None:
            found = self._fitting(found, talk)
            if not len(found.items):
                return ChosenReplies(abstain_reason=f"{talk.reason}, and no script answers it")
        with watch.stage("passages"):
            extracts, extract_features = self._extracts(session, situation, N_EXTRACTS if talk is None else 0)
        with watch.stage("ranking"):
            found, cards = self._with_cards(session, found)
            features_under = self._script_features(session, situation, found, cards)
            ranked = weigh(np.vstack([features_under(policy), extract_features]), policy.reply)
        with watch.stage("selection"):
            drafts = self._drafts(session, situation, signals, products, found=found, cards=cards)
            drafts += [Draft(card, len(cards) + place, tuple, None) for place, card in enumerate(extracts)]
            selection = Selection(
                policy,
                self.setup.rules,
                lambda card, product: self._render(card, product, situation),
                situation.language,
            )
            replies, slate = _fill(selection, drafts, ranked, situation, set_id)
        if self.setup.shadow is not None and set_id:
            with watch.stage("shadow"):
                ranking = rank_silently(
                    self.setup.shadow,
                    selection,
                    drafts,
                    lambda policy: np.vstack([features_under(policy), extract_features]),
                    n_shown=situation.request.max_replies,
                )
            slate = replace(slate, shadow=ranking)
        return ChosenReplies(
            replies, slate, tuple(selection.excluded), _silence(selection, talk), _presenting(cards, ranked)
        )

    def read_ahead(self, situation: Situation) -> None:
        """Search by words, which needs no vector."""
        if situation.turn.has_content:
            for field in (TRIGGER, REPLY):
                situation.scripts.find_by_words(field, situation.policy.n_searched)
            situation.passages.find_by_words(PASSAGE, N_EXTRACTS)

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

    def _script_features(
        self, session: Session, situation: Situation, found: Candidates, cards: Sequence[ScriptCard]
    ) -> Callable[[Policy], NDArray[np.float64]]:
        """Gives the features of the candidates as a policy sees them; the database is asked once, now."""
        place = situation.place
        uses = self.memory.use(session, [card.script_id for card in cards], place.agent.agent_id, place.now)

        def under(policy: Policy) -> NDArray[np.float64]:
            seen = replace(situation, treatment=Treatment(policy))
            return script_features(found.evidence, cards, uses, situation.sent.scripts, seen.moment)

        return under

    def _drafts(
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


def _fill(
    selection: Selection, drafts: Sequence[Draft], ranked: Ranked, situation: Situation, set_id: str
) -> tuple[tuple[Reply, ...], Slate]:
    """The replies to show and how they came to be these; nobody who complains is experimented on."""
    n, exploration = situation.request.max_replies, situation.policy.exploration
    if not n or not exploration.rate or situation.is_complaining:
        selection.fill(drafts, ranked, n)
        return tuple(selection.replies), Slate()
    selection.fill(drafts, ranked, n + 1)
    return explore(selection.replies, n, exploration, set_id)


def _silence(selection: Selection, talk: Talk | None) -> str:
    """Why nothing is shown; empty when something is."""
    if selection.replies:
        return ""
    best, wanted = selection.best_probability, selection.policy.reply_threshold
    if best >= wanted:
        return "blocked: every good match was refused by a rule"
    manners = f"{talk.reason}, " if talk else ""
    return f"{manners}unlikely: the best match has probability {best:.2f}, below {wanted:.2f}"


def _presenting(cards: Sequence[ScriptCard], ranked: Ranked) -> dict[str, str]:
    """For each sku the best ranked script that names it."""
    presenting: dict[str, str] = {}
    for position in ranked.order[ranked.order < len(cards)].tolist():
        for sku in cards[position].skus:
            presenting.setdefault(sku, cards[position].script_id)
    return presenting


def _most_mentioned(signals: Signals) -> str | None:
    """The product the message clearly speaks of."""
    best = max(signals.features, key=lambda one: signals.features[one].get("message", 0.0), default=None)
    return best if best and signals.features[best].get("message", 0.0) >= MIN_MENTIONED else None
