from fractions import Fraction
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.histogram import NO_BALLOTS, Histogram, mean_score, squared_deviations, trimmed

HISTOGRAMS = st.builds(
    lambda scale, pairs: Histogram(scale, *zip(*sorted(pairs.items()), strict=True)),
    st.integers(1, 60),
    st.dictionaries(st.integers(0, 6000), st.integers(1, 9), min_size=1, max_size=8),
)


def ballots(scores):
    """Return the scores one by one."""
    return list(chain.from_iterable(repeat(score, count) for score, count in scores))


@given(HISTOGRAMS)
def test_mean_and_deviations_are_those_of_the_ballots_one_by_one(scores):
    each = ballots(scores)
    mean = sum(each, Fraction(0)) / len(each)
    assert scores.ballots == len(each)
    assert mean_score(scores) == mean
    assert squared_deviations(scores) == sum((score - mean) ** 2 for score in each)


@given(HISTOGRAMS, st.integers(0, 10))
def test_trimming_cuts_both_ends_of_the_ballots_in_order(scores, cut):
    each = ballots(scores)
    assert ballots(trimmed(scores, cut)) == each[cut : max(cut, len(each) - cut)]


def test_scores_are_written_as_exact_fractions():
    assert list(Histogram(3, (0, 245, 300), (1, 2, 3)).texts()) == ["0", "245/3", "100"]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param(NO_BALLOTS, False, id="no ballots"),
        pytest.param(Histogram(1, (0,), (1,)), True, id="one ballot of no points"),
    ],
)
def test_only_a_histogram_with_ballots_is_true(scores, expected):
    assert bool(scores) is expected
