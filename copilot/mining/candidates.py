"""Mined moves as the rows that `copilot mine` writes and the desk reads."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copilot.mining.evidence import MoveEvidence
from copilot.mining.mining import Mined
from eval.effects.evidence import Basis
from eval.effects.verdicts import Judgement, Verdict
from eval.statistics.estimate import Estimate
from knowledge.mining.phrases import Phrase, Phrases
from knowledge.mining.playbooks import Step, next_steps
from knowledge.mining.skeletons import SLOT, Names, skeleton
from knowledge.mining.templates import Templates, Wording

Json = dict[str, Any]
Find = Callable[[str], list[Json]]

MOST_TRIGGERS, MOST_CONTEXTS, MOST_EXAMPLES = 8, 5, 5
MOST_TITLE_CHARS = 40
MAIN_SHARE = 0.5
"""Of the uses, in the stage that a candidate is for."""
ONE_SCENE = 0.9
"""Of the uses, for a candidate to be for one scene only."""
SAME_PRODUCT = 0.6
"""Of the uses, that name the product a candidate is about."""
NO_OUTCOME = "no outcome is known of any conversation, so nothing can be said about its effect"


def nothing_found(_text: str) -> list[Json]:
    """Where there is no library to compare with, or no rule to check."""
    return []


@dataclass(frozen=True)
class Surroundings:
    """What candidates are compared with.

    Attributes:
        names: Of products, agents and the shop.
        sku_of: The product that each product name is of.
        near_duplicates: Scripts of the library that say nearly the same as a text.
        compliance: Rules that a text breaks.
    """

    names: Names
    sku_of: dict[str, str] = field(default_factory=dict)
    near_duplicates: Find = nothing_found
    compliance: Find = nothing_found


def candidate_rows(mined: Mined, around: Surroundings) -> list[Json]:
    """One row a candidate: what helps first, then what nothing is known of, then what harms.

    A reply without a word that three customers were told is nobody's script and has no row.
    """
    writer = _Writer(mined, around)
    rows = [writer.row(evidence) for evidence in mined.evidence if writer.says_something(evidence.move)]
    return sorted(rows, key=_by_worth)


def _by_worth(row: Json) -> tuple[int, float, int, str]:
    place = (Verdict.HELPS, Verdict.CANNOT_TELL, Verdict.HARMS).index(row["verdict"])
    worth = row["shrunk"] if row["shrunk"] is not None and row["verdict"] != Verdict.CANNOT_TELL else 0.0
    return place, -worth, -row["n"], row["candidate_id"]


class _Writer:
    """Writes rows; what all of them need is worked out once."""

    def __init__(self, mined: Mined, around: Surroundings) -> None:
        self._mined = mined
        self._around = around
        self._templates = Templates(around.names)
        self._phrases = Phrases(mined.table, mined.needs.of_text, around.names)
        turns = mined.exposing.turns
        self._steps = next_steps(mined.table, turns.move, turns.need, mined.is_candidate)
        self._texts_of = _texts_of(mined)
        self._counts = mined.table.reply.counts
        self._written: dict[int, str] = {}

    def says_something(self, move: int) -> bool:
        """Whether the template of a move is more than slots and a single letter."""
        return sum(character.isalnum() for character in SLOT.sub("", self._template(move))) > 1

    def row(self, evidence: MoveEvidence) -> Json:
        """The row of one move."""
        mined, table = self._mined, self._mined.table
        rows = mined.exposing.turns.uses(evidence.move)
        talks = [table.talks[talk] for talk in table.talk[rows]]
        needs = np.unique(mined.exposing.turns.need[rows]).tolist()
        triggers = self._phrases.before(self._answered(rows), needs, MOST_TRIGGERS)
        text = self._template(evidence.move)
        return {
            "candidate_id": self._id(evidence.move),
            "text": text,
            "title": triggers[0].text[:MOST_TITLE_CHARS] if triggers else "",
            "triggers": [phrase.text for phrase in triggers],
            "stage": _main([talk.stage for talk in talks], MAIN_SHARE),
            "scene": _main([talk.scene for talk in talks], ONE_SCENE),
            "skus": self._skus(rows),
            "language": _language(text),
            "n": len(rows),
            "n_conversations": len({talk.conversation_id for talk in talks}),
            "n_customers": len(np.unique(mined.exposing.turns.customer[rows])),
            "n_agents": len({table.agent.texts[agent] for agent in table.agent.of_row[rows]} - {""}),
            **_period(table.at[rows]),
            "n_wordings": len(self._texts_of.get(evidence.move, ())),
            **_headline(evidence),
            "outcomes": {name: _judged(judgement) for name, judgement in evidence.judgements.items()},
            "segments": [
                {"segment": one.segment, "value": one.value, **_interval(one.effect), "n": one.n_treated}
                for one in evidence.segments
            ],
            "contexts": [{"text": phrase.text, "n": phrase.n} for phrase in triggers[:MOST_CONTEXTS]],
            "examples": self._examples(rows),
            "playbook": [self._step(step) for step in self._steps.get(evidence.move, ())],
            "near_duplicates": self._around.near_duplicates(text),
            "compliance": self._around.compliance(text),
        }

    def _id(self, move: int) -> str:
        """Of the most used wording of a move, which no other move shares; the templates of two may come out alike."""
        centre = self._mined.table.reply.texts[self._mined.moves.centres[move]]
        words = skeleton(self._around.names.with_slots([centre])[0])
        return f"m-{sha256(words.encode()).hexdigest()[:16]}"

    def _template(self, move: int) -> str:
        if move not in self._written:
            self._written[move] = self._templates.induce(self._wordings(move))
        return self._written[move]

    def _wordings(self, move: int) -> list[Wording]:
        """The distinct replies of a move, the most used first, each with the customers who got none before it."""
        texts = self._mined.table.reply.texts
        order = sorted(self._texts_of[move], key=lambda text: (-self._counts[text], texts[text]))
        place_of = {text: place for place, text in enumerate(order)}
        rows = np.flatnonzero(self._mined.exposing.turns.move == move)
        places = np.array([place_of[text] for text in self._mined.table.reply.of_row[rows].tolist()], np.int64)
        by_place = np.argsort(places, kind="stable")
        first = np.unique(self._mined.exposing.turns.customer[rows][by_place], return_index=True)[1]
        n_new = np.bincount(places[by_place][first], minlength=len(order)).tolist()
        return [Wording(texts[text], n) for text, n in zip(order, n_new, strict=True) if n]

    def _answered(self, rows: NDArray[np.intp]) -> list[str]:
        """The messages that a reply answered, the first of each customer."""
        table = self._mined.table
        first = rows[np.unique(self._mined.exposing.turns.customer[rows], return_index=True)[1]]
        return [table.message.texts[text] for text in table.message.of_row[first].tolist()]

    def _skus(self, rows: NDArray[np.intp]) -> list[str]:
        """The product that most uses name, if most name the same."""
        texts = Counter(self._mined.table.reply.of_row[rows].tolist())
        sku_of, named = self._around.sku_of, Counter[str]()
        for text, n in texts.items():
            found = self._around.names.found_in(self._mined.table.reply.texts[text])
            named.update(dict.fromkeys({sku_of[name] for name in found if name in sku_of}, n))
        return [sku for sku, n in named.most_common(1) if n >= SAME_PRODUCT * len(rows)]

    def _examples(self, rows: NDArray[np.intp]) -> list[Json]:
        """A few uses, spread over time."""
        table = self._mined.table
        chosen = rows[np.unique(np.linspace(0, len(rows) - 1, min(MOST_EXAMPLES, len(rows))).astype(int))]
        return [
            {
                "conversation_id": table.talks[table.talk[row]].conversation_id,
                "position": int(table.position[row]),
                "message": table.message.texts[table.message.of_row[row]],
                "reply": table.reply.texts[table.reply.of_row[row]],
            }
            for row in chosen.tolist()
        ]

    def _step(self, step: Step) -> Json:
        said: Sequence[Phrase] = self._phrases.typical([step.need], 1)
        return {"customer": said[0].text if said else "", "reply": self._template(step.move), "n": step.n}


def _texts_of(mined: Mined) -> dict[int, list[int]]:
    """The distinct replies of each candidate move."""
    found: dict[int, list[int]] = {}
    for text, move in enumerate(mined.moves.of_text.tolist()):
        if 0 <= move < len(mined.is_candidate) and mined.is_candidate[move]:
            found.setdefault(move, []).append(text)
    return found


def _headline(evidence: MoveEvidence) -> Json:
    judgement = evidence.headline
    if judgement is None:
        empty = dict.fromkeys(("effect", "low", "high", "p_value", "q_value", "shrunk", "needs_more"))
        basis = Basis.OBSERVATIONAL.value
        return {"outcome": "", **empty, "verdict": Verdict.CANNOT_TELL.value, "why": NO_OUTCOME, "basis": basis}
    told = _told(judgement)
    return {"outcome": evidence.outcome, **told, "basis": judgement.evidence.basis.value}


def _told(judgement: Judgement) -> Json:
    adjusted = judgement.evidence.adjusted
    return {
        **(_interval(adjusted.effect) if adjusted else dict.fromkeys(("effect", "low", "high"))),
        "p_value": adjusted.p_value if adjusted else None,
        "q_value": judgement.q_value,
        "shrunk": judgement.shrunk.mean if judgement.shrunk else None,
        "verdict": judgement.verdict.value,
        "why": judgement.why,
        "needs_more": judgement.needs_more,
    }


def _judged(judgement: Judgement) -> Json:
    found, adjusted = judgement.evidence, judgement.evidence.adjusted
    within = adjusted.within_agent if adjusted else None
    return {
        **_told(judgement),
        "n_treated": found.n_treated,
        "n_comparison": found.n_comparison,
        "treated_rate": adjusted.treated_rate if adjusted else None,
        "comparison_rate": adjusted.comparison_rate if adjusted else None,
        "raw_difference": found.raw_difference,
        "within_agent": within.to_dict() if within else None,
        "e_value": _finite(adjusted.e_value) if adjusted else None,
        "e_value_limit": _finite(adjusted.e_value_limit) if adjusted else None,
        "overlap": found.overlap,
    }


def _interval(estimate: Estimate) -> Json:
    return {"effect": estimate.mean, "low": _finite(estimate.low), "high": _finite(estimate.high)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _period(at: NDArray[np.float64]) -> Json:
    known = at[np.isfinite(at)]
    if not len(known):
        return {"first_at": None, "last_at": None}
    first, last = (datetime.fromtimestamp(float(moment), UTC).isoformat() for moment in (known.min(), known.max()))
    return {"first_at": first, "last_at": last}


def _main(values: Sequence[str], share: float) -> str:
    """The value that so large a share has, or nothing."""
    if not values:
        return ""
    value, n = Counter(values).most_common(1)[0]
    return value if n >= share * len(values) else ""


def _language(text: str) -> str:
    letters = [character for character in SLOT.sub("", text) if character.isalpha()]
    return "en" if letters and sum(character.isascii() for character in letters) > len(letters) / 2 else "zh"
