"""Full mode: the whole network learns, and may be interrupted at any moment."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from models.training.checkpoint import Best, Checkpoint
from models.training.examples import Examples, Rows
from models.training.losses import both_ways, one_way
from models.training.measuring import Exam
from models.training.network import Network

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import AdamW

Progress = Callable[[int, int, str], None]

_LAST_RATE = 0.02


@dataclass(frozen=True)
class FullSettings:
    """How the whole network learns; the losses' weights are relative to message with context → reply."""

    epochs: int = 3
    batch_size: int = 64
    learning_rate: float = 5e-5
    warmup: float = 0.06
    weight_decay: float = 0.01
    largest_gradient: float = 1.0
    scale: float = 20.0
    n_turns: int = 2
    query_tokens: int = 96
    passage_tokens: int = 96
    message_weight: float = 0.5
    wording_weight: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class Saving:
    """Where checkpoints go, under which identity, and how many seconds may be lost."""

    folder: Path
    identity: str
    seconds: float = 300.0


def tune(
    network: Network, examples: Examples, exam: Exam, settings: FullSettings, saving: Saving, progress: Progress
) -> tuple[float, ...]:
    """Train the network in place, leave it with the weights of its best pass, and give back each pass's score.

    Goes on where an interrupted training of the same identity stopped, and ends with the same weights as if it had
    not been interrupted (on a CPU with the same number of threads).

    Raises:
        TrainingResumeError: If the checkpoint belongs to another training.
        OutOfRoomError: If a checkpoint does not fit on the disk.
    """
    return _Tuning(network, examples, exam, settings, saving, progress).run()


class _Tuning:
    def __init__(
        self,
        network: Network,
        examples: Examples,
        exam: Exam,
        settings: FullSettings,
        saving: Saving,
        progress: Progress,
    ) -> None:
        self.network = network
        self.examples = examples
        self.exam = exam
        self.settings = settings
        self.saving = saving
        self.progress = progress
        self.n_batches = len(examples.batches(self._rng(0), settings.batch_size))
        self.n_steps = settings.epochs * self.n_batches
        self.optimiser = _optimiser(network, settings)
        self.best: Best | None = None
        self.scores: tuple[float, ...] = ()

    def run(self) -> tuple[float, ...]:
        step = self._resume()
        saved_at = monotonic()
        while step < self.n_steps:
            epoch, place = divmod(step, self.n_batches)
            batches = self.examples.batches(self._rng(epoch), self.settings.batch_size)
            for rows in batches[place:]:
                self._step(step, rows)
                step += 1
                self.progress(step, self.n_steps, "training")
                if step % self.n_batches and monotonic() - saved_at > self.saving.seconds:
                    self._save(step)
                    saved_at = monotonic()
            self._measure(epoch)
            self._save(step)
            saved_at = monotonic()
        if self.best is not None:
            self._put(self.best.weights)
        return self.scores

    def _step(self, step: int, rows: Rows) -> None:
        from torch.nn.utils import clip_grad_norm_

        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * self._rate(step)
        self.optimiser.zero_grad()
        self._loss(step, rows).backward()  # type: ignore[no-untyped-call]
        clip_grad_norm_(list(self.network.trainable.values()), self.settings.largest_gradient)
        self.optimiser.step()

    def _loss(self, step: int, rows: Rows) -> "Tensor":
        """Three losses of one batch: with context → reply, message alone → reply, message → other wording."""
        pairs = [self.examples.pairs[row] for row in rows]
        places, partners = self.examples.wordings(rows, np.random.default_rng((self.settings.seed, 1, step)))
        told = np.flatnonzero(self.examples.has_context[rows])
        n, network = len(rows), self.network
        as_query = step % 2 == 0
        wording_ids = network.query_ids if as_query else network.passage_ids
        vectors = network.vectors(
            [network.query_ids(pair.message) for pair in pairs]
            + [network.passage_ids(pair.reply) for pair in pairs]
            + [network.query_ids(pairs[place].query(self.settings.n_turns)) for place in told]
            + [wording_ids(self.examples.pairs[row].message) for row in partners]
        )
        alone, replies, rest = vectors[:n], vectors[n : 2 * n], vectors[2 * n :]
        with_context = alone.index_copy(0, _index(told, alone), rest[: len(told)])
        masked, scale = self.examples.also_right(rows), self.settings.scale
        loss = both_ways(with_context, replies, masked, scale)
        same = masked | self.examples.same_message(rows)
        loss = loss + self.settings.message_weight * both_ways(alone, replies, same, scale)
        if len(places):
            loss = loss + self.settings.wording_weight * len(places) / n * self._wording_loss(
                rows, places, alone, rest[len(told) :]
            )
        return loss

    def _wording_loss(self, rows: Rows, places: Rows, alone: "Tensor", wordings: "Tensor") -> "Tensor":
        """Message → another message with the same reply, among these and all messages of the batch."""
        import torch

        masked = self.examples.same_reply(rows, places)
        asked = alone[_index(places, alone)]
        return one_way(asked, torch.cat([wordings, alone]), masked, self.settings.scale)

    def _rate(self, step: int) -> float:
        """Rises from nothing during the warm-up, then falls in a straight line."""
        rising = (step + 1) / (self.settings.warmup * self.n_steps + 1)
        return min(rising, max(_LAST_RATE, 1 - step / self.n_steps))

    def _measure(self, epoch: int) -> None:
        marks = self.exam.take(self.network.encode_queries, self.network.encode_passages)
        self.scores = (*self.scores, marks.score)
        self.progress((epoch + 1) * self.n_batches, self.n_steps, f"pass {epoch + 1}: {marks.score:.3f}")
        if self.best is None or marks.score > self.best.score:
            self.best = Best(marks.score, epoch, self._weights())

    def _weights(self) -> dict[str, "Tensor"]:
        return {name: value.detach().cpu().clone() for name, value in self.network.trainable.items()}

    def _put(self, weights: "dict[str, Tensor] | object") -> None:
        import torch

        with torch.no_grad():
            for name, value in self.network.trainable.items():
                value.copy_(weights[name])  # type: ignore[index]

    def _save(self, step: int) -> None:
        import torch

        Checkpoint(
            identity=self.saving.identity,
            step=step,
            weights=self._weights(),
            optimiser=self.optimiser.state_dict(),
            random_state=torch.get_rng_state(),
            best=self.best,
            scores=self.scores,
        ).save(self.saving.folder)

    def _resume(self) -> int:
        import torch

        torch.manual_seed(self.settings.seed)
        found = Checkpoint.load(self.saving.folder, self.saving.identity)
        if found is None:
            return 0
        self._put(found.weights)
        self.optimiser.load_state_dict(dict(found.optimiser))
        torch.set_rng_state(found.random_state)
        self.best, self.scores = found.best, found.scores
        return found.step

    def _rng(self, epoch: int) -> np.random.Generator:
        return np.random.default_rng((self.settings.seed, 0, epoch))


def _optimiser(network: Network, settings: FullSettings) -> "AdamW":
    """AdamW; biases and normalisation do not decay."""
    from torch.optim import AdamW

    values = network.trainable.values()
    groups = [
        {"params": [value for value in values if value.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [value for value in values if value.ndim < 2], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=settings.learning_rate)


def _index(places: Rows, like: "Tensor") -> "Tensor":
    from torch import from_numpy

    return from_numpy(np.asarray(places, np.int64)).to(like.device)
