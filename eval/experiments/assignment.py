"""Who gets which variant: the same answer every time, without a list of who got what."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.errors import DataError


@dataclass(frozen=True)
class Variant:
    """One arm of an experiment; units are shared out in proportion to the weights, and a weight of zero takes none."""

    name: str
    weight: float = 1.0


def assign(unit_id: str, salt: str, variants: Sequence[Variant]) -> str:
    """The name of the variant of a unit.

    Each variant draws an exponential waiting time with its weight as the rate, from a hash of salt, variant and unit;
    the first to arrive wins. So the shares are the weights, experiments with other salts are independent, and a unit
    moves only to a variant whose weight has grown in relation to the one it leaves. When the weight of one variant
    changes in relation to the others, no fewer could move; at most 2d / (1 + d) of the units ever do, where d is the
    total variation distance of the shares, which no rule without a memory betters (Moulton and Jiang, Maximally
    Consistent Sampling and the Jaccard Index of Probability Distributions, ICDM 2018; Angel and Spinka, Pairwise
    Optimal Coupling of Multiple Random Variables, 2019).

    Raises:
        DataError: no variant has a weight, or the variants cannot be told apart.
    """
    require_variants(variants, salt)
    return min((one for one in variants if one.weight > 0), key=lambda one: _arrival(unit_id, salt, one)).name


def require_variants(variants: Sequence[Variant], salt: str) -> None:
    """Check that units can be shared out among variants.

    Raises:
        DataError: a name occurs twice, a weight is negative or not finite, or no weight is above zero.
    """
    names = [one.name for one in variants]
    for one in variants:
        if names.count(one.name) > 1:
            raise DataError(f"experiment {salt}", None, f"variant {one.name!r} occurs twice", "a name for each variant")
        if not (math.isfinite(one.weight) and one.weight >= 0):
            raise DataError(
                f"experiment {salt}", None, f"variant {one.name!r} has the weight {one.weight!r}", "zero or more"
            )
    if not any(one.weight > 0 for one in variants):
        raise DataError(f"experiment {salt}", None, "no variant has a weight", "at least one weight above zero")


def sample_ratio_p_value(counts: Mapping[str, int], variants: Sequence[Variant]) -> float:
    """How surprising it is that the variants have so many units; always valid, so it may be watched from the first on.

    The reciprocal of the Bayes factor of any shares (evenly spread over the simplex) against those of the weights
    (Lindon and Malek, Anytime-Valid Inference for Multinomial Count Data, NeurIPS 2022). A value below 0.01 says that
    units are lost or counted in the wrong place, and that no effect should be believed before that is understood.

    Raises:
        DataError: a variant without weight has units, or a unit has an unknown variant.
    """
    shares = _shares(variants)
    for name, n in counts.items():
        if n and not shares.get(name):
            raise DataError("sample ratio", None, f"variant {name!r} has {n} units", "a variant with a weight")
    n_of = [counts.get(name, 0) for name in shares]
    log_any = math.lgamma(len(n_of)) - math.lgamma(len(n_of) + sum(n_of)) + sum(math.lgamma(n + 1) for n in n_of)
    log_expected = sum(n * math.log(share) for n, share in zip(n_of, shares.values(), strict=True) if n)
    return math.exp(min(0.0, log_expected - log_any))


def _arrival(unit_id: str, salt: str, variant: Variant) -> float:
    name = "\x00".join((salt, variant.name, unit_id))
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    evenly = ((int.from_bytes(digest) >> 11) + 0.5) / 2**53  # strictly between 0 and 1
    return -math.log(evenly) / variant.weight


def _shares(variants: Sequence[Variant]) -> dict[str, float]:
    """The share of each variant that takes units."""
    total = math.fsum(one.weight for one in variants)
    return {one.name: one.weight / total for one in variants if one.weight > 0}
