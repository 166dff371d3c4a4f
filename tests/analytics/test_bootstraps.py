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
from analytics.covariances import difference, mean_covariance, score_covariance
from analytics.pair_tables import pair_tables
from analytics.rules.rule_set import Conversion, Method
from analytics.shapes import RatingRows, ScoreCounts
from analytics.shaping import score_counts
from analytics.social import Unit, score
from tests.analytics.rule_documents import rules, tally

POINTS = np.array([0.0, 30, 60, 80, 100])
SEED = 20_261_122


def scores_of(counts, shares, classes=None, own_shares=None):
    """Return counts (U, G, 5) as the shape that statistics take, at 30 full marks."""
    counts = np.array(counts, np.int64)
    units, groups = counts.shape[:2]
    shares = np.broadcast_to(np.array(shares, float), (units, groups)).copy()
    return ScoreCounts(
        units=tuple(map(str, range(units))),
        classes=tuple(classes or "c" * units),
        groups=tuple("abcdefgh"[:groups]),
        values=POINTS,
        counts=counts,
        shares=shares,
        own_shares=np.ones(shares.shape) if own_shares is None else np.array(own_shares, float),
        mu=np.full(shares.shape, 70.0),
        scale=0.3,
    )


# Three groups: above 200 ballots (drawn as normal), below it, and some with one ballot.
MIXED = scores_of(
    [
        [[20, 40, 80, 160, 100], [1, 2, 4, 3, 2], [0, 0, 1, 2, 4]],
        [[10, 30, 60, 190, 140], [0, 0, 0, 7, 9], [0, 1, 2, 3, 1]],
        [[90, 60, 60, 60, 50], [5, 1, 1, 1, 4], [0, 0, 0, 1, 0]],
    ],
    [0.5, 0.3, 0.2],
)


def test_composites_vary_as_the_formula_says():
    drawn = bootstrap_composites(MIXED, 40_000, SEED)
    expected = score_covariance(MIXED, {}).plain_se / 0.3
    within = MIXED.variances[:2, 2].mean()  # what a single ballot is given
    expected[2] = np.hypot(expected[2], 0.2 * within**0.5)
    assert drawn.std(axis=0) == pytest.approx(expected, rel=0.02)
    assert drawn.mean(axis=0) == pytest.approx(MIXED.composites, abs=0.1)
    assert np.corrcoef(drawn.T)[np.triu_indices(3, 1)] == pytest.approx(0, abs=0.02)


def test_careful_composites_vary_by_the_larger_variance_rule():
    drawn = bootstrap_composites(MIXED, 40_000, SEED, careful=True)
    assert drawn.std(axis=0) * 0.3 == pytest.approx(
        score_covariance(MIXED, {}).careful_se, rel=0.02
    )


def test_ballots_are_drawn_and_not_only_their_variance():
    """Two draws from three ballots of 0, 0, 100: the mean is 0, 50 or 100."""
    two = scores_of([[[2, 0, 0, 0, 1]], [[1, 0, 0, 0, 0]]], [1.0])
    means = bootstrap_means(two, 9_000, SEED)[:, 0, 0]
    values, counts = np.unique(np.round(means, 9), return_counts=True)
    assert values.tolist() == [0, 50, 100]
    assert counts / 9_000 == pytest.approx([4 / 9, 4 / 9, 1 / 9], abs=0.02)


@pytest.mark.parametrize("ballots", [2, 3, 16, 17, 41, 200])
def test_sums_drawn_together_are_sums_of_single_draws(ballots):
    """Mean, variance and skewness of n - 1 draws with replacement."""
    counts = np.bincount(np.arange(ballots) ** 2 % 5, minlength=5)
    one = scores_of([[counts], [[0, 0, 0, 1, 1]]], [1.0])
    means = bootstrap_means(one, 60_000, SEED)[:, 0, 0]
    values = np.repeat(POINTS, counts) - one.means[0, 0]
    n = ballots - 1
    assert means.mean() == pytest.approx(one.means[0, 0], abs=5 * (values.var() / n / 6e4) ** 0.5)
    assert means.var() == pytest.approx(values.var() / n, rel=0.03)
    third = ((means - means.mean()) ** 3).mean()
    assert third == pytest.approx((values**3).mean() / n**2, abs=0.06 * (values.var() / n) ** 1.5)


def test_people_who_rated_several_units_are_drawn_together():
    generator = np.random.default_rng(4)
    levels = np.clip(generator.integers(0, 3, (40, 1)) + generator.integers(0, 3, (40, 4)), 0, 4)
    appraiser, unit = (each.ravel() for each in np.indices(levels.shape))
    rows = RatingRows(40, 4, appraiser, unit, POINTS[levels.ravel()])
    counts = np.zeros((4, 1, 5), np.int64)
    np.add.at(counts, (unit, 0, levels.ravel()), 1)
    scores, tables = scores_of(counts, [1.0]), pair_tables(rows)
    drawn = 0.3 * bootstrap_composites(scores, 40_000, SEED, {"a": mean_covariance(tables)})
    formula = score_covariance(scores, {"a": tables})
    assert np.cov(drawn.T) == pytest.approx(formula.plain, rel=0.05)
    apart = (drawn[:, 0] - drawn[:, 3]).std()
    assert apart == pytest.approx(difference(formula.plain, 0, 3), rel=0.03)
    careful = bootstrap_composites(
        scores, 40_000, SEED, {"a": mean_covariance(tables)}, careful=True
    )
    assert 0.09 * np.cov(careful.T) == pytest.approx(formula.careful, rel=0.05)


def test_padding_leaves_units_as_uncertain_as_their_class():
    """The third unit is made of mu alone, and still is not certain."""
    counts = MIXED.counts[:, :1].copy()
    counts[2] = 0
    padded = scores_of(counts, [1.0], own_shares=[[1], [1], [0]])
    drawn = bootstrap_composites(padded, 20_000, SEED)
    assert 0.3 * drawn.std(axis=0) == pytest.approx(score_covariance(padded, {}).plain_se, rel=0.03)
    assert drawn[:, 2].mean() == pytest.approx(70, abs=0.2)


def test_the_same_seed_draws_the_same_and_another_another():
    first, again = (bootstrap_composites(MIXED, 50, SEED) for _ in range(2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != bootstrap_composites(MIXED, 50, SEED + 1).tolist()


tallies = st.dictionaries(
    st.tuples(
        st.sampled_from(["citizens", "npc"]), st.sampled_from([f"U{n}" for n in range(1, 8)])
    ),
    st.dictionaries(st.sampled_from("ABCDE"), st.integers(1, 5), min_size=1, max_size=3),
    min_size=1,
    max_size=12,
).map(tally)
CONVERSIONS = {
    Method.DIRECT: {},
    Method.RATIO: {},
    Method.RANK: {"step_percent": 15, "floor_percent": 60},
    Method.STANDARD: {"min_units": 3, "min_deviation": 4, "limit": "1.2"},
}


@given(tallies, st.sampled_from(list(Method)), st.sampled_from(["pad", "none", "shrink"]))
def test_every_conversion_gives_the_official_scores(counts, method, small_samples):
    made = rules(
        small_samples=small_samples,
        conversion={"method": method.value, **CONVERSIONS[method]},
    )
    units = [Unit(f"U{n}", "单位", "cd"[n > 5]) for n in range(1, 8)]
    result = score(counts, made, units)
    scores = score_counts(result, made)
    found = social_replicates(scores.counted_means[None], scores, made.conversion)[0]
    official = [np.nan if u.social is None else float(u.social) for u in result.units]
    assert found == pytest.approx(np.array(official), nan_ok=True)
    low, high = conversion_limits(scores, made.conversion)
    scored = ~np.isnan(found)
    assert (low[scored] <= found[scored] + 1e-9).all()
    assert (found[scored] <= high[scored] + 1e-9).all()


def test_a_best_composite_of_nought_is_divided_by_nobody():
    nothing = scores_of([[[5, 0, 0, 0, 0]], [[7, 0, 0, 0, 0]]], [1.0])
    social = social_replicates(nothing.counted_means[None], nothing, Conversion(Method.RATIO))
    assert social.tolist() == [[0, 0]]


def test_one_replicate_shows_nothing():
    with pytest.raises(ValueError, match="one replicate"):
        bootstrap_means(MIXED, 1, SEED)
