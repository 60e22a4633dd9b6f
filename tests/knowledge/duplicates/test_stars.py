import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.duplicates.near import Pair
from knowledge.duplicates.stars import Star, star_groups
from knowledge.errors import InvalidValueError


def test_a_chain_is_cut_where_members_are_not_similar_to_the_centre() -> None:
    chain = [Pair(0, 1, 0.9), Pair(1, 2, 0.9), Pair(2, 3, 0.9)]
    # 1 and 2 have two neighbours each; 1 comes first and takes 0 and 2, so 3 is left alone.
    assert star_groups(4, chain) == [Star(1, (0, 2)), Star(3, ())]


def test_a_member_joins_the_centre_it_is_most_similar_to() -> None:
    pairs = [Pair(0, 1, 0.7), Pair(0, 2, 0.8), Pair(1, 3, 0.9), Pair(3, 4, 0.7), Pair(3, 5, 0.7)]
    # 3 is the first centre, then 0; 1 is nearer to 3.
    assert star_groups(6, pairs) == [Star(3, (1, 4, 5)), Star(0, (2,))]


def test_what_weighs_most_with_its_neighbours_becomes_the_centre() -> None:
    chain = [Pair(0, 1, 0.9), Pair(1, 2, 0.9), Pair(2, 3, 0.9)]
    # With their neighbours 1 weighs 3, 2 weighs 102 and 3 weighs 101.
    assert star_groups(4, chain, weights=[1, 1, 1, 100]) == [Star(2, (1, 3)), Star(0, ())]


def test_nothing_makes_no_star() -> None:
    assert star_groups(0, []) == []
    assert star_groups(2, []) == [Star(0), Star(1)]


def test_as_many_weights_as_places() -> None:
    with pytest.raises(InvalidValueError, match="one for each of 2 places"):
        star_groups(2, [], weights=[1.0])


pairs_of_nine = st.dictionaries(
    st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda pair: pair[0] < pair[1]),
    st.floats(0.5, 1.0),
    max_size=20,
)


@given(found=pairs_of_nine, seed=st.randoms())
def test_every_place_is_in_one_star_next_to_its_centre(found: dict[tuple[int, int], float], seed) -> None:
    pairs = [Pair(*places, similarity) for places, similarity in found.items()]
    stars = star_groups(9, pairs)
    assert sorted(place for star in stars for place in star.all) == list(range(9))
    near = {frozenset(places) for places in found}
    assert all(frozenset({star.centre, member}) in near for star in stars for member in star.members)
    assert not any(
        frozenset({one.centre, other.centre}) in near for one in stars for other in stars if one is not other
    )
    seed.shuffle(pairs)
    assert star_groups(9, pairs) == stars
