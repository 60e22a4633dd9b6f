"""Measures docs/library-health.md, acceptance in a whole archive: the sample brand's, matched to made-up sets.

    python docs/measurements/acceptance_archive.py WORKSPACE

WORKSPACE is a sample brand as `copilot demo --no-serve --workspace WORKSPACE` makes it; it is copied and left as it is.
The archive knows which script each message of an agent came from, if any. Five seconds before every such message three
suggestions are put: that script and two of its stage, or three of any stage where there was none.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from copilot.encoding import NoEncoder, load_encoder
from copilot.mining.acceptance import match_archive
from copilot.settings import Settings
from knowledge.tables import DEFAULT_TENANT, Message, MessageRole, Script, ScriptVersion, Suggestion, SuggestionSet
from knowledge.workspace import Workspace

SEED = 7
SECONDS_BEFORE = 5
SLOT = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
SLOTS = {
    "customer.name": "小雨",
    "product.name": "云苔舒缓喷雾",
    "product.price": "79",
    "agent.name": "阿禾",
    "shop.name": "霁禾",
    "order.id": "2026110200017",
    "order.status": "已发货，运输中",
}


def live_scripts(session: Session) -> dict[str, ScriptVersion]:
    """What is published, by script."""
    query = select(ScriptVersion).join(
        Script,
        (col(Script.tenant_id) == col(ScriptVersion.tenant_id))
        & (col(Script.id) == col(ScriptVersion.script_id))
        & (col(Script.live_version) == col(ScriptVersion.version)),
    )
    return {one.script_id: one for one in session.execute(query.order_by(col(ScriptVersion.script_id))).scalars()}


def sets(session: Session, live: Mapping[str, ScriptVersion], rng: np.random.Generator) -> Iterator[SQLModel]:
    """A set with its suggestions before each agent's message; the set is named by conversation and position."""
    query = select(Message).where(col(Message.role) == MessageRole.AGENT)
    for one in session.execute(query.order_by(col(Message.conversation_id), col(Message.position))).scalars():
        own = live.get(one.script_id or "")
        others = [other for other in live.values() if own is None or (other.stages == own.stages and other is not own)]
        chosen = [others[place] for place in rng.permutation(len(others))[: 3 if own is None else 2]]
        options = chosen if own is None else [*chosen, own]
        set_id = f"{one.conversation_id}/{one.position}"
        yield SuggestionSet(
            tenant_id=DEFAULT_TENANT,
            id=set_id,
            conversation_id=one.conversation_id,
            conversation_version=one.position - 1,
            at=one.at - timedelta(seconds=SECONDS_BEFORE),
        )
        for rank, place in enumerate(rng.permutation(len(options)).tolist(), start=1):
            option = options[place]
            text = SLOT.sub(lambda match: SLOTS[match[1]], option.text)
            yield Suggestion(
                tenant_id=DEFAULT_TENANT, set_id=set_id, kind="reply", rank=rank, item_id=option.script_id, text=text
            )


def measure(workspace: Workspace) -> str:
    """How many messages from a script were matched to it, and how many others to any."""
    encoder = load_encoder(Settings(threads=1))
    if isinstance(encoder, NoEncoder):
        sys.exit(encoder.reason)
    with workspace.database.write() as session:
        live = live_scripts(session)
        rows = list(sets(session, live, np.random.default_rng(SEED)))
        session.add_all(rows)
        sent = session.execute(select(Message).where(col(Message.role) == MessageRole.AGENT)).scalars()
        truth = {(one.conversation_id, one.position): one.script_id for one in sent if one.script_id in live}
    n_right = n_wrong = 0
    for one in match_archive(workspace.database, DEFAULT_TENANT, encoder.encode_passages):
        for match in one.matches:
            if match.shown is not None:
                is_right = truth.get((one.conversation_id, match.sent.position)) == match.shown.item_id
                n_right, n_wrong = n_right + is_right, n_wrong + (not is_right)
    return f"{len(truth)} messages from a script: {n_right} matched to it; {n_wrong} matches to another or of own words"


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "workspace"
        shutil.copytree(given.workspace, copy)
        workspace = Workspace.open(copy)
        try:
            sys.stdout.write(measure(workspace) + "\n")
        finally:
            workspace.close()


if __name__ == "__main__":
    main()
