"""What comes out of the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to a score."""

    feature: str
    contribution: float


@dataclass(frozen=True)
class Reply:
    """A reply worth sending; the contributions in `why` sum to `score`."""

    rank: int
    script_id: str
    version: int
    kind: str
    title: str
    text: str
    score: float
    probability: float
    propensity: float
    source: str
    why: tuple[Contribution, ...]
    matched: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """Why a product is suggested: a sentence and the row it can be checked against."""

    text: str
    reference: str


@dataclass(frozen=True)
class ProductSuggestion:
    """A product worth mentioning; the contributions in `why` sum to `score`."""

    rank: int
    sku: str
    name: str
    price: str | None
    currency: str
    score: float
    propensity: float
    reasons: tuple[Reason, ...]
    why: tuple[Contribution, ...]
    script_id: str | None = None


@dataclass(frozen=True)
class Showable:
    """A reply that could have been shown.

    For each rank: how likely it stood there at all, and how likely after the replies shown above that rank.
    """

    script_id: str
    version: int
    score: float
    probability: float
    propensities: tuple[float, ...]
    conditional_propensities: tuple[float, ...]


@dataclass(frozen=True)
class Standing:
    """A reply in the order of one policy."""

    script_id: str
    version: int
    score: float
    probability: float


@dataclass(frozen=True)
class ShadowRanking:
    """The replies that stood in the order of the serving policy and in that of the shadow, best first.

    Of each, the first `n_shown` are shown or would have been; none means silence. `version` names the shadow in the
    store, `policy` its numbers.
    """

    version: str
    policy: str
    n_shown: int
    served: tuple[Standing, ...]
    shadow: tuple[Standing, ...]


@dataclass(frozen=True)
class Slate:
    """The probability of exactly the replies shown in their order, and every reply that could have been shown.

    For each rank the propensities of all candidates sum to one, and so do the conditional ones. `shadow` is what a
    policy on trial would have made of the same candidates.
    """

    propensity: float = 1.0
    candidates: tuple[Showable, ...] = ()
    shadow: ShadowRanking | None = None


@dataclass(frozen=True)
class Exposure:
    """The variant of an experiment under which an answer was made."""

    experiment: str
    variant: str


@dataclass(frozen=True)
class Ask:
    """A question worth asking next: the attribute that would narrow the choice most, and what may be answered."""

    attribute: str
    question: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Excluded:
    """An item that matched but must not be shown, and the rule that says so."""

    item_id: str
    rule: str


@dataclass(frozen=True)
class Versions:
    """Everything that produced an answer, so that it can be reproduced."""

    index: str
    model: str
    policy: str
    rules: str


@dataclass(frozen=True)
class SuggestionAnswer:
    """Up to three replies and products for one message, or the reason there are none."""

    set_id: str
    conversation_id: str | None
    conversation_version: int
    message: str
    replies: tuple[Reply, ...]
    products: tuple[ProductSuggestion, ...]
    stage: str
    scene: str
    abstained: bool
    abstain_reason: str
    products_reason: str
    excluded: tuple[Excluded, ...]
    versions: Versions
    ask: Ask | None = None
    timing_ms: Mapping[str, float] = field(default_factory=dict)
    slate: Slate = field(default_factory=Slate)
    exposure: Exposure | None = None
