"""How the list publishes: by the same steps, rules and checks as the editor."""

from datetime import datetime

from sqlmodel import Session

from copilot.curation.bulk import Publish
from copilot.curation.checks import Checker
from copilot.curation.review import Order, Stand, Step, review_rule, take_step
from copilot.web.pages.frame import Visitor
from copilot.web.services import Services
from knowledge.library.content import ScriptContent
from knowledge.tables import Script, ScriptStatus, ScriptVersion


def publisher(services: Services, visitor: Visitor, now: datetime) -> Publish:
    """Publishes a script's newest version as this visitor: what waits for review is approved, a draft published."""
    checker = Checker(services.runtime.engine, services.runtime.desk.rules, clock=lambda: now)

    def publish(session: Session, script: Script, newest: ScriptVersion) -> None:
        rule = review_rule(session, script.tenant_id, services.runtime.shop)
        step = Step.APPROVE if newest.status is ScriptStatus.REVIEW else Step.PUBLISH
        order = Order(step, visitor.agent_id, visitor.actor, now, expected_version=script.latest_version)
        objections = checker.blocking(ScriptContent.of(newest))
        take_step(session, script.tenant_id, Stand(script, newest, rule), order, objections)

    return publish
