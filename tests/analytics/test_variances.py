from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.covariances import score_covariance
from analytics.variances import SKEWNESS_HEARD, limits, t_quantile, third_cumulants
from tests.analytics.test_bootstraps import scores_of


def transform(t, a):
    """Hall (1992), the transformation of a studentised mean of skewness a."""
    return t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6


@given(st.floats(-0.4, 0.4), st.floats(1, 1e6), st.floats(0.01, 100))
def test_the_ends_are_where_the_transformed_distance_is_t(skewness, df, se):
    low, high = limits(70.0, se, df, skewness)
    t = float(t_quantile(df))
    assert transform((70 - low) / se, skewness) == pytest.approx(t, rel=1e-9)
    assert transform((70 - high) / se, skewness) == pytest.approx(-t, rel=1e-9)


def test_without_skewness_the_interval_is_that_of_student():
    """t of 10 degrees of freedom leaves 2.5 % beyond 2.228 (any table)."""
    low, high = limits(50.0, 2.0, 10, 0.0)
    assert (50 - low, high - 50) == pytest.approx((2 * 2.2281388519649385,) * 2, rel=1e-9)


@given(st.floats(0, 2), st.floats(1, 1e6))
def test_the_side_on_which_ballots_are_skewed_is_the_longer_one(skewness, df):
    low, high = limits(0.0, 1.0, df, -skewness)
    assert -low >= high - 1e-12
    mirrored = limits(0.0, 1.0, df, skewness)
    assert (-mirrored[1], -mirrored[0]) == pytest.approx((low, high))


def test_few_ballots_are_not_believed_all_their_skewness():
    assert limits(0.0, 1.0, 5, -3.0) == limits(0.0, 1.0, 5, -SKEWNESS_HEARD)


def test_what_nobody_knows_has_no_ends():
    assert np.isnan(limits(np.array([1.0]), np.array([np.nan]), 3.0, np.nan)).all()


def test_third_cumulants_are_right_on_average():
    """Over all samples of three from a population with replacement, as one over n squared."""
    population = np.array([0.0, 30, 60, 60, 100, 100, 100])
    true = ((population - population.mean()) ** 3).mean() / 3**2
    found = []
    for i in population:
        for j in population:
            for k in population:
                counts = [
                    [np.bincount([[0, 30, 60, 80, 100].index(x) for x in (i, j, k)], minlength=5)]
                ]
                found.append(third_cumulants(scores_of(counts, [1.0]))[0, 0])
    assert np.mean(found) == pytest.approx(true)
    assert third_cumulants(scores_of([[[1, 0, 0, 0, 1]]], [1.0])).tolist() == [[0]]


def test_a_list_takes_its_share_of_the_skewness():
    """Over all samples of 6 out of 14: the third cumulant is (1 - f)(1 - 2f), nearly."""
    population = np.array([0.0] * 2 + [60.0] * 3 + [100.0] * 9)
    means = np.array([np.mean(each) for each in combinations(population, 6)])
    true = ((means - means.mean()) ** 3).mean()
    counts = [[np.bincount(np.searchsorted([0, 30, 60, 80, 100], population), minlength=5)]]
    whole = scores_of(counts, [1.0])
    n = 6 / 14
    free = third_cumulants(whole)[0, 0] * 14**2 / 6**2  # of a sample of 6 from very many
    assert free * (1 - n) * (1 - 2 * n) == pytest.approx(true, rel=0.25)
    errors, listed = (score_covariance(whole, {}, invited) for invited in (None, np.array([[35]])))
    open_share = 1 - 14 / 35
    third, of_list = (each.skewness[0] * each.careful[0, 0] ** 1.5 for each in (errors, listed))
    assert of_list == pytest.approx(third * open_share * (2 * open_share - 1))
