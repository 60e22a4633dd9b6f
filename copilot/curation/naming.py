"""What scripts, agents and teams are called."""

from sqlalchemy import select
from sqlmodel import Session, col

from copilot.curation.exposures import Dimension
from knowledge.tables import Script, Team, User


def names_of(session: Session, tenant_id: str, dimension: Dimension) -> dict[str, str]:
    """The names of everything that is compared, by id; those without a name and stages are left out."""
    if dimension is Dimension.STAGE:
        return {}
    query = {
        Dimension.SCRIPT: select(col(Script.id), col(Script.title)).where(col(Script.tenant_id) == tenant_id),
        Dimension.AGENT: select(col(User.id), col(User.name)).where(col(User.tenant_id) == tenant_id),
        Dimension.TEAM: select(col(Team.id), col(Team.name)).where(col(Team.tenant_id) == tenant_id),
    }[dimension]
    return {key: called for key, called in session.execute(query) if called}
