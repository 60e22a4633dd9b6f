"""Everything that can be said against a script while it is being written, within the time of a keystroke."""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlmodel import Session

from copilot.curation.catalogue_checks import catalogue_objections
from copilot.curation.library_checks import RememberingEncoder, library_objections
from copilot.curation.objections import Objection, Severity, by_severity
from copilot.curation.wording_checks import wording_objections
from copilot.encoding import WordsOnlyEncoder
from copilot.engine.compliance import RuleBook
from copilot.engine.engine import Engine
from knowledge.library.content import ScriptContent
from knowledge.tables import Team, User


class Checker:
    """Looks at a script from all sides; keeps the vectors of texts it has seen, so that typing stays quick."""

    def __init__(self, engine: Engine, rules: RuleBook, *, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._rules = rules
        self._clock = clock
        self._encode = RememberingEncoder(engine.encoder.encode_queries)

    def objections(self, session: Session, tenant_id: str, script_id: str, content: ScriptContent) -> list[Objection]:
        """Everything found, what blocks publishing first; `script_id` is empty for a script that is new."""
        self._engine.index.refresh()
        library = self._engine.index.view
        found = list(wording_objections(content, self._rules, self._clock()))
        found += _scope(session, tenant_id, content)
        found += catalogue_objections(session, tenant_id, content, library.products)
        if isinstance(self._engine.encoder, WordsOnlyEncoder):
            found.append(Objection(Severity.NOTE, "no_encoder", "no encoder: the library was not compared"))
        else:
            found += library_objections(session, tenant_id, script_id, content, library.scripts, self._encode)
        return by_severity(found)

    def blocking(self, content: ScriptContent) -> list[Objection]:
        """What keeps a script from being published; nothing of this depends on library or catalogue."""
        found = wording_objections(content, self._rules, self._clock())
        return [one for one in found if one.severity is Severity.BLOCK]


def _scope(session: Session, tenant_id: str, content: ScriptContent) -> Iterator[Objection]:
    """A team or person that nobody knows: the script would be shown to no one."""
    kind, _, owner = content.scope.partition(":")
    tables: dict[str, type[Team] | type[User]] = {"team": Team, "private": User}
    if kind in tables and owner and session.get(tables[kind], (tenant_id, owner)) is None:
        yield Objection(Severity.WARN, "scope", "nobody knows this team or person", content.scope)
