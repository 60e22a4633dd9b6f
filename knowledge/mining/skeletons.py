"""Replies without what varies from case to case, so that the same script sent twice is recognised."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.text import normalise

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
SLOT = re.compile(r"\{\{[^{}]*\}\}")
MASK = re.compile(r"\[[^\[\]]{0,12}x\]|\[orderid_[^\[\]]*\]")
SHORTEST_NAME = 3
PRODUCT = "{{product.name}}"


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
        names = sorted(self.slot_of, key=lambda name: (-len(name), name))
        pattern = re.compile("|".join(map(re.escape, names)))
        return [pattern.sub(lambda match: self.slot_of[match.group()], text) for text in texts]


NO_NAMES = Names({})


def skeleton(text: str) -> str:
    """The text in its one spelling with every number, slot and mask as the same mark."""
    bare = SLOT.sub("\u25cb", text)
    bare = MASK.sub("\u25cb", normalise(bare))
    return NUMBER.sub("0", bare)
