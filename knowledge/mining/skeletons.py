"""Replies without what varies from case to case, so that the same script sent twice is recognised."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from knowledge.text import normalise

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
SLOT = re.compile(r"\{\{[^{}]*\}\}")
"""As scripts write what is filled in."""
MASK = re.compile(r"\[[^\[\]]{0,12}x\]|\[orderid_[^\[\]]*\]")
"""As other tools leave what they took out: `[电话x]`."""
SHORTEST_NAME = 3


@dataclass(frozen=True)
class Names:
    """Names that stand for a slot wherever they occur: products, the shop, its agents."""

    slot_of: Mapping[str, str]

    @classmethod
    def of(cls, slots: Mapping[str, Sequence[str]]) -> "Names":
        """Names by the slot they fill; those of fewer than three characters could be anything and are left out."""
        found = {
            name.strip(): f"{{{{{slot}}}}}"
            for slot, names in slots.items()
            for name in names
            if len(name.strip()) >= SHORTEST_NAME
        }
        return cls(found)

    def with_slots(self, texts: Sequence[str]) -> list[str]:
        """The texts with every name replaced by its slot, the longest name first."""
        if not self.slot_of:
            return list(texts)
        pattern = self._pattern
        return [pattern.sub(lambda match: self.slot_of[match.group()], text) for text in texts]

    def found_in(self, text: str) -> set[str]:
        """The names that stand in a text; of those that overlap, the longest."""
        return set(self._pattern.findall(text)) if self.slot_of else set()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Any name; grouped by its first character, so that a large catalogue is not tried name by name."""
        by_first: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(self.slot_of, key=lambda name: (-len(name), name)):
            by_first[name[0]].append(re.escape(name[1:]))
        return re.compile("|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items()))


NO_NAMES = Names({})


def skeleton(text: str) -> str:
    """The text in its one spelling with every number, slot and mask as the same mark."""
    bare = SLOT.sub("\u25cb", text)
    bare = MASK.sub("\u25cb", normalise(bare))
    return NUMBER.sub("0", bare)
