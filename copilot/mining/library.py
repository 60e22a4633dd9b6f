"""What a candidate is compared with: the library's scripts, and the rules of what may be said."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlmodel import col

from copilot.engine.compliance import RuleBook
from knowledge.database import Database
from knowledge.duplicates.near import similarity, unit_vectors
from knowledge.tables import Script, ScriptVersion
from knowledge.text import canonical

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Json = dict[str, Any]

MOST_DUPLICATES = 3
LOOKED_AT = 8
LEAST_SIMILARITY = 0.5


class LibraryScripts:
    """The live scripts of a library, to be asked which of them say nearly the same as a text."""

    def __init__(self, scripts: Sequence[tuple[str, str]], encode: Encode) -> None:
        self._scripts = [(script_id, text) for script_id, text in scripts if canonical(text)]
        self._encode = encode
        self._vectors = unit_vectors([text for _, text in self._scripts], encode) if self._scripts else None

    @classmethod
    def of_database(cls, database: Database, tenant_id: str, encode: Encode) -> "LibraryScripts":
        """The live scripts of a tenant."""
        same = (col(ScriptVersion.tenant_id) == col(Script.tenant_id)) & (
            col(ScriptVersion.script_id) == col(Script.id)
        )
        query = (
            select(col(Script.id), col(ScriptVersion.text))
            .join(ScriptVersion, same & (col(ScriptVersion.version) == col(Script.live_version)))
            .where(col(Script.tenant_id) == tenant_id)
            .order_by(col(Script.id))
        )
        with database.read() as session:
            return cls([(script_id, text) for script_id, text in session.execute(query)], encode)

    def near(self, text: str) -> list[Json]:
        """The most similar scripts, as the row of a candidate has them."""
        if self._vectors is None or not canonical(text):
            return []
        cosines = self._vectors @ unit_vectors([text], self._encode)[0]
        found = []
        for place in np.argsort(-cosines, kind="stable")[:LOOKED_AT].tolist():
            script_id, other = self._scripts[place]
            found.append({"script_id": script_id, "similarity": round(similarity(text, other, self._encode), 4)})
        near = [one for one in found if one["similarity"] >= LEAST_SIMILARITY]
        return sorted(near, key=lambda one: (-one["similarity"], one["script_id"]))[:MOST_DUPLICATES]


def compliance_of(rules: RuleBook, text: str) -> list[Json]:
    """The rules that a text breaks, as the row of a candidate has them."""
    return [
        {"rule": one.rule, "severity": one.severity, "reason": one.reason, "words": one.words}
        for one in rules.check(text)
    ]
