"""The rows of each file: one model per kind, whose fields are the columns."""

import pickle
from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import cache, partial
from typing import Annotated, Any, Self, TypeVar, get_args, get_origin

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from knowledge.imports.cells import (
    from_json,
    refused,
    to_audience,
    to_birthday,
    to_count,
    to_fen,
    to_flag,
    to_id,
    to_items,
    to_last_moment,
    to_moment,
    to_nearly_past_moment,
    to_number,
    to_object,
    to_optional_id,
    to_past_moment,
    to_price_fen,
    to_required_text,
    to_text,
)
from knowledge.imports.money import CODES, HOUSE_CURRENCY, MARKS, may_be, to_mark
from knowledge.imports.words import (
    EVENT_KINDS,
    ORDER_STATUSES,
    PRODUCT_STATUSES,
    ROLES,
    SCENES,
    SCRIPT_KINDS,
    SCRIPT_STATUSES,
    STAGES,
    chosen,
    chosen_list,
    plain_word,
    read_gender,
)
from knowledge.order_status import UNDONE_STATUSES
from knowledge.tables import MessageRole, Scene, ScriptKind, ScriptStatus, Stage

ORGANISATION = "organisation"
SCOPE_WORDS = {"": ORGANISATION, "organization": ORGANISATION, "企业": ORGANISATION, "全公司": ORGANISATION}
OTHER_CELLS = "other cells"
SAFE_ADDRESSES = ("http://", "https://", "/", "./")


def _read_currency(value: object) -> str:
    text = to_text(value).upper()
    code = MARKS.get(text, text)
    if code and (len(code) != 3 or not (code.isascii() and code.isalpha())):
        raise refused("a currency of three letters such as CNY")
    return code


def _read_address(value: object) -> str:
    text = to_text(value)
    has_scheme = ":" in text.split("/")[0]
    if text and has_scheme and not text.lower().startswith(SAFE_ADDRESSES):
        raise refused("an address that begins with https:// or http://, or a path")
    return text


def _read_scope(value: object) -> str:
    text = to_text(value)
    scope = SCOPE_WORDS.get(text.lower(), text)
    kind, _, name = scope.partition(":")
    if scope != ORGANISATION and not (kind in {"team", "private"} and name.strip()):
        raise refused("organisation, team:ID or private:USER")
    return scope


def _read_messages(value: object) -> object:
    messages = from_json(value) if isinstance(value, str) else value
    if not isinstance(messages, list) or not messages:
        raise refused('a list of messages such as [{"role": "customer", "text": "在吗"}]')
    return messages


def _read_outcome(value: object) -> object:
    return to_object(value) or None


def _read_role(value: object) -> MessageRole:
    role = chosen(MessageRole, ROLES)(value)
    if role is None:
        raise refused("customer or agent")
    return role


def _read_event_kind(value: object) -> str:
    to_required_text(value)
    return plain_word(EVENT_KINDS)(value)


Id = Annotated[str, PlainValidator(to_id)]
OptionalId = Annotated[str | None, PlainValidator(to_optional_id)]
Text = Annotated[str, PlainValidator(to_text)]
RequiredText = Annotated[str, PlainValidator(to_required_text)]
Items = Annotated[list[str], PlainValidator(to_items)]
JsonObject = Annotated[dict[str, object], PlainValidator(to_object)]
AudienceRule = Annotated[dict[str, object], PlainValidator(to_audience)]
Count = Annotated[int | None, PlainValidator(to_count)]
Number = Annotated[float | None, PlainValidator(to_number)]
Fen = Annotated[int | None, PlainValidator(to_fen)]
PriceFen = Annotated[int | None, PlainValidator(to_price_fen)]
Flag = Annotated[bool | None, PlainValidator(to_flag)]
Moment = Annotated[datetime | None, PlainValidator(to_moment)]
LastMoment = Annotated[datetime | None, PlainValidator(to_last_moment)]
PastMoment = Annotated[datetime, PlainValidator(to_past_moment)]
NearlyPastMoment = Annotated[datetime, PlainValidator(to_nearly_past_moment)]
Birthday = Annotated[date | None, PlainValidator(to_birthday)]
Address = Annotated[str, PlainValidator(_read_address)]


class FileRow(BaseModel):
    """A row of a file; fields whose column the file does not have are not in `model_fields_set`."""

    model_config = ConfigDict(extra="ignore")

    def given(self, *names: str) -> dict[str, object]:
        """Those of the named fields that the file has, with their values."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}

    def unknown_fields(self) -> Sequence[str]:
        """Fields of nested objects that we do not know."""
        return ()

    def packed(self) -> bytes:
        """The given fields as bytes; several times as fast as pickling a model with its moments."""
        return pickle.dumps(_light(self), pickle.HIGHEST_PROTOCOL)

    @classmethod
    def unpacked(cls, body: bytes) -> Self:
        """The row that `packed` gave these bytes."""
        return _restored(cls, pickle.loads(body))  # noqa: S301  # packed by this process, in a private file


class NestedRow(FileRow):
    """An object inside a row, which may carry fields that we do not know."""

    model_config = ConfigDict(extra="allow")


Row = TypeVar("Row", bound=FileRow)


def _light(row: FileRow) -> dict[str, object]:
    """The given fields, with moments, choices and nested rows made plain."""
    values = row.__dict__
    given = {name: values[name] for name in row.model_fields_set if name in values}
    for name, (lighten, _) in _conversions(type(row)).items():
        if given.get(name) is not None:
            given[name] = lighten(given[name])
    return given


def _restored(kind: type[Row], given: dict[str, object]) -> Row:
    """The row whose given fields `_light` made plain."""
    names = set(given)
    for name, (_, restore) in _conversions(kind).items():
        if given.get(name) is not None:
            given[name] = restore(given[name])
    row = kind.__new__(kind)
    object.__setattr__(row, "__dict__", {**_defaults(kind), **given})
    object.__setattr__(row, "__pydantic_fields_set__", names)
    object.__setattr__(row, "__pydantic_extra__", None)
    object.__setattr__(row, "__pydantic_private__", None)
    return row


@cache
def _defaults(kind: type[FileRow]) -> dict[str, object]:
    return {name: field.get_default(call_default_factory=True) for name, field in kind.model_fields.items()}


Conversion = tuple[Callable[[Any], object], Callable[[Any], object]]


@cache
def _conversions(kind: type[FileRow]) -> dict[str, Conversion]:
    found = ((name, _conversion(field.annotation)) for name, field in kind.model_fields.items())
    return {name: conversion for name, conversion in found if conversion is not None}


def _conversion(annotation: object) -> Conversion | None:
    """How to make values of a field plain and bring them back, by the field's type."""
    is_list = get_origin(annotation) is list
    for part in (annotation, *get_args(annotation)):
        if not isinstance(part, type):
            continue
        if issubclass(part, datetime):
            return datetime.isoformat, datetime.fromisoformat
        if issubclass(part, StrEnum):
            return str, part
        if issubclass(part, FileRow) and is_list:
            return _light_list, partial(_restored_list, part)
        if issubclass(part, FileRow):
            return _light, partial(_restored, part)
    return None


def _light_list(rows: list[FileRow]) -> list[dict[str, object]]:
    return [_light(row) for row in rows]


def _restored_list(kind: type[Row], given: list[dict[str, object]]) -> list[Row]:
    return [_restored(kind, item) for item in given]


class ProductRow(FileRow):
    """A row of a products file; `price_mark` is the currency shown in the cell of the price."""

    sku: Id
    name: RequiredText
    category: Text = ""
    brand: Text = ""
    price: PriceFen = None
    currency: Annotated[str, PlainValidator(_read_currency)] = ""
    stock: Count = None
    description: Text = ""
    attributes: JsonObject = Field(default_factory=dict)
    tags: Items = Field(default_factory=list)
    audience: AudienceRule = Field(default_factory=dict)
    replenish_days: Count = None
    status: Annotated[str, PlainValidator(plain_word(PRODUCT_STATUSES, "active"))] = "active"
    url: Address = ""
    image: Address = ""
    price_mark: Annotated[str, PlainValidator(to_mark), Field(validation_alias="price")] = ""

    @model_validator(mode="after")
    def _of_one_currency(self) -> Self:
        if self.currency and not may_be(self.price_mark, self.currency):
            raise refused(f"a price in {self.currency}, as the column currency says, not in {self.price_mark}")
        return self

    def sold_in(self, stored: str | None) -> str | None:
        """The currency of a product, `stored` in one if it is; None where its price may be in any of several."""
        if self.currency or self.price_mark in CODES:
            return self.currency or self.price_mark
        known = HOUSE_CURRENCY if stored is None or "currency" in self.model_fields_set else stored
        return known if may_be(self.price_mark, known) else None


class ScriptRow(FileRow):
    """A row of a scripts file."""

    id: Id
    text: RequiredText
    kind: Annotated[ScriptKind | None, PlainValidator(chosen(ScriptKind, SCRIPT_KINDS))] = None
    title: Text = ""
    triggers: Items = Field(default_factory=list)
    stage: Annotated[list[str], PlainValidator(chosen_list(Stage, STAGES))] = Field(default_factory=list)
    scene: Annotated[list[str], PlainValidator(chosen_list(Scene, SCENES))] = Field(default_factory=list)
    channels: Items = Field(default_factory=list)
    audience: AudienceRule = Field(default_factory=dict)
    skus: Items = Field(default_factory=list)
    scope: Annotated[str, PlainValidator(_read_scope)] = ORGANISATION
    owner: Text = ""
    valid_from: Moment = None
    valid_to: LastMoment = None
    status: Annotated[ScriptStatus | None, PlainValidator(chosen(ScriptStatus, SCRIPT_STATUSES))] = None
    attachments: Items = Field(default_factory=list)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise refused("valid_to after valid_from")
        return self


class CustomerRow(FileRow):
    """A row of a customers file."""

    id: Id
    name: Text = ""
    gender: Annotated[str, PlainValidator(read_gender)] = ""
    birthday: Birthday = None
    city: Text = ""
    joined_at: Moment = None
    tags: Items = Field(default_factory=list)
    attributes: JsonObject = Field(default_factory=dict)
    identities: Items = Field(default_factory=list)


class OrderRow(FileRow):
    """A row of an orders file: one line of an order.

    `line_id` tells apart lines that are alike otherwise, and so does `other_cells`, what stands in columns that we do
    not know; `amount_mark` is the currency shown in the cell of the amount.
    """

    order_id: Id
    customer_id: Id
    sku: Id
    ordered_at: NearlyPastMoment
    quantity: Number = None
    amount: Fen = None
    status: Annotated[str, PlainValidator(plain_word(ORDER_STATUSES))] = ""
    currency: Annotated[str, PlainValidator(_read_currency)] = ""
    line_id: Text = ""
    amount_mark: Annotated[str, PlainValidator(to_mark), Field(validation_alias="amount")] = ""
    other_cells: Annotated[str, PlainValidator(str), Field(validation_alias=OTHER_CELLS)] = ""

    @model_validator(mode="before")
    @classmethod
    def _with_other_cells(cls, cells: dict[str, object]) -> dict[str, object]:
        unknown = cells.keys() - cls.model_fields.keys()
        others = [(name, cells[name]) for name in sorted(unknown) if cells[name] not in (None, "")]
        return {**cells, OTHER_CELLS: repr(others)} if others else cells

    @model_validator(mode="after")
    def _of_one_currency(self) -> Self:
        if self.currency and not may_be(self.amount_mark, self.currency):
            raise refused(f"an amount in {self.currency}, as the column currency says, not in {self.amount_mark}")
        return self

    @property
    def is_refund(self) -> bool:
        return (self.quantity is not None and self.quantity < 0) or (self.amount is not None and self.amount < 0)

    @property
    def is_undone(self) -> bool:
        """Whether the status says that the line came to nothing."""
        return self.status in UNDONE_STATUSES

    @property
    def names_currency(self) -> bool:
        """Whether the row says what its amount is in."""
        return bool(self.currency or self.amount_mark)

    def may_be_in(self, currency: str) -> bool:
        """Whether nothing in the row says that its amount is in another currency."""
        return self.currency in {"", currency} and may_be(self.amount_mark, currency)


class EventRow(FileRow):
    """A row of an events file."""

    customer_id: Id
    kind: Annotated[str, PlainValidator(_read_event_kind)]
    at: PastMoment
    object: Text = ""
    value: Text = ""


class MessageRow(NestedRow):
    """One message of a conversation."""

    role: Annotated[MessageRole, PlainValidator(_read_role)]
    text: Text
    at: Moment = None
    script_id: OptionalId = None
    author_id: Annotated[OptionalId, Field(validation_alias=AliasChoices("author_id", "sender_id"))] = None


class OutcomeRow(NestedRow):
    """What came of a conversation."""

    converted: Flag = None
    order_id: OptionalId = None
    amount: Fen = None
    satisfaction: Number = None


class ConversationRow(FileRow):
    """A row of a conversations file."""

    conversation_id: Id
    messages: Annotated[list[MessageRow], BeforeValidator(_read_messages)]
    customer_id: OptionalId = None
    agent_id: OptionalId = None
    channel: Text = ""
    scene: Annotated[Scene | None, PlainValidator(chosen(Scene, SCENES))] = None
    stage: Annotated[Stage | None, PlainValidator(chosen(Stage, STAGES))] = None
    open: Flag = None
    outcome: Annotated[OutcomeRow | None, BeforeValidator(_read_outcome)] = None

    def unknown_fields(self) -> Sequence[str]:
        """Fields of messages and the outcome that we do not know."""
        found = [f"messages.{name}" for message in self.messages for name in message.model_extra or ()]
        found += [f"outcome.{name}" for name in (self.outcome.model_extra if self.outcome else None) or ()]
        return found
