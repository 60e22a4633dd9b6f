"""Two invented runs of a shop's copilot over the same messages, with everything a report can show."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eval.metrics.ranking import as_run, measure_rankings
from eval.report.growth import Growth, LibraryGrowth, LibrarySize
from eval.report.report import Report
from eval.runs.compare import compare
from eval.runs.run import COLUMNS, MANIFEST_FILE, METRIC_PREFIX, QUERIES_FILE, TIMINGS_FILE, Run
from eval.runs.summary import summarise
from eval.statistics.estimate import Estimate

TOPICS = {
    "returns": ("七天无理由退货怎么操作？", "收到七天内、未拆封都可以退。您在订单里点「申请售后」，运费险会自动赔付。"),
    "sensitive": ("敏感肌能用吗，会不会刺痛", "这款不含酒精和香精，建议先在耳后试用两天，没有泛红再上脸。"),
    "shipping": (
        "Do you ship to Hong Kong?",
        "Yes, we ship to Hong Kong by SF Express; it takes two to four working days.",
    ),
    "points": ("会员积分什么时候到账？", "确认收货后 24 小时内到账，每月 8 日双倍。"),
    "refill": ("上次买的精华快用完了，有活动吗", "这款现在第二件半价，老客再送 15 ml 小样，要我帮您留一份吗？"),
    "invoice": ("能开发票吗", "可以的，确认收货后在订单页点「申请发票」，电子票当天发到邮箱。"),
    "size": (
        "I'm 170 cm and 62 kg, which size?",
        "M fits best; if you like it loose, take L. Exchanges are free within 7 days.",
    ),
    "delay": ("都五天了还没发货！！", "实在抱歉让您久等了，我马上催仓库，今天 18 点前给您单号。"),
}
FEATURES = ("trigger_similarity", "reply_similarity", "reply_words", "performance", "stage", "fatigue")
STAGES = ("获客", "转化", "交易", "交付", "服务与运营")
TAGS = ("敏感肌", "会员", "新客", "价格敏感", "VIP")
METRICS = ("nDCG@10", "R@10", "RR@10", "P@1", "Success@3")
START = datetime(2026, 3, 1, 1, tzinfo=UTC)
HOSTILE = (
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "</style></svg><h1>broken</h1> & \"quoted\" 'text' {{ 7*7 }} {% raw %} | a | b |\n\n# heading `code`",
    "A" * 700 + "超长" * 900,
    "مرحبا، هل يمكنني إرجاع هذا المنتج؟ \u202e evil \u0000\u0008 שלום",
    "👩‍👩‍👧‍👦🧴😂 emoji e\u0301 zalgo Z̸̡̛͇",
)


def make_run(folder: Path, *, skill: float, n: int = 320, name: str = "hybrid", hostile: bool = False) -> Run:
    """A run that tells topics apart the better, the greater its skill; noise is its own, messages are shared."""
    noise = np.random.default_rng(round(1000 * skill))
    rows = [_row(i, np.random.default_rng(i), noise, skill, hostile=hostile) for i in range(n)]
    columns = pa.Table.from_pylist(rows, schema=COLUMNS)
    for metric, values in _measure(rows).items():
        columns = columns.append_column(METRIC_PREFIX + metric, pa.array(values, from_pandas=True))
    folder.mkdir(parents=True)
    (folder / MANIFEST_FILE).write_text(json.dumps(_manifest(name, n)), encoding="utf-8")
    pq.write_table(columns, folder / QUERIES_FILE)
    pq.write_table(_timings(rows, noise), folder / TIMINGS_FILE)
    return Run.open(folder)


def _row(i, shared, noise, skill, *, hostile):
    topics = list(TOPICS)
    topic = topics[shared.integers(len(topics))]
    message, reply = TOPICS[topic]
    if hostile and i < len(HOSTILE) * 8:
        message = HOSTILE[i % len(HOSTILE)]
    difficulty = shared.normal(0, 0.6)
    scores = {one: noise.normal(0, 0.7) + (skill - difficulty if one == topic else 0.0) for one in topics}
    order = sorted(topics, key=lambda one: -scores[one])[:5]
    best = 1 / (1 + math.exp(-1.1 * scores[order[0]]))
    reason = (
        "no_content: the message has no words to answer"
        if shared.random() < 0.03
        else f"unlikely: the best match has probability {best:.2f}, below 0.42"
        if best < 0.42
        else ""
    )
    n_tags = int(shared.integers(0, 3))
    return {
        "query_id": f"q{i:05d}",
        "conversation_id": f"c{i // 3:04d}",
        "customer_id": f"u{i // 5:04d}",
        "agent_id": f"a{i % 7}",
        "at": START + timedelta(minutes=11 * i),
        "message": message,
        "sent": HOSTILE[(i + 1) % len(HOSTILE)] if hostile and i < 40 else reply,
        "relevant": [topic] if shared.random() < 0.97 else [],
        "replies": [] if reason else [_ranked(one, scores[one], noise, hostile and i < 40) for one in order],
        "abstain_reason": reason,
        "products": [],
        "excluded": [{"item_id": "old", "rule": "validity"}] if shared.random() < 0.1 else [],
        "slice:tag": sorted(shared.choice(TAGS, n_tags, replace=False).tolist()) + ([HOSTILE[0]] if hostile else []),
        "slice:stage": [STAGES[topics.index(topic) % len(STAGES)]],
        "slice:scene": ["direct" if shared.random() < 0.8 else "group"],
        "slice:channel": ["wecom"],
        "slice:agent-tenure": [["0-3 months", "3-12 months", "over a year"][i % 7 // 3]],
        "slice:length": ["1-8" if len(message) < 9 else "9-22" if len(message) < 23 else "over 22"],
        "slice:decision": [],
    }


def _ranked(topic, score, noise, hostile):
    shares = noise.dirichlet(np.ones(len(FEATURES) - 1)) * (score + 2.5 + 0.25)
    parts = [*zip(FEATURES, shares.round(4).tolist(), strict=False), (FEATURES[-1], -0.25)]
    why = [{"feature": feature, "contribution": amount} for feature, amount in parts]
    return {
        "item_id": "<b>" + topic if hostile else topic,
        "version": 1,
        "text": HOSTILE[len(topic) % len(HOSTILE)] if hostile else TOPICS[topic][1],
        "score": round(sum(part["contribution"] for part in why), 6),
        "probability": 1 / (1 + math.exp(-1.1 * score)),
        "why": sorted(why, key=lambda part: -abs(part["contribution"])),
    }


def _measure(rows):
    qrels = {row["query_id"]: dict.fromkeys(row["relevant"], 1) for row in rows}
    ranked = {row["query_id"]: as_run([one["item_id"].removeprefix("<b>") for one in row["replies"]]) for row in rows}
    measured = measure_rankings(qrels, ranked, METRICS)
    novelty = [0.4 * len(row["replies"]) + 3.1 if row["replies"] else math.nan for row in rows]
    return {**measured, "novelty": np.array(novelty)}


def _manifest(name, n):
    return {
        "run_id": f"{name}-4f1c9a",
        "system": name,
        "n_queries": n,
        "seed": 7,
        "data": {
            "name": "shop-2026-03",
            "kind": "conversations",
            "sha256": "9d5ed678fe57bcca610140957afab571",
            "n_turns": n,
        },
        "versions": {
            "index": "2026-03-01T00:00:00Z/118",
            "model": "multilingual-e5-small-int8",
            "policy": "b1946ac92492" if name == "lexical" else "591785b794601e",
            "rules": "2026-02",
            "code": "0.1.0+d6241774fe",
        },
        "library_of": "then",
        "policy": {"reply": {"reply_similarity": 2.0 if name == "lexical" else 2.6}, "reply_threshold": 0.42},
    }


def _timings(rows, noise):
    n = len(rows)
    stages = {
        "context": noise.gamma(4, 0.4, n),
        "encode": noise.gamma(20, 0.45, n),
        "retrieval": noise.gamma(6, 0.9, n),
        "ranking": noise.gamma(5, 0.6, n),
        "selection": np.where([bool(row["replies"]) for row in rows], noise.gamma(3, 0.2, n), math.nan),
    }
    total = np.nansum(np.column_stack(list(stages.values())), axis=1)
    columns = {name: pa.array(values, from_pandas=True) for name, values in {**stages, "total": total}.items()}
    return pa.table({"query_id": [row["query_id"] for row in rows], **columns})


SLICES = ("scene", "tag")
THRESHOLD = 0.42


def make_report(folder: Path, **settings) -> Report:
    """The run against a worse one, with every section."""
    run = make_run(folder / "hybrid-v3", skill=1.9, name="hybrid-v3", **settings)
    baseline = make_run(folder / "lexical", skill=0.6, name="lexical", **settings)
    return compared(run, baseline)


def compared(run: Run, baseline: Run, **more) -> Report:
    rng = np.random.default_rng(1)
    return Report.of(
        run,
        summary=summarise(run, by="conversation", slices=SLICES, rng=rng),
        baseline=baseline,
        comparison=compare(
            baseline, run, by="conversation", metrics=run.metric_names, slices=SLICES, rng=rng, correction="holm"
        ),
        threshold=THRESHOLD,
        growth=make_growth(),
        **more,
    )


def make_growth() -> LibraryGrowth:
    def points(*means: float) -> tuple[LibrarySize, ...]:
        return tuple(
            LibrarySize(10**i, Estimate(mean, mean - 0.02, mean + 0.02, 300)) for i, mean in enumerate(means, 2)
        )

    return LibraryGrowth(
        "R@10", (Growth("hybrid-v3", points(0.96, 0.93, 0.91)), Growth("lexical", points(0.9, 0.7, 0.5)))
    )


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("runs") / "new", skill=1.9, name="hybrid-v3", n=150)


@pytest.fixture(scope="session")
def summary(run):
    return summarise(run, by="conversation", slices=SLICES, rng=np.random.default_rng(1))


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    return make_report(tmp_path_factory.mktemp("full"), n=150)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    return make_report(tmp_path_factory.mktemp("hostile"), n=150, hostile=True)


@pytest.fixture(scope="session")
def alone(run, summary):
    return Report.of(run, summary=summary)
