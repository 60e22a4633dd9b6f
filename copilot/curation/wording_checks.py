"""What can be said against a script from its own words and settings alone."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from copilot.curation.objections import Objection, Severity
from copilot.engine.compliance import RuleBook
from copilot.engine.rendering import FILLABLE, SLOT
from knowledge.errors import InvalidValueError
from knowledge.library.content import ScriptContent
from knowledge.library.wording import unknown_slots
from knowledge.privacy import SLOTS, PersonalKind, find_personal
from knowledge.tables import Scene

SECRET: Final = frozenset({PersonalKind.ID_NUMBER, PersonalKind.BANK_CARD})
"""Kinds that no script may hold, whoever's they are; a phone number may be the shop's own."""
PERSONAL_SLOTS: Final = frozenset({"customer.name", "customer.city", "order.id", "order.status"})
PRODUCT_SLOTS: Final = frozenset(name for name in FILLABLE if name.startswith("product."))
ANY_TEXT: Final = "-"
"""That there is no text is told by itself; the other rules are asked as if there were one."""


def wording_objections(content: ScriptContent, rules: RuleBook, now: datetime) -> Iterator[Objection]:
    """Everything that needs neither the library nor the catalogue, and what the text may not say first."""
    if not content.text.strip():
        yield Objection(Severity.BLOCK, "empty", "there is no text")
    yield from _compliance(content.text, rules)
    yield from _slots(content)
    yield from _personal([content.text], "personal")
    yield from _personal(content.triggers, "personal_trigger")
    yield from _settings(content, now)


def _compliance(text: str, rules: RuleBook) -> Iterator[Objection]:
    for finding in rules.check(text):
        values = {"reason": finding.reason}
        severity = Severity(finding.severity)
        yield Objection(severity, "compliance", finding.reason, finding.words, values, rule=finding.rule)


def _slots(content: ScriptContent) -> Iterator[Objection]:
    for slot in unknown_slots(content.text, FILLABLE):
        yield Objection(Severity.BLOCK, "slot", "a slot that nothing fills", slot)
    used = dict.fromkeys(name for name in SLOT.findall(content.text) if name in FILLABLE)
    personal = [name for name in used if name in PERSONAL_SLOTS]
    if personal and Scene.GROUP.value in (content.scenes or (Scene.GROUP.value,)):
        yield Objection(Severity.NOTE, "slot_group", "groups get nothing personal", "、".join(personal))
    of_product = [name for name in used if name in PRODUCT_SLOTS]
    if of_product and len(content.skus) != 1:
        yield Objection(Severity.NOTE, "slot_product", "needs one product to speak of", "、".join(of_product))


def _personal(texts: Iterable[str], key: str) -> Iterator[Objection]:
    found: dict[str, PersonalKind] = {}
    for text in texts:
        for one in find_personal(text):
            found.setdefault(text[one.start : one.end], one.kind)
    for words, kind in found.items():
        slot = SLOTS[kind]
        is_fillable = slot.strip("{}") in FILLABLE
        values = {"kind": kind.value, "slot": slot if is_fillable else ""}
        severity = Severity.BLOCK if kind in SECRET else Severity.WARN
        yield Objection(severity, key if is_fillable else f"{key}_plain", f"personal data: {kind.value}", words, values)


def _settings(content: ScriptContent, now: datetime) -> Iterator[Objection]:
    try:
        (content if content.text.strip() else replace(content, text=ANY_TEXT)).check()
    except InvalidValueError as error:
        values = {"field": error.field, "expected": error.expected}
        yield Objection(Severity.BLOCK, "invalid", str(error), str(error.value), values)
    if content.valid_to is not None and content.valid_to <= now:
        yield Objection(Severity.WARN, "expired", "its validity has ended")
    if not content.triggers:
        yield Objection(Severity.NOTE, "no_triggers", "nothing that customers say is written down")
