from collections import Counter
from itertools import pairwise
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.comments.key_phrases import NOTABLE, key_phrases, log_odds
from analytics.shapes import NOWHERE


def test_log_odds_by_hand():
    """Two words, 8 and 2 of 10 here, 5 and 15 of 20 elsewhere; a prior of 2 words shared 13 : 17.

    For the first: ln(8.8667 / 3.1333) - ln(5.8667 / 16.1333) = 1.0402 + 1.0116;
    variance 1 / 8.8667 + 1 / 5.8667. With two words the second is its mirror.
    """
    found = log_odds(
        here=np.array([8, 2]),
        elsewhere=np.array([5, 15]),
        of_here=np.array([10, 10]),
        of_elsewhere=np.array([20, 20]),
        prior=np.array([26 / 30, 34 / 30]),
        prior_size=2.0,
    )
    assert found.delta == pytest.approx([2.051802, -2.051802], abs=1e-6)
    assert found.variance == pytest.approx(
        [0.283237, 1 / (2 + 34 / 30) + 1 / (15 + 34 / 30)], abs=1e-6
    )
    assert found.z[0] == pytest.approx(3.855324, abs=1e-6)


def test_without_counts_nothing_is_said_more():
    none = np.array([0])
    found = log_odds(none, none, none, none, np.array([1.0]), 4.0)
    assert (found.delta[0], found.z[0]) == (0, 0)


def test_a_word_that_is_all_there_is_has_no_odds():
    one = np.array([5])
    found = log_odds(one, one, one, one, np.array([4.0]), 4.0)
    assert np.isnan(found.z).all()


SLOW = [("排队", "太久")]
KIND = [("态度", "好")]


def test_each_unit_is_held_against_the_rest_of_its_class():
    """Unit 2 is of another class: it says what unit 0 says and makes no difference to it."""
    comments = [SLOW] * 9 + [KIND] * 1 + [SLOW] * 1 + [KIND] * 9 + [SLOW] * 50
    part = np.repeat([0, 1, 2], [10, 10, 50])
    slow, kind, alone = key_phrases(comments, part, np.array([7, 7, 3]), least=2, prior_size=4)
    assert [one.words for one in slow.phrases] == [("排队", "太久"), ("太久",), ("排队",)]
    assert [one.words for one in kind.phrases] == [("态度", "好"), ("好",), ("态度",)]
    assert (alone.tried, alone.phrases) == (0, ())
    assert (slow.part, slow.tried) == (0, 3)
    word, pair = slow.phrases[2], slow.phrases[0]
    assert (word.here, word.elsewhere) == (9, 1)
    prior = 4 * 10 / 40  # a quarter of all words of the class
    delta = log((9 + prior) / (20 + 4 - 9 - prior)) - log((1 + prior) / (20 + 4 - 1 - prior))
    assert word.delta == pytest.approx(delta)
    assert word.z == pytest.approx(delta / sqrt(1 / (9 + prior) + 1 / (1 + prior)))
    prior = 4 * 10 / 20  # half of all pairs
    delta = log((9 + prior) / (10 + 4 - 9 - prior)) - log((1 + prior) / (10 + 4 - 1 - prior))
    assert pair.z == pytest.approx(delta / sqrt(1 / (9 + prior) + 1 / (1 + prior)))


def test_a_comment_says_a_word_once_and_clauses_have_no_neighbours():
    shouted = [("慢",) * 50, ("慢",)]
    comments = [shouted] * 6 + [[("好",), ("快",)]] * 30
    slow, _ = key_phrases(
        comments, np.repeat([0, 1], [6, 30]), np.zeros(2, np.int64), least=6, prior_size=4
    )
    assert {one.words: one.here for one in slow.phrases} == {("慢",): 6}
    assert slow.tried == 1  # the others have no pairs to hold "慢慢" against


def test_a_phrase_of_fewer_comments_than_asked_is_not_shown():
    comments = [SLOW] * 4 + [KIND] * 40
    part = np.repeat([0, 1], [4, 40])
    shown = {
        least: [
            one.words
            for one in key_phrases(comments, part, np.zeros(2, np.int64), least)[0].phrases
        ]
        for least in (4, 5)
    }
    assert shown == {4: [("太久",), ("排队",)], 5: []}


def test_no_more_phrases_than_asked():
    comments = [[tuple("甲乙丙丁戊己庚辛")]] * 90 + [[tuple("子丑寅卯辰巳午未")]] * 90
    found = key_phrases(
        comments, np.repeat([0, 1], 90), np.zeros(2, np.int64), most=3, prior_size=4
    )
    assert [len(one.phrases) for one in found] == [3, 3]
    assert found[0].tried == 15


@pytest.mark.parametrize(
    ("comments", "part", "families"),
    [
        pytest.param([], [], 0, id="nothing at all"),
        pytest.param([], [], 2, id="no comments"),
        pytest.param([SLOW] * 9, [0] * 9, 1, id="one unit"),
        pytest.param([SLOW] * 9, [NOWHERE] * 9, 2, id="comments of no unit"),
        pytest.param([[]] * 9, [0, 1, 0, 1, 0, 1, 0, 1, 1], 2, id="comments without words"),
        pytest.param([[("慢",)]] * 20, [0, 1] * 10, 2, id="one word only"),
        pytest.param([SLOW] * 20, [0, 1] * 10, 2, id="all the same"),
    ],
)
def test_where_nothing_can_differ_nothing_is_shown(comments, part, families):
    found = key_phrases(comments, np.array(part, np.int64), np.zeros(families, np.int64))
    assert [one.phrases for one in found] == [()] * families


def test_every_comment_needs_its_part_and_every_part_its_family():
    with pytest.raises(ValueError, match="part"):
        key_phrases([SLOW], np.zeros(2, np.int64), np.zeros(1, np.int64))
    with pytest.raises(ValueError, match="family"):
        key_phrases([SLOW], np.array([3]), np.zeros(1, np.int64))


def test_what_stands_out_by_chance_is_rare_and_hardly_ever_beyond_chance():
    """Words drawn alike for 20 units; up to 5 % of the units may have one that seems certain."""
    rng = np.random.default_rng(5)
    words = np.array([f"w{n}" for n in range(60)])
    weights = 1 / np.arange(1, 61)
    drawn = rng.choice(words, (4000, 6), p=weights / weights.sum())
    comments = [[tuple(row)] for row in drawn.tolist()]
    found = key_phrases(comments, rng.integers(0, 20, 4000), np.zeros(20, np.int64), most=10_000)
    tried, shown = sum(one.tried for one in found), sum(len(one.phrases) for one in found)
    assert tried > 1000
    assert shown / tried < 0.1
    assert sum(any(phrase.beyond_chance for phrase in one.phrases) for one in found) <= 2


def test_what_cannot_be_chance_is_told_from_what_can():
    """Of 60 comments of two equal parts, 30 and 0 say one word: 2 ** -30; 9 and 3: .07."""
    comments = (
        [[("慢",)]] * 30 + [[("好",)]] * 9 + [[("远",)]] * 21 + [[("好",)]] * 3 + [[("近",)]] * 57
    )
    found, _ = key_phrases(comments, np.repeat([0, 1], 60), np.zeros(2, np.int64), prior_size=4)
    certain = {one.words: one.beyond_chance for one in found.phrases}
    assert certain[("慢",)]
    assert not certain.get(("好",), False)


written = st.lists(
    st.tuples(
        st.integers(-1, 3), st.lists(st.lists(st.sampled_from("甲乙丙"), max_size=4), max_size=3)
    ),
    max_size=25,
)


@given(written, st.randoms())
def test_counts_are_those_of_counting_one_by_one_in_any_order(rows, random):
    family = np.array([0, 0, 1, 0])
    found = key_phrases([c for _, c in rows], parts_of(rows), family, least=1, prior_size=3)
    for one in found:
        rest = {p for p in range(4) if family[p] == family[one.part]} - {one.part}
        for phrase in one.phrases:
            assert phrase.here == counted(rows, {one.part})[phrase.words]
            assert phrase.elsewhere == counted(rows, rest)[phrase.words]
            assert phrase.z >= NOTABLE
    shuffled = random.sample(rows, len(rows))
    again = key_phrases([c for _, c in shuffled], parts_of(shuffled), family, least=1, prior_size=3)
    assert again == found


def parts_of(rows):
    return np.array([part for part, _ in rows], np.int64)


def counted(rows, parts):
    """Count the comments that say each word and each pair of neighbours."""
    counts = Counter()
    for part, clauses in rows:
        if part in parts:
            words = {(word,) for clause in clauses for word in clause}
            pairs = {pair for c in clauses for pair in pairwise(c)}
            counts.update(words | pairs)
    return counts
