"""What the pages say in each language (gettext catalogues under `locale`), and which language a visitor gets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

FOLDER = Path(__file__).parent.parent / "locale"
NAMES: Mapping[str, str] = {"zh_Hans": "简体中文", "zh_Hant": "繁體中文", "en": "English"}
"""Every language, by its own name."""
LANGUAGES = tuple(NAMES)
COOKIE = "lang"
TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


@dataclass(frozen=True)
class Words:
    """Everything the pages say in one language."""

    language: str
    texts: Mapping[str, str]
    translations: Translations

    @property
    def html_lang(self) -> str:
        """The language as pages declare it."""
        return self.language.replace("_", "-")

    @property
    def is_chinese(self) -> bool:
        return self.language != "en"

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its values filled in."""
        return self.texts[key].format(**values)

    def count(self, key: str, n: int, **values: object) -> str:
        """The text of a key that has a form for one and a form for many; `n` is filled in."""
        return self.translations.ungettext(key, key, n).format(n=n, **values)

    def name(self, group: str, value: str) -> str:
        """The name of a value that data brings, such as an order's status; unknown ones stand for themselves."""
        return self.texts.get(f"{group}.{value}", value)

    def rule(self, rule: str) -> str:
        """What a rule such as `audience.orders.min:3` means, with its details after it."""
        name, _, detail = rule.partition(":")
        parts = name.split(".")
        candidates = (f"rule.{'.'.join(parts[:n])}" for n in range(len(parts), 0, -1))
        meaning = next((self.texts[key] for key in candidates if key in self.texts), name)
        if not detail:
            return meaning
        return f"{meaning}（{detail}）" if self.is_chinese else f"{meaning} ({detail})"

    def reason(self, group: str, reason: str) -> str:
        """What an engine's reason such as `unlikely: …` means; unknown ones stand for themselves."""
        return self.texts.get(f"{group}.{reason.partition(':')[0].split(' ')[0]}", reason)


@cache
def words_of(language: str) -> Words:
    """The words of a language, read once."""
    return read_words(language, FOLDER / language)


def read_words(language: str, folder: Path) -> Words:
    """The words of a language from all catalogues of a folder."""
    whole = Catalog(locale=language)
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    whole.add(message.id, message.string)
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return Words(language, _texts(whole), Translations(compiled))


def known_language(wish: str | None) -> str | None:
    """The language of a tag such as `zh-TW` or `en_GB`; nothing for one we do not speak."""
    tag = (wish or "").replace("_", "-").lower()
    if tag.startswith(TRADITIONAL):
        return "zh_Hant"
    return {"zh": "zh_Hans", "en": "en"}.get(tag.partition("-")[0])


def choose_language(wishes: Iterable[str | None]) -> str:
    """The first of the wished languages that we speak; Chinese when there is none."""
    return next((known for wish in wishes if (known := known_language(wish))), LANGUAGES[0])


def _texts(catalog: Catalog) -> dict[str, str]:
    """The text of each key; of those with several forms, the one for many."""
    found: dict[str, str] = {}
    for message in catalog:
        key, text = message.id, message.string
        if key and text:
            found[key if isinstance(key, str) else key[0]] = text if isinstance(text, str) else text[-1]
    return found
