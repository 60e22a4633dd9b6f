"""Groups of similar texts around a centre each.

Single links would chain "refund" to "refund the deposit" to "deposit interest"; in a star every member is similar to
the centre itself. Aslam, Pelekhov and Rus, The Star Clustering Algorithm, 2004.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.duplicates.near import Pair
from knowledge.errors import InvalidValueError


@dataclass(frozen=True)
class Star:
    """A centre and the members similar to it, by place; most similar first, the centre not among them."""

    centre: int
    members: tuple[int, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        """The centre and its members."""
        return (self.centre, *self.members)


def star_groups(n: int, pairs: Iterable[Pair], *, weights: Sequence[float] | None = None) -> list[Star]:
    """Every one of `n` places in exactly one star, alone where it is similar to nothing; heaviest star first.

    Centres are taken in falling order of the weight (one a place unless given) of themselves and what is similar to
    them; each other place then joins the centre it is most similar to, of equal ones the one taken first. Equal
    weights go by place, so the order of the pairs changes nothing.

    Raises:
        InvalidValueError: the weights are not as many as the places.
    """
    heft = [1.0] * n if weights is None else list(weights)
    if len(heft) != n:
        raise InvalidValueError("weights", f"{len(heft)} weights", f"one for each of {n} places")
    near = _neighbours(n, pairs)
    order = sorted(range(n), key=lambda place: (-heft[place] - sum(heft[other] for other in near[place]), place))
    ranks = {centre: rank for rank, centre in enumerate(_centres(order, near))}
    joined: dict[int, list[int]] = {centre: [] for centre in ranks}
    for place in range(n):
        if place not in ranks:
            joined[_nearest(near[place], ranks)].append(place)
    stars = [Star(centre, _nearest_first(members, near[centre])) for centre, members in joined.items()]
    return sorted(stars, key=lambda star: (-sum(heft[place] for place in star.all), star.centre))


def _neighbours(n: int, pairs: Iterable[Pair]) -> list[dict[int, float]]:
    near: list[dict[int, float]] = [{} for _ in range(n)]
    for pair in pairs:
        near[pair.left][pair.right] = near[pair.right][pair.left] = pair.similarity
    return near


def _centres(order: Sequence[int], near: Sequence[dict[int, float]]) -> list[int]:
    """Each place that is similar to no centre before it."""
    covered: set[int] = set()
    centres = []
    for place in order:
        if place not in covered:
            centres.append(place)
            covered |= {place, *near[place]}
    return centres


def _nearest(near: Mapping[int, float], ranks: Mapping[int, int]) -> int:
    """Of the centres a place is similar to, the most similar one."""
    return min(near.keys() & ranks.keys(), key=lambda centre: (-near[centre], ranks[centre]))


def _nearest_first(members: Iterable[int], near: Mapping[int, float]) -> tuple[int, ...]:
    return tuple(sorted(members, key=lambda place: (-near[place], place)))
