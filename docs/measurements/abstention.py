"""Measures docs/abstention.md: what the sample brand's engine answers with silence, and how well it tells.

    python docs/measurements/abstention.py WORKSPACE [--messages FILE]

WORKSPACE is a sample brand as `copilot demo --no-serve --workspace WORKSPACE` makes it. The messages are made up and
lie in tests/copilot/engine/messages.toml: groups that want no search, and questions to the shop.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlmodel import col

from copilot.engine.answer import SuggestionAnswer
from copilot.engine.engine import Engine
from copilot.engine.request import SuggestRequest
from copilot.engine.small_talk import SmallTalk, SmallTalkSpec
from copilot.runtime import Runtime
from copilot.settings import Settings
from eval.metrics.classification import auroc
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate
from eval.statistics.pooled import statistic_estimates
from knowledge.tables import Order

MESSAGES = Path("tests/copilot/engine/messages.toml")
IN_DOMAIN = "in_domain"
AGENT_ID = "a01"
SHARE = (0.0, 1.0)
SEED = 7


@dataclass(frozen=True)
class Asked:
    """One message, what the engine says to it, and how sure it is of its best script when nothing is recognised."""

    group: str
    message: str
    is_recognised: bool
    answer: SuggestionAnswer
    certainty: float

    @property
    def is_silent(self) -> bool:
        return not self.answer.replies


def ask_all(runtime: Runtime, messages: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Asked]:
    """Every message put to the engine as it is, and to one that recognises nothing and shows its best script."""
    usual, setup = runtime.engine, runtime.engine.setup
    bold = replace(
        setup, small_talk=SmallTalk(SmallTalkSpec(kind=[])), policy=replace(setup.policy, reply_threshold=0.0)
    )
    engine = Engine(runtime.workspace.database, runtime.index, usual.encoder, bold, clock=usual.clock)
    customer_id = buyer(runtime)
    asked = []
    for group, by_language in messages.items():
        for message in (one for texts in by_language.values() for one in texts):
            request = SuggestRequest(
                message=message, customer_id=customer_id, agent_id=AGENT_ID, explain_excluded=False
            )
            replies = engine.rehearse(request)[0].replies
            asked.append(
                Asked(
                    group,
                    message,
                    setup.small_talk.recognise(message) is not None,
                    usual.rehearse(request)[0],
                    max((reply.probability for reply in replies), default=0.0),
                )
            )
    engine.close()
    return asked


def buyer(runtime: Runtime) -> str:
    """A customer with a parcel under way, so that nothing is left out for want of an order to speak of."""
    query = select(col(Order.customer_id)).where(col(Order.status) == "shipped").order_by(col(Order.id)).limit(1)
    with runtime.workspace.database.read() as session:
        return str(session.execute(query).scalar_one())


def share(flags: Sequence[bool]) -> Estimate:
    """How many of them are true."""
    return mean_estimate(np.array(flags, float), np.arange(len(flags)), np.random.default_rng(SEED), limits=SHARE)


def row(name: str, asked: Sequence[Asked]) -> str:
    """One line of the table of groups."""
    columns = (
        [one.is_recognised for one in asked],
        [one.is_silent for one in asked],
        [bool(one.answer.products) for one in asked],
    )
    return f"| {name} | {len(asked)} | {' | '.join(map(cell, map(share, columns)))} |"


def cell(estimate: Estimate) -> str:
    """A share with its interval, in per cent."""
    return f"{estimate.mean:.0%} ({estimate.low:.0%}–{estimate.high:.0%})"


def telling_apart(asked: Sequence[Asked]) -> Estimate | None:
    """AUROC of the best probability between questions to the shop and all else."""
    certainties = np.array([one.certainty for one in asked])
    wanted = np.array([one.group == IN_DOMAIN for one in asked])
    (found,) = statistic_estimates(
        lambda rows: [auroc(certainties[rows], wanted[rows])], np.arange(len(asked)), np.random.default_rng(SEED)
    )
    return found


def lines(asked: Sequence[Asked]) -> Iterator[str]:
    """The table of groups, how well the probability tells, and every message that was answered or left out wrongly."""
    yield "| messages | n | recognised | no reply | products |\n|---|---:|---:|---:|---:|"
    for group in dict.fromkeys(one.group for one in asked):
        yield row(group, [one for one in asked if one.group == group])
    yield row("all but in_domain", [one for one in asked if one.group != IN_DOMAIN])
    unknown = [one for one in asked if one.group == IN_DOMAIN or not one.is_recognised]
    yield f"\nAUROC of the probability, all messages: {telling_apart(asked)}"
    yield f"AUROC of the probability, {len(unknown)} messages that are not recognised: {telling_apart(unknown)}\n"
    for one in asked:
        if one.is_silent == (one.group == IN_DOMAIN):
            first = one.answer.replies[0].script_id if one.answer.replies else one.answer.abstain_reason
            yield f"{one.group}: {one.message} -> {first} ({one.certainty:.2f})"


def main() -> None:
    """Print the table and what was taken for something else."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--messages", type=Path, default=MESSAGES)
    given = parser.parse_args()
    runtime = Runtime.open(Settings(workspace=given.workspace, threads=1))
    try:
        asked = ask_all(runtime, tomllib.loads(given.messages.read_text(encoding="utf-8")))
    finally:
        runtime.close()
    sys.stdout.write("\n".join(lines(asked)) + "\n")


if __name__ == "__main__":
    main()
