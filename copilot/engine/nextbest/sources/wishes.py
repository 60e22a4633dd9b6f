"""Products that have what the message asks for: a price, a size, a colour, the cheapest."""

import numpy as np
from numpy.typing import NDArray

from copilot.engine.answer import Reason
from copilot.engine.nextbest.signals import Language, Sight, Signals, Wording
from copilot.engine.nextbest.sources.message import FULL_SIMILARITY, FULL_WORDS, TEXT_FIELD
from copilot.engine.nextbest.wishes import Answering
from copilot.engine.retrieval import Search
from knowledge.catalogue.wish import PRICE, Among, Between, Criterion, Extreme
from knowledge.text import tokenise

N_SEARCHED = 24
FITS: Wording = {"zh": "符合{wished}", "en": "Answers {wished}"}
NEAREST: Wording = {
    "zh": "没有商品符合{wished}，这件最接近：{told}",
    "en": "No product answers {wished}; among the nearest: {told}",
}
QUOTED: Wording = {"zh": "「{words}」", "en": "'{words}' "}
REFUSED: Wording = {"zh": "「不要{words}」", "en": "'not {words}' "}
JOIN: Wording = {"zh": "，", "en": ", "}
LACKS: Wording = {"zh": "不符合「{words}」", "en": "not '{words}'"}
COSTS: Wording = {"zh": "价格 {amount}", "en": "costs {amount}"}
HAS: Wording = {"zh": "「{words}」实为 {amount}", "en": "'{words}' is {amount}"}
SOLE_SHARE = 0.5
"""What meeting all criteria is worth without anything else; the rest is how near an aim, and the words left over."""


def from_wishes(sight: Sight, signals: Signals) -> None:
    """What fits the wish, the best first by what else the message says."""
    wished = sight.wished
    if wished is None or not len(wished.items):
        return
    search = wished.search.asking(tokenise(wished.wish.rest))
    items = _most_promising(wished, search)
    scores = search.score(TEXT_FIELD, items)
    alike = np.minimum(1.0, scores.similarity / FULL_SIMILARITY) + np.minimum(1.0, scores.words / FULL_WORDS)
    for item, share in zip(items.tolist(), (alike / 2).tolist(), strict=True):
        place = wished.place(item)
        closeness = float(wished.fit.closeness[place])
        value = closeness * (SOLE_SHARE + (1.0 - SOLE_SHARE) * (1.0 if wished.is_ordered else share))
        signals.add(search.view.item_id(item), "wishes", value, _reason(wished, place, sight.language))


def _most_promising(wished: Answering, search: Search) -> NDArray[np.int32]:
    """All that fits when that is little; else what fits best, and what the words left over find among it."""
    if len(wished.items) <= N_SEARCHED:
        return np.sort(wished.items)
    if wished.is_ordered:
        return np.sort(wished.items[np.argsort(-wished.fit.closeness, kind="stable")[:N_SEARCHED]])
    return search.find(TEXT_FIELD, N_SEARCHED)


def _reason(wished: Answering, place: int, language: Language) -> Reason:
    """What of the wish a product answers; of the nearest, how it falls short."""
    wish, fitting = wished.wish, wished.fit
    stated = [*wish.criteria, *([wish.extreme] if wish.extreme else [])]
    text = "".join(_quoted(one)[language].format(words=one.words) for one in stated).strip()
    if fitting.is_exact:
        reference = "&".join(one.reference for one in stated)
        return Reason(FITS[language].format(wished=text), f"wish:{reference}")
    lacking = fitting.lacking[place]
    row = wished.catalogue.row(int(fitting.numbers[place]))
    told = JOIN[language].join(_told(one, wished, place, language) for one in lacking)
    reference = "&".join(f"!{one.reference}" for one in lacking)
    return Reason(NEAREST[language].format(wished=text, told=told), f"wish:{reference}&sku={row.sku}")


def _quoted(criterion: Criterion | Extreme) -> Wording:
    return REFUSED if isinstance(criterion, Among) and criterion.is_refused else QUOTED


def _told(criterion: Criterion, wished: Answering, place: int, language: Language) -> str:
    """What a product has instead."""
    number = int(wished.fit.numbers[place])
    if not isinstance(criterion, Between):
        return LACKS[language].format(words=criterion.words)
    amount = float(wished.catalogue.extent(criterion.measures, highest=False)[number])
    if np.isnan(amount):
        return LACKS[language].format(words=criterion.words)
    if criterion.measures == (PRICE,):
        return COSTS[language].format(amount=f"{amount:.10g}")
    return HAS[language].format(words=criterion.words, amount=f"{amount:.10g} {criterion.measures[0].unit}".strip())
