"""`copilot eval retrieval`: find the relevant documents of a BEIR folder."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from copilot.encoding import NoEncoder, load_encoder
from copilot.engine.policy import Policy
from copilot.engine.policy_file import policy_of_encoder
from copilot.errors import NotReadyError
from copilot.evaluation.systems import SystemName, open_system
from copilot.evaluation.table import RankedQuery, run_of
from copilot.evaluation.texts import Asked, Corpus
from copilot.settings import Settings
from eval.datasets.beir import BeirData, Document
from eval.metrics.ranking import as_run, measure_rankings
from eval.runs.run import Run
from knowledge.index.encoding import TextEncoder

METRICS = ("nDCG@10", "R@1", "R@5", "R@10", "R@100", "P@1", "P@5", "RR@10", "MRR", "Success@10")
DEPTH = 100

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class TextOptions:
    """How texts are ranked: by which systems, and with how many earlier turns put in front of each message.

    Without a number of turns it is as many as the encoder was trained with; an untrained one takes none. Without a
    policy it is the one that goes with the encoder.
    """

    systems: Sequence[SystemName] = (SystemName.ENGINE,)
    policy: Policy | None = None
    n_turns: int | None = None

    def decided_by(self, encoder: TextEncoder) -> "Decided":
        """What was left open, as the encoder wants it."""
        n_turns = getattr(encoder, "context_turns", 0) if self.n_turns is None else self.n_turns
        return Decided(self.systems, self.policy or policy_of_encoder(encoder), n_turns)


@dataclass(frozen=True)
class Decided:
    """Options with nothing left open."""

    systems: Sequence[SystemName]
    policy: Policy
    n_turns: int


@dataclass(frozen=True)
class EncodedData:
    """A BEIR folder made searchable: its documents, and its queries as every system takes them."""

    data: BeirData
    corpus: Corpus
    asked: Sequence[Asked]
    encoder: TextEncoder
    options: Decided

    @classmethod
    def of(cls, settings: Settings, data: BeirData, options: TextOptions, progress: Progress) -> "EncodedData":
        """Encode documents and queries.

        Raises:
            NotReadyError: the encoder cannot be loaded.
        """
        encoder = need_encoder(settings)
        decided = options.decided_by(encoder)
        corpus = Corpus.of([document_text(document) for document in data.documents], encoder, progress)
        asked = []
        for done, query in enumerate(data.queries, start=1):
            asked.append(Asked.of(query.text, query.context, encoder, decided.n_turns))
            progress(done, len(data.queries), "encoding messages")
        return cls(data, corpus, asked, encoder, decided)


def measure_retrieval(encoded: EncodedData, progress: Progress) -> dict[str, Run]:
    """A run for each system, by name, all over the same vectors."""
    return {system.value: _run(encoded, system, progress) for system in encoded.options.systems}


def need_encoder(settings: Settings) -> TextEncoder:
    """The encoder of the settings.

    Raises:
        NotReadyError: it cannot be loaded.
    """
    loaded = load_encoder(settings)
    if isinstance(loaded, NoEncoder):
        raise NotReadyError(f"measuring needs the encoder {settings.encoder!r}: {loaded.reason}")
    return loaded


def text_facts(
    kind: str, data: dict[str, object], system: SystemName, options: Decided, encoder: TextEncoder
) -> dict[str, object]:
    """Everything that decides a run over texts."""
    return {
        "kind": kind,
        "data": data,
        "system": system.value,
        "n_turns": options.n_turns,
        "versions": {"model": encoder.fingerprint, "policy": options.policy.version},
        "policy": asdict(options.policy),
    }


def document_text(document: Document) -> str:
    """What is searched of a document."""
    return f"{document.title}\n{document.text}" if document.title else document.text


def _run(encoded: EncodedData, system: SystemName, progress: Progress) -> Run:
    data, options = encoded.data, encoded.options
    rank = open_system(system, encoded.corpus, options.policy)
    ranked = []
    for done, (query, one) in enumerate(zip(data.queries, encoded.asked, strict=True), start=1):
        ranking = rank(one, None, DEPTH)
        found = [data.documents[item] for item in ranking.items.tolist()]
        relevant = [document_id for document_id, score in data.qrels[query.id].items() if score > 0]
        texts = [document_text(document) for document in found]
        ranked.append(RankedQuery(query.id, one.message, relevant, [doc.id for doc in found], texts, ranking))
        progress(done, len(data.queries), f"ranking: {system}")
    metrics = measure_rankings(
        {query.id: data.qrels[query.id] for query in data.queries},
        {one.query_id: as_run(one.ids) for one in ranked},
        METRICS,
    )
    facts = {
        "name": data.name,
        "kind": "beir",
        "sha256": data.sha256,
        "split": data.split,
        "n_turns": len(data.queries),
    }
    return run_of(
        text_facts("retrieval", facts, system, options, encoded.encoder),
        ranked,
        {name: values.tolist() for name, values in metrics.items()},
    )
