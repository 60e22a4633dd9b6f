"""Looking through the library by hand: by id and title, words, meaning, pinyin and initials, whatever was typed."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, inspect, select
from sqlmodel import Session

from copilot.engine.cards import CardFile, ScriptCard, read_use
from copilot.engine.context import AgentContext
from copilot.engine.eligibility import scope_exclusion
from copilot.engine.library_matching import How, Match, best_of, by_content, by_name, by_sound, by_text
from copilot.engine.library_shelf import Entry, Shelf, ShelfFilter
from copilot.engine.request import require_text
from copilot.engine.retrieval import Query, Search
from copilot.engine.shelf_keeper import ShelfKeeper
from copilot.errors import BadRequestError
from knowledge.index.library_state import LibraryView
from knowledge.tables import Scene, ScriptKind, ScriptUse, Stage
from knowledge.tables.library import EVERYONE
from knowledge.text_mending import mended

MAX_HITS = 200
SEARCHED_CHARACTERS = 200
"""Of a long text only the beginning is looked for."""
N_COMPARED = 400
"""Of so many best matches equal ones are ordered by use."""
_USE = inspect(ScriptUse).local_table.c
_N_SENT = _USE.n_accepted + _USE.n_edited
_MOST_SENT = (
    select(_USE.script_id, _N_SENT.label("n"))
    .where(_USE.tenant_id == bindparam("tenant_id"), _USE.agent_id == EVERYONE, _N_SENT > 0)
    .order_by(_N_SENT.desc(), _USE.script_id)
)


@dataclass(frozen=True)
class LibraryQuery:
    """What somebody looks for: a text as typed, and where the scripts should belong.

    Scripts for all stages or scenes belong to each. Seen are the organisation's scripts, those of the agent's team and
    the agent's own; `all_scopes` is for those who keep the whole library. With `live_only` only what may be sent today.
    """

    tenant_id: str
    text: str
    agent_id: str | None = None
    stage: str = ""
    scene: str = ""
    kinds: tuple[str, ...] = ()
    k: int = 20
    live_only: bool = True
    all_scopes: bool = False

    def __post_init__(self) -> None:
        require_text("text", self.text)
        require_text("agent_id", self.agent_id or "")
        _require("stage", self.stage, list(Stage))
        _require("scene", self.scene, list(Scene))
        for kind in self.kinds:
            _require("kinds", kind, list(ScriptKind))
        if not 1 <= self.k <= MAX_HITS:
            raise BadRequestError("k", self.k, f"a number from 1 to {MAX_HITS}")


@dataclass(frozen=True)
class LibraryHit:
    """A script that was found, how, and the title, trigger or characters that matched; empty for its own text.

    Scores lie in 0..1. Where nothing was typed, `score` is how often the script was sent.
    """

    script_id: str
    version: int
    title: str
    text: str
    stages: tuple[str, ...]
    scenes: tuple[str, ...]
    kind: str
    how: How
    score: float
    matched: str


@dataclass(frozen=True)
class Surroundings:
    """What a search sees: the index at one moment, who asks and when, and an encoder of texts (zeros without one)."""

    view: LibraryView
    agent: AgentContext
    now: datetime
    encode: Callable[[str], Future[NDArray[np.float32]]]


class Librarian:
    """Looks through one tenant's library; safe to call from many threads."""

    def __init__(self, tenant_id: str, cards: CardFile[tuple[str, int], ScriptCard]) -> None:
        self.tenant_id = tenant_id
        self.cards = cards
        self.shelves = ShelfKeeper(tenant_id)

    def search(self, session: Session, query: LibraryQuery, here: Surroundings) -> list[LibraryHit]:
        """The best `k` hits, best first, of equal ones those sent most often; without a text, those sent most often.

        Raises:
            BadRequestError: the query is for another tenant.
        """
        if query.tenant_id != self.tenant_id:
            raise BadRequestError("tenant_id", query.tenant_id, f"{self.tenant_id}, whose library this is")
        shelves = [self.shelves.live(session)]
        if not query.live_only:
            shelves.append(self.shelves.unpublished(session))
        if not query.text.strip():
            return self._most_sent(session, shelves, query, here)
        found = [(shelf.entries[one.place], one) for shelf in shelves for one in self._matches(shelf, query, here)]
        found.sort(key=lambda pair: -pair[1].score)
        found = found[: max(N_COMPARED, query.k)]
        uses = read_use(session, self.tenant_id, [entry.script_id for entry, _ in found], None)
        sent = {script_id: use.n_accepted for script_id, use in uses.items()}
        found.sort(key=lambda pair: (-round(pair[1].score, 3), -sent.get(pair[0].script_id, 0), pair[0].script_id))
        return self._hits(session, found[: query.k])

    def warm_up(self, session: Session) -> None:
        """Read the shelf, so that the first search need not."""
        self.shelves.live(session).warm_up()

    def _matches(self, shelf: Shelf, query: LibraryQuery, here: Surroundings) -> list[Match]:
        fits = shelf.fitting(_filter(query, here))
        ordinals = shelf.ordinals(here.view.scripts)
        typed = query.text.strip()[:SEARCHED_CHARACTERS]
        searched = mended(typed, here.view.word_counts)
        encoded = here.encode(searched)
        found = by_name(shelf, fits, typed) + by_sound(shelf, fits, typed)
        found += by_text(shelf, fits & (ordinals < 0), searched)
        known = np.flatnonzero(fits & (ordinals >= 0))
        if known.size:
            allowed = np.zeros(here.view.scripts.n_items, np.bool_)
            allowed[ordinals[known]] = True
            places = np.full(here.view.scripts.n_items, -1, np.intp)
            places[ordinals[known]] = known
            found += by_content(Search(here.view.scripts, Query.of(searched, encoded), allowed), places)
        return list(best_of(found).values())

    def _most_sent(
        self, session: Session, shelves: Sequence[Shelf], query: LibraryQuery, here: Surroundings
    ) -> list[LibraryHit]:
        """The scripts sent most often, then the others by id."""
        fitting = [(shelf, shelf.fitting(_filter(query, here))) for shelf in shelves]
        found: dict[str, tuple[Entry, Match]] = {}
        for script_id, n in session.connection().execute(_MOST_SENT, {"tenant_id": self.tenant_id}):
            if len(found) == query.k:
                break
            for shelf, fits in fitting:
                if (place := shelf.places.get(script_id)) is not None and fits[place]:
                    found[script_id] = shelf.entries[place], Match(place, "exact", float(n))
        others = (shelf.entries[place] for shelf, fits in fitting for place in np.flatnonzero(fits).tolist())
        while len(found) < query.k and (entry := next(others, None)) is not None:
            found.setdefault(entry.script_id, (entry, Match(0, "exact", 0.0)))
        return self._hits(session, list(found.values()))

    def _hits(self, session: Session, found: Sequence[tuple[Entry, Match]]) -> list[LibraryHit]:
        cards = self.cards.get(session, [entry.key for entry, _ in found])
        return [
            LibraryHit(
                script_id=entry.script_id,
                version=entry.version,
                title=entry.title,
                text=cards[entry.key].text,
                stages=entry.stages,
                scenes=entry.scenes,
                kind=entry.kind,
                how=match.how,
                score=round(match.score, 4),
                matched=match.matched,
            )
            for entry, match in found
            if entry.key in cards
        ]


def _filter(query: LibraryQuery, here: Surroundings) -> ShelfFilter:
    return ShelfFilter(
        stage=query.stage,
        scene=query.scene,
        kinds=query.kinds,
        valid_at=here.now if query.live_only else None,
        sees=lambda scope: query.all_scopes or scope_exclusion(scope, here.agent) is None,
    )


def _require(field: str, value: str, known: Sequence[str]) -> None:
    if value and value not in known:
        raise BadRequestError(field, value, f"nothing or one of {', '.join(known)}")
