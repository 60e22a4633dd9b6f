"""Scripts that answer the same question with different facts: another price, other days, per cent or hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import Final

from knowledge.duplicates.near import Encode, near_duplicates
from knowledge.duplicates.similarity import IN_A_LIST
from knowledge.health.quantities import QuantityKind
from knowledge.health.rows import LibraryScript
from knowledge.health.stating import Stated, statements, without_quantities
from knowledge.text import canonical

MOST_TIMES: Final = 10
"""Quantities further apart are hardly two answers to one question."""


@dataclass(frozen=True, order=True)
class Conflict:
    """Two scripts, the one of smaller id first, and what each states as it is written there.

    `question` is what makes them comparable: a trigger or title they share, or else what both say of the quantity.
    """

    left_id: str
    right_id: str
    kind: QuantityKind
    left: str
    right: str
    question: str


def conflicts(scripts: Sequence[LibraryScript], encode: Encode, *, threshold: float = IN_A_LIST) -> list[Conflict]:
    """Every conflict of fact, ordered by script; the order in which scripts are given changes nothing.

    Scripts for different products are never compared, nor quantities that one of the two states as well as the other.

    Raises:
        InvalidValueError: the threshold is not between 0 and 1, or the vectors have a wrong shape.
    """
    ordered = sorted(scripts, key=lambda script: script.script_id)
    said = {script.script_id: statements(script.text) for script in ordered}
    factual = [script for script in ordered if said[script.script_id]]
    found = set()
    questions = same_statements(factual, encode, threshold=threshold)
    questions |= same_questions(factual, encode, threshold=threshold)
    for (left, right), question in questions.items():
        if _may_differ(factual[left], factual[right]):
            continue
        ids = factual[left].script_id, factual[right].script_id
        pairs = contradictions(said[ids[0]], said[ids[1]])
        found |= {Conflict(*ids, one.quantity.kind, one.written, other.written, question) for one, other in pairs}
    return sorted(found)


def contradictions(left: Sequence[Stated], right: Sequence[Stated]) -> list[tuple[Stated, Stated]]:
    """What two texts on one question state differently, of the same kind.

    A quantity that both state settles nothing against either. Of the rest, two contradict each other when their clauses
    share more words than with any other, or when they are the only ones of their kind and of one size: ten minutes on
    the skin do not contradict thirty days of use.
    """
    found = []
    for kind in QuantityKind:
        ours, theirs = _only_of(left, right, kind), _only_of(right, left, kind)
        if len(ours) == 1 and len(theirs) == 1 and _are_of_one_size(ours[0], theirs[0]):
            found.append((ours[0], theirs[0]))
            continue
        found += [(one, other) for one in ours for other in theirs if _speak_of_the_same(one, other, ours, theirs)]
    return found


def same_questions(scripts: Sequence[LibraryScript], encode: Encode, *, threshold: float) -> dict[tuple[int, int], str]:
    """Places of scripts that share a trigger or a title, the smaller first, and that trigger or title."""
    asked = [(place, text) for place, one in enumerate(scripts) for text in (*one.triggers, one.title) if text.strip()]
    return _similar(asked, encode, threshold)


def same_statements(
    scripts: Sequence[LibraryScript], encode: Encode, *, threshold: float
) -> dict[tuple[int, int], str]:
    """Places of scripts that say the same but for the quantities, the smaller first, and what they say."""
    told = [(place, without_quantities(one.text)) for place, one in enumerate(scripts)]
    return _similar(told, encode, threshold)


def _similar(owned: Sequence[tuple[int, str]], encode: Encode, threshold: float) -> dict[tuple[int, int], str]:
    """Different owners of similar texts, with the text that comes first in the alphabet of their canonical forms."""
    owners: dict[str, list[int]] = {}
    spelled: dict[str, str] = {}
    for place, text in owned:
        owners.setdefault(canonical(text), []).append(place)
        spelled.setdefault(canonical(text), text)
    forms = sorted(owners)
    found: dict[tuple[int, int], str] = {}
    for form in forms:
        for one, other in combinations(dict.fromkeys(owners[form]), 2):
            found.setdefault((one, other), spelled[form])
    for pair in near_duplicates([spelled[form] for form in forms], encode, threshold):
        left, right = forms[pair.left], forms[pair.right]
        for one, other in product(owners[left], owners[right]):
            if one != other:
                found.setdefault((min(one, other), max(one, other)), spelled[left])
    return found


def _may_differ(one: LibraryScript, other: LibraryScript) -> bool:
    return bool(one.skus and other.skus) and not set(one.skus) & set(other.skus)


def _only_of(ours: Sequence[Stated], theirs: Sequence[Stated], kind: QuantityKind) -> list[Stated]:
    """The quantities of a kind that the other text does not state too, each once."""
    shared = {one.quantity for one in theirs}
    kept = {one.quantity: one for one in ours if one.quantity.kind is kind and one.quantity not in shared}
    return list(kept.values())


def _are_of_one_size(one: Stated, other: Stated) -> bool:
    smaller, larger = sorted((one.quantity.low, other.quantity.low))
    return larger <= MOST_TIMES * smaller


def _speak_of_the_same(one: Stated, other: Stated, ours: Sequence[Stated], theirs: Sequence[Stated]) -> bool:
    """Whether two clauses share more words with each other than either with any other of the two texts."""
    shared = len(one.about & other.about)
    rivals = chain(
        (len(one.about & rival.about) for rival in theirs if rival is not other),
        (len(rival.about & other.about) for rival in ours if rival is not one),
    )
    return shared > 0 and all(shared > rival for rival in rivals)
