"""How well the statistics of script mining find the planted effects, when which script was sent is known.

Simulates worlds of the sample brand, takes the true scripts as candidates and typed answers to the same need as the
ordinary reply, and compares every verdict with what was planted: precision and recall of "helps", coverage of the
intervals, and the same for two naive methods, for agents, and for worlds where no script does anything. A smaller
archive is all conversations of some of the customers, so that everybody's history is as long as in the largest.

    python docs/measurements/mining_oracle.py 20000 50000 100000 --seeds 7 1 2 --cache FOLDER

Simulating 100,000 conversations takes about 40 seconds of one core, each estimate of all scripts about 30 more.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from copilot.sample.conversation import Conversation
from copilot.sample.world import SampleConfig, World, build_world
from eval.effects.agents import agent_performance, agent_performance_by_features
from eval.effects.estimation import estimate_effect
from eval.effects.exposures import Exposures
from eval.effects.naive import favourites_of_the_best, raw_difference
from eval.effects.settings import EffectSettings
from eval.effects.verdicts import Judgement, Verdict, judge
from eval.statistics.correction import benjamini_hochberg

Array = NDArray[np.float64]

TALKS_A_CUSTOMER = 20
STAGES = ("获客", "转化", "交易", "交付", "服务与运营")
LANGUAGES = ("zh-Hans", "zh-Hant", "en")
SALE_ROWS, SATISFACTION_ROWS = 8.0, 16.0
"""Earlier conversations that count as much as what is known of customers in general."""


# the archive ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Archive:
    """Conversations in the order of time, the answers given in them, and the truth.

    Attributes:
        satisfied: A satisfaction of 4 or 5; NaN where nobody rated.
        n_orders: The customer's orders before.
        talk, need, script, ordinal: Of every answer: its conversation, what was asked, what was sent (-1: typed), and
            how many answers came before.
    """

    at: Array
    hour: Array
    weekday: Array
    customer: NDArray[np.int64]
    agent: NDArray[np.int64]
    stage: NDArray[np.int64]
    language: NDArray[np.int64]
    group: Array
    web: Array
    converted: Array
    satisfied: Array
    n_orders: Array
    talk: NDArray[np.int64]
    need: NDArray[np.int64]
    script: NDArray[np.int64]
    ordinal: NDArray[np.int64]
    is_service: NDArray[np.bool_]
    effects: Array
    skills: Array

    def of_share(self, share: float) -> "Archive":
        """All conversations of this share of the customers."""
        kept = self.customer < share * (self.customer.max() + 1)
        answered = kept[self.talk]
        columns = {}
        for name, column in vars(self).items():
            if len(column) == len(kept):
                columns[name] = column[kept]
            elif len(column) == len(answered):
                columns[name] = column[answered]
            else:
                columns[name] = column
        columns["talk"] = (np.cumsum(kept) - 1)[columns["talk"]]
        return Archive(**columns)


def simulated(seed: int, n: int, cache: Path | None, *, is_null: bool) -> Archive:
    """The archive of one seed, from the cache if it is there."""
    path = cache / f"oracle-{seed}-{n}{'-null' if is_null else ''}.npz" if cache else None
    if path and path.exists():
        return Archive(**np.load(path))
    world = build_world(SampleConfig(seed=seed, n_customers=max(1, n // TALKS_A_CUSTOMER), n_conversations=n))
    columns = _columns(world, {} if is_null else world.planted)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **columns)
    return Archive(**columns)


def _columns(world: World, effects: Mapping[str, float]) -> dict[str, NDArray]:
    needs = {topic.need: row for row, topic in enumerate(world.topics)}
    scripts = {script.id: row for row, script in enumerate(world.brand.scripts)}
    need_of = {script.id: topic.need for topic in world.topics for script in topic.scripts}
    customers = {customer.customer_id: row for row, customer in enumerate(world.customers)}
    agents = {agent.agent_id: row for row, agent in enumerate(world.agents)}
    orders = _order_times(world)
    talks, answers = [], []
    for row, talk in enumerate(world.conversations(effects)):
        at = talk.messages[0].at
        language = LANGUAGES.index(world.customers[customers[talk.customer_id]].language)
        n_orders = np.searchsorted(orders.get(talk.customer_id, np.empty(0)), at.timestamp())
        who = (customers[talk.customer_id], agents[talk.agent_id], STAGES.index(talk.stage), language)
        talks.append((at.timestamp(), at.hour, at.weekday(), *who, *_shown(talk), n_orders))
        sent = {need_of[one]: scripts[one] for one in talk.script_ids}
        for ordinal, need in enumerate(talk.cause.needs):
            answers.append((row, needs[need], sent.get(need, -1), ordinal, talk.cause.goal == "satisfaction"))
    names = ("at", "hour", "weekday", "customer", "agent", "stage", "language", "group", "web", "converted")
    columns = dict(zip((*names, "satisfied", "n_orders"), np.array(talks, np.float64).T, strict=True))
    for name in ("customer", "agent", "stage", "language"):
        columns[name] = columns[name].astype(np.int64)
    columns |= zip(("talk", "need", "script", "ordinal", "is_service"), np.array(answers, np.int64).T, strict=True)
    columns["is_service"] = columns["is_service"].astype(np.bool_)
    columns["effects"] = np.array([effects.get(one, 0.0) for one in scripts])
    return columns | {"skills": np.array([agent.skill for agent in world.agents])}


def _shown(talk: Conversation) -> tuple[float, ...]:
    """Scene, channel, sale and satisfaction."""
    satisfied = np.nan if talk.satisfaction is None else float(talk.satisfaction >= 4)
    return (talk.scene == "group", talk.channel == "web", talk.converted, satisfied)


def _order_times(world: World) -> dict[str, Array]:
    times: dict[str, dict[str, float]] = {}
    for line in world.orders:
        times.setdefault(line.customer_id, {})[line.order_id] = line.ordered_at.timestamp()
    return {customer_id: np.sort(list(placed.values())) for customer_id, placed in times.items()}


# what was known before ------------------------------------------------------------------------------------------------


def moment_features(archive: Archive) -> Array:
    """Hour and weekday as waves, scene, channel, stage and language, one row a conversation."""
    day, week = 2 * np.pi * archive.hour / 24, 2 * np.pi * archive.weekday / 7
    waves = [np.sin(day), np.cos(day), np.sin(2 * day), np.cos(2 * day), np.sin(week), np.cos(week)]
    parts = [*waves, archive.weekday >= 5, archive.group, archive.web]
    return np.column_stack([*parts, one_hot(archive.stage), one_hot(archive.language)])


def history_features(archive: Archive) -> Array:
    """What the customer's earlier conversations and orders show, one row a conversation.

    Sales and ratings are taken less what is usual in their stage, since a parcel asked after seldom becomes a sale.
    """
    customer, stage = archive.customer, archive.stage
    _, n_talks = earlier(customer, np.ones(len(customer)))
    sold, n_sold = earlier(customer, less_usual(archive.converted, stage))
    liked, n_rated = earlier(customer, less_usual(archive.satisfied, stage))
    return np.column_stack(
        [
            np.log1p(n_talks),
            sold / (n_sold + SALE_ROWS),
            liked / (n_rated + SATISFACTION_ROWS),
            np.log1p(archive.n_orders),
            archive.n_orders > 0,
        ]
    )


def earlier(customer: NDArray[np.int64], values: Array) -> tuple[Array, Array]:
    """Sum and number of the customer's values in earlier rows; rows are in the order of time, NaN is no value."""
    order = np.argsort(customer, kind="stable")
    of_one = customer[order]
    begins = np.concatenate([[True], of_one[1:] != of_one[:-1]])
    first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    found = []
    for column in (np.nan_to_num(values), ~np.isnan(values)):
        before = np.cumsum(column[order].astype(np.float64)) - column[order]
        totals = np.empty(len(order))
        totals[order] = before - before[first]
        found.append(totals)
    return found[0], found[1]


def less_usual(values: Array, cells: NDArray[np.int64]) -> Array:
    """The values less their mean in the cell."""
    known = ~np.isnan(values)
    n = np.bincount(cells[known], minlength=cells.max() + 1)
    means = np.bincount(cells[known], values[known], cells.max() + 1) / np.maximum(1, n)
    return np.asarray(values - means[cells])


def one_hot(codes: NDArray[np.int64]) -> Array:
    """A column for each value but the first."""
    return (codes[:, None] == np.unique(codes)[1:]).astype(np.float64)


# what is found --------------------------------------------------------------------------------------------------------


def candidates(archive: Archive) -> Iterator[tuple[int, Exposures]]:
    """Every script that was sent, against typed answers to the same need, by the outcome it is meant for."""
    features = np.column_stack([moment_features(archive), history_features(archive)])
    for script in np.unique(archive.script[archive.script >= 0]).tolist():
        need = archive.need[archive.script == script][0]
        answers = np.flatnonzero((archive.need == need) & np.isin(archive.script, [script, -1]))
        is_service = bool(archive.is_service[answers[0]])
        outcome = (archive.satisfied if is_service else archive.converted)[archive.talk[answers]]
        answers, outcome = answers[~np.isnan(outcome)], outcome[~np.isnan(outcome)]
        talk = archive.talk[answers]
        yield (
            script,
            Exposures(
                treated=archive.script[answers] == script,
                outcome=outcome,
                features=np.column_stack([features[talk], archive.ordinal[answers]]).astype(np.float32),
                agent=archive.agent[talk],
                stratum=archive.need[answers],
                cluster=archive.customer[talk],
                outcome_name="satisfaction" if is_service else "conversion",
            ),
        )


def measure_scripts(archive: Archive, label: str) -> None:
    """One line for the adjusted effects, one each for the naive methods."""
    rng, rows = np.random.default_rng(0), list(candidates(archive))
    judged = judge([estimate_effect(exposures, EffectSettings(), rng) for _, exposures in rows])
    truth = np.array([archive.effects[script] for script, _ in rows])
    n_true, n_bad = int((archive.effects > 0).sum()), int((archive.effects < 0).sum())
    helps, harms = (np.array([one.verdict is wanted for one in judged]) for wanted in (Verdict.HELPS, Verdict.HARMS))
    say(f"{label}, adjusted, helps: {_found(helps, truth > 0, n_true)}")
    say(f"{label}, adjusted, harms: {_found(harms, truth < 0, n_bad)}")
    say(f"{label}, intervals: {_coverage(judged, truth)}")
    enough = [place for place, one in enumerate(judged) if one.evidence.effect]
    plain = [raw_difference(rows[place][1]) for place in enough]
    wins = np.zeros(len(rows), np.bool_)
    wins[enough] = benjamini_hochberg([one.p_value for one in plain]) <= 0.10
    wins[enough] &= np.array([one.difference > 0 for one in plain])
    say(f"{label}, raw difference: {_found(wins, truth > 0, n_true)}")
    ranked = favourites_of_the_best(archive.agent[archive.talk], archive.converted[archive.talk], archive.script)
    chosen = ranked[: n_true or int(helps.sum()) or 30]
    favourites = np.isin([script for script, _ in rows], chosen)
    say(f"{label}, most used by the best {len(chosen)}: {_found(favourites, truth > 0, n_true)}")


def _found(chosen: NDArray[np.bool_], right: NDArray[np.bool_], n_right: int) -> str:
    n_good = int((chosen & right).sum())
    precision = f"{n_good / chosen.sum():.2f}" if chosen.any() else "-"
    return f"{int(chosen.sum())} found, precision {precision}, recall {f'{n_good / n_right:.2f}' if n_right else '-'}"


def _coverage(judged: list[Judgement], truth: Array) -> str:
    parts = []
    for name, places in (
        ("tested", [place for place, one in enumerate(judged) if one.q_value is not None]),
        ("all", [place for place, one in enumerate(judged) if one.evidence.adjusted]),
    ):
        effects = [(judged[place].evidence.effect, truth[place]) for place in places]
        held = [effect.low <= true <= effect.high for effect, true in effects if effect]
        parts.append(f"{np.mean(held):.3f} of {len(held)} {name}" if held else f"none {name}")
    return ", ".join(parts)


def measure_agents(archive: Archive, label: str) -> None:
    """How far estimates of the agents' worth, their scripts' effects on sales included, are from the truth."""
    worth = np.where((archive.script >= 0) & ~archive.is_service, archive.effects[archive.script], 0.0)
    won = np.bincount(archive.talk, worth, len(archive.agent))
    truth = archive.skills + np.bincount(archive.agent, won) / np.bincount(archive.agent)
    truth = truth - truth.mean()
    moment = moment_features(archive)
    known = np.column_stack([moment, history_features(archive)])
    for name, rows in (
        ("same customers", agent_performance(archive.converted, moment, archive.agent, archive.customer)),
        ("features", agent_performance_by_features(archive.converted, known, archive.agent, archive.customer)),
    ):
        told = [(one.pooled, true) for one, true in zip(rows, truth, strict=True)]
        error = np.sqrt(np.mean([(one.mean - true) ** 2 for one, true in told]))
        held = np.mean([one.low <= true <= one.high for one, true in told])
        say(f"{label}, agents by {name}: error {100 * error:.2f} points, {held:.2f} of intervals hold the truth")
    raw = np.array([one.raw_rate for one in rows])
    say(f"{label}, agents by raw rates: error {100 * np.sqrt(np.mean((raw - raw.mean() - truth) ** 2)):.2f} points")


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("conversations", type=int, nargs="+")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--cache", type=Path, help="a folder for the simulated worlds")
    parser.add_argument("--no-null", action="store_true", help="leave out worlds where no script does anything")
    given = parser.parse_args()
    most = max(given.conversations)
    for seed, is_null in product(given.seeds, (False, True)):
        if is_null and given.no_null:
            continue
        whole = simulated(seed, most, given.cache, is_null=is_null)
        for n in given.conversations if not is_null else [most]:
            archive, label = whole.of_share(n / most), f"seed {seed}{' null' if is_null else ''}, {n:,}"
            measure_scripts(archive, label)
            if not is_null:
                measure_agents(archive, label)


if __name__ == "__main__":
    main()
