"""`POST /v1/suggest`."""

from dataclasses import asdict

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from copilot.engine.answer import ProductSuggestion, Reply, SuggestionAnswer
from copilot.engine.request import Said, SuggestRequest
from copilot.web.api.documented import WRITES, problems
from copilot.web.schemas.suggest import (
    AskOut,
    ExcludedOut,
    ProductOut,
    ReplyOut,
    SuggestCustomerOut,
    SuggestIn,
    SuggestOut,
    VersionsOut,
)
from copilot.web.services import Services, ServicesDep
from knowledge.tables import Conversation

router = APIRouter(prefix="/v1", tags=["suggestions"])


@router.post("/suggest", responses=problems(*WRITES), summary="Replies and products worth sending")
async def suggest(asked: SuggestIn, services: ServicesDep) -> SuggestOut:
    """Suggest replies and products for a message; what is suggested is recorded before it is returned."""
    answer = await services.board.ask(_request(asked, services.tenant_id))
    customer = await run_in_threadpool(_customer, services, asked, answer)
    return suggest_out(answer, customer)


def suggest_out(answer: SuggestionAnswer, customer: SuggestCustomerOut) -> SuggestOut:
    """The answer as it goes over the wire."""
    return SuggestOut(
        set_id=answer.set_id,
        conversation_id=answer.conversation_id,
        conversation_version=answer.conversation_version,
        message=answer.message,
        replies=[_reply(reply) for reply in answer.replies],
        products=[_product(product) for product in answer.products],
        customer=customer,
        stage=answer.stage,
        scene=answer.scene,
        abstained=answer.abstained,
        abstain_reason=answer.abstain_reason,
        products_reason=answer.products_reason,
        excluded=[ExcludedOut.model_validate(one) for one in answer.excluded],
        ask=AskOut.model_validate(answer.ask) if answer.ask else None,
        versions=VersionsOut.model_validate(answer.versions),
        timing_ms={stage: round(value, 3) for stage, value in answer.timing_ms.items()},
    )


def _request(asked: SuggestIn, tenant_id: str) -> SuggestRequest:
    values = asked.model_dump(exclude={"context"})
    context = tuple(Said(one.role, one.text, one.at) for one in asked.context)
    return SuggestRequest(tenant_id=tenant_id, context=context, **values)


def _reply(reply: Reply) -> ReplyOut:
    values = asdict(reply)
    del values["propensity"]
    return ReplyOut.model_validate(values)


def _product(product: ProductSuggestion) -> ProductOut:
    values = asdict(product)
    del values["propensity"]
    return ProductOut.model_validate(values)


def _customer(services: Services, asked: SuggestIn, answer: SuggestionAnswer) -> SuggestCustomerOut:
    engine = services.runtime.engine
    with services.database.read() as session:
        customer_id = asked.customer_id
        if customer_id is None and asked.conversation_id is not None:
            conversation = session.get(Conversation, (services.tenant_id, asked.conversation_id))
            customer_id = conversation.customer_id if conversation else None
        known = engine.memory.customer(session, customer_id, engine.clock())
    return SuggestCustomerOut(
        id=customer_id,
        name=known.name if known else "",
        stage=answer.stage,
        tags=sorted(known.tag_names) if known else [],
        n_orders=len({line.order_id for line in known.kept}) if known else 0,
    )
