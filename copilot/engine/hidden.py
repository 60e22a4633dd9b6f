"""Why not? The items that match a message well but which a rule keeps away."""

from collections.abc import Mapping

import numpy as np
from sqlmodel import Session

from copilot.engine.answer import Excluded
from copilot.engine.eligibility import script_reason
from copilot.engine.nextbest.gate import ProductGate
from copilot.engine.nextbest.places import Places
from copilot.engine.nextbest.sources.message import TEXT_FIELD
from copilot.engine.replies import TRIGGER
from copilot.engine.retrieval import Search
from copilot.engine.situation import Situation

N_SEARCHED = 5
MIN_HIDDEN = 0.5
"""An item that a rule hides is reported when it is this similar to the message (0..1)."""


def hidden_items(
    session: Session, situation: Situation, refused: Mapping[str, str], gate: ProductGate, places: Places
) -> list[Excluded]:
    """Items that match the message well but which a rule keeps away."""
    place = situation.place
    scripts, products = situation.scripts.hidden(), situation.products.hidden()
    found = []
    if scripts.has_any:
        near = scripts.alike(TRIGGER, N_SEARCHED, MIN_HIDDEN)
        for item in np.union1d(near, scripts.find_exact(TRIGGER)).tolist():
            window = scripts.view.number("valid_from", item), scripts.view.number("valid_to", item)
            rule = script_reason(scripts.view.label("rule", item), *window, place)
            found.append(Excluded(scripts.view.item_id(item), rule))
    if products.has_any:
        for item in products.alike(TEXT_FIELD, N_SEARCHED, MIN_HIDDEN).tolist():
            found.append(Excluded(products.view.item_id(item), gate.reason(session, products.view, item, place)))
    return found + _refused(situation.products, refused, places)


def _refused(search: Search, refused: Mapping[str, str], places: Places) -> list[Excluded]:
    """The owned products that match the message."""
    owned = [(sku, ordinal) for sku in refused if (ordinal := places.ordinal(search.view, sku)) is not None]
    if not owned:
        return []
    cosines, _ = search.view.rescore_vectors(
        TEXT_FIELD, search.query.vector, np.array([ordinal for _, ordinal in owned], np.int32)
    )
    near = search.similarity(TEXT_FIELD, cosines) >= MIN_HIDDEN
    return [Excluded(sku, refused[sku]) for (sku, _), is_near in zip(owned, near, strict=True) if is_near]
