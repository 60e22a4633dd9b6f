"""The question worth asking next, when little is known of the customer and much would do."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, inspect, select
from sqlmodel import Session

from copilot.engine.answer import Ask
from copilot.engine.cards import CardFile
from copilot.engine.nextbest.signals import Language
from copilot.engine.nextbest.sources.popularity import asks_for_anything
from copilot.engine.product_rules import ProductRules, Wording
from copilot.engine.request import Said
from copilot.engine.situation import Situation
from knowledge.tables import Message, MessageRole, Product, Scene
from knowledge.text import canonical, normalise

if TYPE_CHECKING:
    from copilot.engine.nextbest.promoting import ProductPicture

MAX_TAGS, MAX_ORDERS = 3, 2
"""With more than these a profile is not thin."""
MIN_GAIN = 0.3
"""Bits; an answer that narrows the choice by less is not worth a question."""
MAX_VALUES, SHOWN_VALUES = 8, 4
MAX_VALUE_CHARACTERS = 12
MAX_SIZE_CHARACTERS = 2
"""Words as short as sizes, S and XL, have no plural."""
LETTER = "[a-z0-9\u00df-\u024f]"
LATIN = re.compile(rf"(?=.*{LETTER})[\u0000-\u024f\u2000-\u206f]+")
EVERYTHING = re.compile(
    r"全部|全肤|全发质|全龄|全尺码|所有|通用|任何|均可|均适|不限|(all|any|every|universal)\b", re.IGNORECASE
)
"""Begins a value that fits whatever is answered."""
NAMES: Mapping[str, Wording] = {
    "skin_types": Wording("肤质", "skin type"),
    "skin_type": Wording("肤质", "skin type"),
    "hair_types": Wording("发质", "hair type"),
    "hair_type": Wording("发质", "hair type"),
    "sizes": Wording("尺码", "size"),
    "size": Wording("规格", "size"),
    "color": Wording("颜色", "colour"),
    "colour": Wording("颜色", "colour"),
    "material": Wording("材质", "material"),
    "scent": Wording("香味", "scent"),
    "flavor": Wording("口味", "flavour"),
    "flavour": Wording("口味", "flavour"),
}
QUESTION = Wording("请问您需要哪种{name}：{values}？", "Which {name} would you like: {values}?")
JOIN = Wording("、", ", ")

_PRODUCT, _MESSAGE = (inspect(table).local_table.c for table in (Product, Message))
_ATTRIBUTES = select(_PRODUCT.sku, _PRODUCT.attributes).where(
    _PRODUCT.tenant_id == bindparam("tenant_id"), _PRODUCT.sku.in_(bindparam("skus", expanding=True))
)
_SAID_BY_US = select(_MESSAGE.text).where(
    _MESSAGE.tenant_id == bindparam("tenant_id"),
    _MESSAGE.conversation_id == bindparam("conversation_id"),
    _MESSAGE.role == MessageRole.AGENT,
    _MESSAGE.withdrawn_at.is_(None),
)

Values = Mapping[str, frozenset[str]]
"""The values of one product, by attribute."""


@dataclass(frozen=True)
class Split:
    """How an attribute divides products: how many have each value, and how many fit whatever is answered."""

    counts: Mapping[str, int]
    n_anyway: int
    n_products: int

    @classmethod
    def of(cls, attribute: str, products: Sequence[Values]) -> "Split":
        """The split of these products."""
        values = [product.get(attribute, frozenset()) for product in products]
        particular = [frozenset(one for one in found if not fits_everything(one)) for found in values]
        n_anyway = sum(found != some or not some for found, some in zip(values, particular, strict=True))
        counts = Counter(one for found, some in zip(values, particular, strict=True) if found == some for one in some)
        return cls(counts, n_anyway, len(values))

    @property
    def gain(self) -> float:
        """Bits by which an answer narrows the choice: log2 of what there is less the mean log2 of what would be left.

        Answers are as likely as products have them (information gain, Quinlan 1986, with products of several values).
        What the question does not name is one answer: else an attribute of which every product has its own value, such
        as an ingredient, would always tell most.
        """
        if len(self.counts) < 2:
            return 0.0
        named = [self.counts[value] for value in self.best]
        n_answers = sum(self.counts.values())
        others = n_answers - sum(named)
        answers = [*named, others] if others else named
        left = sum(n * math.log2(min(n + self.n_anyway, self.n_products)) for n in answers) / n_answers
        return math.log2(self.n_products) - left

    @property
    def best(self) -> tuple[str, ...]:
        """The values to name in the question, the commonest first."""
        return tuple(sorted(self.counts, key=lambda value: (-self.counts[value], value))[:SHOWN_VALUES])


@dataclass(frozen=True)
class Telling:
    """What somebody said, with and without spaces and marks."""

    spaced: str
    bare: str

    @classmethod
    def of(cls, text: str) -> "Telling":
        """What a text says."""
        return cls(normalise(text), canonical(text))

    def has(self, words: str) -> bool:
        """Whether these words are said; those in Latin script as words of their own, not as the red of delivered."""
        if not LATIN.fullmatch(normalise(words)):
            return canonical(words) in self.bare
        parts = re.findall(r"[^\W_]+", normalise(words))
        said = r"[\W_]*".join(map(re.escape, parts)) + ("(?:e?s)?" if len(parts[-1]) > MAX_SIZE_CHARACTERS else "")
        return re.search(rf"(?<!{LETTER})(?<!{LETTER}['’]){said}(?!{LETTER}|['’]{LETTER})", self.spaced) is not None


class Asker:
    """Knows what products are like, and asks what would tell them apart; safe to call from many threads."""

    def __init__(self, tenant_id: str, rules: ProductRules) -> None:
        self._tenant_id = tenant_id
        self._own = dict(rules.questions)
        self._values: CardFile[str, Values] = CardFile(self._read)

    def forget(self, sku: str) -> None:
        """Drop what is kept of a product."""
        self._values.forget(sku)

    def ask(self, session: Session, situation: Situation, picture: "ProductPicture", usual: Language) -> Ask | None:
        """The question whose answer would narrow down the eligible candidates most, if one is worth asking."""
        if situation.place.scene is Scene.GROUP or not _is_thin(situation):
            return None
        skus = _in_question(situation, picture)
        if len(skus) < 2:
            return None
        products = list(self._values.get(session, skus).values())
        heard, told, language = _heard(situation), self._told(session, situation), _language(situation, usual)
        for attribute, split in self._splits(products):
            if split.gain < MIN_GAIN:
                break
            if _is_known(split, heard) or self._was_asked(attribute, split, told):
                continue
            if not self._has_words(attribute, split, language):
                continue
            return Ask(attribute, self._question(attribute, split, language), split.best)
        return None

    def _splits(self, products: Sequence[Values]) -> list[tuple[str, Split]]:
        """What may be asked about, the most telling first; only the shop's own questions where it has any."""
        known = {attribute for product in products for attribute in product}
        splits = [(name, Split.of(name, products)) for name in (known & set(self._own) if self._own else known)]
        askable = [(name, split) for name, split in splits if 2 <= len(split.counts) <= MAX_VALUES]
        return sorted(askable, key=lambda one: (-one[1].gain, one[0]))

    def _has_words(self, attribute: str, split: Split, language: Language) -> bool:
        """Whether there are words to ask in this language; for `key_ingredients` there are none in Chinese.

        Nor for 肤质 in English where its values are 干皮 and 油皮.
        """
        if getattr(self._own.get(attribute, Wording()), language):
            return True
        is_named = attribute in NAMES or (language == "en") == attribute.isascii()
        return is_named and (language != "en" or all(value.isascii() for value in split.best))

    def _question(self, attribute: str, split: Split, language: Language) -> str:
        own = getattr(self._own.get(attribute, Wording()), language)
        name, values = _name(attribute, language), getattr(JOIN, language).join(split.best)
        return str(own) or getattr(QUESTION, language).format(name=name, values=values)

    def _was_asked(self, attribute: str, split: Split, told: Sequence[Telling]) -> bool:
        """Whether we have spoken of this attribute before: by its name, our own question, or two of its values."""
        own = self._own.get(attribute, Wording())
        names = [one for one in (_name(attribute, "zh"), _name(attribute, "en"), own.zh, own.en) if one]
        return any(any(map(said.has, names)) or sum(map(said.has, split.counts)) >= 2 for said in told)

    def _told(self, session: Session, situation: Situation) -> list[Telling]:
        """What agents said in this conversation."""
        told = [said.text for said in situation.turn.context if said.role is MessageRole.AGENT]
        if situation.request.conversation_id:
            asked = {"tenant_id": self._tenant_id, "conversation_id": situation.request.conversation_id}
            told += session.connection().execute(_SAID_BY_US, asked).scalars()
        return [Telling.of(text) for text in told]

    def _read(self, session: Session, skus: Sequence[str]) -> dict[str, Values]:
        rows = session.connection().execute(_ATTRIBUTES, {"tenant_id": self._tenant_id, "skus": list(skus)})
        return {row.sku: _values_of(row.attributes) for row in rows}


def fits_everything(value: str) -> bool:
    """Whether a value such as 全肤质 fits whoever is asked."""
    return EVERYTHING.match(value) is not None


def _is_thin(situation: Situation) -> bool:
    customer = situation.place.customer
    return len(customer.tags) < MAX_TAGS and len({line.order_id for line in customer.kept}) < MAX_ORDERS


def _in_question(situation: Situation, picture: "ProductPicture") -> list[str]:
    """The candidates to choose from: what the message is about, or all of them when it asks for anything."""
    features = picture.signals.features
    about = sorted(sku for sku in features if not {"message", "wishes"}.isdisjoint(features[sku]))
    if len(about) < 2 and asks_for_anything(situation.turn.message):
        return sorted(features)
    return about


def _heard(situation: Situation) -> Telling:
    """What the customer said, and what is known of the customer."""
    customer = situation.place.customer
    said: Sequence[Said] = [one for one in situation.turn.context if one.role is MessageRole.CUSTOMER]
    facts = [str(value) for value in customer.attributes.values()]
    return Telling.of(" ".join([situation.turn.message, *(one.text for one in said), *customer.tag_names, *facts]))


def _is_known(split: Split, heard: Telling) -> bool:
    return any(map(heard.has, split.counts))


def _values_of(attributes: Mapping[str, object]) -> Values:
    """The values that a customer could name: short words, no figures."""
    listed = {name: value if isinstance(value, list) else [value] for name, value in attributes.items()}
    named = {
        name: frozenset(one.strip() for one in values if isinstance(one, str) and _is_word(one.strip()))
        for name, values in listed.items()
    }
    return {name: values for name, values in named.items() if values}


def _is_word(value: str) -> bool:
    return 0 < len(value) <= MAX_VALUE_CHARACTERS and not any(character.isdigit() for character in value)


def _name(attribute: str, language: Language) -> str:
    known = NAMES.get(attribute)
    return str(getattr(known, language)) if known else attribute.replace("_", " ")


def _language(situation: Situation, usual: Language) -> Language:
    """The customer's language, as far as questions have it."""
    if not situation.language:
        return usual
    return "en" if situation.language == "en" else "zh"
