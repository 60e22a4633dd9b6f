"""Documents, messages and their vectors, the same for every library; made once and kept in a folder."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from copilot.benchmark.messages import N_WORDINGS
from copilot.benchmark.rivals.task import K
from copilot.benchmark.texts import N_TRIGGERS, topics
from eval.datasets.lines import read_lines
from eval.errors import DataError
from knowledge.index.cache import VectorCache
from knowledge.index.encoding import CachedEncoder, TextEncoder
from knowledge.index.schema import Side

Progress = Callable[[int, int, str], None]

DOCUMENTS_FILE = "documents.json"
MESSAGES_FILE = "messages.json"
VECTORS_FILE = "vectors.npy"
MESSAGE_VECTORS_FILE = "message_vectors.npy"
ENCODED_AT_ONCE = 256


@dataclass(frozen=True)
class Message:
    """What is asked, and the documents that it is about, where that is known."""

    text: str
    about: tuple[int, ...] = ()


@dataclass(frozen=True)
class Material:
    """What lies in a folder; vectors are memory-mapped, shape (n, dim), of unit length."""

    folder: Path

    @cached_property
    def documents(self) -> list[str]:
        texts: list[str] = json.loads((self.folder / DOCUMENTS_FILE).read_text(encoding="utf-8"))
        return texts

    @cached_property
    def messages(self) -> list[Message]:
        rows = json.loads((self.folder / MESSAGES_FILE).read_text(encoding="utf-8"))
        return [Message(row["text"], tuple(row["about"])) for row in rows]

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        return _mapped(self.folder / VECTORS_FILE)

    @cached_property
    def message_vectors(self) -> NDArray[np.float32]:
        return _mapped(self.folder / MESSAGE_VECTORS_FILE)


@dataclass(frozen=True)
class Texts:
    """Distinct documents, and messages that are none of them."""

    documents: Sequence[str]
    messages: Sequence[Message]


def shop_talk(n_documents: int, n_messages: int, rng: np.random.Generator) -> Texts:
    """Triggers of a synthetic shop, and messages of customers who put some of them in other words."""
    asked_about = topics(-(-n_documents // N_TRIGGERS), rng)
    triggers = [trigger for topic in asked_about for trigger in topic.triggers]
    order = rng.permutation(n_documents // N_TRIGGERS).tolist()
    first_wording = int(rng.integers(N_WORDINGS))
    messages = []
    for place in range(n_messages):
        number = order[place % len(order)]
        text = asked_about[number].message(first_wording + place + place // len(order))
        messages.append(Message(text, tuple(range(N_TRIGGERS * number, N_TRIGGERS * (number + 1)))))
    return Texts(triggers[:n_documents], messages)


def read_texts(path: Path, n_documents: int | None, n_messages: int, rng: np.random.Generator) -> Texts:
    """Distinct lines of a text file: some, drawn at random, are the messages, and `n_documents` others the documents.

    Raises:
        DataError: the file cannot be read, or has too few distinct lines.
    """
    lines = list(dict.fromkeys(text.strip() for _, text in read_lines(path) if text.strip()))
    wanted = n_messages + (n_documents or K)
    if len(lines) < wanted:
        expected = f"at least {wanted:,}: {n_messages:,} messages and {n_documents or K:,} documents"
        raise DataError(path, None, f"{len(lines):,} distinct lines", expected)
    order = rng.permutation(len(lines))
    last = len(lines) if n_documents is None else wanted
    documents = [lines[place] for place in np.sort(order[n_messages:last]).tolist()]
    return Texts(documents, [Message(lines[place]) for place in order[:n_messages].tolist()])


def write_material(folder: Path, texts: Texts, encoder: TextEncoder, cache_folder: Path, progress: Progress) -> None:
    """Encode what the cache does not have, and write everything into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cache = VectorCache.open(cache_folder, encoder.fingerprint, encoder.dim)
    cached = CachedEncoder(encoder, cache)
    np.save(folder / VECTORS_FILE, _encode(cached, "passage", texts.documents, progress))
    asked = [message.text for message in texts.messages]
    np.save(folder / MESSAGE_VECTORS_FILE, _encode(cached, "query", asked, progress))
    _write_json(folder / DOCUMENTS_FILE, list(texts.documents))
    _write_json(folder / MESSAGES_FILE, [asdict(message) for message in texts.messages])


def _encode(encoder: CachedEncoder, side: Side, texts: Sequence[str], progress: Progress) -> NDArray[np.float32]:
    vectors = np.empty((len(texts), encoder.dim), np.float32)
    for start in range(0, len(texts), ENCODED_AT_ONCE):
        progress(start, len(texts), f"encoding {len(texts):,} texts")
        stop = min(start + ENCODED_AT_ONCE, len(texts))
        vectors[start:stop] = encoder.encode(side, texts[start:stop])
    return vectors


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def _mapped(path: Path) -> NDArray[np.float32]:
    vectors: NDArray[np.float32] = np.asarray(np.load(path, mmap_mode="r"))
    return vectors
