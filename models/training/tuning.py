"""Full mode: the whole network learns, and may be interrupted at any moment."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

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
    learning_rate: float = 1e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    largest_gradient: float = 1.0
    scale: float = 20.0
    n_turns: int = 2
    query_tokens: int = 96
    passage_tokens: int = 96
    told_share: float = 0.65
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
        """Message → reply, each message with its context or without as chance decides; message → other wording.

        One view of a message a pass is half the work of two, and the next pass may draw the other.
        """
        from torch import cat

        rng = np.random.default_rng((self.settings.seed, 1, step))
        told = self.examples.has_context[rows] & (rng.random(len(rows)) < self.settings.told_share)
        places, partners = self._wordings(rows, told, rng)
        pairs = [self.examples.pairs[row] for row in rows]
        network, n = self.network, len(rows)
        wording_ids = network.query_ids if step % 2 == 0 else network.passage_ids
        vectors = network.vectors(
            [
                network.query_ids(pair.query(self.settings.n_turns if with_context else 0))
                for pair, with_context in zip(pairs, told, strict=True)
            ]
            + [network.passage_ids(pair.reply) for pair in pairs]
            + [wording_ids(self.examples.pairs[row].message) for row in partners]
        )
        queries, replies, wordings = vectors[:n], vectors[n : 2 * n], vectors[2 * n :]
        both_told = told[:, None] & told[None]
        masked = self.examples.also_right(rows) | (self.examples.same_message(rows) & ~both_told)
        loss = both_ways(queries, replies, masked, self.settings.scale)
        if len(places):
            masked = self.examples.same_reply(rows, places)
            masked[:, len(places) :] |= told[None]
            asked = queries[_index(places, queries)]
            share = self.settings.wording_weight * len(places) / n
            loss = loss + share * one_way(asked, cat([wordings, queries]), masked, self.settings.scale)
        return loss

    def _wordings(self, rows: Rows, told: NDArray[np.bool_], rng: np.random.Generator) -> tuple[Rows, Rows]:
        """Places of messages drawn without context that have other wordings, and the row of one of these each."""
        places, partners = self.examples.wordings(rows, rng)
        alone = ~told[places]
        return places[alone], partners[alone]

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
