"""Texts made searchable the way the library is: the same words, the same vectors, the same views."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from copilot.engine.replies import REPLY
from copilot.engine.retrieval import Query
from copilot.engine.turn import told
from eval.datasets.said import Said
from knowledge.index.encoding import TextEncoder
from knowledge.index.items import IndexItem
from knowledge.index.schema import SCHEMAS, FieldSchema
from knowledge.index.segment import build_segment
from knowledge.index.strings import StringColumn
from knowledge.index.view import CollectionView
from knowledge.tables import IndexKind
from knowledge.text import for_encoder

ENCODE_BATCH = 64
N_CONTEXT = 2
FIELD = REPLY

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Corpus:
    """Texts to be found, as replies of a library without triggers; text i has the ordinal i."""

    view: CollectionView

    @classmethod
    def of(cls, texts: Sequence[str], encoder: TextEncoder, progress: Progress) -> "Corpus":
        """Index texts; blank ones are there and are never found."""
        vectors: list[NDArray[np.float32]] = []
        for start in range(0, len(texts), ENCODE_BATCH):
            vectors.append(
                encoder.encode_passages([for_encoder(text) or " " for text in texts[start : start + ENCODE_BATCH]])
            )
            progress(min(start + ENCODE_BATCH, len(texts)), len(texts), "encoding texts")
        encoded = np.concatenate(vectors)
        worded = [number for number, text in enumerate(texts) if text.strip()]
        schema = SCHEMAS[IndexKind.SCRIPT]

        def vectors_of(field: FieldSchema, _: StringColumn) -> NDArray[np.float32]:
            return encoded[worded] if field.name == FIELD else np.empty((0, encoder.dim), np.float32)

        return cls(CollectionView(schema, [build_segment(schema, map(_item, range(len(texts)), texts), vectors_of)]))

    def only(self, items: Sequence[int]) -> NDArray[np.bool_]:
        """An allow-list of some texts."""
        allowed = np.zeros(self.view.n_items, np.bool_)
        allowed[list(items)] = True
        return allowed


@dataclass(frozen=True)
class Asked:
    """A message with what was said before it, and the vectors of both views.

    `told` is the message with the wanted number of turns in front, the one text that the baselines search with.
    """

    message: str
    told: str
    context: tuple[Said, ...]
    encoded: Future[NDArray[np.float32]]
    encoded_told: Future[NDArray[np.float32]]

    @cached_property
    def query(self) -> Query:
        """The query as the engine would make it."""
        before = [said.text for said in self.context[-N_CONTEXT:] if said.role == "customer"]
        return replace(Query.of(self.message, self.encoded, before), encoded_told=self.encoded_told)

    @cached_property
    def flat(self) -> Query:
        """The query of a system that knows of one text only."""
        return Query.of(self.told, self.encoded_told)

    @classmethod
    def of(cls, message: str, context: tuple[Said, ...], encoder: TextEncoder, n_turns: int = 0) -> "Asked":
        """A message ready for every system; `n_turns` of what was said before are put in front of it."""
        before = [said.text for said in context[len(context) - n_turns :]] if n_turns else []
        spoken = told(before, message)
        encoded = _done(encoder, message)
        return cls(message, spoken, context, encoded, _done(encoder, spoken) if before else encoded)


def _done(encoder: TextEncoder, text: str) -> Future[NDArray[np.float32]]:
    """A vector that is there already."""
    encoded: Future[NDArray[np.float32]] = Future()
    encoded.set_result(encoder.encode_queries([for_encoder(text)])[0])
    return encoded


def _item(number: int, text: str) -> IndexItem:
    return IndexItem(
        item_id=str(number),
        version=1,
        texts={"trigger": (), FIELD: (text,) if text.strip() else ()},
        labels={"rule": "", "kind": "script"},
        numbers={"valid_from": -np.inf, "valid_to": np.inf},
    )
