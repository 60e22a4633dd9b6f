"""How well a ranker learns from logged decisions, where the truth is known; docs/ranking.md has the results.

    weights   takings as they are against takings divided by examination, in a world of known weights
    promoted  how often a policy is replaced that is right already, and one that is not
    promises  how often the precision promised by a threshold is broken
    boosted   the additive ranker against LightGBM's LambdaMART (needs lightgbm), with exact contributions
    sample    the sample brand: decisions logged through the production engine, learned from, judged by the truth
    labels    calibration on a rerank file of judged candidates, cross-fitted by message

Each takes minutes of one core; `sample` a quarter of an hour of a busy one.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy import update
from sqlmodel import col

from copilot.cli.demo import make_demo
from copilot.engine.decisions import DecisionDesk, NewDecision
from copilot.engine.engine import Engine
from copilot.engine.past import PastReader
from copilot.engine.policy import REPLY_FEATURES, Exploration, Policy, ReplyWeights
from copilot.engine.request import Said, SuggestRequest
from copilot.evaluation.reranking import measure_rerank
from copilot.evaluation.retrieval import TextOptions
from copilot.runtime import Runtime
from copilot.sample.world import SampleConfig, build_world
from copilot.settings import Settings
from copilot.training.calibrating import FirstReplies, fitted_calibration
from copilot.training.log import DecisionLog
from copilot.training.ranker import train_ranker
from copilot.training.settings import RankerSettings
from copilot.training.workspace_log import read_workspace_log
from eval.datasets.rerank import read_rerank
from eval.metrics.calibration import calibration_gaps, debiased_calibration_error
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate
from eval.statistics.pooled import gap_estimate
from knowledge.tables import DecisionKind, MessageRole, Scene, SuggestionSet
from models.calibration.choosing import FAMILIES, cross_fitted, log_loss
from models.calibration.threshold import threshold_for
from models.rankers.additive import fit_additive, fit_additive_by_time
from models.rankers.examination import default_curve, estimate_examination
from models.rankers.slates import Slates
from models.rankers.synthetic import World, WorldLog, draw_log

LOOKED_AT = (1.0, 0.6, 0.4)
SELDOM_LOOKED_AT = (1.0, 0.6, 0.3)
MOVING = ("trigger_similarity", "reply_similarity", "reply_words", "performance", "own_usage")
AGREED = tuple(getattr(ReplyWeights(), name) for name in MOVING)
OTHERWISE = (0.6, 1.0, 3.0, 2.0, 1.5)


def say(text: str) -> None:
    """One line of the result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# worlds ---------------------------------------------------------------------------------------------------------------


def measure_weights() -> None:
    """Weights found by the additive ranker, with and without correction."""
    truth, shown_by = np.array([3.0, 2.0, 1.0, 0.5, 0.2]), np.array([1.0, 3.0, 1.0, 0.5, 0.2])
    say(f"weights over the first; truth {_shown(truth / truth[0])}, shown by {_shown(shown_by / shown_by[0])}")
    for n_sets in (1000, 5000, 20_000):
        naive, corrected, curves = [], [], []
        for seed in range(10):
            log = draw_log(World(truth, shown_by, np.array(SELDOM_LOOKED_AT)), n_sets, np.random.default_rng(seed))
            slates = log.slates
            curve = estimate_examination(slates.places, slates.taken, log.propensities, default_curve(3)).curve
            curves.append(curve)
            for counts, found in ((np.ones(len(slates.slate)), naive), (1 / curve[slates.places], corrected)):
                weights = fit_additive(slates, counts, shown_by, strength=1.0).weights
                found.append(weights / weights[0])
        say(
            f"{n_sets:>6} sets: as clicked {_shown(np.mean(naive, 0))}, corrected {_shown(np.mean(corrected, 0))} "
            f"± {_shown(np.std(corrected, 0))}, places looked at {_shown(np.mean(curves, 0))}"
        )


def measure_promotions(n_worlds: int, sizes: Sequence[int]) -> None:
    """How often weights and calibration win, and by how much."""
    settings = RankerSettings()
    for name, truth, swapped in (
        ("A/A, neighbours swapped", AGREED, 0.3),
        ("A/A, nothing swapped", AGREED, 0.0),
        ("agents want otherwise, neighbours swapped", OTHERWISE, 0.3),
        ("agents want otherwise, nothing swapped", OTHERWISE, 0.0),
    ):
        serving = _calibrated(truth, swapped)
        for n_sets in sizes:
            found = [
                train_ranker(decided(truth, n_sets, seed, swapped=swapped), serving, settings)
                for seed in range(n_worlds)
            ]
            errors = [one.trust.after.ece.mean for one in found]
            gains = [one.order.metrics["nDCG@3"].difference.mean for one in found]
            say(
                f"{name}, {n_sets} sets: weights promoted {sum(one.order.won for one in found)}, calibration alone "
                f"{sum(one.trust.won and not one.order.won for one in found)} of {n_worlds}; mean difference of "
                f"nDCG@3 {np.mean(gains):+.4f}; mean ECE of the learned map {np.mean(errors):.3f}"
            )


def measure_promises(n_worlds: int) -> None:
    """How often the true precision above a chosen threshold is below what was wished."""
    rng = np.random.default_rng(5)
    for n in (200, 1000, 5000):
        broken = found = 0
        coverages = []
        for _ in range(20 * n_worlds):
            chances = rng.beta(2, 2, n)
            promise = threshold_for(chances, rng.random(n) < chances, 0.7, np.arange(n))
            if promise is None:
                continue
            found += 1
            coverages.append(promise.coverage)
            broken += chances[chances >= promise.threshold].mean() < 0.7
        share = np.mean(coverages) if coverages else 0.0
        say(f"wished .7 from {n} answers: {found} of {20 * n_worlds} found, {broken} broken, mean coverage {share:.2f}")


def decided(truth: Sequence[float], n_sets: int, seed: int, *, swapped: float, none: float = 4.0) -> DecisionLog:
    """A world's log as decided sets that the default weights showed."""
    world = World(np.array(truth), np.array(AGREED), np.array(LOOKED_AT), swapped=swapped, none=none)
    return as_decided(draw_log(world, n_sets, np.random.default_rng([seed, n_sets])))


def as_decided(drawn: WorldLog) -> DecisionLog:
    """A world's log under the names of features."""
    n_rows, n_sets = len(drawn.slates.slate), drawn.slates.n
    features = np.zeros((n_rows, len(REPLY_FEATURES)))
    features[:, [REPLY_FEATURES.index(name) for name in MOVING]] = drawn.slates.features
    return DecisionLog(
        source="world",
        data_hash="",
        slates=Slates(features, drawn.slates.slate, drawn.slates.taken),
        set_ids=[str(number) for number in range(n_sets)],
        item_ids=[str(row) for row in range(n_rows)],
        propensities=drawn.propensities,
        groups=np.arange(n_sets) // 2,
        uses=None,
        left_out={},
    )


def _calibrated(truth: Sequence[float], swapped: float) -> Policy:
    """The default policy with a calibration learned from very much, so that only the weights may be wrong."""
    first = FirstReplies.of(decided(truth, 20_000, 999, swapped=swapped), ReplyWeights())
    calibration, _ = fitted_calibration(first, np.random.default_rng(0), Policy().calibration)
    return replace(Policy(), calibration=calibration)


# boosted --------------------------------------------------------------------------------------------------------------


def measure_boosted(n_worlds: int, sizes: Sequence[int]) -> None:
    """Expected acceptance of the first reply, of the additive ranker and of LambdaMART, on lists neither has seen."""
    for n_sets in sizes:
        gaps = []
        for seed in range(n_worlds):
            world = World(np.array(OTHERWISE), np.array(AGREED), np.array(LOOKED_AT), none=4.0)
            log = draw_log(world, n_sets, np.random.default_rng([seed, 1]))
            unseen = draw_log(world, 20_000, np.random.default_rng([seed, 2]))
            serving = _first_wanted(unseen, unseen.slates.features @ world.shown_by)
            gaps.append([one - serving for one in _both(log, world, unseen)])
        additive, boosted = np.array(gaps).T
        estimates = [_over_worlds(one) for one in (additive, boosted, additive - boosted)]
        say(f"{n_sets:>6} sets, gain over the serving order: additive {estimates[0]}, LambdaMART {estimates[1]}, "
            f"additive less LambdaMART {estimates[2]}")  # fmt: skip


def _both(log: WorldLog, world: World, unseen: WorldLog) -> tuple[float, float]:
    slates = log.slates
    curve = estimate_examination(slates.places, slates.taken, log.propensities, default_curve(3)).curve
    counts = 1 / curve[slates.places]
    fit = fit_additive_by_time(slates, counts, world.shown_by, np.arange(slates.n))
    trees = boosted_trees(slates, counts)
    check_contributions(trees, unseen.slates.features[:500])
    return (
        _first_wanted(unseen, unseen.slates.features @ fit.weights),
        _first_wanted(unseen, np.asarray(trees.predict(unseen.slates.features))),
    )


def boosted_trees(slates: Slates, counts: np.ndarray) -> "lightgbm.Booster":  # noqa: F821
    """LambdaMART on the lists of which something was taken, rising in every feature, stopped by later lists."""
    import lightgbm

    taken = np.bincount(slates.slate, weights=slates.taken) > 0
    late = np.arange(slates.n) >= 0.75 * slates.n
    parts = []
    for kept in (taken & ~late, taken & late):
        one, rows = slates.only(kept), kept[slates.slate]
        sizes = np.bincount(one.slate)
        weights = np.where(one.taken, counts[rows], 1.0)
        parts.append(lightgbm.Dataset(one.features, one.taken.astype(int), group=sizes, weight=weights))
    settings = {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [3],
        "num_leaves": 7,
        "learning_rate": 0.05,
        "min_data_in_leaf": 20,
        "monotone_constraints": [1] * slates.features.shape[1],
        "num_threads": 1,
        "seed": 1,
        "deterministic": True,
        "verbosity": -1,
    }
    stop = lightgbm.early_stopping(30, verbose=False)
    return lightgbm.train(settings, parts[0], 500, valid_sets=[parts[1]], callbacks=[stop])


def check_contributions(trees: "lightgbm.Booster", features: np.ndarray) -> None:  # noqa: F821
    """See that TreeSHAP's contributions sum to the score, as those of the additive ranker do by construction."""
    parts = np.asarray(trees.predict(features, pred_contrib=True))
    if not np.allclose(parts.sum(axis=1), trees.predict(features)):
        raise SystemExit("contributions do not sum to the score")


def _first_wanted(log: WorldLog, scores: np.ndarray) -> float:
    """How likely the first of a list by a score is what is wanted."""
    n_places = len(scores) // log.slates.n
    best = np.argmax(scores.reshape(-1, n_places), axis=1)
    return float(log.truly_wanted.reshape(-1, n_places)[np.arange(len(best)), best].mean())


def _over_worlds(values: np.ndarray) -> Estimate:
    return mean_estimate(values, np.arange(len(values)), np.random.default_rng(3))


# sample ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """A customer's message of the sample brand, and the script its agent then sent."""

    conversation_id: str
    request: SuggestRequest
    script_id: str
    at: datetime


def measure_sample(n_conversations: int, limit: int | None, looked_at: Sequence[float], out: Path | None) -> None:
    """Decisions of agents who want what the sample's agents sent and look at a place as often as `looked_at` says."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(workspace=out or Path(folder) / "workspace")
        make_demo(settings, seed=7)
        (settings.workspace / "policy.toml").write_text("[exploration]\nrate = 0.4\ntie_gap = 0.4\n")
        wishes = list(_wishes(n_conversations))[:limit]
        runtime = Runtime.open(settings)
        try:
            _log_decisions(runtime, wishes, looked_at)
            serving = runtime.engine.setup.policy
            log = read_workspace_log(runtime.workspace.database, settings.tenant, serving)
            say(
                f"{len(wishes):,} messages; {log.n:,} decided sets, {log.n_taken:,} sent, {log.n_swappable:,} swappable"
            )
            found = train_ranker(log, serving, RankerSettings())
            say(json.dumps(found.to_dict(), ensure_ascii=False, indent=1))
            _judge_by_truth(runtime, wishes, serving, replace(found.policy, exploration=Exploration()))
        finally:
            runtime.close()


def _wishes(n_conversations: int) -> Iterator[Wish]:
    """Every message that the sample's agents answered with a script, by time."""
    roles = {"agent": MessageRole.AGENT, "customer": MessageRole.CUSTOMER}
    world = build_world(SampleConfig(seed=7, n_conversations=n_conversations))
    for talk in world.conversations():
        for place, message in enumerate(talk.messages):
            if not message.script_id or not place or talk.messages[place - 1].role != "customer":
                continue
            said = [Said(roles[one.role], one.text, one.at) for one in talk.messages[:place]]
            start = place - 1
            while start and said[start - 1].role is MessageRole.CUSTOMER:
                start -= 1
            yield Wish(
                talk.conversation_id,
                SuggestRequest(
                    message="\n".join(one.text for one in said[start:place]),
                    context=said[:start],
                    customer_id=talk.customer_id,
                    agent_id=talk.agent_id,
                    scene=Scene(talk.scene),
                    channel=talk.channel,
                    explain_excluded=False,
                    max_products=0,
                    at=message.at,
                ),
                message.script_id,
                message.at,
            )


def _log_decisions(runtime: Runtime, wishes: Sequence[Wish], looked_at: Sequence[float]) -> None:
    chances = np.random.default_rng(11).random(len(wishes))
    now = [wishes[0].at]
    desk = DecisionDesk(
        runtime.workspace.database, tenant_id=runtime.settings.tenant, rules=runtime.desk.rules, clock=lambda: now[0]
    )
    conversations = {}
    for wish, chance in zip(wishes, chances.tolist(), strict=True):
        now[0] = wish.at
        answer = runtime.engine.suggest(wish.request)
        conversations[answer.set_id] = wish.conversation_id
        rank = next((one.rank for one in answer.replies if one.script_id == wish.script_id), None)
        if rank is not None and chance < looked_at[rank - 1]:
            decision = NewDecision(answer.set_id, DecisionKind.ACCEPT, rank=rank, agent_id=wish.request.agent_id)
        else:
            decision = NewDecision(answer.set_id, DecisionKind.IGNORE, agent_id=wish.request.agent_id)
        desk.decide(decision)
    with runtime.workspace.database.write() as session:  # sets of one conversation are no independent witnesses
        for set_id, conversation_id in conversations.items():
            chosen = update(SuggestionSet).where(col(SuggestionSet.id) == set_id)
            session.execute(chosen.values(conversation_id=conversation_id))


def _judge_by_truth(runtime: Runtime, wishes: Sequence[Wish], serving: Policy, learned: Policy) -> None:
    """What the agents of the last fifth would have found first, by the production engine as of then."""
    last = wishes[-len(wishes) // 5 :]
    columns, certain = [], []
    for policy in (replace(serving, exploration=Exploration()), learned):
        old = runtime.engine
        setup = replace(old.setup, policy=policy)
        past = PastReader(runtime.workspace.database, setup.tenant_id)
        engine = Engine(old.database, old.index, old.encoder, setup, clock=old.clock, memory=past)
        answers = [engine.rehearse(wish.request)[0].replies for wish in last]
        engine.close()
        places = [[one.script_id for one in replies] for replies in answers]
        ranks = [ids.index(w.script_id) if w.script_id in ids else None for w, ids in zip(last, places, strict=True)]
        columns.append([[0.0 if r is None else 1 / np.log2(r + 2), float(r == 0)] for r in ranks])
        certain.append(
            [(one[0].probability, r == 0, w.conversation_id)
             for one, r, w in zip(answers, ranks, last, strict=True) if one]
        )  # fmt: skip
    groups = np.array([wish.conversation_id for wish in last])
    before, after = (np.array(column) for column in columns)
    for place, name in enumerate(("nDCG@3", "Success@1")):
        values = [before[:, place], after[:, place], after[:, place] - before[:, place]]
        estimates = [mean_estimate(one, groups, np.random.default_rng(2)) for one in values]
        say(f"by the truth, {name}: {estimates[0]} -> {estimates[1]}, difference {estimates[2]}, {len(last)} messages")
    for name, rows in zip(("before", "after"), certain, strict=True):
        stated, right, talks = (np.array(column) for column in zip(*rows, strict=True))
        say(f"by the truth, ECE {name}: {_ece(stated, right, talks)}, of {len(rows)} answered")


def _ece(stated: np.ndarray, right: np.ndarray, groups: np.ndarray) -> str:
    found = gap_estimate(calibration_gaps(stated, right), groups, np.random.default_rng(4))
    return f"{found}, debiased {debiased_calibration_error(stated, right):.3f}"


# labels ---------------------------------------------------------------------------------------------------------------


def measure_labels(data: Path, encoder: str) -> None:
    """ECE of the engine's probability of each candidate, as stated and by every family on messages it has not seen."""
    found = read_rerank(data)
    runs = measure_rerank(Settings(encoder=encoder), found, TextOptions(), lambda *_: None)
    rows = runs["engine"].table.select(["query_id", "relevant", "replies"]).to_pylist()
    scores = np.array([one["score"] for row in rows for one in row["replies"]])
    stated = np.array([one["probability"] for row in rows for one in row["replies"]])
    labels = np.array([one["item_id"] in row["relevant"] for row in rows for one in row["replies"]])
    groups = np.repeat(np.arange(len(rows)), [len(row["replies"]) for row in rows])
    folds = np.random.default_rng(0).permutation(np.arange(len(rows)) % 5)[groups]
    say(f"{len(labels):,} candidates of {len(rows):,} messages, {labels.mean():.1%} right, encoder {encoder}")
    say(f"as stated: ECE {_ece(stated, labels, groups)}, log loss {log_loss(stated, labels).mean():.4f}")
    for name, fit in FAMILIES.items():
        fitted = cross_fitted(fit, scores, labels, folds)
        say(f"{name}: ECE {_ece(fitted, labels, groups)}, log loss {log_loss(fitted, labels).mean():.4f}")


def _shown(values: np.ndarray) -> str:
    return "(" + ", ".join(f"{one:.2f}" for one in values) + ")"


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("weights", "promoted", "promises", "boosted", "sample", "labels"))
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument(
        "--sets", default="1500", help="with promoted and boosted: how many decided sets, with commas between"
    )
    parser.add_argument("--conversations", type=int, default=1500)
    parser.add_argument("--messages", type=int, help="with sample: only the first so many")
    parser.add_argument("--looked-at", default="1,0.6,0.4", help="of the simulated agents")
    parser.add_argument("--data", type=Path, help="with labels: a rerank file")
    parser.add_argument("--encoder", default="default")
    parser.add_argument("--keep", type=Path, help="with sample: a folder for the workspace")
    given = parser.parse_args()
    if given.what == "weights":
        measure_weights()
    elif given.what == "promoted":
        measure_promotions(given.worlds, [int(one) for one in given.sets.split(",")])
    elif given.what == "promises":
        measure_promises(given.worlds)
    elif given.what == "boosted":
        measure_boosted(given.worlds, [int(one) for one in given.sets.split(",")])
    elif given.what == "sample":
        looked_at = [float(one) for one in given.looked_at.split(",")]
        measure_sample(given.conversations, given.messages, looked_at, given.keep)
    else:
        measure_labels(given.data, given.encoder)


if __name__ == "__main__":
    main()
