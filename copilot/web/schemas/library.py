"""Scripts and products."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from copilot.web.schemas.common import Count, Id, JsonObject, Labels, LongText, Moment, Short, Wire
from knowledge.library.content import ProductContent, ScriptContent
from knowledge.tables import ScriptKind, ScriptStatus

SCRIPT: dict[str, JsonValue] = {
    "text": "可以的，建议先在耳后试用。",
    "triggers": ["敏感肌能用吗"],
    "title": "敏感肌选品",
    "scenes": ["direct"],
}
PRODUCT: dict[str, JsonValue] = {
    "name": "初霁氨基酸洁面乳",
    "category": "洁面",
    "price_fen": 8900,
    "stock": 620,
    "tags": ["温和"],
}


class ScriptBody(Wire):
    """What a script says, to whom and when."""

    model_config = ConfigDict(json_schema_extra={"examples": [SCRIPT]})

    text: LongText
    kind: ScriptKind = ScriptKind.SCRIPT
    title: Short = ""
    triggers: Labels = Field(default=[])
    stages: Labels = Field(default=[])
    scenes: Labels = Field(default=[])
    channels: Labels = Field(default=[])
    audience: JsonObject = Field(default={})
    skus: Labels = Field(default=[])
    attachments: Labels = Field(default=[])
    scope: Short = "organisation"
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    owner: Short = ""
    author: Short = Field(default="api", description="Who makes the change; kept in the audit trail.")
    reason: Short = ""
    expected_version: Count | None = Field(default=None, description="Refuse when the newest version is another one.")

    def content(self) -> ScriptContent:
        """The content of the version."""
        lists = ("triggers", "stages", "scenes", "channels", "skus", "attachments")
        return ScriptContent(
            text=self.text,
            audience=self.audience,
            scope=self.scope,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            **{name: tuple(getattr(self, name)) for name in lists},
        )


class ScriptIn(ScriptBody):
    """A new script; it is a draft until it is published."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": "S900", **SCRIPT}]})

    id: Id


class ScriptStep(Wire):
    """Publish or retire: who, why, and from which version."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"author": "e01", "reason": "approved"}]})

    author: Short = "api"
    reason: Short = ""
    expected_version: Count | None = None


class ScriptVersionOut(Wire):
    """One version of a script."""

    version: int
    text: str
    triggers: list[str]
    stages: list[str]
    scenes: list[str]
    channels: list[str]
    audience: dict[str, object]
    skus: list[str]
    attachments: list[str]
    scope: str
    valid_from: datetime | None
    valid_to: datetime | None
    status: ScriptStatus
    author: str
    reason: str
    created_at: datetime
    published_at: datetime | None
    ended_at: datetime | None


class ScriptRowOut(Wire):
    """A script in a list; the text is the live version's, or the newest one's while none is live."""

    id: str
    kind: ScriptKind
    title: str
    owner: str
    latest_version: int
    live_version: int | None
    updated_at: datetime
    status: ScriptStatus
    text: str


class ScriptOut(Wire):
    """A script with its versions, newest first."""

    id: str
    kind: ScriptKind
    title: str
    owner: str
    latest_version: int
    live_version: int | None
    updated_at: datetime
    versions: list[ScriptVersionOut]


class ProductIn(Wire):
    """What a product is."""

    model_config = ConfigDict(json_schema_extra={"examples": [PRODUCT]})

    name: Short
    category: Short = ""
    brand: Short = ""
    price_fen: Count | None = Field(default=None, description="In hundredths of the currency.")
    currency: Short = "CNY"
    stock: Count | None = Field(default=None, description="Unknown when absent.")
    description: LongText = ""
    attributes: JsonObject = Field(default={})
    tags: Labels = Field(default=[])
    audience: JsonObject = Field(default={})
    replenish_days: Annotated[int, Field(ge=1, le=100_000)] | None = None
    status: Short = "active"
    url: Short = ""
    image: Short = ""
    author: Short = "api"

    def content(self) -> ProductContent:
        """The content of the product."""
        values = self.model_dump(exclude={"author", "tags"})
        return ProductContent(**values, tags=tuple(self.tags))


class CatalogueProductOut(Wire):
    """A product of the catalogue."""

    sku: str
    name: str
    category: str
    brand: str
    price_fen: int | None
    currency: str
    stock: int | None
    description: str
    attributes: dict[str, object]
    tags: list[str]
    audience: dict[str, object]
    replenish_days: int | None
    status: str
    url: str
    image: str
    updated_at: datetime
