"""What crossed from the evaluated side to the side that was learned from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from eval.leaks.copies import CopyFinder, plain
from eval.leaks.leak import Leak, LeakKind
from eval.runs.run import Run

MIN_EXCHANGE = 12
"""Characters of message and answer together; shorter exchanges happen twice by chance."""


@dataclass(frozen=True)
class Exchange:
    """A message and its answer on the training side; the conversation is empty where nobody knows it."""

    conversation_id: str
    message: str
    reply: str


@dataclass(frozen=True)
class LibraryText:
    """A text of the library that could have been copied from a conversation, and when it was published."""

    script_id: str
    text: str
    published_at: datetime


def shared_sessions(run: Run, training: Iterable[Exchange]) -> Iterator[Leak]:
    """Turns whose conversation, or whose very exchange, is on the training side as well."""
    sessions: set[str] = set()
    exchanges: set[tuple[str, str]] = set()
    for one in training:
        if one.conversation_id:
            sessions.add(one.conversation_id)
        exchanges.add((plain(one.message), plain(one.reply)))
    columns = (run.table[name].to_pylist() for name in ("query_id", "conversation_id", "message", "sent"))
    for query_id, conversation_id, message, sent in zip(*columns, strict=True):
        said = plain(message), plain(sent or "")
        if conversation_id in sessions:
            detail = f"the conversation {conversation_id!r} is on the training side too"
            yield Leak(LeakKind.SHARED_SESSION, query_id, detail)
        elif said in exchanges and len(said[0]) + len(said[1]) >= MIN_EXCHANGE:
            yield Leak(LeakKind.SHARED_SESSION, query_id, "the same message and answer are on the training side too")


def copied_scripts(run: Run, library: Sequence[LibraryText]) -> Iterator[Leak]:
    """Texts of the library published after a turn and so like what was said in it that they were copied from there.

    What the agent sent is no copy of the script that the log says was sent.
    """
    finder = CopyFinder([one.text for one in library])
    columns = (run.table[name].to_pylist() for name in ("query_id", "at", "message", "sent", "relevant"))
    for query_id, at, message, sent, relevant in zip(*columns, strict=True):
        if at is None:
            continue
        for text, what in ((message, "message"), (sent or "", "answer")):
            for number, overlap in finder.copies_of(text):
                one = library[number]
                if one.published_at > at and not (what == "answer" and one.script_id in (relevant or ())):
                    detail = (
                        f"script {one.script_id!r} of {one.published_at:%F %T} is {overlap:.0%} like the {what} "
                        f"of {at:%F %T}"
                    )
                    yield Leak(LeakKind.COPIED_SCRIPT, query_id, detail)
