"""What a customer's message finds, by the same engine that serves agents; nothing of it is recorded."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace

from sqlmodel import Session

from copilot.engine.answer import Reply, SuggestionAnswer
from copilot.engine.engine import Engine
from copilot.engine.request import SuggestRequest
from copilot.engine.rule_tables import Latest, ScriptRuleTable
from copilot.engine.why_not import ScriptFate
from copilot.errors import UnknownIdError
from knowledge.index.items import read_version
from knowledge.index.library_index import LibraryIndex
from knowledge.index.library_state import LibraryView, Thing

N_RANKED = 10
"""How many replies are looked at; the first three are what agents get to see."""


@dataclass(frozen=True)
class Supposed:
    """A library that stands still, with one script as it would be if it were live."""

    view: LibraryView

    @property
    def version(self) -> str:
        return self.view.version

    def refresh(self) -> None:
        """Nothing: it stands still."""

    def on_changes(self, tell: Callable[[Sequence[Thing]], None]) -> None:
        """Nothing ever changes."""


@dataclass(frozen=True)
class Hit:
    """What a message found, and what became of the script that should be among it."""

    answer: SuggestionAnswer
    fate: ScriptFate
    script_id: str
    n_shown: int

    @property
    def place(self) -> Reply | None:
        return next((reply for reply in self.answer.replies if reply.script_id == self.script_id), None)

    @property
    def rank(self) -> int | None:
        return self.place.rank if self.place else None

    @property
    def is_shown(self) -> bool:
        """Whether agents get to see it."""
        return self.rank is not None and self.rank <= self.n_shown


def try_message(engine: Engine, request: SuggestRequest, script_id: str) -> Hit:
    """What a message finds in an engine's library, and what became of the script; `request` says how many are shown.

    Raises:
        UnknownIdError: the script or customer does not exist.
    """
    answer, _ = engine.rehearse(replace(request, max_replies=N_RANKED))
    return Hit(answer, engine.why_not(request, script_id), script_id, request.max_replies)


def engine_supposing(engine: Engine, index: LibraryIndex, session: Session, script_id: str, version: int) -> Engine:
    """The same engine over the library as it would be with this version live.

    Raises:
        UnknownIdError: there is no such version.
    """
    item = read_version(session, engine.setup.tenant_id, script_id, version)
    if item is None:
        raise UnknownIdError("script version", f"{script_id} v{version}")
    supposing = copy(engine)
    supposing.index = Supposed(index.supposing(item))
    supposing.script_rules = Latest(ScriptRuleTable)
    return supposing
