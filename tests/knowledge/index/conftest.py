"""A small shop with a real database, and an encoder that counts characters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.index.build import BuildReport, build_index
from knowledge.index.library_index import LibraryIndex
from knowledge.index.verify import VerifyReport, verify_index
from knowledge.library.content import ProductContent, ScriptContent
from knowledge.library.products import change_product, delete_product
from knowledge.library.scripts import publish_script, retire_script, save_draft
from knowledge.tables import DEFAULT_TENANT, Document, IndexChange, IndexKind, Passage, Tenant
from knowledge.workspace import Workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class HashEncoder:
    """Counts characters and pairs of characters into 64 bins; the same text always has the same unit vector."""

    fingerprint: str = "hash-64"
    dim: int = 64
    encoded: list[str] = field(default_factory=list)
    broken_by: str | None = None

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode("q", texts)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encode("p", texts)

    def query(self, text: str) -> NDArray[np.float32]:
        """The vector of one message, not counted as encoded."""
        return _counted(["q", text], self.dim)

    def _encode(self, side: str, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.broken_by is not None and any(self.broken_by in text for text in texts):
            raise RuntimeError(f"cannot encode {self.broken_by}")
        self.encoded += texts
        return np.array([_counted([side, text], self.dim) for text in texts], np.float32).reshape(-1, self.dim)


def _counted(words: Sequence[str], dim: int) -> NDArray[np.float32]:
    vector = np.zeros(dim, np.float32)
    text = words[1]
    for piece in (words[0], *text, *map(str.__add__, text, text[1:])):
        vector[int.from_bytes(blake2b(piece.encode(), digest_size=4).digest(), "little") % dim] += 1
    vector /= np.linalg.norm(vector)
    return vector


@dataclass
class Shop:
    """A tenant's library, changed as editors would change it."""

    workspace: Workspace
    encoder: HashEncoder
    tenant_id: str = DEFAULT_TENANT
    now: datetime = NOON

    def publish(self, script_id: str, text: str, *triggers: str, **content: object) -> int:
        """Publish a new version; gives the sequence number of its change."""
        new = ScriptContent(text, triggers, **content)  # type: ignore[arg-type]
        with self.workspace.database.write() as session:
            save_draft(session, self.tenant_id, script_id, new, actor="editor", now=self.tick())
            publish_script(session, self.tenant_id, script_id, actor="editor", now=self.now)
        return self.head()

    def retire(self, script_id: str) -> int:
        with self.workspace.database.write() as session:
            retire_script(session, self.tenant_id, script_id, actor="editor", now=self.tick())
        return self.head()

    def product(self, sku: str, name: str, **content: object) -> int:
        with self.workspace.database.write() as session:
            new = ProductContent(name, **content)  # type: ignore[arg-type]
            change_product(session, self.tenant_id, sku, new, actor="editor", now=self.tick())
        return self.head()

    def without_product(self, sku: str) -> int:
        with self.workspace.database.write() as session:
            delete_product(session, self.tenant_id, sku, actor="editor", now=self.tick())
        return self.head()

    def passage(self, passage_id: str, text: str, heading: str = "") -> int:
        with self.workspace.database.write() as session:
            document = Document(
                tenant_id=self.tenant_id, id="manual", title="手册", source="manual.md", sha256="", updated_at=self.now
            )
            session.merge(document)
            passage = Passage(
                tenant_id=self.tenant_id, id=passage_id, document_id="manual", position=1, heading=heading, text=text
            )
            session.merge(passage)
            session.add(IndexChange(tenant_id=self.tenant_id, kind=IndexKind.PASSAGE, item_id=passage_id))
        return self.head()

    def customer_changed(self, customer_id: str) -> int:
        with self.workspace.database.write() as session:
            session.add(IndexChange(tenant_id=self.tenant_id, kind=IndexKind.CUSTOMER, item_id=customer_id))
        return self.head()

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> None:
        """Change the database behind everybody's back."""
        from sqlalchemy import text

        with self.workspace.database.write() as session:
            session.execute(text(statement), dict(values or {}))

    def head(self) -> int:
        from knowledge.index.follower import last_seq

        with self.workspace.database.read() as session:
            return last_seq(session, self.tenant_id)

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    @property
    def index_folder(self) -> Path:
        return self.workspace.index_folder

    def index(self) -> LibraryIndex:
        return LibraryIndex.open(self.index_folder, self.workspace.database, self.tenant_id, self.encoder)

    def build(self) -> BuildReport:
        return build_index(
            self.workspace.database, self.index_folder, self.tenant_id, self.encoder, clock=lambda: self.now
        )

    def verify(self) -> VerifyReport:
        rng = np.random.default_rng(1)
        return verify_index(self.workspace.database, self.index_folder, self.tenant_id, self.encoder, rng)

    def other_tenant(self, tenant_id: str) -> "Shop":
        with self.workspace.database.write() as session:
            session.add(Tenant(id=tenant_id, name=tenant_id))
        return Shop(self.workspace, self.encoder, tenant_id, self.now)


@pytest.fixture
def encoder() -> HashEncoder:
    return HashEncoder()


@pytest.fixture(scope="session")
def empty_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with its tables, made once."""
    folder = tmp_path_factory.mktemp("empty") / "workspace"
    Workspace.create(folder).close()
    return folder


@pytest.fixture
def shop(tmp_path: Path, empty_workspace: Path, encoder: HashEncoder) -> Iterator[Shop]:
    copytree(empty_workspace, tmp_path / "workspace")
    workspace = Workspace.open(tmp_path / "workspace")
    yield Shop(workspace, encoder)
    workspace.close()
