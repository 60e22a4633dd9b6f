"""Candidate replies: found under the rules, scored, filled in, checked, and the best few kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.engine.answer import Excluded, Reply
from copilot.engine.cards import ProductCard, ScriptCard
from copilot.engine.compliance import Finding, RuleBook, price_contradiction
from copilot.engine.diversity import bigrams, is_near_duplicate
from copilot.engine.policy import SEARCH_FEATURES, Policy, ReplyWeights
from copilot.engine.ranking import Evidence, Ranked, search_features
from copilot.engine.rendering import Rendered
from copilot.engine.retrieval import Search

TRIGGER, REPLY, PASSAGE = "trigger", "reply", "text"


@dataclass(frozen=True)
class Candidates:
    """Scripts that may answer: ordinals of one search's view, and what was found for them."""

    items: NDArray[np.int32]
    evidence: Evidence
    search: Search

    def keys(self) -> list[tuple[str, int]]:
        """The script id and version of each candidate."""
        view = self.search.view
        return [(view.item_id(item), view.version(item)) for item in self.items.tolist()]

    def matched(self, position: int) -> tuple[str, ...]:
        """The trigger nearest to the message, if the script has any."""
        row = int(self.evidence.trigger.rows[position])
        return () if row < 0 else (self.search.view.row_text(TRIGGER, row),)

    def subset(self, positions: NDArray[np.intp]) -> "Candidates":
        """Only these candidates, in this order."""
        return Candidates(self.items[positions], self.evidence.subset(positions), self.search)

    def most_promising(self, n: int, weights: ReplyWeights) -> "Candidates":
        """The `n` best by what the search alone says, in the order of their ordinals."""
        if len(self.items) <= n:
            return self
        scores = search_features(self.evidence) @ np.array([getattr(weights, name) for name in SEARCH_FEATURES])
        return self.subset(np.sort(np.argsort(-scores, kind="stable")[:n]))


def find_scripts(search: Search, k: int) -> Candidates:
    """The allowed scripts proposed by triggers or replies, by words or vectors, with what was found for each."""
    items = propose_scripts(search, k)
    return Candidates(items, assess_scripts(search, items), search)


def propose_scripts(search: Search, k: int) -> NDArray[np.int32]:
    """Ordinals of scripts that may answer, ascending.

    By vectors a message looks for triggers alone, and for replies with what was said before it.
    """
    by_trigger = search.find(TRIGGER, k)
    by_reply = search.find_by_words(REPLY, k), search.told.find_by_vector(REPLY, k)
    return np.unique(np.concatenate([by_trigger, *by_reply, search.find_exact(TRIGGER)])).astype(np.int32)


def assess_scripts(search: Search, items: NDArray[np.int32]) -> Evidence:
    """What speaks for each of these scripts."""
    said_before, told = search.query.context_tokens, search.told
    reply = search.score(REPLY, items)
    return Evidence(
        is_exact=np.isin(items, search.find_exact(TRIGGER)),
        trigger=search.score(TRIGGER, items),
        reply=reply,
        context_similarity=reply.similarity if told is search else told.score_vectors(REPLY, items)[0],
        context_words=search.coverage(REPLY, said_before, items) if said_before else np.zeros(len(items)),
    )


@dataclass(frozen=True)
class Draft:
    """A scored candidate on its way to the agent; `matched` tells which trigger was near, when asked."""

    card: ScriptCard
    position: int
    matched: Callable[[], tuple[str, ...]]
    product: ProductCard | None


class Selection:
    """Takes candidates best first; keeps those that can be shown, and the rules that refused the others."""

    def __init__(
        self,
        policy: Policy,
        rules: RuleBook,
        render: Callable[[ScriptCard, ProductCard | None], Rendered],
        language: str,
    ) -> None:
        self.policy = policy
        self.rules = rules
        self.render = render
        self.language = language
        self.replies: list[Reply] = []
        self.excluded: list[Excluded] = []
        self.best_probability = 0.0
        self._kept: list[frozenset[str]] = []

    def fill(self, drafts: Sequence[Draft], ranked: Ranked, n: int) -> None:
        """Go down the ranking until `n` replies stand or the next is too unlikely."""
        for position in ranked.order.tolist():
            probability = self.policy.calibration.probability(float(ranked.scores[position]))
            self.best_probability = max(self.best_probability, probability)
            if len(self.replies) == n or probability < self.policy.reply_threshold:
                return
            self._consider(drafts[position], ranked, probability)

    def _consider(self, draft: Draft, ranked: Ranked, probability: float) -> None:
        card = draft.card
        rendered = self.render(card, draft.product)
        if rendered.missing:
            self.excluded.append(Excluded(card.script_id, f"slot:{'|'.join(rendered.missing)}"))
            return
        findings = self._findings(rendered.text, draft)
        blocking = next((one for one in findings if one.severity == "block"), None)
        if blocking is not None:
            self.excluded.append(Excluded(card.script_id, f"compliance:{blocking.rule}:{blocking.words}"))
            return
        pairs = bigrams(rendered.text)
        if is_near_duplicate(pairs, self._kept, self.policy.duplicate_overlap):
            self.excluded.append(Excluded(card.script_id, "duplicate"))
            return
        self._kept.append(pairs)
        self.replies.append(
            Reply(
                rank=len(self.replies) + 1,
                script_id=card.script_id,
                version=card.version,
                kind=card.kind,
                title=card.title,
                text=rendered.text,
                score=float(ranked.scores[draft.position]),
                probability=round(probability, 4),
                propensity=1.0,  # until exploration has its say
                source=card.source,
                why=ranked.why(draft.position),
                matched=draft.matched(),
                warnings=self._warnings(findings, draft),
            )
        )

    def _findings(self, text: str, draft: Draft) -> list[Finding]:
        found = list(self.rules.check(text))
        contradiction = price_contradiction(text, draft.product if len(draft.card.skus) == 1 else None)
        return found if contradiction is None else [*found, contradiction]

    def _warnings(self, findings: Sequence[Finding], draft: Draft) -> tuple[str, ...]:
        warnings = [f"{one.rule}: {one.reason}（{one.words}）" for one in findings]
        product = draft.product
        if product is not None and product.sku in draft.card.skus and product.stock == 0:
            warnings.append(f"stock: {product.name} 目前缺货")
        if self.language and draft.card.language and self.language[:2] != draft.card.language[:2]:
            warnings.append(f"language: 客户使用 {self.language}，此话术为 {draft.card.language}，需要翻译")
        return tuple(warnings)


def discussed_product(
    card: ScriptCard, mentioned: str | None, products: Mapping[str, ProductCard]
) -> ProductCard | None:
    """The product a script's slots speak of: its own single one, else the one being discussed."""
    sku = card.skus[0] if len(card.skus) == 1 else mentioned
    if card.skus and sku not in card.skus:
        return None
    return products.get(sku) if sku else None
