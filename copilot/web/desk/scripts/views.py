"""What the list's templates show: rows, facets with their counts, and what a change of many scripts did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from copilot.curation.facets import FACETS, narrow
from copilot.curation.listed import ListedScript
from copilot.engine.library_search import LibraryHit
from copilot.web.desk.scripts.forms import N_ROWS, ListQuery
from copilot.web.pages.highlight import Piece, highlight
from copilot.web.pages.translation import Words
from knowledge.text import normalise

MOST_VALUES = 8
"""So many values of a facet stand in the page; the others behind a click."""
MOST_CHOICES = 100
"""More values of a facet than this nobody looks through, and a page of thousands of them is slow."""
LEAD = 40
MOST_SHOWN = 300
"""A row has room for two lines of a text: its beginning, or what stands around the words searched."""


@dataclass(frozen=True)
class Row:
    """A script in the list; `how` says how a search found it, empty when its words are in it."""

    script: ListedScript
    name: list[Piece]
    pieces: list[Piece]
    how: str
    validity: str

    @property
    def percent(self) -> str:
        """How often it was used when shown."""
        rate = self.script.usage.acceptance
        return "" if rate is None else f"{100 * rate:.0f}%"


@dataclass(frozen=True)
class Choice:
    """A value of a facet: its name, how many scripts have it, and the address that takes it in or out."""

    value: str
    label: str
    n: int
    is_chosen: bool
    address: str


@dataclass(frozen=True)
class Facet:
    """Something to narrow the list down by."""

    name: str
    shown: list[Choice]
    more: list[Choice]
    n_values: int

    @property
    def n_listed(self) -> int:
        return len(self.shown) + len(self.more)


@dataclass(frozen=True)
class ListView:
    """One page of the list."""

    rows: list[Row]
    facets: list[Facet]
    n_found: int
    n_all: int
    page: int
    n_pages: int

    @property
    def chosen(self) -> list[tuple[str, Choice]]:
        """The values that narrow the list down, each with the name of its facet."""
        return [(facet.name, choice) for facet in self.facets for choice in facet.shown if choice.is_chosen]


def list_view(
    scripts: Sequence[ListedScript],
    query: ListQuery,
    *,
    hits: Sequence[LibraryHit],
    names: Mapping[str, str],
    now: datetime,
    words: Words,
) -> ListView:
    """The page of the list that the query asks for.

    `hits` are what a search by sound and meaning found, `names` those of people and products by id.
    """
    found = searched(scripts, query.q, hits)
    narrowed = narrow([script for script, _ in found], query.chosen, now)
    how = {script.script_id: way for script, way in found}
    ordered = _ordered(narrowed.scripts, query, now)
    n_pages = max(1, -(-len(ordered) // N_ROWS))
    page = min(query.page, n_pages)
    shown = ordered[(page - 1) * N_ROWS : page * N_ROWS]
    return ListView(
        rows=[_row(script, query.q, how[script.script_id], now) for script in shown],
        facets=[_facet(name, narrowed.counts[name], query, names, words) for name in FACETS],
        n_found=len(ordered),
        n_all=len(scripts),
        page=page,
        n_pages=n_pages,
    )


def searched(scripts: Sequence[ListedScript], text: str, hits: Sequence[LibraryHit]) -> list[tuple[ListedScript, str]]:
    """The scripts that say the text, then those found by sound or meaning, best first, with how they were found."""
    folded = normalise(text).strip()
    if not folded:
        return [(script, "") for script in scripts]
    saying = {script.script_id: script for script in scripts if script.says(folded)}
    by_id = {script.script_id: script for script in scripts}
    others = [hit for hit in hits if hit.script_id in by_id and hit.script_id not in saying]
    return [(script, "") for script in saying.values()] + [(by_id[hit.script_id], hit.how) for hit in others]


def shown_ids(
    scripts: Sequence[ListedScript], query: ListQuery, hits: Sequence[LibraryHit], now: datetime
) -> list[str]:
    """The ids of everything the query finds, on whatever page."""
    found = [script for script, _ in searched(scripts, query.q, hits)]
    return [script.script_id for script in narrow(found, query.chosen, now).scripts]


def _ordered(scripts: Sequence[ListedScript], query: ListQuery, now: datetime) -> list[ListedScript]:
    """As found for a search, newest change first without one, or as asked."""
    if query.sort == "best" and query.q:
        return list(scripts)
    far = datetime.max.replace(tzinfo=now.tzinfo)
    keys = {
        "id": lambda one: one.script_id,
        "shown": lambda one: -one.usage.n_shown,
        "acceptance": lambda one: (one.usage.acceptance is None, one.usage.acceptance or 0.0),
        "ends": lambda one: one.valid_to or far,
    }
    return sorted(scripts, key=keys.get(query.sort, lambda one: -one.updated_at.timestamp()))


def _row(script: ListedScript, text: str, how: str, now: datetime) -> Row:
    """The row; the words searched are marked where the script says them, not where its sound or meaning was found."""
    asked = "" if how else text.strip()
    name, says = script.title or script.script_id, _excerpt(script.text, asked)
    return Row(script, _marked(name, asked), _marked(says, asked), how, script.validity(now))


def _excerpt(text: str, asked: str) -> str:
    """As much of a text as a row has room for: its beginning, or from a little before the words searched."""
    at = text.casefold().find(asked.casefold()) if asked else 0
    start = at - LEAD if at > 2 * LEAD else 0
    end = start + MOST_SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _marked(text: str, asked: str) -> list[Piece]:
    return highlight(text, asked) if asked else [Piece(text, is_match=False)]


def _facet(name: str, counts: Counter[str], query: ListQuery, names: Mapping[str, str], words: Words) -> Facet:
    chosen = query.chosen[name]
    others = [value for value, _ in _by_number(counts) if value not in chosen]
    values = [*chosen, *others[: max(0, MOST_CHOICES - len(chosen))]]
    choices = [
        Choice(value, _label(name, value, names, words), counts[value], value in chosen, query.toggled(name, value))
        for value in values
    ]
    n = max(MOST_VALUES, len(chosen))
    return Facet(name, choices[:n], choices[n:], len(chosen) + len(others))


def _by_number(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _label(facet: str, value: str, names: Mapping[str, str], words: Words) -> str:
    """The value as it is read: the name of a person or product, the word for one of ours, else itself."""
    if value == "":
        return words("scripts.nobody")
    if value == "any":
        return words("scripts.any")
    if facet in ("stage", "scene", "kind"):
        return words.name(facet, value)
    return words.texts.get(f"scripts.{facet}_{value}", names.get(value, value))
