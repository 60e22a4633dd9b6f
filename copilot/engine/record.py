"""Write down what was suggested, in one transaction, before anybody sees it."""

import logging
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from copilot.engine.answer import ShadowRanking, SuggestionAnswer
from copilot.engine.context import AgentContext, CustomerContext
from knowledge import tables
from knowledge.tables import DecisionKind, ScriptUse, Suggestion, SuggestionSet
from knowledge.tables.library import EVERYONE

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

logger = logging.getLogger(__name__)

_INSERT_SET, _INSERT_SUGGESTION = insert(SuggestionSet), insert(Suggestion)
_INSERT_SHADOW = insert(tables.ShadowRanking)
COUNTERS = ("n_shown", "n_accepted", "n_edited", "n_dismissed")
COUNTER_OF = {
    DecisionKind.ACCEPT: "n_accepted",
    DecisionKind.EDIT: "n_edited",
    DecisionKind.DISMISS: "n_dismissed",
}


def record_answer(
    session: Session,
    tenant_id: str,
    answer: SuggestionAnswer,
    *,
    customer: CustomerContext,
    agent: AgentContext,
    at: datetime,
) -> None:
    """Keep a suggestion set, its items and the exposure of each script.

    Openings answer nothing, so they say nothing of how a script does as an answer, and are not counted.
    """
    connection = session.connection()
    connection.execute(_INSERT_SET, _set_row(tenant_id, answer, customer, agent, at))
    rows = _suggestion_rows(tenant_id, answer)
    if rows:
        connection.execute(_INSERT_SUGGESTION, rows)
    if answer.slate.shadow is not None:
        _record_shadow(session, tenant_id, answer.set_id, answer.slate.shadow)
    shown = [reply.script_id for reply in answer.replies] if answer.message else []
    count_use(session, tenant_id, shown, agent.agent_id, "n_shown", at=None)


def count_use(
    session: Session,
    tenant_id: str,
    script_ids: Iterable[str],
    agent_id: str | None,
    counter: str,
    *,
    at: datetime | None,
) -> None:
    """Add one to a counter of each script, for the agent and for everyone."""
    who = [EVERYONE] if agent_id is None else [EVERYONE, agent_id]
    empty = dict.fromkeys(COUNTERS, 0)
    rows: list[dict[str, Any]] = [
        {"tenant_id": tenant_id, "script_id": script_id, "agent_id": name, **empty, counter: 1, "last_used_at": at}
        for script_id in script_ids
        for name in who
    ]
    if not rows:
        return
    statement = _upsert(session.get_bind().dialect.name)
    changes: dict[str, Any] = {counter: getattr(ScriptUse, counter) + 1}
    if at is not None:
        changes["last_used_at"] = at
    keys = [col(ScriptUse.tenant_id), col(ScriptUse.script_id), col(ScriptUse.agent_id)]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), rows)


def uncount_use(session: Session, tenant_id: str, script_id: str, agent_id: str | None, counter: str) -> None:
    """Take one off a counter of a script again; that the agent had it in hand remains true."""
    counted = getattr(ScriptUse, counter)
    session.execute(
        update(ScriptUse)
        .where(
            col(ScriptUse.tenant_id) == tenant_id,
            col(ScriptUse.script_id) == script_id,
            col(ScriptUse.agent_id).in_([EVERYONE] if agent_id is None else [EVERYONE, agent_id]),
            counted > 0,
        )
        .values({counter: counted - 1})
    )


def _upsert(dialect: str) -> "sqlite.Insert | postgresql.Insert":
    """An insert of script uses that may name rows already there."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql

        return insert_postgresql(ScriptUse)
    from sqlalchemy.dialects.sqlite import insert as insert_sqlite

    return insert_sqlite(ScriptUse)


def _record_shadow(session: Session, tenant_id: str, set_id: str, ranking: ShadowRanking) -> None:
    """Keep what the shadow would have shown; what cannot be kept is logged, and the answer is recorded all the same."""
    row = {
        "tenant_id": tenant_id,
        "set_id": set_id,
        "shadow_version": ranking.version,
        "policy_version": ranking.policy,
        "n_shown": ranking.n_shown,
        "served": [asdict(one) for one in ranking.served],
        "shadow": [asdict(one) for one in ranking.shadow],
        "served_abstained": not ranking.served,
        "shadow_abstained": not ranking.shadow,
    }
    try:
        with session.begin_nested():
            session.connection().execute(_INSERT_SHADOW, row)
    except SQLAlchemyError as error:
        logger.warning("the ranking of shadow %s was not recorded: %s", ranking.version, type(error).__name__)


def _set_row(
    tenant_id: str, answer: SuggestionAnswer, customer: CustomerContext, agent: AgentContext, at: datetime
) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "id": answer.set_id,
        "conversation_id": answer.conversation_id,
        "conversation_version": answer.conversation_version,
        "customer_id": customer.customer_id,
        "agent_id": agent.agent_id,
        "scene": answer.scene,
        "stage": answer.stage,
        "at": at,
        "message": answer.message,
        "abstain_reason": answer.abstain_reason,
        "excluded": [{"item_id": one.item_id, "rule": one.rule} for one in answer.excluded],
        "index_version": answer.versions.index,
        "model_version": answer.versions.model,
        "policy_version": answer.versions.policy,
        "rules_version": answer.versions.rules,
        "experiment": answer.exposure.experiment if answer.exposure else "",
        "variant": answer.exposure.variant if answer.exposure else "",
        "slate_propensity": answer.slate.propensity,
        "candidates": [asdict(one) for one in answer.slate.candidates],
        "latency_ms": round(sum(answer.timing_ms.values()), 3),
    }


def _suggestion_rows(tenant_id: str, answer: SuggestionAnswer) -> list[dict[str, Any]]:
    shared = {"tenant_id": tenant_id, "set_id": answer.set_id}
    replies = [
        {
            **shared,
            "kind": "reply",
            "rank": one.rank,
            "item_id": one.script_id,
            "item_version": one.version,
            "score": one.score,
            "probability": one.probability,
            "propensity": one.propensity,
            "text": one.text,
            "features": {part.feature: part.contribution for part in one.why},
        }
        for one in answer.replies
    ]
    products = [
        {
            **shared,
            "kind": "product",
            "rank": one.rank,
            "item_id": one.sku,
            "item_version": 0,
            "score": one.score,
            "probability": 0.0,
            "propensity": one.propensity,
            "text": one.name,
            "features": {part.feature: part.contribution for part in one.why},
        }
        for one in answer.products
    ]
    return replies + products
