"""What the editor's pages read from the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.curation.history import read_names
from copilot.curation.review import Stand, review_rule
from copilot.errors import UnknownIdError
from copilot.shop import Shop
from copilot.web.desk.editor.wording import Names
from copilot.web.reading import list_agents, product_names, read_script_versions
from knowledge.library.comments import read_comments
from knowledge.tables import CustomerTag, Product, Script, ScriptComment, ScriptVersion, Team
from knowledge.tables.library import ScriptStatus

N_TAGS = 300
N_PRODUCTS = 12


@dataclass(frozen=True)
class Opened:
    """A script with everything the editor shows of it; versions newest first."""

    stand: Stand
    versions: Sequence[ScriptVersion]
    comments: Sequence[ScriptComment]
    people: Mapping[str, str] = field(default_factory=dict)

    @property
    def script(self) -> Script:
        return self.stand.script

    @property
    def newest(self) -> ScriptVersion:
        return self.stand.newest

    @property
    def live(self) -> ScriptVersion | None:
        return next((one for one in self.versions if one.version == self.script.live_version), None)

    @property
    def n_open(self) -> int:
        """Remarks that nobody has resolved."""
        return sum(one.resolved_at is None for one in self.comments)

    def version(self, number: int) -> ScriptVersion:
        """One of the versions.

        Raises:
            UnknownIdError: there is no such version.
        """
        found = next((one for one in self.versions if one.version == number), None)
        if found is None:
            raise UnknownIdError("script version", f"{self.script.id} v{number}")
        return found

    def name(self, person: str) -> str:
        """What a person is called."""
        return self.people.get(person, person)

    def can_come_back(self, version: ScriptVersion) -> bool:
        """Whether a version can be made live again."""
        return version.published_at is not None and version.version != self.script.live_version

    @property
    def status(self) -> str:
        """Of the newest version."""
        return self.newest.status.value

    @property
    def is_live(self) -> bool:
        """Whether customers get the newest version."""
        return self.newest.status is ScriptStatus.PUBLISHED


@dataclass(frozen=True)
class Choices:
    """What there is to choose from."""

    people: Mapping[str, str]
    teams: Mapping[str, str]
    tags: Sequence[str]
    segments: Sequence[str]
    products: Mapping[str, str]

    def knows_scope(self, scope: str) -> bool:
        """Whether the scope is one of those to choose from."""
        kind, _, owner = scope.partition(":")
        known = {"organisation": {""}, "team": self.teams, "private": self.people}
        return owner in known.get(kind, ())

    @property
    def names(self) -> Names:
        return Names(self.products, self.people, self.teams)


def open_script(session: Session, tenant_id: str, script_id: str, shop: Shop) -> Opened:
    """The script.

    Raises:
        UnknownIdError: there is no such script.
    """
    script = session.get(Script, (tenant_id, script_id))
    versions = read_script_versions(session, tenant_id, script_id) if script else []
    if script is None or not versions:
        raise UnknownIdError("script", script_id)
    stand = Stand(script, versions[0], review_rule(session, tenant_id, shop))
    comments = read_comments(session, tenant_id, script_id)
    return Opened(stand, versions, comments, read_names(session, tenant_id))


def read_choices(session: Session, tenant_id: str, skus: Sequence[str]) -> Choices:
    """People, teams and tags, and the names of the products that are linked."""
    people = {row.id: row.name or row.id for row in list_agents(session, tenant_id)}
    of_teams = select(Team).where(col(Team.tenant_id) == tenant_id).order_by(col(Team.name), col(Team.id))
    teams = {row.id: row.name or row.id for row in session.execute(of_teams).scalars()}
    query = select(col(CustomerTag.tag)).where(col(CustomerTag.tenant_id) == tenant_id).distinct()
    tags = sorted(session.execute(query.limit(N_TAGS)).scalars())
    return Choices(people, teams, tags, tags, product_names(session, tenant_id, skus))


def find_products(session: Session, tenant_id: str, text: str) -> list[Product]:
    """Products whose number or name contains a text."""
    query = select(Product).where(col(Product.tenant_id) == tenant_id)
    if text.strip():
        wanted = text.strip()
        places = (col(Product.sku), col(Product.name))
        query = query.where(places[0].contains(wanted, autoescape=True) | places[1].contains(wanted, autoescape=True))
    return list(session.execute(query.order_by(col(Product.name), col(Product.sku)).limit(N_PRODUCTS)).scalars())
