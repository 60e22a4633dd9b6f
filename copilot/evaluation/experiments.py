"""Experiments of a workspace: who was exposed to which variant, and what came of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from copilot.engine.experiments import EXPERIMENTS_FILE, Experiment, read_experiments
from copilot.errors import BadRequestError
from copilot.evaluation.tenure import EXPERT, STEPS, Tenures
from copilot.serving import policy_to_serve
from copilot.settings import Settings
from eval.experiments.analysis import Design, Row, analyse
from eval.experiments.heterogeneity import Groups
from eval.experiments.report import ExperimentReport
from eval.experiments.sequential import Plan
from knowledge.database import Database
from knowledge.tables import Decision, DecisionKind, Outcome, SuggestionSet

ACCEPTANCE = "acceptance"
CONVERSION = "conversion"
PURCHASE = "purchase"
TENURE_GROUPS = (*(label for _, label in STEPS), EXPERT)


@dataclass(frozen=True)
class Exposed:
    """A suggestion set made under a variant for a unit; `buyer` is whoever may buy after it."""

    set_id: str
    variant: str
    unit_id: str
    agent_id: str | None
    buyer: str
    at: datetime


def find_experiment(settings: Settings, name: str) -> Experiment:
    """The experiment of a workspace with this name.

    Raises:
        BadRequestError: there is none, or the file of experiments is wrong.
    """
    experiments = read_experiments(settings.workspace, policy_to_serve(settings).policy)
    found = next((one for one in experiments if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in experiments) or "none"
        raise BadRequestError("experiment", name, f"one of {settings.workspace / EXPERIMENTS_FILE}, which has {names}")
    return found


def measure_experiment(database: Database, tenant_id: str, experiment: Experiment) -> dict[str, ExperimentReport]:
    """What the experiment shows so far, by metric.

    `acceptance` is the share of a unit's sets whose reply was sent as it was or edited; sets without a reply count as
    well, since when to be silent is part of a policy. `conversion` is the share of a unit's customers who bought after
    any of their sets. Sets for nobody known are left out.

    Raises:
        NothingMeasuredError: no unit has been exposed yet.
        DataError: the log names a variant that the experiment does not have.
    """
    design = design_of(experiment)
    with database.read() as session:
        exposed = _exposed(session, tenant_id, experiment)
        taken = _set_ids(session, _taken(tenant_id, experiment.name))
        bought = _set_ids(session, _bought(tenant_id, experiment.name))
    tenure = _tenure_labels(exposed, Tenures.read(database, tenant_id))
    rows = {
        ACCEPTANCE: [_row(one, one.set_id in taken, tenure) for one in exposed],
        CONVERSION: list(_conversions(exposed, bought, tenure)),
    }
    return {metric: analyse(found, design, metric) for metric, found in rows.items()}


def design_of(experiment: Experiment) -> Design:
    """What was decided before the experiment began."""
    return Design(
        experiment.name,
        experiment.variants,
        control=experiment.control,
        plan=Plan(experiment.planned_units),
        groups=Groups(TENURE_GROUPS, (EXPERT,), experiment.margin),
    )


def _exposed(session: Session, tenant_id: str, experiment: Experiment) -> list[Exposed]:
    """Every set that was made under the experiment for a known unit, oldest first."""
    columns = ("id", "variant", "customer_id", "agent_id", "conversation_id", "at")
    query = (
        select(*(col(getattr(SuggestionSet, name)) for name in columns))
        .where(col(SuggestionSet.tenant_id) == tenant_id, col(SuggestionSet.experiment) == experiment.name)
        .order_by(col(SuggestionSet.at), col(SuggestionSet.id))
    )
    found = []
    for set_id, variant, customer_id, agent_id, conversation_id, at in session.execute(query):
        unit_id = customer_id if experiment.unit == "customer" else agent_id
        if unit_id is not None:
            buyer = customer_id or conversation_id or set_id
            found.append(Exposed(set_id, variant, unit_id, agent_id, buyer, at))
    return found


def _taken(tenant_id: str, name: str) -> Select[Any]:
    return select(col(Decision.set_id)).where(
        col(Decision.tenant_id) == tenant_id,
        col(Decision.set_id).in_(_sets_of(tenant_id, name)),
        col(Decision.item_kind) == "reply",
        col(Decision.kind).in_([DecisionKind.ACCEPT, DecisionKind.EDIT]),
        col(Decision.undone_at).is_(None),
    )


def _bought(tenant_id: str, name: str) -> Select[Any]:
    return select(col(Outcome.set_id)).where(
        col(Outcome.tenant_id) == tenant_id,
        col(Outcome.set_id).in_(_sets_of(tenant_id, name)),
        col(Outcome.kind) == PURCHASE,
    )


def _sets_of(tenant_id: str, name: str) -> Select[Any]:
    return select(col(SuggestionSet.id)).where(
        col(SuggestionSet.tenant_id) == tenant_id, col(SuggestionSet.experiment) == name
    )


def _set_ids(session: Session, query: Select[Any]) -> frozenset[str]:
    return frozenset(session.execute(query).scalars())


def _tenure_labels(exposed: Sequence[Exposed], tenures: Tenures) -> Callable[[str | None], str]:
    """The tenure of each agent when first seen in the experiment, so that nobody changes groups meanwhile."""
    began: dict[str | None, datetime] = {}
    for one in exposed:
        began.setdefault(one.agent_id, one.at)
    labels = {agent_id: tenures.label(agent_id, at) for agent_id, at in began.items()}
    return labels.__getitem__


def _row(one: Exposed, is_success: bool, tenure: Callable[[str | None], str]) -> Row:
    return Row(one.unit_id, one.variant, float(is_success), one.at, tenure(one.agent_id))


def _conversions(
    exposed: Iterable[Exposed], bought: frozenset[str], tenure: Callable[[str | None], str]
) -> Iterable[Row]:
    """One row for each customer of a unit under a variant: whether anything was bought after any of the sets."""
    first: dict[tuple[str, str, str], Exposed] = {}
    buyers = set()
    for one in exposed:
        key = one.unit_id, one.variant, one.buyer
        first.setdefault(key, one)
        if one.set_id in bought:
            buyers.add(key)
    return (_row(one, key in buyers, tenure) for key, one in first.items())
