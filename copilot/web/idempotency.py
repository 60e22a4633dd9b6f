"""Writes that may be sent twice: the second time changes nothing and gets the first answer."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel
from sqlmodel import Session

from copilot.errors import KeyReusedError
from copilot.web.services import Services
from knowledge.tables import IdempotentReply
from knowledge.workspace import utc_now

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True)
class Written(Generic[AnswerT]):
    """The answer to a write; `is_repeat` when it had been given before."""

    answer: AnswerT
    is_repeat: bool


def write_once(
    services: Services,
    key: str | None,
    operation: str,
    body: BaseModel,
    answer_type: type[AnswerT],
    write: Callable[[Session], AnswerT],
) -> Written[AnswerT]:
    """Do `write` in one transaction and keep its answer under `key`; with a known key, give the kept answer.

    Raises:
        KeyReusedError: the key was used for another operation or another body.
    """
    fingerprint = hashlib.sha256(f"{operation}\n{body.model_dump_json()}".encode()).hexdigest()
    with services.database.write() as session:
        kept = session.get(IdempotentReply, (services.tenant_id, key)) if key else None
        if kept is not None:
            if kept.request_sha256 != fingerprint:
                raise KeyReusedError(f"the Idempotency-Key {key!r} was used before for another request")
            return Written(answer_type.model_validate_json(kept.body), is_repeat=True)
        answer = write(session)
        if key:
            session.add(
                IdempotentReply(
                    tenant_id=services.tenant_id,
                    key=key,
                    request_sha256=fingerprint,
                    body=answer.model_dump_json(),
                    at=utc_now(),
                )
            )
    return Written(answer, is_repeat=False)
