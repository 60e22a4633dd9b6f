"""Where products stand in the index, looked up once for as long as the catalogue stays as it is."""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from knowledge.index.view import CollectionView
from knowledge.text import tokenise

TEXT_FIELD = "text"
N_TAGGED_ALIKE = 32
MAX_KEPT = 50_000


@dataclass
class _Known:
    """What was looked up in one view."""

    view: CollectionView
    ordinals: dict[str, int | None] = field(default_factory=dict)
    tagged: dict[tuple[str, ...], list[str]] = field(default_factory=dict)


class Places:
    """Remembers look-ups in the view asked about last; safe to call from many threads."""

    def __init__(self) -> None:
        self._known: _Known | None = None

    def ordinal(self, view: CollectionView, sku: str) -> int | None:
        """Where the living product is; empty when there is none."""
        ordinals = self._in(view).ordinals
        if sku not in ordinals:
            _make_room(ordinals)
            ordinals[sku] = view.ordinal(sku)
        return ordinals[sku]

    def tagged_alike(self, view: CollectionView, tags: Sequence[str]) -> list[str]:
        """The products that share most words with some tags, whether or not they may be offered."""
        tagged, key = self._in(view).tagged, tuple(tags)
        if key not in tagged:
            _make_room(tagged)
            hits = view.search_words(TEXT_FIELD, tokenise(" ".join(tags)), None, N_TAGGED_ALIKE)
            tagged[key] = [view.item_id(item) for item in hits.items.tolist()]
        return tagged[key]

    def _in(self, view: CollectionView) -> _Known:
        known = self._known
        if known is None or known.view is not view:
            known = self._known = _Known(view)
        return known


def _make_room(kept: MutableMapping[Any, Any]) -> None:
    """Forget everything rather than grow without end."""
    if len(kept) >= MAX_KEPT:
        kept.clear()
