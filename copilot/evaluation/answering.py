"""One process's part of a run: the production engine on a frozen library, answering turns as of their moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from copilot.encoding import NoEncoder, load_encoder
from copilot.engine.answer import SuggestionAnswer
from copilot.engine.compliance import RuleBook
from copilot.engine.engine import Engine
from copilot.engine.nextbest.models import ProductModels
from copilot.engine.past import PastReader
from copilot.engine.policy import Policy
from copilot.engine.request import Said, SuggestRequest
from copilot.engine.setup import EngineSetup, ShopProfile
from copilot.engine.small_talk import SmallTalk
from copilot.errors import NotReadyError
from copilot.evaluation.rows import Answered, query_rows, timing_rows
from copilot.evaluation.tenure import Tenures
from copilot.product_settings import read_product_rules
from copilot.settings import Settings
from copilot.shop import Shop
from eval.datasets.turns import LoggedTurn
from knowledge.index.frozen import FrozenLibrary
from knowledge.tables import Customer, MessageRole, Scene, Stage
from knowledge.workspace import Workspace
from models.affinity import Affinity

LIBRARY_FOLDER = "library"
AFFINITY_FOLDER = "affinity"


@dataclass(frozen=True)
class AnsweringPlan:
    """What a process must know to answer; equal plans share one open engine."""

    settings_json: str
    policy: Policy
    prepared: Path
    untimed_at: datetime

    @property
    def settings(self) -> Settings:
        return Settings.model_validate_json(self.settings_json)


class Answerer:
    """An open engine that remembers nothing of what it answers."""

    def __init__(self, plan: AnsweringPlan) -> None:
        """Open workspace, encoder and frozen library.

        Raises:
            NotReadyError: the encoder cannot be loaded.
        """
        settings = plan.settings.model_copy(update={"threads": 1})
        workspace = Workspace.open(settings.workspace, settings.database_url)
        encoder = load_encoder(settings)
        if isinstance(encoder, NoEncoder):
            raise NotReadyError(f"a run needs the encoder {settings.encoder!r}: {encoder.reason}")
        shop = Shop.read(workspace.folder)
        self._tenant_id = settings.tenant
        self._database = workspace.database
        self._untimed_at = plan.untimed_at
        self._tenures = Tenures.read(workspace.database, settings.tenant)
        self.engine = Engine(
            workspace.database,
            FrozenLibrary.open(plan.prepared / LIBRARY_FOLDER),
            encoder,
            EngineSetup(
                tenant_id=settings.tenant,
                policy=plan.policy,
                rules=RuleBook.of_workspace(workspace.folder),
                models=ProductModels.of(Affinity.load(plan.prepared / AFFINITY_FOLDER)),
                shop=ShopProfile(shop.name, shop.language),
                product_rules=read_product_rules(workspace.folder),
                small_talk=SmallTalk.of_workspace(workspace.folder),
            ),
            clock=lambda: plan.untimed_at,
            memory=PastReader(workspace.database, settings.tenant),
        )

    def answer(self, turn: LoggedTurn) -> Answered:
        """What the engine says to one turn, and what it knew."""
        answer, place = self.engine.rehearse(self._request(turn))
        return Answered(
            turn=turn,
            at=turn.at or self._untimed_at,
            answer=answer,
            place=place,
            tenure=self._tenures.label(turn.agent_id, turn.at),
            published=self._published(answer),
        )

    def answer_all(self, turns: Sequence[LoggedTurn]) -> tuple[pa.Table, pa.Table]:
        """The rows of `queries.parquet` and of `timings.parquet` for some turns, in their order."""
        answered = [self.answer(turn) for turn in turns]
        return query_rows(answered), timing_rows(answered)

    def close(self) -> None:
        """Give everything back."""
        self.engine.close()
        self._database.close()

    def _request(self, turn: LoggedTurn) -> SuggestRequest:
        roles = {"agent": MessageRole.AGENT}
        return SuggestRequest(
            message=turn.message,
            tenant_id=self._tenant_id,
            context=[Said(roles.get(said.role, MessageRole.CUSTOMER), said.text, said.at) for said in turn.context],
            customer_id=turn.customer_id if self._is_known(turn.customer_id) else None,
            agent_id=turn.agent_id,
            scene=Scene(turn.scene) if turn.scene else None,
            channel=turn.channel,
            stage=Stage(turn.stage) if turn.stage else None,
            explain_excluded=False,
            at=turn.at or self._untimed_at,
        )

    def _is_known(self, customer_id: str | None) -> bool:
        if customer_id is None:
            return False
        with self._database.read() as session:
            return session.get(Customer, (self._tenant_id, customer_id)) is not None

    def _published(self, answer: SuggestionAnswer) -> dict[str, datetime]:
        """When each script shown was published."""
        keys = [(reply.script_id, reply.version) for reply in answer.replies]
        with self._database.read() as session:
            cards = self.engine.replier.competition.scripts.get(session, keys)
        return {key[0]: card.published_at for key, card in cards.items() if card.published_at is not None}


@lru_cache(maxsize=1)
def opened(plan: AnsweringPlan) -> Answerer:
    """The answerer of a process that does nothing else; it is closed when the process ends."""
    return Answerer(plan)
