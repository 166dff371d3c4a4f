from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.bootstraps import (
    bootstrap_composites,
    bootstrap_means,
    conversion_limits,
    social_replicates,
)
from analytics.covariances import score_covariance
from analytics.official_intervals import official_intervals
from analytics.ranks import rank_sets
from analytics.rules.rule_set import Conversion, Method
from analytics.variances import limits
from tests.analytics.test_bootstraps import MIXED, POINTS, SEED, scores_of


def level_units(means, spread=4):
    """Return one group of 150 ballots for each unit, mostly at 60 and 80."""
    counts = [[[spread, spread, 142 - 2 * spread - m, m, 8]] for m in means]
    return scores_of(counts, [1.0])


def found_of(scores, conversion, replicates=400, seed=SEED):
    errors = score_covariance(scores, {})
    direct = limits(scores.scale * scores.composites, errors.careful_se, errors.df, errors.skewness)
    means = bootstrap_means(scores, replicates, seed, careful=True)
    return official_intervals(scores, conversion, errors, direct, means, seed)


def official_of(scores, conversion):
    return social_replicates(scores.counted_means[None], scores, conversion)[0]


def test_the_error_of_a_ratio_is_that_of_the_delta_method():
    """With a best unit far ahead (Casella and Berger 2002, section 5.5.4)."""
    scores = level_units([120, 40, 20, 0])
    found = found_of(scores, Conversion(Method.RATIO), 40_000)
    errors, r = score_covariance(scores, {}), scores.composites
    v, best = np.diag(errors.careful) / 0.09, 0
    delta = 30 * np.sqrt(v / r[best] ** 2 + r**2 * v[best] / r[best] ** 4)
    assert found.se[1:] == pytest.approx(delta[1:], rel=0.02)
    assert found.se[0] == pytest.approx(0, abs=0.02)
    half = limits(0.0, delta, np.minimum(errors.df, errors.df[best]))[1]
    official = official_of(scores, Conversion(Method.RATIO))
    assert (official - found.low)[1:] == pytest.approx(half[1:])
    assert (found.high - official)[1:] == pytest.approx(half[1:])
    assert (found.low[0], found.high[0]) == (30, 30)


def test_a_ratio_is_held_against_each_unit_that_could_be_the_best():
    """The second is a little behind the first; the others reach further than against the first."""
    scores = level_units([62, 60, 20, 0])
    found = found_of(scores, Conversion(Method.RATIO))
    alone = found_of(level_units([62, 20, 0]), Conversion(Method.RATIO))
    assert found.low[0] < 30
    assert found.high[1] == 30
    assert found.high[2] > alone.high[1] + 0.05


def test_a_score_by_rank_is_worth_what_the_rank_set_is_worth():
    scores = level_units([134, 64, 62, 0])
    conversion = Conversion(Method.RANK)
    found = found_of(scores, conversion)
    covariance = score_covariance(scores, {}).careful / 0.09
    sets = rank_sets(scores.composites, covariance, replicates=400, seed=SEED)
    assert found.low == pytest.approx(30 * (1 - 0.02 * (sets.marginal_high - 1)))
    assert found.high == pytest.approx(30 * (1 - 0.02 * (sets.marginal_low - 1)))
    assert (found.low[0], found.high[0]) == (30, 30)
    assert found.high[1] - found.low[1] == pytest.approx(0.6)


def test_the_error_of_a_place_is_what_a_place_costs():
    scores = level_units([60, 58, 56, 0])
    drawn = bootstrap_composites(scores, 4_000, SEED, careful=True)
    places = 1 + (drawn[:, :, None] + 1e-9 < drawn[:, None, :]).sum(axis=2)
    found = found_of(scores, Conversion(Method.RANK), 4_000)
    assert found.se == pytest.approx(0.6 * places.std(axis=0, ddof=1))
    assert found.se[:3].min() > 0.2
    assert found.low.min() >= 30 * (1 - 0.02 * 3)


def test_standard_scores_of_alike_units_are_mostly_noise():
    alike = level_units([50, 51, 52, 53, 54, 55])
    found = found_of(alike, Conversion(Method.STANDARD, min_deviation=Decimal("0.1")), 2_000)
    direct = found_of(alike, Conversion(Method.DIRECT), 2_000)
    assert found.se.min() > 2 * direct.se.max()


def test_far_apart_units_have_standard_scores_as_sure_as_the_spread_allows():
    """Of many units far apart the spread is known; what is left is a unit's own error over it."""
    apart = level_units([10 * n for n in range(13)])
    conversion = Conversion(Method.STANDARD, limit=Decimal(9))
    found = found_of(apart, conversion, 4_000)
    errors = score_covariance(apart, {})
    spread = apart.composites.std()
    reach = limits(
        0.0, 0.3 * float(conversion.spread) * errors.careful_se / 0.3 / spread, errors.df
    )
    middle = 6  # an end's own error moves the spread as well
    half = found.high[middle] - official_of(apart, conversion)[middle]
    assert half == pytest.approx(reach[1][middle], rel=0.1)


def test_a_class_too_small_for_standard_scores_is_given_direct_intervals():
    conversion = Conversion(Method.STANDARD, min_units=9)
    found, direct = (found_of(MIXED, each) for each in (conversion, Conversion()))
    assert (found.low.tolist(), found.high.tolist()) == (direct.low.tolist(), direct.high.tolist())


cells = st.lists(st.integers(0, 9), min_size=5, max_size=5)
some_units = st.lists(st.tuples(cells, cells), min_size=2, max_size=6)


@given(some_units, st.sampled_from(list(Method)))
def test_intervals_hold_the_official_score_and_what_the_conversion_can_give(counts, method):
    scores = scores_of(counts, np.where(np.array(counts).sum(axis=2) > 0, 0.5, 0))
    conversion = Conversion(method, min_units=2)
    found, official = found_of(scores, conversion, 50), official_of(scores, conversion)
    least, most = conversion_limits(scores, conversion)
    told = ~np.isnan(found.low)
    assert not np.isnan(found.high[told]).any()
    assert (least[told] - 1e-9 <= found.low[told]).all()
    assert (found.low[told] <= official[told] + 1e-9).all()
    assert (official[told] <= found.high[told] + 1e-9).all()
    assert (found.high[told] <= most[told] + 1e-9).all()


def test_what_nobody_saw_vary_has_no_interval():
    agreed = scores_of([[[0, 0, 0, 5, 0]], [[0, 0, 0, 0, 7]]], [1.0])
    single = scores_of([[[0, 0, 0, 1, 0]], [[0, 0, 0, 0, 1]]], [1.0])
    for method in Method:
        for scores in (agreed, single):
            unknown = found_of(scores, Conversion(method, min_units=2), 100)
            assert np.isnan([unknown.low, unknown.high]).all()
        assert np.isnan(unknown.se).all()


def test_a_unit_without_a_score_takes_no_place():
    counts = MIXED.counts[:, :1].copy()
    counts[1] = 0
    scores = scores_of(counts, [[1], [0], [1]])
    found = found_of(scores, Conversion(Method.RANK), 200)
    assert np.isnan(found.se).tolist() == [False, True, False]
    assert found.low[2] >= 30 * 0.98


def test_nobody_is_a_share_of_a_best_that_could_be_nothing():
    nothing = scores_of([[[9, 0, 0, 0, 0]], [[8, 1, 0, 0, 0]]], [1.0])
    found = found_of(nothing, Conversion(Method.RATIO))
    assert (found.low.tolist(), found.high.tolist()) == ([0, 0], [30, 30])
    assert POINTS[0] == 0
