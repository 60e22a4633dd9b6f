"""Cheap mode: the encoder stays as it is, two small networks on top of its vectors learn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.encoders.heads import Head, Heads
from models.training.examples import Examples, Rows
from models.training.losses import both_ways, one_way
from models.training.measuring import Exam, Marks

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

Vectors = NDArray[np.float32]
Progress = Callable[[int, int, str], None]

_LAST_RATE = 0.02


@dataclass(frozen=True)
class CheapSettings:
    """How the heads learn; the losses' weights are relative to message with context → reply."""

    epochs: int = 12
    patience: int = 4
    batch_size: int = 512
    learning_rate: float = 5e-4
    warmup: float = 0.05
    weight_decay: float = 0.01
    hidden: int = 768
    dropout: float = 0.2
    scale: float = 20.0
    n_turns: int = 2
    message_weight: float = 0.5
    wording_weight: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class HeadInputs:
    """The base's vectors of each example: message, message with context, reply, message as passage; each (n, dim)."""

    alone: Vectors
    told: Vectors
    reply: Vectors
    as_passage: Vectors


@dataclass(frozen=True)
class ExamInputs:
    """The base's vectors of an exam: its queries (n, dim) and its pool (n_pool, dim)."""

    queries: Vectors
    pool: Vectors


@dataclass(frozen=True)
class Fit:
    """The heads of the best pass, what they achieve on the exam, and the score of every pass."""

    heads: Heads
    marks: Marks
    scores: tuple[float, ...]


def fit_heads(
    inputs: HeadInputs,
    examples: Examples,
    exam: Exam,
    exam_inputs: ExamInputs,
    settings: CheapSettings,
    progress: Progress,
) -> Fit:
    """Train heads until the exam has not gone better for `patience` passes.

    The same inputs and settings give the same heads (on the same machine with the same number of threads).
    """
    return _Fitting(inputs, examples, exam, exam_inputs, settings).run(progress)


class _Fitting:
    def __init__(
        self, inputs: HeadInputs, examples: Examples, exam: Exam, exam_inputs: ExamInputs, settings: CheapSettings
    ) -> None:
        import torch

        torch.manual_seed(settings.seed)
        self.examples, self.exam, self.exam_inputs, self.settings = examples, exam, exam_inputs, settings
        self.alone, self.told = torch.from_numpy(inputs.alone), torch.from_numpy(inputs.told)
        self.reply, self.as_passage = torch.from_numpy(inputs.reply), torch.from_numpy(inputs.as_passage)
        self.query = _new_head(np.concatenate([inputs.alone, inputs.told]), settings)
        self.passage = _new_head(inputs.reply, settings)
        self.log_scale = torch.nn.Parameter(torch.tensor(settings.scale).log())
        groups: list[dict[str, Any]] = [
            {"params": [*self.query.parameters(), *self.passage.parameters()]},
            {"params": [self.log_scale], "weight_decay": 0.0},
        ]
        self.n_batches = len(examples.batches(self._rng(0), settings.batch_size))
        self.optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate, weight_decay=settings.weight_decay)

    def run(self, progress: Progress) -> Fit:
        best: tuple[Heads, Marks] | None = None
        scores: list[float] = []
        for epoch in range(self.settings.epochs):
            for place, rows in enumerate(self.examples.batches(self._rng(epoch), self.settings.batch_size)):
                self._step(epoch * self.n_batches + place, rows)
            heads = Heads(_frozen(self.query), _frozen(self.passage))
            marks = self._marks()
            scores.append(marks.score)
            progress(epoch + 1, self.settings.epochs, f"training heads: {marks.score:.3f}")
            if best is None or marks.score > best[1].score:
                best = heads, marks
            if len(scores) - int(np.argmax(scores)) > self.settings.patience:
                break
        if best is None:
            raise ValueError(f"epochs must be at least 1, got {self.settings.epochs}")
        return Fit(*best, tuple(scores))

    def _step(self, step: int, rows: Rows) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * self._rate(step)
        self.optimiser.zero_grad()
        self._loss(step, rows).backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()

    def _loss(self, step: int, rows: Rows) -> "Tensor":
        """Three losses of one batch: with context → reply, message alone → reply, message → other wording."""
        scale, masked = self.log_scale.exp(), self.examples.also_right(rows)
        alone, told, replies = self.query(self.alone[rows]), self.query(self.told[rows]), self.passage(self.reply[rows])
        loss = both_ways(told, replies, masked, scale)
        same = masked | self.examples.same_message(rows)
        loss = loss + self.settings.message_weight * both_ways(alone, replies, same, scale)
        places, partners = self.examples.wordings(rows, np.random.default_rng((self.settings.seed, 1, step)))
        if len(places):
            wordings = self.query(self.alone[partners]) if step % 2 == 0 else self.passage(self.as_passage[partners])
            loss = loss + self.settings.wording_weight * len(places) / len(rows) * self._wording_loss(
                rows, places, alone, wordings
            )
        return loss

    def _wording_loss(self, rows: Rows, places: Rows, alone: "Tensor", wordings: "Tensor") -> "Tensor":
        import torch

        masked = self.examples.same_reply(rows, places)
        return one_way(alone[places], torch.cat([wordings, alone]), masked, self.log_scale.exp())

    def _marks(self) -> Marks:
        import torch

        self.query.eval()
        self.passage.eval()
        with torch.inference_mode():
            queries = self.query(torch.from_numpy(self.exam_inputs.queries)).numpy()
            pool = self.passage(torch.from_numpy(self.exam_inputs.pool)).numpy()
        self.query.train()
        self.passage.train()
        return self.exam.mark(queries, pool)

    def _rate(self, step: int) -> float:
        n_steps = self.settings.epochs * self.n_batches
        rising = (step + 1) / (self.settings.warmup * n_steps + 1)
        return min(rising, max(_LAST_RATE, 1 - step / n_steps))

    def _rng(self, epoch: int) -> np.random.Generator:
        return np.random.default_rng((self.settings.seed, 0, epoch))


def _new_head(seen: Vectors, settings: CheapSettings) -> "Module":
    """A head that at first only takes the mean away: from there every step is learnt."""
    from torch import eye, from_numpy
    from torch.nn import Dropout, Linear, Module, ReLU
    from torch.nn.functional import normalize
    from torch.nn.init import zeros_

    dim = seen.shape[1]

    class _Trained(Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", from_numpy(seen.mean(0)))
            self.dropout, self.bent = Dropout(settings.dropout), ReLU()
            self.straight = Linear(dim, dim, bias=False)
            self.inner = Linear(dim, settings.hidden)
            self.outer = Linear(settings.hidden, dim)
            self.straight.weight.data = eye(dim)
            zeros_(self.outer.weight)
            zeros_(self.outer.bias)

        def forward(self, vectors: "Tensor") -> "Tensor":
            centred = self.dropout(vectors - self.get_buffer("mean"))
            hidden = self.dropout(self.bent(self.inner(centred)))
            return normalize(self.straight(centred) + self.outer(hidden), dim=1)

    return _Trained()


def _frozen(head: "Module") -> Head:
    """The trained weights as arrays."""
    state = {name: value.detach().numpy().copy() for name, value in head.state_dict().items()}
    return Head(
        mean=state["mean"],
        straight=state["straight.weight"],
        inner=state["inner.weight"],
        inner_bias=state["inner.bias"],
        outer=state["outer.weight"],
        bias=state["outer.bias"],
    )
