"""Everything personal in a text."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from knowledge.privacy.addresses import find_addresses
from knowledge.privacy.american_addresses import find_american_addresses
from knowledge.privacy.chinese_names import find_chinese_names
from knowledge.privacy.cued import find_cued
from knowledge.privacy.emails import find_emails
from knowledge.privacy.english_names import find_english_names
from knowledge.privacy.folding import Folded, fold
from knowledge.privacy.kinds import SLOTS, Found, KnownPersonal, Masked, PersonalKind, Span
from knowledge.privacy.known import find_known
from knowledge.privacy.marks import mark_found, mark_standing
from knowledge.privacy.numbers import find_lettered, find_numbers

_DIGITS: Final = re.compile(r"[0-9](?:[^\w\n]{0,3}_?[0-9]){4}|[0-9]{3} ?[*x]")
_MAIL: Final = re.compile(r"@|[ (\[{<]at[ )\]}>]|艾特|圈a|小老鼠|[a-z0-9]#[a-z0-9]")
_SPELLED: Final = re.compile(
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine)[\s,.-]{1,2}(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
)


def find_personal(text: str, known: KnownPersonal | None = None) -> list[Found]:
    """The personal data of a text, in order and without overlap; slots and masks that stand in it are left alone."""
    folded = fold(text)
    spans = _all_spans(mark_standing(folded.text), _written(text, folded), known)
    return _placed(spans, folded, text)


def with_slots(text: str, known: KnownPersonal | None = None) -> Masked:
    """The text with a slot in the place of everything personal; a text that has been through here comes back as is."""
    kinds: list[PersonalKind] = []
    while finds := find_personal(text, known):
        kinds += (found.kind for found in finds)
        text = _slotted(text, finds)
    return Masked(text, tuple(kinds))


def _slotted(text: str, finds: Iterable[Found]) -> str:
    parts: list[str] = []
    reached = 0
    for found in finds:
        parts += text[reached : found.start], SLOTS[found.kind]
        reached = found.end
    return "".join([*parts, text[reached:]])


def _all_spans(marked: str, written: str, known: KnownPersonal | None) -> list[Span]:
    """The finds of all finders, each of which sees what was found before; again until there is nothing more.

    What is found changes what stands beside it, so only a text that yields nothing is clean.
    """
    spans: list[Span] = []
    while fresh := _round(marked, written, known):
        spans += fresh
        marked = mark_found(marked, fresh)
    return sorted(spans)


def _round(marked: str, written: str, known: KnownPersonal | None) -> list[Span]:
    found: list[Span] = []
    for finder in _finders(written, known):
        fresh = _apart(finder(marked))
        if fresh:
            marked = mark_found(marked, fresh)
            found += fresh
    return sorted(found)


def _finders(written: str, known: KnownPersonal | None) -> Iterator[Callable[[str], Iterable[Span]]]:
    if known is not None:
        yield lambda text: find_known(text, known)
    yield lambda text: find_emails(text) if _MAIL.search(text) else ()
    yield find_cued
    yield lambda text: find_lettered(text) if _DIGITS.search(text) or _SPELLED.search(text) else ()
    yield lambda text: find_numbers(text) if _DIGITS.search(text) else ()
    yield find_addresses
    yield find_american_addresses
    yield find_chinese_names
    yield lambda text: find_english_names(text, written)


def _apart(spans: Iterable[Span]) -> list[Span]:
    """The spans in order; of those that overlap, the one that begins first, and of these the longest."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.end > span.start and (not kept or span.start >= kept[-1].end):
            kept.append(span)
    return kept


def _written(text: str, folded: Folded) -> str:
    """The original's characters at the places of the folded ones."""
    return text if folded.starts is None else "".join(text[place] for place in folded.starts)


def _placed(spans: Iterable[Span], folded: Folded, text: str) -> list[Found]:
    found, reached = [], 0
    for span in spans:
        start, end = folded.place(span.start, span.end, text)
        if end > max(start, reached):
            found.append(Found(span.kind, max(start, reached), end))
            reached = end
    return found
