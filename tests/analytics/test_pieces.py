"""Counting fixed-width text with numpy against cutting it piece by piece."""

from collections import Counter
from functools import reduce
from itertools import islice
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import pieces
from analytics.pieces import PieceCounter, Pieces, Shape, head_of, pieces_of

SHAPES = {
    "one item": Shape(2, 1, "ABCDEN"),
    "three digits": Shape(3, 2, "ABN"),
    "five items": Shape(2, 5, "ABCDEN"),
    "so many items that codes are sorted": Shape(2, 9, "ABCDEN"),
    "more items than one number can hold": Shape(2, 30, "ABCDEN"),
    "narrower than a head": Shape(1, 1, "ABN"),
}
by_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())


def texts(shape):
    """Ballots: mostly whole pieces, some with signs out of place, some cut."""
    sign = st.sampled_from("0123456789ABCDEN-") | st.sampled_from("?#xü")
    good = st.tuples(*(st.sampled_from(signs) for signs in shape.alphabets)).map("".join)
    odd = st.lists(sign, min_size=1, max_size=shape.width).map("".join)
    whole = st.lists(good, max_size=6).map("".join)
    return st.lists(st.tuples(st.integers(0, 4), whole | whole | odd), max_size=20)


def expected(shape, ballots):
    counts = Counter()
    for key, text in ballots:
        counts.update((key, piece) for piece in pieces_of(text.encode(), shape.width))
    return counts


def found(counter):
    return counts_of(counter.found())


def counts_of(pieces):
    counts = Counter(pieces.odd)
    for key, piece, number in pieces.counts():
        counts[key, piece.encode()] += number
    return counts


@by_shape
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_piece_is_counted_as_it_is(shape, data):
    ballots = data.draw(texts(shape))
    counter = PieceCounter(shape, 5)
    for key, text in ballots:
        counter.add(key, text.encode())
    assert found(counter) == expected(shape, ballots)


@by_shape
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_headed_text_is_counted_ballot_by_ballot_or_not_at_all(shape, data):
    ballots = data.draw(texts(shape))
    counter = PieceCounter(shape, 5)
    joined = "".join(head_of(key, shape.width) + text for key, text in ballots).encode()
    keys = counter.add_headed(joined, len(ballots))
    damaged = any(len(text.encode()) % shape.width or "#" in text for _, text in ballots)
    if damaged or shape.width < pieces.HEAD_WIDTH:
        assert keys is None
        assert found(counter) == Counter()
    elif keys is not None:
        assert found(counter) == expected(shape, ballots)
        wanted = Counter(key for key, _ in ballots)
        assert {key: count for key, count in enumerate(keys.tolist()) if count} == wanted


@by_shape
def test_two_ballots_whose_damage_makes_up_for_each_other_are_noticed(shape):
    counter = PieceCounter(shape, 5)
    piece = "".join(signs[0] for signs in shape.alphabets)
    joined = head_of(1, shape.width) + piece[:-1] + head_of(1, shape.width) + piece + piece[-1]
    assert counter.add_headed(joined.encode(), 2) is None


@by_shape
def test_counting_in_parts_is_counting_together(shape):
    piece = "".join(signs[-1] for signs in shape.alphabets)
    blocks = [f"{unit:0{shape.unit_digits}d}{piece}"[: shape.width] * unit for unit in range(1, 9)]
    together = PieceCounter(shape, 2)
    together.add(1, "".join(blocks * 2).encode())
    parts = []
    for block in blocks * 2:
        apart = PieceCounter(shape, 2)
        apart.add(1, block.encode())
        parts.append(apart.found())
    assert counts_of(reduce(add, parts)) == found(together)
    assert found(together).total() == 2 * sum(range(1, 9))


def test_many_parts_are_merged_so_that_they_take_no_more_room_than_their_sum():
    codes = np.arange(pieces.SPARSE_ROWS // 2 + 1)
    part = Pieces(SHAPES["five items"], ((codes, np.ones_like(codes)),), {(1, b"?"): 1})
    merged = part + part + part
    assert sum(block.size for block, _ in merged.blocks) <= 2 * codes.size
    assert {count for _, _, count in islice(merged.counts(), 1000)} == {3}
    assert merged.odd == {(1, b"?"): 3}


def test_keys_are_limited_to_what_a_head_can_say():
    heads = {head_of(key, 3) for key in range(pieces.MOST_KEYS)}
    assert len(heads) == pieces.MOST_KEYS
    with pytest.raises(ValueError, match="at most"):
        PieceCounter(SHAPES["one item"], pieces.MOST_KEYS + 1)
