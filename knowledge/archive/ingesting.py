"""Read an archive into a mining state: only what is new, personal data replaced before anything is written."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from knowledge.archive.outcomes import outcomes_of
from knowledge.archive.positions import Position, archive_files, unread
from knowledge.archive.reading import ArchiveFile, ReadingReport
from knowledge.archive.table import ReplyRow, ReplyTable, Shards, TalkRow
from knowledge.archive.turns import SESSION_GAP, replies_of
from knowledge.errors import ImportFileError
from knowledge.imports.cells import ReadingRules
from knowledge.imports.progress import Progress, silent
from knowledge.imports.rows import ConversationRow
from knowledge.tables import MessageRole

STATE_FILE = "state.json"
FORMAT = 1
REPLIES_PER_FILE = 100_000
CONVERSATIONS_PER_PROGRESS = 2_000
REMEMBERED_TEXTS = 200_000
SHORTEST_NAME = 2
NAME_SLOT = "{{customer.name}}"

Mask = Callable[[str], str]
"""A text with its personal data replaced; the same text always gives the same."""


@dataclass(frozen=True)
class IngestSettings:
    """How an archive is read; another setting means reading it anew."""

    session_gap_hours: float = SESSION_GAP.total_seconds() / 3600
    satisfied_from: float = 4.0

    def __post_init__(self) -> None:
        if not self.session_gap_hours > 0:
            raise ValueError(f"session_gap_hours is {self.session_gap_hours}; expected a positive number of hours")


@dataclass(frozen=True)
class State:
    """What a mining state folder holds."""

    settings: IngestSettings
    masking: str
    positions: tuple[Position, ...] = ()
    n_shards: int = 0


@dataclass(frozen=True)
class Ingested:
    """All replies read so far, and what this run added."""

    table: ReplyTable
    report: ReadingReport


class Ingestion:
    """Reading of one archive into one state folder."""

    def __init__(
        self,
        folder: Path,
        settings: IngestSettings,
        *,
        mask: Mask,
        masking: str,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is read yet.

        Args:
            folder: The state; made when missing.
            settings: Another setting than the state's means reading all anew, and so does other masking.
            mask: Replaces personal data.
            masking: What tells this way of masking from others.
            names: The customers' names by id, where they are on file; they become slots wherever they stand.
        """
        self._names = names or {}
        self._folder = folder
        self._settings = settings
        self._mask = lru_cache(REMEMBERED_TEXTS)(mask)
        self._masking = masking

    def run(self, archive: Path, rules: ReadingRules, progress: Progress = silent) -> Ingested:
        """Everything in the archive; what an earlier run has read is taken from the state.

        An interrupted run goes on after the last file of replies it wrote.

        Raises:
            ImportFileError: a file cannot be read, or was rewritten since it was.
        """
        files = archive_files(archive)
        state = self._state()
        report = ReadingReport()
        known = Shards(self._folder, state.n_shards).conversation_ids()
        for name, path, begin in unread(files, state.positions):
            report.n_files += 1
            state = self._read(ArchiveFile(path, begin), name, state, _Run(rules, report, known, progress))
        return Ingested(Shards(self._folder, state.n_shards).table(), report)

    def _read(self, file: ArchiveFile, name: str, state: State, run: "_Run") -> State:
        """The state after a file; it is written with every file of replies, so that a crash costs no more than one."""
        shards = Shards(self._folder, state.n_shards)
        for conversation in file.conversations(run.rules, run.report):
            self._add(conversation, shards, run)
            if shards.n_waiting < REPLIES_PER_FILE:
                continue
            if file.may_go_on:
                state = self._written(shards, file, name, state)
            else:
                shards.flush()
        return self._written(shards, file, name, state)

    def _written(self, shards: Shards, file: ArchiveFile, name: str, state: State) -> State:
        shards.flush()
        others = [position for position in state.positions if position.path != name]
        here = Position.at(file.path, name, file.n_bytes)
        state = replace(state, positions=(*others, here), n_shards=shards.n)
        _save(self._folder, state)
        return state

    def _hiding(self, conversation: ConversationRow) -> Mask:
        """How personal data is taken out of one conversation's texts."""
        name = self._names.get(conversation.customer_id or "", "")
        if len(name) < SHORTEST_NAME:
            return self._mask
        return lambda text: self._mask(text.replace(name, NAME_SLOT))

    def _add(self, conversation: ConversationRow, shards: Shards, run: "_Run") -> None:
        hide = self._hiding(conversation)
        replies = [
            ReplyRow(
                conversation_id=conversation.conversation_id,
                **{**vars(reply), "message": hide(reply.message), "reply": hide(reply.reply)},
            )
            for reply in replies_of(conversation, timedelta(hours=self._settings.session_gap_hours))
        ]
        talk = self._talk(conversation, replies)
        run.count(conversation, talk, len(replies))
        shards.add(talk, replies)

    def _talk(self, conversation: ConversationRow, replies: Sequence[ReplyRow]) -> TalkRow:
        times = [message.at.timestamp() for message in conversation.messages if message.at is not None]
        return TalkRow(
            conversation_id=conversation.conversation_id,
            customer_id=conversation.customer_id or "",
            agent_id=conversation.agent_id or "",
            channel=conversation.channel,
            scene=conversation.scene.value if conversation.scene else "",
            stage=conversation.stage.value if conversation.stage else "",
            started_at=min(times) if times else math.nan,
            n_sessions=max((reply.session for reply in replies), default=-1) + 1,
            outcomes=outcomes_of(conversation, self._settings.satisfied_from),
        )

    def _state(self) -> State:
        """What is there; another way of reading starts anew."""
        stored = _load(self._folder)
        if stored is not None and (stored.settings, stored.masking) == (self._settings, self._masking):
            return stored
        for path in [*self._folder.glob("*.parquet"), self._folder / STATE_FILE] if stored is not None else []:
            path.unlink(missing_ok=True)
        return State(self._settings, self._masking)


@dataclass
class _Run:
    """One pass over the new part of an archive."""

    rules: ReadingRules
    report: ReadingReport
    known: set[str]
    progress: Progress

    def count(self, conversation: ConversationRow, talk: TalkRow, n_replies: int) -> None:
        """Take a conversation into the report."""
        report, roles = self.report, {message.role for message in conversation.messages}
        report.n_conversations += 1
        report.n_messages += len(conversation.messages)
        report.n_replies += n_replies
        report.n_without_customer += MessageRole.CUSTOMER not in roles
        report.n_without_agent += MessageRole.AGENT not in roles
        report.n_without_outcome += not talk.outcomes
        report.n_without_times += math.isnan(talk.started_at)
        report.n_without_agent_id += not talk.agent_id
        report.n_replaced += talk.conversation_id in self.known
        self.known.add(talk.conversation_id)
        if report.n_conversations % CONVERSATIONS_PER_PROGRESS == 0:
            self.progress(report.n_conversations, None)


def _load(folder: Path) -> State | None:
    path = folder / STATE_FILE
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != FORMAT:
            return None
        return State(
            settings=IngestSettings(**stored["settings"]),
            masking=stored["masking"],
            positions=tuple(Position(**position) for position in stored["positions"]),
            n_shards=stored["n_shards"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ImportFileError(f"{path}: not a mining state ({error}); delete its folder to read all anew") from error


def _save(folder: Path, state: State) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{STATE_FILE}.partial"
    partial.write_text(json.dumps({"format": FORMAT, **asdict(state)}, indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / STATE_FILE)
