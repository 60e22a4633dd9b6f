"""Why not? The items that match a message well but which a rule keeps away."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from copilot.engine.answer import Excluded
from copilot.engine.eligibility import ProductRules, product_reason, script_reason
from copilot.engine.products import TEXT_FIELD
from copilot.engine.replies import TRIGGER
from copilot.engine.retrieval import Query, find_exact, score_field
from copilot.engine.situation import Situation
from knowledge.index.view import CollectionView

N_SEARCHED = 3
MIN_HIDDEN = 0.5
"""An item that a rule hides is reported when it is this similar to the message (0..1)."""


def hidden_items(situation: Situation, refused: Mapping[str, str], rules: ProductRules) -> list[Excluded]:
    """Items that match the message well but which a rule keeps away."""
    place, query = situation.place, situation.query
    scripts, products = situation.library.scripts, situation.library.products
    found = []
    for item in _hidden(scripts, TRIGGER, query, situation.scripts_allowed):
        window = scripts.number("valid_from", item), scripts.number("valid_to", item)
        rule = script_reason(scripts.label("rule", item), *window, place)
        found.append(Excluded(scripts.item_id(item), rule))
    for item in _hidden(products, TEXT_FIELD, query, situation.products_allowed):
        numbers = products.number("stock", item), products.number("price_fen", item)
        rule = product_reason(products.label("rule", item), *numbers, place, rules)
        found.append(Excluded(products.item_id(item), rule))
    owned = [(sku, ordinal) for sku in refused if (ordinal := products.ordinal(sku)) is not None]
    if owned:
        items = np.array([ordinal for _, ordinal in owned], np.int32)
        similar = score_field(products, TEXT_FIELD, query, items).similarity >= MIN_HIDDEN
        found += [Excluded(sku, refused[sku]) for (sku, _), near in zip(owned, similar, strict=True) if near]
    return found


def _hidden(view: CollectionView, text_field: str, query: Query, allowed: NDArray[np.bool_]) -> list[int]:
    """The living items that are not allowed though they match the message well."""
    hidden = view.mask() & ~allowed
    if not hidden.any():
        return []
    items = view.search_vectors(text_field, query.vector, hidden, N_SEARCHED).items
    near = score_field(view, text_field, query, items).similarity >= MIN_HIDDEN
    exact = find_exact(view, text_field, query, hidden) if text_field == TRIGGER else items[:0]
    return [int(item) for item in np.union1d(items[near], exact)]
