"""The shape of each collection: its fields and the attributes it can be filtered by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from knowledge.tables import IndexKind

Side = Literal["query", "passage"]
"""How an encoder should read a text: as something customers say, or as something to be found."""


@dataclass(frozen=True)
class FieldSchema:
    """One field; `exact` ones can also be looked up by their canonical text."""

    name: str
    side: Side
    exact: bool = False


@dataclass(frozen=True)
class CollectionSchema:
    """The fields, labels and numbers every item of a collection has."""

    name: str
    fields: tuple[FieldSchema, ...]
    labels: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


SCHEMAS: Mapping[IndexKind, CollectionSchema] = {
    IndexKind.SCRIPT: CollectionSchema(
        "scripts",
        (FieldSchema("trigger", "query", exact=True), FieldSchema("reply", "passage")),
        labels=("rule", "kind"),
        numbers=("valid_from", "valid_to"),
    ),
    IndexKind.PRODUCT: CollectionSchema(
        "products", (FieldSchema("text", "passage"),), labels=("rule",), numbers=("stock", "price_fen")
    ),
    IndexKind.PASSAGE: CollectionSchema("passages", (FieldSchema("text", "passage"),)),
}
