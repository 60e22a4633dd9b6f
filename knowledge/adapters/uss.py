"""USS: dialogues of the JDDC shop whose satisfaction was judged exchange by exchange (Sun et al. 2021).

Dialogues become conversations. Satisfaction is read from what the customer writes: the mark of an exchange is that of
its message, and so speaks of the replies *before* it. A conversation's outcome is the last mark; `marks` has, for each
reply, the mark of the customer's next message. Marks 0, 1 and 2 become 1, 3 and 5, as one gives stars.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from knowledge.adapters.jddc import clean
from knowledge.adapters.source import json_lines
from knowledge.errors import ImportFileError

STARS = {0: 1, 1: 3, 2: 5}


class Exchange(BaseModel):
    """What the customer wrote, what the agent answered, and how satisfied the customer sounded."""

    user: str
    agent: str
    sat: int | None = None


class Dialogue(BaseModel):
    """A dialogue with its exchanges in order."""

    id: str
    turns: list[Exchange]


@dataclass(frozen=True)
class Message:
    """A message that is not empty; `stars` where the customer's satisfaction is known."""

    role: str
    text: str
    stars: int | None = None


def tables(folder: Path) -> Mapping[str, Iterable[Mapping[str, object]]]:
    """The conversations of `uss_valid.jsonl`, and the mark that followed each reply."""
    path = folder / "uss_valid.jsonl"
    return {"conversations": conversations(path), "marks": marks(path)}


def conversations(path: Path) -> Iterator[dict[str, object]]:
    """Every dialogue as a conversation; the data has no times or agents."""
    for name, messages in _dialogues(path):
        known = [message.stars for message in messages if message.stars is not None]
        yield {
            "conversation_id": name,
            "channel": "web",
            "messages": [{"role": message.role, "text": message.text} for message in messages],
            **({"outcome": {"satisfaction": known[-1]}} if known else {}),
        }


def marks(path: Path) -> Iterator[dict[str, object]]:
    """One row for each reply that a judged message of the customer follows; positions count messages from 1."""
    for name, messages in _dialogues(path):
        following: int | None = None
        found: list[dict[str, object]] = []
        for position in range(len(messages), 0, -1):
            message = messages[position - 1]
            if message.role == "customer":
                following = message.stars
            elif following is not None:
                found.append({"conversation_id": name, "position": position, "satisfaction": following})
        yield from reversed(found)


def _dialogues(path: Path) -> Iterator[tuple[str, list[Message]]]:
    for number, row in enumerate(json_lines(path), start=1):
        try:
            dialogue = Dialogue.model_validate(row)
        except ValidationError as error:
            raise ImportFileError(f"{path}, line {number}: expected a dialogue with id and turns ({error})") from error
        messages = list(_messages(dialogue, f"{path}, line {number}"))
        if messages:
            yield dialogue.id, messages


def _messages(dialogue: Dialogue, where: str) -> Iterator[Message]:
    for exchange in dialogue.turns:
        if exchange.sat is not None and exchange.sat not in STARS:
            raise ImportFileError(f"{where}: satisfaction {exchange.sat}; expected 0, 1, 2 or null")
        if said := clean(exchange.user):
            yield Message("customer", said, None if exchange.sat is None else STARS[exchange.sat])
        if answered := clean(exchange.agent):
            yield Message("agent", answered)
