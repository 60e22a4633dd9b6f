"""DSTC11 track 5: English travel dialogues, where a frequent question or a sentence of a review answers the traveller.

A turn that needs knowledge becomes a row for `copilot eval rerank`. Its candidates are the answers of all frequent
questions and all review sentences of the hotels and restaurants that its label speaks of; the labelled ones are right.
The questions are left out of these texts: they are worded so much like the messages that every system prefers them,
right or wrong. The frequent questions become scripts too, the question being the trigger. The data has no dialogue ids:
turns that begin with the same message are of one dialogue, named in a row's id before the dash.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from knowledge.adapters.source import json_document, json_lines
from knowledge.errors import ImportFileError

ROLES = {"U": "customer", "S": "agent"}
Place = tuple[str, ...]
"""Where a text stands: domain, entity, `faq` or `review`, its number, and which sentence of a review."""


class Question(BaseModel):
    """A frequent question with its answer."""

    question: str
    answer: str


class Review(BaseModel):
    """A review, its sentences by number."""

    sentences: dict[str, str]


class Entity(BaseModel):
    """A hotel or restaurant and what is known of it, by number."""

    name: str
    faqs: dict[str, Question]
    reviews: dict[str, Review]


class Said(BaseModel):
    """One message of a dialogue: of the user or of the system."""

    speaker: Literal["U", "S"]
    text: str


class Snippet(BaseModel):
    """One text that answers."""

    domain: str
    entity_id: int
    doc_type: str
    doc_id: int
    sent_id: int | None = None

    @property
    def place(self) -> Place:
        sentence = () if self.sent_id is None else (str(self.sent_id),)
        return self.domain, str(self.entity_id), self.doc_type, str(self.doc_id), *sentence


class Label(BaseModel):
    """Whether a turn needs knowledge, and which."""

    target: bool
    knowledge: list[Snippet] = []


class Turn(BaseModel):
    """What was said, the last message being the one to answer."""

    log: list[Said]
    label: Label


Knowledge = dict[str, dict[str, Entity]]


def tables(folder: Path) -> Mapping[str, Iterable[Mapping[str, object]]]:
    """The frequent questions of `knowledge.json`, and the turns of `dev.jsonl` that need knowledge."""
    known = _read_knowledge(folder / "knowledge.json")
    return {"scripts": scripts(known), "rerank": turns(folder / "dev.jsonl", known)}


def scripts(known: Knowledge) -> Iterator[dict[str, object]]:
    """One published script for each frequent question."""
    for domain, entities in known.items():
        for entity_id, entity in entities.items():
            for number, one in entity.faqs.items():
                yield {
                    "id": f"dstc11-{domain}-{entity_id}-{number}",
                    "text": one.answer,
                    "kind": "faq",
                    "title": entity.name,
                    "triggers": [one.question],
                    "status": "published",
                }


def turns(path: Path, known: Knowledge) -> Iterator[dict[str, object]]:
    """One row for each turn that needs knowledge, candidates in the order of the knowledge.

    Raises:
        ImportFileError: a line is not a turn, or a label names what is not in the knowledge.
    """
    for number, row in enumerate(json_lines(path), start=1):
        try:
            turn = Turn.model_validate(row)
        except ValidationError as error:
            raise ImportFileError(f"{path}, line {number}: expected a turn with log and label ({error})") from error
        if turn.label.target and turn.log:
            yield _row(turn, number, f"{path}, line {number}", known)


def _row(turn: Turn, number: int, where: str, known: Knowledge) -> dict[str, object]:
    right = {snippet.place for snippet in turn.label.knowledge}
    about = dict.fromkeys((snippet.domain, str(snippet.entity_id)) for snippet in turn.label.knowledge)
    texts: dict[Place, str] = {}
    for domain, entity_id in about:
        if entity_id not in known.get(domain, {}):
            raise ImportFileError(f"{where}: {domain} {entity_id} is not in the knowledge")
        texts |= _texts(domain, entity_id, known[domain][entity_id])
    for place in right - texts.keys():
        raise ImportFileError(f"{where}: {' '.join(place)} is not in the knowledge")
    dialogue = blake2b(turn.log[0].text.encode(), digest_size=6).hexdigest()
    return {
        "id": f"{dialogue}-{number}",
        "context": [{"role": ROLES[said.speaker], "text": said.text} for said in turn.log[:-1]],
        "message": turn.log[-1].text,
        "candidates": [{"text": text, "label": int(place in right)} for place, text in texts.items()],
    }


def _texts(domain: str, entity_id: str, entity: Entity) -> dict[Place, str]:
    """Every text about an entity, by where it stands."""
    texts: dict[Place, str] = {(domain, entity_id, "faq", number): one.answer for number, one in entity.faqs.items()}
    for number, review in entity.reviews.items():
        for sentence, text in review.sentences.items():
            texts[domain, entity_id, "review", number, sentence] = text
    return texts


def _read_knowledge(path: Path) -> Knowledge:
    try:
        return TypeAdapter(Knowledge).validate_python(json_document(path))
    except ValidationError as error:
        raise ImportFileError(f"{path}: expected entities with name, faqs and reviews ({error})") from error
