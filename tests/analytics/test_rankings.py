import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analytics.rankings import alternative, composites_of, correlations, ranks_of

scores = st.lists(st.one_of(st.integers(0, 6), st.just(np.nan)), max_size=8)


@given(scores)
def test_ranks_count_the_better_ones(drawn):
    made = ranks_of(np.array(drawn, float))
    for own, rank in zip(drawn, made.tolist(), strict=True):
        assert rank == (0 if own != own else 1 + sum(other > own for other in drawn))


def test_many_rankings_at_once_are_ranked_row_by_row():
    rows = np.array([[3, np.nan, 5, 3], [0.3, 0.1 + 0.2, 0.1, np.nan]])
    assert ranks_of(rows).tolist() == [[2, 0, 1, 2], [1, 1, 3, 0]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=9))
def test_correlations_agree_with_scipy(pairs):
    first, second = np.array(pairs, float).T
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert np.isnan(correlations(first, second)).all()
        return
    expected = stats.kendalltau(first, second).statistic, stats.spearmanr(first, second).statistic
    assert correlations(first, second) == pytest.approx(expected)


def test_an_alternative_is_held_against_the_official_ranking():
    official = np.array([90, 80, np.nan, 70.0])
    made = alternative("other", official, np.array([50, 60, 10, np.nan]))
    assert made.rank.tolist() == [2, 1, 3, 0]
    assert made.moved.tolist() == [-1, 1, 0, 0]
    assert (made.tau_b, made.spearman) == (-1, -1)


def test_composites_leave_out_what_has_no_share():
    means = np.array([[90, np.nan], [80, 60], [10, 10.0]])
    shares = np.array([[1, 0], [0.5, 0.5], [0, 0.0]])
    assert composites_of(means, shares) == pytest.approx([90, 70, np.nan], nan_ok=True)
