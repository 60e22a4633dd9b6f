"""`copilot eval robustness`: is the same still found when it is typed as customers type it?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from copilot.engine.engine import Engine
from copilot.engine.request import Said, SuggestRequest
from copilot.evaluation.library_questions import Question, hold_out, library_questions, library_without
from copilot.evaluation.retrieval import EncodedData
from copilot.evaluation.systems import SystemName, open_system
from copilot.evaluation.texts import Asked
from copilot.runtime import Runtime
from copilot.settings import Settings
from eval.datasets.beir import Query
from eval.metrics.ranking import as_run, measure_rankings
from eval.robustness.kinds import KINDS, ONE_TYPO, check_kinds, perturb
from eval.robustness.losses import Loss, Outcome, losses
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.estimate import Estimate
from knowledge.index.cache import VectorCache
from knowledge.index.encoding import CachedEncoder
from knowledge.index.snapshot import CACHE_FOLDER, tenant_folder
from knowledge.tables import MessageRole

CUTOFFS = (1, 3)
LONG = 8
ONE_TYPO_ROW = f"one-typo-{LONG}+"
"""All kinds of one typo together, over messages of at least so many characters."""

Progress = Callable[[int, int, str], None]
Recall = Mapping[str, float]
"""Recall at 1 and at 3 of one message."""


@dataclass(frozen=True)
class RobustnessOptions:
    """Which kinds, how many messages at most, and the seed of slips, choices and resamples."""

    kinds: Sequence[str] = tuple(KINDS)
    seed: int = 7
    limit: int | None = None

    def __post_init__(self) -> None:
        check_kinds(self.kinds)

    def chosen(self, n: int) -> list[int]:
        """The messages to ask, of `n`: all, or as many as wanted, spread by chance."""
        if self.limit is None or self.limit >= n:
            return list(range(n))
        return sorted(np.random.default_rng(self.seed).choice(n, self.limit, replace=False).tolist())


@dataclass(frozen=True)
class RobustnessReport:
    """What the messages find as they are, and what each kind loses; `left_out` names scripts nobody known may see."""

    asked: str
    seed: int
    n_messages: int
    left_out: Sequence[str]
    plain: Mapping[str, Estimate]
    kinds: Mapping[str, Mapping[str, Loss]]

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "asked": self.asked,
            "seed": self.seed,
            "n": self.n_messages,
            "left_out": list(self.left_out),
            "metrics": {name: estimate.to_dict() for name, estimate in self.plain.items()},
            "kinds": {
                kind: {name: loss.to_dict() for name, loss in measured.items()} for kind, measured in self.kinds.items()
            },
        }


@dataclass(frozen=True)
class _Message:
    """One message of a test set, the group it is resampled with, and what it finds."""

    message_id: str
    cluster: str
    text: str
    recall: Callable[[str], Recall]


def measure_library(
    settings: Settings, options: RobustnessOptions, progress: Progress, *, held_out: bool = False
) -> RobustnessReport:
    """The workspace's own triggers put to its own engine; intervals over scripts, nothing is recorded.

    With `held_out` one trigger of each script that has several is asked, of a library that does not know it.

    Raises:
        NotReadyError: there is no encoder, or no live script has a trigger.
    """
    runtime = Runtime.open(settings)
    try:
        questions = library_questions(runtime.engine)
        if held_out:
            asked = hold_out(questions.asked, np.random.default_rng(options.seed))
            engine = _engine_without(runtime, asked)
        else:
            asked, engine = list(questions.asked), runtime.engine
        messages = [_of_library(engine, asked[number]) for number in options.chosen(len(asked))]
        what = "held-out triggers" if held_out else "own triggers"
        return _measure(messages, what, questions.unseen, options, progress)
    finally:
        runtime.close()


def measure_beir(
    encoded: EncodedData, system: SystemName, options: RobustnessOptions, progress: Progress
) -> RobustnessReport:
    """The queries of a BEIR folder put to one system; intervals over queries."""
    queries = [encoded.data.queries[number] for number in options.chosen(len(encoded.data.queries))]
    rank = open_system(system, encoded.corpus, encoded.options.policy)

    def recall(query: Query, text: str) -> Recall:
        asked = Asked.of(" ".join(text.split("\n")), query.context, encoded.encoder, encoded.options.n_turns or 0)
        found = [encoded.data.documents[item].id for item in rank(asked, None, max(CUTOFFS)).items.tolist()]
        qrels = {query.id: encoded.data.qrels[query.id]}
        values = measure_rankings(qrels, {query.id: as_run(found)}, [f"R@{k}" for k in CUTOFFS])
        return {name: float(value[0]) for name, value in values.items()}

    messages = [_Message(query.id, query.id, query.text, partial(recall, query)) for query in queries]
    return _measure(messages, f"{encoded.data.name}, {system.value}", (), options, progress)


def _engine_without(runtime: Runtime, asked: Sequence[Question]) -> Engine:
    engine, tenant_id = runtime.engine, runtime.settings.tenant
    folder = tenant_folder(runtime.workspace.index_folder, tenant_id) / CACHE_FOLDER
    cache = VectorCache.open(folder, engine.encoder.fingerprint, engine.encoder.dim)
    encoding = CachedEncoder(engine.encoder, cache)
    library = library_without(runtime.workspace.database, tenant_id, encoding, asked)
    return Engine(runtime.workspace.database, library, engine.encoder, engine.setup, clock=engine.clock)


def _of_library(engine: Engine, question: Question) -> _Message:
    def recall(text: str) -> Recall:
        answer, _ = engine.rehearse(_request(question.request, text))
        shown = [reply.script_id for reply in answer.replies]
        return {f"R@{k}": float(question.script_id in shown[:k]) for k in CUTOFFS}

    return _Message(f"{question.script_id}: {question.text}", question.script_id, question.text, recall)


def _request(request: SuggestRequest, text: str) -> SuggestRequest:
    """The request with another text; all lines but the last are messages sent just before."""
    *earlier, last = text.split("\n")
    return replace(request, message=last, context=[Said(MessageRole.CUSTOMER, part) for part in earlier])


def _measure(
    messages: Sequence[_Message],
    asked: str,
    left_out: Sequence[str],
    options: RobustnessOptions,
    progress: Progress,
) -> RobustnessReport:
    plain = []
    for done, message in enumerate(messages, start=1):
        plain.append(message.recall(message.text))
        progress(done, len(messages), "as they are")
    by_kind = {}
    for kind in options.kinds:
        by_kind[kind] = _outcomes(kind, messages, plain, options.seed)
        progress(len(by_kind), len(options.kinds), kind)
    slips = [one for kind in ONE_TYPO for one in by_kind.get(kind, ()) if one.n_characters >= LONG]
    clusters = [message.cluster for message in messages]
    return RobustnessReport(
        asked=asked,
        seed=options.seed,
        n_messages=len(messages),
        left_out=left_out,
        plain={
            name: mean_estimate(
                [one[name] for one in plain], clusters, np.random.default_rng(options.seed), limits=(0.0, 1.0)
            )
            for name in plain[0]
        },
        kinds={
            kind: losses(found, np.random.default_rng(options.seed))
            for kind, found in {**by_kind, ONE_TYPO_ROW: slips}.items()
            if found
        },
    )


def _outcomes(kind: str, messages: Sequence[_Message], plain: Sequence[Recall], seed: int) -> list[Outcome]:
    outcomes = []
    for number, (message, before) in enumerate(zip(messages, plain, strict=True)):
        text = perturb(kind, message.text, seed=seed, number=number)
        if text is not None:
            n_characters = len("".join(message.text.split()))
            after = message.recall(text)
            outcomes.append(Outcome(kind, message.message_id, message.cluster, n_characters, before, after))
    return outcomes
