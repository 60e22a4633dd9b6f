"""One object of a file, whose fields are checked as they are asked for; a wrong one is named with its line."""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eval.datasets.moments import EXPECTED as EXPECTED_TIME
from eval.datasets.moments import to_moment
from eval.errors import DataError

MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Record:
    """The fields on a line of a file, or in a row of a Parquet file, counted from 1.

    `within` is where a nested object stands, such as `candidates[2].`. A field that is missing, null, or NaN in Parquet
    (which is how data frames write "missing") counts as not given.
    """

    path: Path
    line: int
    fields: Mapping[str, object]
    within: str = ""

    def error(self, name: str, expected: str) -> DataError:
        """The error of a field that does not hold what was expected."""
        problem = f"is {shown(self.fields[name])}" if name in self.fields else "is missing"
        return self.refusal(name, problem, expected)

    def refusal(self, name: str, problem: str, expected: str) -> DataError:
        """The error of a field with a problem of another kind than its own value."""
        return DataError(self.path, self.line, f"{self.within}{name} {problem}", expected)

    def id(self, name: str) -> str:
        """An identifier, written as text or as a whole number."""
        found = self.optional_id(name)
        if found is None:
            raise self.error(name, "an id that is not empty")
        return found

    def optional_id(self, name: str) -> str | None:
        """An identifier, or nothing when there is none or it is empty."""
        value = self._given(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # a data frame whose column has gaps keeps whole numbers as floats
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.error(name, "an id, as text or a whole number")
        own = self._clean(name, value).strip()
        if not own.isprintable():
            raise self.error(name, "an id without line breaks and other control characters")
        return own or None

    def text(self, name: str) -> str:
        """Text as it stands, perhaps empty."""
        value = self._given(name)
        if not isinstance(value, str):
            raise self.error(name, "text")
        return self._clean(name, value)

    def required_text(self, name: str) -> str:
        """Text as it stands, with something in it."""
        text = self.text(name)
        if not text.strip():
            raise self.error(name, "text that is not empty")
        return text

    def optional_text(self, name: str) -> str | None:
        """Text as it stands, or nothing when there is none or it is blank."""
        if self._given(name) is None:
            return None
        text = self.text(name)
        return text if text.strip() else None

    def number(self, name: str) -> float:
        """A finite number."""
        value = self._given(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, "a finite number")
        try:
            number = float(value)
        except OverflowError as error:
            raise self.error(name, "a finite number") from error
        if not math.isfinite(number):
            raise self.error(name, "a finite number")
        return number

    def optional_number(self, name: str) -> float | None:
        """A finite number, or nothing."""
        return None if self._given(name) is None else self.number(name)

    def count(self, name: str) -> int:
        """A whole number from 0."""
        value = self._given(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.error(name, "a whole number from 0")
        return value

    def moment(self, name: str) -> datetime | None:
        """A time in UTC, or nothing; a time without a zone is China time."""
        value = self._given(name)
        if value is None or value == "":
            return None
        moment = to_moment(value)
        if moment is None:
            raise self.error(name, EXPECTED_TIME)
        return moment

    def word(self, name: str, words: Mapping[str, str]) -> str | None:
        """One of a closed set of words, known under the names that are the keys; nothing when there is none."""
        text = self.optional_text(name)
        if text is None:
            return None
        found = words.get(text.strip().lower())
        if found is None:
            raise self.error(name, f"one of {', '.join(dict.fromkeys(words.values()))}")
        return found

    def inner(self, name: str) -> "Record":
        """The object in a field, empty when there is none."""
        value = self._given(name)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.error(name, "an object")
        return Record(self.path, self.line, value, f"{self.within}{name}.")

    def items(self, name: str) -> list[object]:
        """The list in a field, as such or as JSON text, empty when there is none."""
        value = self._given(name)
        if value is None or value == "":
            return []
        found = _from_json(value) if isinstance(value, str) else value
        if not isinstance(found, list):
            raise self.error(name, "a list")
        return found

    def records(self, name: str) -> list["Record"]:
        """The objects of a list; `within` counts them from 1."""
        found = []
        for place, item in enumerate(self.items(name), start=1):
            if not isinstance(item, dict):
                raise self.refusal(f"{name}[{place}]", f"is {shown(item)}", "an object")
            found.append(Record(self.path, self.line, item, f"{self.within}{name}[{place}]."))
        return found

    def unknown(self, known: Collection[str]) -> list[str]:
        """The given fields that are not among the known ones, as they are called in the whole row."""
        return [f"{self.within}{name}" for name in self.fields if name not in known]

    def _given(self, name: str) -> object:
        value = self.fields.get(name)
        return None if isinstance(value, float) and math.isnan(value) else value

    def _clean(self, name: str, text: str) -> str:
        if "\0" in text:
            raise self.error(name, "text without NUL characters")
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise self.error(name, "text without halves of surrogate pairs") from error
        return text


def shown(value: object) -> str:
    """A value as an error message shows it, cut when it is long."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _from_json(text: str) -> object:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found
