import hashlib
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.tally import Cell, Tally, tally_of_ballots

CELLS = st.builds(
    Cell,
    st.sampled_from(["citizens", "npc"]),
    st.sampled_from(["open", "token"]),
    st.sampled_from(["U1", "U2"]),
    st.sampled_from(["AB", "N-", "--"]),
    st.booleans(),
)


@given(st.lists(CELLS), st.randoms(use_true_random=False))
def test_the_order_of_ballots_never_matters(ratings, rng: random.Random):
    shuffled = list(ratings)
    rng.shuffle(shuffled)
    assert tally_of_ballots(ratings) == tally_of_ballots(shuffled)
    assert tally_of_ballots(ratings).digest() == tally_of_ballots(shuffled).digest()


@given(st.lists(CELLS), st.lists(CELLS))
def test_merging_is_tallying_together(some, others):
    merged = tally_of_ballots(some) + tally_of_ballots(others)
    assert merged == tally_of_ballots(some + others)
    assert merged.total == len(some) + len(others)
    assert merged + Tally.empty() == merged


@given(st.lists(CELLS))
def test_leaving_flagged_ballots_out_is_never_having_had_them(ratings):
    unflagged = [cell for cell in ratings if not cell.flagged]
    assert tally_of_ballots(ratings).without_flagged() == tally_of_ballots(unflagged)


@given(st.lists(CELLS))
def test_columns_hold_what_the_cells_say(ratings):
    counted = tally_of_ballots(ratings)
    again = Tally.of_columns(counted.columns)
    assert (len(again), again.total, again.digest()) == (
        len(counted),
        len(ratings),
        counted.digest(),
    )
    assert dict(again.items()) == Counter(ratings)
    unflagged = [cell for cell in ratings if not cell.flagged]
    assert again.without_flagged().digest() == tally_of_ballots(unflagged).digest()


@given(st.lists(CELLS))
def test_the_canonical_text_is_in_the_order_of_its_bytes(ratings):
    lines = sorted(
        f"{cell.group}\t{cell.channel}\t{cell.unit}\t{cell.pattern}\t{cell.flagged:d}\t{n}\n".encode()
        for cell, n in Counter(ratings).items()
    )
    assert tally_of_ballots(ratings).digest() == hashlib.sha256(b"".join(lines)).hexdigest()


def test_the_digest_is_that_of_the_documented_text():
    tally = Tally({Cell("b", "open", "U1", "A-"): 2, Cell("a", "open", "单位", "AB", True): 1})
    text = "a\topen\t单位\tAB\t1\t1\nb\topen\tU1\tA-\t0\t2\n"
    assert tally.digest() == hashlib.sha256(text.encode()).hexdigest()


def test_cells_without_ballots_are_not_there():
    cell = Cell("a", "open", "U1", "A")
    assert Tally({cell: 0}) == Tally.empty()
    assert Tally({cell: 0}).digest() == Tally.empty().digest()


def test_cells_come_in_order():
    first, second = Cell("a", "open", "U1", "A"), Cell("b", "open", "U1", "A")
    assert Tally({second: 1, first: 1}).cells() == (first, second)


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="negative"):
        Tally({Cell("a", "open", "U1", "A"): -1})
