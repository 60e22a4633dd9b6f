"""Candidate replies: found under the rules, scored, filled in, checked, and the best few kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from copilot.engine.answer import Excluded, Reply
from copilot.engine.cards import ProductCard, ScriptCard
from copilot.engine.compliance import Finding, RuleBook, price_contradiction
from copilot.engine.diversity import bigrams, is_near_duplicate
from copilot.engine.policy import Policy
from copilot.engine.ranking import Evidence, Ranked
from copilot.engine.rendering import Rendered
from copilot.engine.retrieval import Query, find, find_exact, score_field, word_coverage
from knowledge.index.view import CollectionView

TRIGGER, REPLY, PASSAGE = "trigger", "reply", "text"


@dataclass(frozen=True)
class Candidates:
    """Scripts that may answer: ordinals of one view, what was found for them, and the trigger that matched each."""

    items: NDArray[np.int32]
    evidence: Evidence
    view: CollectionView

    def key(self, position: int) -> tuple[str, int]:
        """The script id and version of a candidate."""
        item = int(self.items[position])
        return self.view.item_id(item), self.view.version(item)

    def matched(self, position: int) -> tuple[str, ...]:
        """The trigger nearest to the message, if the script has any."""
        row = int(self.evidence.trigger.rows[position])
        return () if row < 0 else (self.view.row_text(TRIGGER, row),)

    def subset(self, positions: Sequence[int]) -> "Candidates":
        """Only these candidates, in this order."""
        chosen = np.asarray(positions, dtype=np.intp)
        evidence = self.evidence
        trigger, reply = (
            replace(one, similarity=one.similarity[chosen], words=one.words[chosen], rows=one.rows[chosen])
            for one in (evidence.trigger, evidence.reply)
        )
        kept = Evidence(evidence.is_exact[chosen], trigger, reply, evidence.context_words[chosen])
        return Candidates(self.items[chosen], kept, self.view)


def find_scripts(view: CollectionView, query: Query, allowed: NDArray[np.bool_], k: int) -> Candidates:
    """The allowed scripts proposed by triggers or replies, by words or vectors."""
    exact = find_exact(view, TRIGGER, query, allowed)
    proposed = [find(view, TRIGGER, query, allowed, k), find(view, REPLY, query, allowed, k), exact]
    items = np.unique(np.concatenate(proposed)).astype(np.int32)
    context_words = np.zeros(len(items))
    if query.context_tokens and items.size:
        context_words = word_coverage(view, REPLY, query.context_tokens, items)
    evidence = Evidence(
        is_exact=np.isin(items, exact),
        trigger=score_field(view, TRIGGER, query, items),
        reply=score_field(view, REPLY, query, items),
        context_words=context_words,
    )
    return Candidates(items, evidence, view)


@dataclass(frozen=True)
class Draft:
    """A scored candidate on its way to the agent."""

    card: ScriptCard
    position: int
    matched: tuple[str, ...]
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
                propensity=1.0,
                source=card.source,
                why=ranked.why(draft.position),
                matched=draft.matched,
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
