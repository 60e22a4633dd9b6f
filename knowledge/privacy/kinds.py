"""What is recognised, and what is written in its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class PersonalKind(StrEnum):
    """What a piece of personal data is."""

    NAME = "name"
    AGENT_NAME = "agent name"
    PHONE = "phone"
    ID_NUMBER = "id number"
    BANK_CARD = "bank card"
    EMAIL = "e-mail"
    WECHAT = "wechat"
    ORDER_NUMBER = "order number"
    ADDRESS = "address"


SLOTS: Final[Mapping[PersonalKind, str]] = {
    PersonalKind.NAME: "{{customer.name}}",
    PersonalKind.AGENT_NAME: "{{agent.name}}",
    PersonalKind.PHONE: "{{customer.phone}}",
    PersonalKind.ID_NUMBER: "{{customer.id_number}}",
    PersonalKind.BANK_CARD: "{{customer.bank_card}}",
    PersonalKind.EMAIL: "{{customer.email}}",
    PersonalKind.WECHAT: "{{customer.wechat}}",
    PersonalKind.ORDER_NUMBER: "{{order.id}}",
    PersonalKind.ADDRESS: "{{customer.address}}",
}
"""The slot that stands for a find of each kind, as script templates write it."""


@dataclass(frozen=True, order=True)
class Span:
    """A find in the folded text: characters `start` to `end`, the latter excluded."""

    start: int
    end: int
    kind: PersonalKind


@dataclass(frozen=True)
class Found:
    """A piece of personal data: characters `start` to `end` of the text as it was given, the latter excluded."""

    kind: PersonalKind
    start: int
    end: int


@dataclass(frozen=True)
class Masked:
    """A text with slots for its personal data, and the kinds of data they stand for, in order."""

    text: str
    kinds: tuple[PersonalKind, ...] = ()


@dataclass(frozen=True)
class KnownPersonal:
    """What is on file about the people of a conversation; found wherever it stands and however it is spelled.

    Names of one character, and numbers of fewer than four, are too short to look for and are passed over.
    """

    names: tuple[str, ...] = ()
    agent_names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    id_numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    wechats: tuple[str, ...] = ()
