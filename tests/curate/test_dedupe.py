"""Near duplicates and the cap, against the plainest way to say it."""

from hypothesis import given
from hypothesis import strategies as st

from paragonsr.curate.config import Set
from paragonsr.curate.dedupe import Candidate, choose

CANDIDATES = st.lists(
    st.builds(
        lambda rank, photo, bits: (float(rank), photo, sum(1 << bit for bit in bits)),
        st.integers(0, 5), st.sampled_from("abc"), st.sets(st.integers(0, 63), max_size=4),
    ),
    max_size=30,
).map(lambda rows: [Candidate((row[0],), f"{number:02}", *row[1:]) for number, row in enumerate(rows)])  # fmt: skip


@given(CANDIDATES, st.integers(0, 6), st.integers(1, 4), st.randoms())
def test_the_better_of_two_stays_and_the_order_of_rows_does_not_count(candidates, distance, cap, random):
    config = Set(hash_distance=distance, tiles_per_photo=cap)
    found = choose(candidates, config)
    unique, kept = [], []
    for one in sorted(candidates, key=lambda c: (c.rank, c.tile)):
        if near := [other for other in unique if (one.hash ^ other.hash).bit_count() <= distance]:
            closest = min(near, key=lambda other: (one.hash ^ other.hash).bit_count())
            assert found[one.tile] == ("duplicate", closest.tile)
            continue
        unique.append(one)
        if sum(other.photo == one.photo for other in kept) == cap:
            assert found[one.tile][0] == "cap"
        else:
            kept.append(one)
            assert one.tile not in found
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert choose(shuffled, config) == found


def test_nothing_of_nothing():
    assert choose([], Set()) == {}
