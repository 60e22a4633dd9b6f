"""What came of a conversation, as numbers from 0 to 1 by name."""

from collections.abc import Mapping

from knowledge.imports.rows import ConversationRow

CONVERSION = "conversion"
SATISFACTION = "satisfaction"
REPLY = "reply"
"""Whether the customer wrote again; known of every reply of an archive."""
KEPT_AS = {"complaint": "no_complaint", "unsubscribed": "no_unsubscribe", "unsubscribe": "no_unsubscribe"}
"""Less of these is better; they are kept as 1 where it did NOT happen, so that more is always better."""


def outcomes_of(conversation: ConversationRow, satisfied_from: float) -> dict[str, float]:
    """The outcomes that the file states; higher is better in each.

    Satisfaction is 1 from `satisfied_from` on and 0 below. Other fields of the outcome count when they are true, false
    or a number from 0 to 1.
    """
    outcome = conversation.outcome
    if outcome is None:
        return {}
    found: dict[str, float] = {}
    if outcome.converted is not None:
        found[CONVERSION] = float(outcome.converted)
    if outcome.satisfaction is not None:
        found[SATISFACTION] = float(outcome.satisfaction >= satisfied_from)
    return found | _others(outcome.model_extra or {})


def _others(extra: Mapping[str, object]) -> dict[str, float]:
    found = {}
    for name, value in extra.items():
        if isinstance(value, bool | int | float) and 0 <= value <= 1:
            found[KEPT_AS.get(name, name)] = 1.0 - value if name in KEPT_AS else float(value)
    return found
