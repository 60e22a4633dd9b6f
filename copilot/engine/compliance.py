"""What a reply may not say: rules as data, checked on every text before it is shown or sent."""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from copilot.engine.cards import ProductCard
from copilot.errors import BadRequestError
from knowledge.text import normalise

FILE_NAME = "rules.toml"
PRICE = re.compile(r"(?:¥|￥|rmb\s?)(\d+(?:\.\d{1,2})?)|(?<![\d.])(\d+(?:\.\d{1,2})?)\s?元", re.IGNORECASE)
Severity = Literal["block", "warn"]


class RuleSpec(BaseModel):
    """One rule as written in the file."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: str
    severity: Severity
    reason: str
    terms: list[str] = []
    patterns: list[str] = []
    exceptions: list[str] = Field(default=[], alias="except")


@dataclass(frozen=True)
class Finding:
    """A rule that fired, and on which words."""

    rule: str
    severity: Severity
    reason: str
    words: str


@dataclass(frozen=True)
class Rule:
    """A rule made ready: one pattern over normalised text, harmless phrases taken out first."""

    spec: RuleSpec
    pattern: re.Pattern[str]
    harmless: re.Pattern[str] | None

    @classmethod
    def of(cls, spec: RuleSpec) -> "Rule":
        """The rule with its terms and patterns compiled.

        Raises:
            BadRequestError: a pattern is not a regular expression.
        """
        parts = [re.escape(normalise(term)) for term in sorted(spec.terms, key=len, reverse=True)] + spec.patterns
        try:
            pattern = re.compile("|".join(parts))
        except re.error as error:
            raise BadRequestError(f"rule {spec.id}", spec.patterns, f"regular expressions ({error})") from error
        exceptions = "|".join(re.escape(normalise(phrase)) for phrase in spec.exceptions)
        return cls(spec, pattern, re.compile(exceptions) if exceptions else None)

    def find(self, normalised: str) -> Finding | None:
        """The first place where the rule fires, if any."""
        text = self.harmless.sub(" ", normalised) if self.harmless else normalised
        match = self.pattern.search(text)
        if match is None:
            return None
        return Finding(self.spec.id, self.spec.severity, self.spec.reason, match.group())


class RuleBook:
    """All rules, with the version of the file they come from."""

    def __init__(self, rules: tuple[Rule, ...], version: str) -> None:
        self.rules = rules
        self.version = version
        self.check = lru_cache(maxsize=20_000)(self._check)

    @classmethod
    def load(cls, path: Path | None = None) -> "RuleBook":
        """The rules of a file, or the shipped ones.

        Raises:
            BadRequestError: the file is not TOML or a rule has a wrong shape; names file and rule.
        """
        file = path if path is not None else resources.files("copilot.rules") / FILE_NAME
        content = file.read_bytes()
        try:
            specs = [RuleSpec.model_validate(rule) for rule in tomllib.loads(content.decode()).get("rule", [])]
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
            raise BadRequestError(f"rules file {file}", str(error), "TOML tables [[rule]]") from error
        return cls(tuple(Rule.of(spec) for spec in specs), hashlib.sha256(content).hexdigest()[:12])

    @classmethod
    def of_workspace(cls, folder: Path) -> "RuleBook":
        """The rules of a workspace's own `rules.toml`, or the shipped ones.

        Raises:
            BadRequestError: the file is not what it should be.
        """
        own = folder / FILE_NAME
        return cls.load(own if own.is_file() else None)

    def _check(self, text: str) -> tuple[Finding, ...]:
        """Every rule that fires on a text; the last twenty thousand answers are kept."""
        normalised = normalise(text)
        return tuple(finding for rule in self.rules if (finding := rule.find(normalised)) is not None)


def price_contradiction(text: str, product: ProductCard | None) -> Finding | None:
    """A price named for a product that is not in the catalogue's, when the text is about one product."""
    if product is None or product.price_fen is None or product.currency != "CNY":
        return None
    named = {round(float(first or second) * 100) for first, second in PRICE.findall(normalise(text))}
    if not named or product.price_fen in named:
        return None
    words = "、".join(f"{fen / 100:g}元" for fen in sorted(named))
    return Finding("promise.price", "warn", f"目录价为 {product.price} 元，请核对话术中的价格", words)
