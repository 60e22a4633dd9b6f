"""STC-3: helpdesk dialogues from a Chinese microblog and their English translations, each rated by 19 people.

Dialogues become conversations. Customer satisfaction, rated from -2 to 2, becomes a mark from 1 to 5 (three more); task
achievement and efficiency are left out, since both are ratings of the same people that follow satisfaction closely.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError

from knowledge.adapters.source import json_lines
from knowledge.errors import ImportFileError

MIDDLE_MARK = 3.0


class Post(BaseModel):
    """One post."""

    role: Literal["customer", "agent"]
    text: str


class Quality(BaseModel):
    """The mean ratings of a dialogue."""

    satisfaction: Annotated[float, Field(alias="S", ge=-2, le=2)]


class Dialogue(BaseModel):
    """A dialogue with its ratings."""

    id: str
    turns: list[Post]
    quality_mean: Quality


def chinese(folder: Path) -> Mapping[str, Iterable[Mapping[str, object]]]:
    """The conversations of `cn_train.jsonl`."""
    return {"conversations": conversations(folder / "cn_train.jsonl", "zh")}


def english(folder: Path) -> Mapping[str, Iterable[Mapping[str, object]]]:
    """The conversations of `en_train.jsonl`; their ids begin otherwise than those they were translated from."""
    return {"conversations": conversations(folder / "en_train.jsonl", "en")}


def conversations(path: Path, language: str) -> Iterator[dict[str, object]]:
    """Every dialogue as a conversation; the data has no times or agents."""
    for number, row in enumerate(json_lines(path), start=1):
        try:
            dialogue = Dialogue.model_validate(row)
        except ValidationError as error:
            expected = "expected a dialogue with id, turns and quality_mean"
            raise ImportFileError(f"{path}, line {number}: {expected} ({error})") from error
        messages = [{"role": post.role, "text": text} for post in dialogue.turns if (text := post.text.strip())]
        if messages:
            yield {
                "conversation_id": f"stc3-{language}-{dialogue.id}",
                "channel": "weibo",
                "messages": messages,
                "outcome": {"satisfaction": round(MIDDLE_MARK + dialogue.quality_mean.satisfaction, 3)},
            }
