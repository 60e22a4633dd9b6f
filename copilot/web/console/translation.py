"""What the console says in each language, and which language a visitor gets."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import Request

LANGUAGES = ("zh", "en")
COOKIE = "lang"
FOLDER = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Words:
    """Everything the console says in one language."""

    language: str
    texts: Mapping[str, str]

    @property
    def html_lang(self) -> str:
        return "zh-Hans" if self.language == "zh" else "en"

    @property
    def other(self) -> str:
        """The language to change to."""
        return "en" if self.language == "zh" else "zh"

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its values filled in."""
        return self.texts[key].format(**values)

    def name(self, group: str, value: str) -> str:
        """The name of a value that data brings, such as an order's status; unknown ones stand for themselves."""
        return self.texts.get(f"{group}.{value}", value)

    def rule(self, rule: str) -> str:
        """What a rule such as `audience.orders.min:3` means, with its details after it."""
        name, _, detail = rule.partition(":")
        parts = name.split(".")
        candidates = (f"rule.{'.'.join(parts[:n])}" for n in range(len(parts), 0, -1))
        meaning = next((self.texts[key] for key in candidates if key in self.texts), name)
        return (
            f"{meaning}（{detail}）"
            if detail and self.language == "zh"
            else f"{meaning} ({detail})"
            if detail
            else meaning
        )

    def reason(self, group: str, reason: str) -> str:
        """What an engine's reason such as `unlikely: …` means; unknown ones stand for themselves."""
        return self.texts.get(f"{group}.{reason.partition(':')[0].split(' ')[0]}", reason)


@cache
def words_of(language: str) -> Words:
    """The words of a language."""
    return Words(language, _flatten(tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))))


def choose_language(request: Request, shop_language: str) -> str:
    """The language of `?lang=`, of the cookie, of the browser, or of the shop, the first that is known."""
    accepted = [one.split(";")[0].strip() for one in request.headers.get("accept-language", "").split(",")]
    wishes = [request.query_params.get("lang"), request.cookies.get(COOKIE), *accepted, shop_language]
    known = (wish[:2].lower() for wish in wishes if wish)
    return next((wish for wish in known if wish in LANGUAGES), LANGUAGES[0])


def _flatten(tables: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {f"{group}.{key}": text for group, texts in tables.items() for key, text in texts.items()}
