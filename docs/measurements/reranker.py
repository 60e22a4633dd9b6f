"""Measures whether comparing token by token (late interaction) orders replies better than comparing two vectors.

    python docs/measurements/reranker.py ENCODER PAIRS RERANK [--turns 2] [--threads 2] [--most 800]

ENCODER is a float32 sentence-transformers folder, as `copilot train encoder --mode full` leaves it in `float32/`;
PAIRS are the pairs it was trained on; RERANK is a file of `copilot eval rerank`. The share of each score in the sum is
chosen on pairs that training held back, and reported on RERANK with a 95 % interval over messages.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from eval.statistics.bootstrap import mean_estimate
from models.training.materials import DEV_SHARE
from models.training.network import Limits, Network
from models.training.pairs import read_pairs
from models.training.splitting import split_by_conversation

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
N_CANDIDATES = 10
MIN_REPLY = 8


@dataclass(frozen=True)
class Asked:
    """A message with its context in front, and candidate replies, the right one first."""

    message: str
    replies: tuple[str, ...]


class TokenEncoder:
    """Final token vectors of texts; a text is run through the network once."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.known: dict[tuple[int, ...], Tensor] = {}

    def tokens(self, ids: list[int]) -> Tensor:
        """The token vectors of one text, shape (n_tokens, dim)."""
        key = tuple(ids)
        if key not in self.known:
            with torch.inference_mode():
                self.known[key] = self.network.module(input_ids=torch.tensor([ids])).last_hidden_state[0]
        return self.known[key]

    def scores(self, asked: Asked) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of each reply: the cosine of the mean vectors, and the mean best match of the tokens, both ways."""
        query = self.tokens(self.network.query_ids(asked.message))
        replies = [self.tokens(self.network.passage_ids(reply)) for reply in asked.replies]
        mean = normalize(query.mean(0), dim=0)
        by_vector = [float(mean @ normalize(reply.mean(0), dim=0)) for reply in replies]
        unit = normalize(query, dim=1)
        by_token = [_best_matches(unit @ normalize(reply, dim=1).T) for reply in replies]
        return np.array(by_vector), np.array(by_token)


def _best_matches(table: Tensor) -> float:
    return float(table.amax(1).mean() + table.amax(0).mean()) / 2


def main() -> None:
    """Choose the share on held-back pairs, report on the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("rerank", type=Path)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--most", type=int, default=800)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rng = np.random.default_rng(0)
    encoder = TokenEncoder(Network.from_folder(arguments.encoder, Limits(96, 96), "cpu"))
    held_back = _held_back(arguments.pairs, arguments.turns, rng)[: arguments.most]
    chosen = [encoder.scores(asked) for asked in held_back]
    share = max(SHARES, key=lambda one: (float(np.mean(_first(chosen, one))), -one))
    measured = [encoder.scores(asked) for asked in _rows(arguments.rerank, arguments.turns)]
    write = sys.stdout.write
    write(f"share of tokens chosen on {len(chosen)} held-back messages: {share:.1f}\n")
    for name, one in (("vectors", 0.0), ("tokens", 1.0), ("both", share)):
        write(f"{name:8s} R10@1 {_interval(_first(measured, one), rng)}\n")
    difference = _first(measured, share) - _first(measured, 0.0)
    write(f"both - vectors {_interval(difference, rng)}, n = {len(measured)}\n")


def _held_back(pairs: Path, n_turns: int, rng: np.random.Generator) -> list[Asked]:
    dev = split_by_conversation(read_pairs(pairs).rows, dev_share=DEV_SHARE).dev
    telling = [pair for pair in dev if len(pair.reply) >= MIN_REPLY]
    asked = []
    for pair in telling:
        others = [one.reply for one in telling if one.reply != pair.reply]
        drawn = rng.choice(len(others), N_CANDIDATES - 1, replace=False).tolist()
        asked.append(Asked(pair.query(n_turns), (pair.reply, *(others[row] for row in drawn))))
    return asked


def _rows(path: Path, n_turns: int) -> list[Asked]:
    asked = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        before = [turn["text"] for turn in row["context"]][-n_turns:] if n_turns else []
        candidates = sorted(row["candidates"], key=lambda one: -one["label"])
        asked.append(Asked(" ".join([*before, row["message"]]), tuple(one["text"] for one in candidates)))
    return asked


def _first(scored: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], share: float) -> NDArray[np.float64]:
    """Whether the right reply stands first, for each message; ties count as lost."""
    mixed = ((1 - share) * by_vector + share * by_token for by_vector, by_token in scored)
    return np.array([float(scores[0] > scores[1:].max()) for scores in mixed])


def _interval(values: NDArray[np.float64], rng: np.random.Generator) -> str:
    found = mean_estimate(values, np.arange(len(values)), rng)
    return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"


if __name__ == "__main__":
    main()
