"""What the report says in each language."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "zh"]
RECALL_IN_N = re.compile(r"R(?P<n>\d+)@(?P<k>\d+)")
FOLDER = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Words:
    """Everything the report says in one language; `names` is what a product calls its features, reasons and rules."""

    language: Language
    texts: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def html_lang(self) -> str:
        return "zh-Hans" if self.language == "zh" else "en"

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its values filled in."""
        return self.texts[key].format(**values)

    def name(self, group: str, value: str) -> str:
        """What a value is called, such as `feature.stage`; unknown ones stand for themselves."""
        key = f"{group}.{value}"
        return self.names.get(key) or self.texts.get(key) or value.replace("_", " ")

    def measure(self, metric: str) -> str:
        """What a metric such as `nDCG@10` says, in one sentence; empty for a metric without one."""
        if (exact := f"measure.{metric}") in self.texts:
            return self.texts[exact]
        name, k = split_measure(metric)
        in_n = RECALL_IN_N.fullmatch(metric)
        if in_n:
            return self("measure.Rn@k", n=in_n["n"], k=in_n["k"])
        return self.texts.get(f"measure.{name}@k", "").format(k=k)

    def reason(self, group: str, reason: str) -> str:
        """What a reason such as `unlikely: the best match …` means."""
        return self.name(group, reason.partition(":")[0].strip())


def split_measure(metric: str) -> tuple[str, str]:
    """A metric's name and its cut-off: nDCG and 10; the cut-off may be empty."""
    name, _, at = metric.partition("@")
    return name, at


def words_of(language: Language, names: Mapping[str, str] | None = None) -> Words:
    """The words of a language."""
    return Words(language, _texts(language), names or {})


@cache
def _texts(language: Language) -> Mapping[str, str]:
    tables = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{group}.{key}": text for group, texts in tables.items() for key, text in texts.items()}
