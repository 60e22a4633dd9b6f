"""Read an archive into a mining state: only what is new, personal data replaced before anything is written."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from knowledge.archive.outcomes import outcomes_of
from knowledge.archive.positions import Position, archive_files, unread
from knowledge.archive.reading import ArchiveFile, ReadingReport
from knowledge.archive.table import ReplyRow, ReplyTable, Shards, TalkRow, written_files
from knowledge.archive.turns import SESSION_GAP, Reply, replies_of
from knowledge.errors import ImportFileError
from knowledge.imports.cells import ReadingRules
from knowledge.imports.progress import Progress, silent
from knowledge.imports.rows import ConversationRow
from knowledge.tables import MessageRole
from knowledge.text import canonical

STATE_FILE = "state.json"
FORMAT = 3
"""To be raised with every change of what a state holds; another one means reading all anew."""
ROWS_PER_FILE = 100_000
CONVERSATIONS_PER_PROGRESS = 2_000
REMEMBERED_TEXTS = 200_000
MAX_MESSAGE_CHARS = 2_000
"""Of a burst; what stands beyond decides nothing about what the customer wants."""
SHORTEST_NAME = 2

Mask = Callable[[str, str], str]
"""A text with its personal data replaced, the customer's name (empty where it is not known) in any spelling among it.

The same text and name always give the same.
"""
Hide = Callable[[str], str]


@dataclass(frozen=True)
class IngestSettings:
    """How an archive is read; another setting means reading it anew."""

    session_gap_hours: float = SESSION_GAP.total_seconds() / 3600
    satisfied_from: float = 4.0

    def __post_init__(self) -> None:
        if not self.session_gap_hours > 0:
            raise ValueError(f"session_gap_hours is {self.session_gap_hours}; expected a positive number of hours")


@dataclass
class State:
    """What a mining state folder holds.

    Attributes:
        archive: Where it lies; another one is read anew rather than mixed with this.
        positions: How far each file was read, by its name.
        n_shards: Pairs of files of replies and conversations that count; later ones are left from an interrupted run.
    """

    archive: str
    settings: IngestSettings
    masking: str
    positions: dict[str, Position] = field(default_factory=dict)
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
            settings: Others than the state's mean reading all anew; so do other masking and another archive.
            mask: Replaces personal data.
            masking: What tells this way of masking from others.
            names: The customers' names by id, where they are on file; they become slots wherever they stand.
        """
        self._names = names or {}
        self._folder = folder
        self._settings = settings
        self._mask = mask
        self._masked = lru_cache(REMEMBERED_TEXTS)(lambda text: mask(text, ""))
        self._canonical = lru_cache(REMEMBERED_TEXTS)(canonical)
        self._masking = masking

    def run(self, archive: Path, rules: ReadingRules, progress: Progress = silent) -> Ingested:
        """Everything in the archive; what an earlier run has read is taken from the state.

        An interrupted run goes on after the last file of replies it wrote.

        Raises:
            ImportFileError: a file cannot be read, or was rewritten since it was.
        """
        files = archive_files(archive)
        state = self._state(str(archive.resolve()))
        shards = Shards(self._folder, state.n_shards)
        run = _Run(rules, ReadingReport(n_gone=len(state.positions.keys() - dict(files))), progress, state, shards)
        run.known.update(shards.conversation_ids())
        for name, path in unread(files, state.positions):
            run.report.n_files += 1
            self._read(name, path, run)
        self._keep(run)
        return Ingested(shards.table(), run.report)

    def _read(self, name: str, path: Path, run: "_Run") -> None:
        """Read a file on; the state is kept with every file of replies, so that a crash costs no more than one."""
        before = run.state.positions.get(name)
        file = ArchiveFile(path, before.n_bytes, before.n_lines) if before is not None else ArchiveFile(path)
        for conversation in file.conversations(run.rules, run.report):
            self._add(conversation, run)
            if run.shards.n_waiting < ROWS_PER_FILE:
                continue
            if file.may_go_on:
                run.reached(name, file)
                self._keep(run)
            else:
                run.shards.flush()
        run.reached(name, file)

    def _keep(self, run: "_Run") -> None:
        run.shards.flush()
        run.state.n_shards = run.shards.n
        _save(self._folder, run.state)

    def _hiding(self, conversation: ConversationRow) -> Hide:
        """How personal data is taken out of one conversation's texts; most of them, without the name, are known."""
        name = self._names.get(conversation.customer_id or "", "").strip()
        told_by = canonical(name.split()[0]) if name else ""
        if len(told_by) < SHORTEST_NAME:
            told_by = canonical(name)
        if len(told_by) < SHORTEST_NAME:
            return self._masked
        return lambda text: self._mask(text, name) if told_by in self._canonical(text) else self._masked(text)

    def _add(self, conversation: ConversationRow, run: "_Run") -> None:
        hide = self._hiding(conversation)
        replies = [
            _kept(conversation.conversation_id, reply, hide)
            for reply in replies_of(conversation, timedelta(hours=self._settings.session_gap_hours))
        ]
        talk = self._talk(conversation)
        run.count(conversation, talk, len(replies))
        run.shards.add(talk, replies)

    def _talk(self, conversation: ConversationRow) -> TalkRow:
        times = [message.at.timestamp() for message in conversation.messages if message.at is not None]
        return TalkRow(
            conversation_id=conversation.conversation_id,
            customer_id=conversation.customer_id or "",
            agent_id=conversation.agent_id or "",
            channel=conversation.channel,
            scene=conversation.scene.value if conversation.scene else "",
            stage=conversation.stage.value if conversation.stage else "",
            started_at=min(times) if times else math.nan,
            outcomes=outcomes_of(conversation, self._settings.satisfied_from),
        )

    def _state(self, archive: str) -> State:
        """What is there; another archive or way of reading starts anew."""
        stored = _load(self._folder)
        wanted = (archive, self._settings, self._masking)
        if stored is not None and (stored.archive, stored.settings, stored.masking) == wanted:
            return stored
        if (self._folder / STATE_FILE).exists():
            _forget(self._folder)
        return State(archive, self._settings, self._masking)


@dataclass
class _Run:
    """One pass over the new part of an archive."""

    rules: ReadingRules
    report: ReadingReport
    progress: Progress
    state: State
    shards: Shards
    known: set[str] = field(default_factory=set)

    def reached(self, name: str, file: ArchiveFile) -> None:
        """Take in how far a file has been read."""
        here = Position.at(file.path, name, n_bytes=file.n_bytes, n_lines=file.n_lines)
        self.state.positions[name] = here

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


def _kept(conversation_id: str, reply: Reply, hide: Hide) -> ReplyRow:
    """A reply without personal data; the message is cut only then, since half a number is not recognised."""
    texts = {"message": hide(reply.message)[:MAX_MESSAGE_CHARS], "reply": hide(reply.reply)}
    return ReplyRow(conversation_id=conversation_id, **{**vars(reply), **texts})


def _load(folder: Path) -> State | None:
    path = folder / STATE_FILE
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != FORMAT:
            return None
        return State(
            archive=stored["archive"],
            settings=IngestSettings(**stored["settings"]),
            masking=stored["masking"],
            positions={name: Position(**position) for name, position in stored["positions"].items()},
            n_shards=stored["n_shards"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ImportFileError(f"{path}: not a mining state ({error}); delete its folder to read all anew") from error


def _forget(folder: Path) -> None:
    """Delete a state, which may hold what other settings would have replaced by slots."""
    (folder / STATE_FILE).unlink()
    for path in written_files(folder):
        path.unlink()


def _save(folder: Path, state: State) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{STATE_FILE}.partial"
    partial.write_text(json.dumps({"format": FORMAT, **asdict(state)}, indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / STATE_FILE)
