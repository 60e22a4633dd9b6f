"""Whether a recommender may look at what is known of customers: where that does no harm, and helps on the whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.evaluation.purchase_tasks import PurchaseTask
from copilot.evaluation.purchases import ProductMode
from eval.statistics.bootstrap import mean_estimate
from eval.statistics.correction import holm
from eval.statistics.estimate import Estimate
from eval.statistics.randomisation import sign_flip_test
from models.recommenders.profile_tags import ProfileTags

FEWEST_CUSTOMERS = 20
"""Of a tag, measured, before anything is said of them."""
N_SHOWN = 10

TagsAt = Callable[[float], ProfileTags]
"""The tags that each customer of the orders had on a day, as lines count days."""
Values = Mapping[ProductMode, NDArray[np.float64]]
"""The metric of each customer, by what counts; what nobody could be measured on is left out."""


@dataclass(frozen=True)
class TagGain:
    """How much better the customers with a tag are served; `p` is raised for the number of tags (Holm)."""

    tag: str
    gain: Estimate
    p: float

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {"tag": self.tag, **self.gain.to_dict(), "p_holm": round(self.p, 4)}


@dataclass(frozen=True)
class ProfileVerdict:
    """A model with profiles against the same without, paired by customer: of all, of those with tags, of each tag.

    Attributes:
        helps: whether it is better to let the model look at profiles.
        by_tag: the tags whose customers gain most, of all that enough of the customers have.
    """

    helps: bool
    why: str
    n_tags: int
    difference: Mapping[ProductMode, Estimate]
    difference_tagged: Mapping[ProductMode, Estimate]
    by_tag: Mapping[ProductMode, Sequence[TagGain]]

    def to_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "helps": self.helps,
            "why": self.why,
            "n_tags": self.n_tags,
            "difference": {mode.value: one.to_dict() for mode, one in self.difference.items()},
            "difference_tagged": {mode.value: one.to_dict() for mode, one in self.difference_tagged.items()},
            "by_tag": {mode.value: [gain.to_dict() for gain in gains] for mode, gains in self.by_tag.items()},
        }


def without_tags(fewest: int) -> ProfileVerdict:
    """The verdict where no tag is common enough to learn anything of."""
    why = f"profiles are left out: there is no tag that {fewest} customers or more had before the last days."
    return ProfileVerdict(False, why, 0, {}, {}, {})


def judge_profiles(
    without: Values,
    with_profiles: Values,
    tasks: Mapping[ProductMode, PurchaseTask],
    tags: ProfileTags,
    *,
    decides: ProductMode,
    seed: int,
) -> ProfileVerdict:
    """Profiles help where no mode is significantly worse with them and the one that decides is better.

    Significantly worse is a mean difference whose whole 95 % interval lies below zero. `tags` are those that the model
    looks at, of all customers of the tasks' lines.
    """
    gains = {mode: with_profiles[mode] - values for mode, values in without.items()}
    held = {mode: tags.of(tasks[mode].customers) for mode in gains}
    difference = {mode: _estimate(gain, seed) for mode, gain in gains.items()}
    helps, reason = _decided(difference, decides)
    has_tags = {mode: own.n_tags > 0 for mode, own in held.items()}
    return ProfileVerdict(
        helps=helps,
        why=f"profiles {'help' if helps else 'are left out'}: {reason}.",
        n_tags=len(tags.names),
        difference=difference,
        difference_tagged={mode: _estimate(gains[mode][own], seed) for mode, own in has_tags.items() if own.any()},
        by_tag={mode: _by_tag(gain, held[mode], seed) for mode, gain in gains.items()},
    )


def signed(one: Estimate) -> str:
    """A difference with its interval."""
    return f"{one.mean:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"


def _decided(difference: Mapping[ProductMode, Estimate], decides: ProductMode) -> tuple[bool, str]:
    shown = " and ".join(f"{signed(one)} on {_WHAT[mode]}" for mode, one in difference.items())
    worse = [mode for mode, one in difference.items() if one.high < 0.0]
    if worse:
        return False, f"with them the model is significantly worse on {_WHAT[worse[0]]} ({shown})"
    if not difference[decides].mean > 0.0:
        return False, f"with them the model is no better on {_WHAT[decides]} ({shown})"
    return True, f"with them the model is {shown}"


_WHAT = {ProductMode.ANY: "later purchases", ProductMode.NEW: "first purchases"}


def _by_tag(gains: NDArray[np.float64], held: ProfileTags, seed: int) -> list[TagGain]:
    """The tags whose customers gain most, the most first; p values count all tags that were looked at."""
    columns = held.matrix.tocsc()
    own = {name: gains[columns[:, tag].indices] for tag, name in enumerate(held.names)}
    own = {name: values for name, values in own.items() if len(values) >= FEWEST_CUSTOMERS}
    p = holm([sign_flip_test(one, np.arange(len(one)), np.random.default_rng(seed)) for one in own.values()])
    names = list(own)
    best = sorted(range(len(own)), key=lambda place: -own[names[place]].mean())[:N_SHOWN]
    return [TagGain(names[place], _estimate(own[names[place]], seed), float(p[place])) for place in best]


def _estimate(values: NDArray[np.float64], seed: int) -> Estimate:
    return mean_estimate(values, np.arange(len(values)), np.random.default_rng(seed), limits=(-1.0, 1.0))
