"""A library that stands still: written into a folder once, then searched by many processes alike."""

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path

from sqlmodel import Session

from knowledge.database import Database
from knowledge.errors import IndexMissingError
from knowledge.index.encoding import CachedEncoder
from knowledge.index.files import replace_file
from knowledge.index.items import IndexItem, read_items, read_published
from knowledge.index.library_state import LibraryView, Thing
from knowledge.index.schema import SCHEMAS
from knowledge.index.segment import Segment, SegmentDraft
from knowledge.index.view import CollectionView
from knowledge.tables import IndexKind

_FACTS_FILE = "library.json"
_DIGEST_BYTES = 12

ReadScripts = Callable[[Session, str], Iterable[IndexItem]]


class FrozenLibrary:
    """The library of one tenant as it was when it was frozen; `version` is a hash of its contents."""

    def __init__(self, view: LibraryView, dim: int) -> None:
        self.view = view
        self.dim = dim

    @property
    def version(self) -> str:
        return self.view.version

    @classmethod
    def open(cls, folder: Path) -> "FrozenLibrary":
        """A library frozen before, memory-mapped.

        Raises:
            IndexMissingError: none was, or not to the end.
        """
        try:
            facts = json.loads((folder / _FACTS_FILE).read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise IndexMissingError(f"{folder} holds no frozen library: {error}") from error
        views = {
            kind: CollectionView(schema, [Segment.load(folder / schema.name, schema)])
            for kind, schema in SCHEMAS.items()
        }
        scripts, products, passages = (views[kind] for kind in (IndexKind.SCRIPT, IndexKind.PRODUCT, IndexKind.PASSAGE))
        return cls(LibraryView(scripts, products, passages, facts["version"]), facts["dim"])

    def refresh(self) -> None:
        """Nothing changes here."""

    def on_changes(self, tell: Callable[[Sequence[Thing]], None]) -> None:
        """Nothing changes here, so nobody is told."""


def freeze_now(database: Database, tenant_id: str, encoder: CachedEncoder, folder: Path) -> FrozenLibrary:
    """The library as it is now."""
    return _freeze(database, tenant_id, encoder, folder, partial(read_items, kind=IndexKind.SCRIPT))


def freeze_history(database: Database, tenant_id: str, encoder: CachedEncoder, folder: Path) -> FrozenLibrary:
    """The library with every script version that was ever live, each valid only while it was.

    Searched at a past moment it holds the versions of that moment. Products and passages keep no history and are those
    of now; so are the weights of words, which come from all versions together.
    """
    return _freeze(database, tenant_id, encoder, folder, read_published)


def _freeze(
    database: Database, tenant_id: str, encoder: CachedEncoder, folder: Path, read_scripts: ReadScripts
) -> FrozenLibrary:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    digest = blake2b(encoder.fingerprint.encode(), digest_size=_DIGEST_BYTES)
    with database.read() as session:
        for kind, schema in SCHEMAS.items():
            draft = SegmentDraft(schema)
            items = (
                read_scripts(session, tenant_id) if kind is IndexKind.SCRIPT else read_items(session, tenant_id, kind)
            )
            for item in items:
                draft.add(item)
                digest.update(_identity(item))
            segment = draft.finished(lambda field, texts: encoder.encode(field.side, texts.slice(0, len(texts))))
            segment.save(folder / schema.name)
    facts = {"version": digest.hexdigest(), "dim": encoder.dim}
    replace_file(folder / _FACTS_FILE, json.dumps(facts))
    return FrozenLibrary.open(folder)


def _identity(item: IndexItem) -> bytes:
    """Bytes that change with anything of an item."""
    facts = [
        item.item_id,
        item.version,
        item.texts_hash.hex(),
        sorted(item.labels.items()),
        sorted(item.numbers.items()),
    ]
    return json.dumps(facts, ensure_ascii=False).encode()
