"""What counts when an agent speaks first: the named features of an opening, and how a score becomes a probability."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace

from copilot.engine.policy import CARD_FEATURES, Calibration, Policy

OPENING_FEATURES = ("greeting", "last_topic", "last_words", *CARD_FEATURES)


@dataclass(frozen=True)
class OpeningWeights:
    """What one unit of each feature adds to the score of an opening.

    `greeting` is 1 for a script of this stage or of all that answers a greeting and advertises nothing; `last_topic`
    and `last_words` say how near it is, by meaning and by words, to what the customer spoke of last (0..1); the others
    are as in `ReplyWeights`.
    """

    greeting: float = 1.0
    last_topic: float = 1.6
    last_words: float = 0.6
    tag_affinity: float = 0.5
    on_screen: float = 0.5
    stage: float = 0.5
    performance: float = 0.6
    recency: float = 0.05
    own_usage: float = 0.15
    team_usage: float = 0.1
    language: float = 1.0
    fatigue: float = 0.8
    complaint: float = 1.0


@dataclass(frozen=True)
class OpeningPolicy:
    """Everything that decides an opening beyond the policy of replies; the stage alone is no reason to write."""

    weights: OpeningWeights = field(default_factory=OpeningWeights)
    calibration: Calibration = field(default_factory=lambda: Calibration(slope=3.0, midpoint=1.0))
    threshold: float = 0.35

    def over(self, policy: Policy) -> Policy:
        """A policy of replies as openings are selected by."""
        return replace(policy, calibration=self.calibration, reply_threshold=self.threshold)

    def version(self, policy: Policy) -> str:
        """Twelve hexadecimal digits that change with any number that can decide an opening; no policy has the same."""
        numbers = json.dumps([asdict(self), policy.version], sort_keys=True)
        return hashlib.sha256(f"opening {numbers}".encode()).hexdigest()[:12]
