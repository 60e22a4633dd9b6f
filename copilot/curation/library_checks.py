"""What the live library says already: the same answer, another answer to the same question, other facts."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlmodel import Session, col

from copilot.curation.objections import Objection, Severity
from copilot.engine.replies import REPLY, TRIGGER
from knowledge.duplicates.near import Encode, near_duplicates, unit_vectors
from knowledge.duplicates.similarity import IN_A_LIST
from knowledge.health.conflicts import conflicts
from knowledge.health.rows import LibraryScript
from knowledge.health.stating import statements
from knowledge.index.view import CollectionView
from knowledge.library.content import ScriptContent
from knowledge.tables import Script, ScriptVersion
from knowledge.text import canonical, tokenise

N_LIKE_TEXT: Final = 5
"""Live scripts looked at for their text, by meaning and by words."""
N_LIKE_TRIGGER: Final = 3
KEPT_VECTORS: Final = 8_192
MINE: Final = "\0"
"""Stands for the script being written: no script has this id."""


class RememberingEncoder:
    """An encoder that keeps the vectors of the texts it was asked about last; safe to call from many threads."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of the texts, shape (n, dim)."""
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
        new = list(dict.fromkeys(text for text in texts if text not in found))
        if new:
            found.update(zip(new, np.asarray(self._encode(new), np.float32), strict=True))
        with self._lock:
            self._known.update(found)
            while len(self._known) > KEPT_VECTORS:
                self._known.popitem(last=False)
        return np.stack([found[text] for text in texts])


@dataclass(frozen=True)
class Neighbours:
    """Live scripts near to one that is being written, and for each the triggers that are near to its own."""

    alike: Mapping[str, None]
    triggers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    same_trigger: Mapping[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        return list(dict.fromkeys([*self.alike, *self.triggers]))


def library_objections(
    session: Session, tenant_id: str, script_id: str, content: ScriptContent, scripts: CollectionView, encode: Encode
) -> Iterator[Objection]:
    """Live scripts that repeat or contradict this one, each named once; its own live version is not asked."""
    near = find_neighbours(content, scripts, encode)
    live = _read_live(session, tenant_id, near, but=script_id)
    told = set()
    for one in _conflicts(content, list(live.values()), encode):
        told.add(one.script_id)
        yield one
    for other_id, similarity in _repeats(content.text, live, encode):
        told.add(other_id)
        percent = int(100 * similarity)
        plain = f"script {other_id} says nearly the same"
        yield Objection(Severity.WARN, "duplicate", plain, values={"percent": percent}, script_id=other_id)
    for other_id, trigger in near.same_trigger.items():
        if other_id in live and other_id not in told:
            plain = f"script {other_id} answers it too"
            yield Objection(Severity.NOTE, "same_trigger", plain, trigger, script_id=other_id)


def find_neighbours(content: ScriptContent, scripts: CollectionView, encode: Encode) -> Neighbours:
    """The live scripts that a search by text or by any trigger finds first."""
    texts = [content.text, *content.triggers]
    vectors = unit_vectors([text if text.strip() else "-" for text in texts], encode)
    alike: dict[str, None] = {}
    if content.text.strip():
        by_meaning = scripts.search_vectors(REPLY, vectors[0], None, N_LIKE_TEXT)
        by_words = scripts.search_words(REPLY, tokenise(content.text), None, N_LIKE_TEXT)
        alike = dict.fromkeys(scripts.item_id(item) for hits in (by_meaning, by_words) for item in hits.items.tolist())
    triggers: dict[str, dict[str, None]] = {}
    same: dict[str, str] = {}
    for trigger, vector in zip(content.triggers, vectors[1:], strict=True):
        for item in scripts.exact(TRIGGER, canonical(trigger)).tolist():
            same.setdefault(scripts.item_id(item), trigger)
            triggers.setdefault(scripts.item_id(item), {})[trigger] = None
        hits = scripts.search_vectors(TRIGGER, vector, None, N_LIKE_TRIGGER)
        for item, row in zip(hits.items.tolist(), hits.rows.tolist(), strict=True):
            triggers.setdefault(scripts.item_id(item), {})[scripts.row_text(TRIGGER, row)] = None
    return Neighbours(alike, {one: tuple(rows) for one, rows in triggers.items()}, same)


def _read_live(session: Session, tenant_id: str, near: Neighbours, *, but: str) -> dict[str, LibraryScript]:
    """The neighbours as they are live, with the triggers that are near; in order of id."""
    of_script = (col(Script.tenant_id) == col(ScriptVersion.tenant_id)) & (
        col(Script.id) == col(ScriptVersion.script_id)
    )
    is_live = col(Script.live_version) == col(ScriptVersion.version)
    query = select(ScriptVersion).join(Script, of_script & is_live).where(col(Script.tenant_id) == tenant_id)
    found = session.execute(query.where(col(Script.id).in_(near.ids), col(Script.id) != but).order_by(col(Script.id)))
    return {
        one.script_id: LibraryScript(
            one.script_id, one.text, triggers=near.triggers.get(one.script_id, ()), skus=tuple(one.skus)
        )
        for one in found.scalars()
    }


def _conflicts(content: ScriptContent, live: Sequence[LibraryScript], encode: Encode) -> Iterator[Objection]:
    if not statements(content.text):
        return
    mine = LibraryScript(MINE, content.text, "", content.triggers, content.skus)
    for one in conflicts([mine, *live], encode):
        if one.left_id == MINE:
            values = {"theirs": one.right, "question": one.question}
            plain = f"script {one.right_id} says {one.right}"
            yield Objection(Severity.WARN, "conflict", plain, one.left, values, script_id=one.right_id)


def _repeats(text: str, live: Mapping[str, LibraryScript], encode: Encode) -> list[tuple[str, float]]:
    """The live scripts that say the same, most similar first."""
    if not text.strip():
        return []
    others = list(live.values())
    pairs = near_duplicates([text, *(one.text for one in others)], encode, IN_A_LIST)
    found = [(others[pair.right - 1].script_id, pair.similarity) for pair in pairs if pair.left == 0]
    return sorted(found, key=lambda one: (-one[1], one[0]))
