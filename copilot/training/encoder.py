"""Train an encoder and fit what the search should make of it."""

from pathlib import Path

import numpy as np

from copilot.training.exchanges import read_exchanges
from copilot.training.search_weights import SearchWeights, fit_search_weights
from models.encoders.onnx import OnnxEncoder
from models.training.report import Report
from models.training.training import Job, Progress, train_encoder


def train_for_search(job: Job, progress: Progress) -> tuple[Report, SearchWeights | None]:
    """Train as `train_encoder` does, and put the search weights that go with the encoder beside it.

    Of too few held-back messages none are fitted, and the usual ones serve.

    Raises:
        TrainingError, EncoderError: as for `train_encoder`.
    """
    fitted: list[SearchWeights] = []

    def finish(folder: Path, base: OnnxEncoder) -> None:
        trained = OnnxEncoder.from_folder(folder, threads=job.threads)
        exchanges = read_exchanges(job.pairs, job.dev, np.random.default_rng(job.settings.seed))
        weights = fit_search_weights(exchanges, trained, base, progress)
        if weights is not None:
            weights.write(folder)
            fitted.append(weights)

    report = train_encoder(job, progress, finish)
    return report, next(iter(fitted), None)
