"""Archives written line by line, and short ways to read them."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge.archive.ingesting import Ingested, Ingestion, IngestSettings
from knowledge.archive.table import ReplyTable
from knowledge.imports.cells import CHINA_TIME, ReadingRules

RULES = ReadingRules(CHINA_TIME, datetime(2026, 11, 1, tzinfo=UTC))
Talk = dict[str, Any]


def talk_of(talk_id: str, *said: str, **fields: Any) -> Talk:
    """A conversation of messages written "c: text" or "a: text", a minute apart from ten o'clock."""
    messages = []
    for minute, text in enumerate(said):
        role, _, words = text.partition(": ")
        at = f"2026-03-01T10:{minute:02d}:00+08:00"
        messages.append({"role": "customer" if role == "c" else "agent", "text": words, "at": at})
    return {"conversation_id": talk_id, "customer_id": "c1", "agent_id": "a1", "messages": messages, **fields}


def rows_of(table: ReplyTable) -> list[tuple[Any, ...]]:
    """Every row with its texts spelled out, so that numberings do not matter."""
    return [
        (
            table.talks[table.talk[row]].conversation_id,
            int(table.session[row]),
            int(table.position[row]),
            int(table.turn[row]),
            table.agent.texts[table.agent.of_row[row]],
            table.message.texts[table.message.of_row[row]],
            table.reply.texts[table.reply.of_row[row]],
        )
        for row in range(len(table))
    ]


@pytest.fixture
def talk() -> Callable[..., Talk]:
    return talk_of


@pytest.fixture
def spelled() -> Callable[[ReplyTable], list[tuple[Any, ...]]]:
    return rows_of


@pytest.fixture
def write() -> Callable[..., Path]:
    """Write or append conversations to a file, one a line."""

    def write_talks(path: Path, talks: Sequence[Talk], *, mode: str = "w", encoding: str = "utf-8") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding=encoding) as file:
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in talks)
        return path

    return write_talks


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Ingested]:
    """Read an archive with the state of this test."""

    def read_archive(
        archive: Path,
        *,
        state: Path | None = None,
        masking: str = "none",
        names: dict[str, str] | None = None,
        **given: Any,
    ) -> Ingested:
        hide = given.pop("mask", lambda text, name: text.replace(name, "{{customer.name}}") if name else text)
        settings = IngestSettings(**given)
        reader = Ingestion(state or tmp_path / "state", settings, mask=hide, masking=masking, names=names)
        return reader.run(archive, RULES)

    return read_archive
