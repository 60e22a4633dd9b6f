"""What a workspace says of its shop: the name that slots show, the language it speaks."""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from copilot.errors import BadRequestError
from knowledge.database import Database
from knowledge.tables import Team, User

SHOP_FILE = "shop.json"


class ShopTeam(BaseModel):
    """A team of agents."""

    id: str
    name: str = ""


class ShopAgent(BaseModel):
    """An agent and the team whose scripts this agent sees."""

    id: str
    name: str
    team: str | None = None


class DeskSettings(BaseModel):
    """How the desk works; `review` says who approves a script: somebody else than its author, or anyone.

    Left out, it is somebody else as soon as two people work here.
    """

    model_config = ConfigDict(extra="ignore")

    review: Literal["other", "anyone"] | None = None


class Shop(BaseModel):
    """The shop as written in `shop.json`; unknown keys are left for other readers."""

    model_config = ConfigDict(extra="ignore")

    name: str = ""
    language: str = "zh"
    teams: list[ShopTeam | str] = []
    agents: list[ShopAgent] = []
    desk: DeskSettings = DeskSettings()

    @classmethod
    def read(cls, folder: Path) -> "Shop":
        """The shop of a workspace; an unnamed one when there is no file.

        Raises:
            BadRequestError: the file is not the expected JSON.
        """
        path = folder / SHOP_FILE
        if not path.is_file():
            return cls()
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, ValidationError) as error:
            raise BadRequestError(str(path), str(error), 'JSON like {"name": "…", "language": "zh"}') from error

    def register_staff(self, database: Database, tenant_id: str) -> None:
        """Make a row for every team and agent; those already there keep their role."""
        with database.write() as session:
            for team in self.teams:
                known = ShopTeam(id=team, name=team) if isinstance(team, str) else team
                session.merge(Team(tenant_id=tenant_id, id=known.id, name=known.name or known.id))
            for agent in self.agents:
                user = session.get(User, (tenant_id, agent.id)) or User(tenant_id=tenant_id, id=agent.id, name="")
                user.name, user.team_id = agent.name, agent.team
                session.add(user)
