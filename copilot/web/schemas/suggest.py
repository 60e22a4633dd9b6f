"""`POST /v1/suggest`: the question and the answer."""

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from copilot.engine.request import ProductMode
from copilot.web.schemas.common import Id, LongText, Moment, Short, Wire
from knowledge.tables import MessageRole, Scene, Stage

ASKED: dict[str, JsonValue] = {
    "message": "敏感肌能用吗",
    "customer_id": "c0001",
    "context": [{"role": "agent", "text": "您好，想看哪一款？", "at": "2026-03-01T10:00:00+08:00"}],
    "scene": "direct",
    "max_replies": 3,
}
ANSWERED: dict[str, JsonValue] = {
    "set_id": "5f0c8a1e9d7b4c32a6d0f1b2c3d4e5f6",
    "conversation_id": "t0001",
    "conversation_version": 4,
    "message": "敏感肌能用吗",
    "replies": [
        {
            "rank": 1,
            "script_id": "S017",
            "version": 2,
            "kind": "script",
            "title": "敏感肌选品",
            "text": "可以的，这款通过了敏感肌测试，建议先在耳后试用。",
            "score": 4.12,
            "probability": 0.9691,
            "source": "script:S017@2",
            "why": [
                {"feature": "trigger_similarity", "contribution": 2.61},
                {"feature": "stage", "contribution": 1.51},
            ],
            "matched": ["敏感肌可以用吗"],
            "warnings": [],
        }
    ],
    "products": [],
    "customer": {"id": "c0001", "name": "林小姐", "stage": "转化", "tags": ["敏感肌"], "n_orders": 2},
    "stage": "转化",
    "scene": "direct",
    "abstained": False,
    "abstain_reason": "",
    "products_reason": "nothing fits well enough",
    "excluded": [{"item_id": "S020", "rule": "audience.gender:male"}],
    "ask": {"attribute": "skin_types", "question": "您是什么肤质？", "values": ["干皮", "油皮", "混合肌"]},
    "versions": {"index": "0123abcd-7", "model": "e5s-int8", "policy": "0a1b2c3d4e5f", "rules": "f0e1d2c3b4a5"},
    "timing_ms": {"encode": 3.4, "retrieval": 1.2},
}


class SaidIn(Wire):
    """One earlier message."""

    role: MessageRole
    text: LongText
    at: Moment | None = Field(default=None, description="With a time zone; a pause of five minutes ends a burst.")


class SuggestIn(Wire):
    """A message to answer; or a conversation, whose latest messages are then read from the database."""

    model_config = ConfigDict(json_schema_extra={"examples": [ASKED]})

    message: LongText = Field(default="", description="May be empty only with a conversation_id, or for an opening.")
    conversation_id: Id | None = None
    context: Annotated[list[SaidIn], Field(max_length=200)] = Field(
        default=[], description="What was said before, oldest first; not used with a conversation_id."
    )
    customer_id: Id | None = None
    agent_id: Id | None = None
    scene: Scene | None = None
    channel: Short = ""
    stage: Stage | None = Field(default=None, description="Read from the customer's orders when absent.")
    sku: Id | None = Field(default=None, description="The product on the customer's screen.")
    max_replies: int = Field(default=3, ge=0, le=10)
    max_products: int = Field(default=3, ge=0, le=10)
    products: ProductMode = Field(
        default=ProductMode.ANY,
        description="any that fit, refills included; new to this customer; complement of a given product; only what "
        "is an answer to the message.",
    )
    complement_of: Id | None = Field(
        default=None, description="With `complement`: the product; without it, the one on the customer's screen."
    )
    opening: bool = Field(
        default=False,
        description="What to say before the customer has written: without a message, for a conversation or customer.",
    )


class WhyOut(Wire):
    """What one feature adds to a score."""

    feature: str
    contribution: float


class ReplyOut(Wire):
    """A reply worth sending; the contributions sum to the score."""

    rank: int
    script_id: str
    version: int
    kind: str = Field(description="script, faq, policy, or passage (an extract of a document).")
    title: str
    text: str
    score: float
    probability: float = Field(description="That a good agent would send it, 0 to 1.")
    source: str
    why: list[WhyOut]
    matched: list[str] = Field(description="The trigger nearest to the message.")
    warnings: list[str]


class ReasonOut(Wire):
    """Why a product is suggested, and the row that proves it."""

    text: str
    reference: str


class ProductOut(Wire):
    """A product worth mentioning; the contributions sum to the score."""

    rank: int
    sku: str
    name: str
    price: str | None
    currency: str
    score: float
    reasons: list[ReasonOut]
    why: list[WhyOut]
    script_id: str | None = Field(description="The script that presents it, where there is one.")


class SuggestCustomerOut(Wire):
    """The customer in short; empty for somebody unknown."""

    id: str | None
    name: str
    stage: str
    tags: list[str]
    n_orders: int


class AskOut(Wire):
    """A question worth asking next: what would narrow the choice most, and what may be answered."""

    attribute: str
    question: str
    values: list[str]


class ExcludedOut(Wire):
    """An item that matches but must not be shown, and the rule."""

    item_id: str
    rule: str


class VersionsOut(Wire):
    """Everything that produced the answer."""

    index: str
    model: str
    policy: str
    rules: str


class SuggestOut(Wire):
    """Up to ten replies and products, or the reason there are none."""

    model_config = ConfigDict(json_schema_extra={"examples": [ANSWERED]})

    set_id: str = Field(description="Names this answer in decisions and outcomes.")
    conversation_id: str | None
    conversation_version: int
    message: str = Field(description="The customer's burst of messages that is answered.")
    replies: list[ReplyOut]
    products: list[ProductOut]
    customer: SuggestCustomerOut
    stage: str
    scene: str
    abstained: bool
    abstain_reason: str
    products_reason: str = Field(description="Why there are no products, or in what they are not what was asked for.")
    excluded: list[ExcludedOut]
    ask: AskOut | None = Field(description="Only while little is known of the customer.")
    versions: VersionsOut
    timing_ms: dict[str, float]
