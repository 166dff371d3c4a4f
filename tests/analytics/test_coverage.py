"""How often nominal 95 % intervals hold the truth; what misses is written down, not hidden."""

from math import comb

import numpy as np
import pytest

from analytics.bootstraps import official_intervals, social_replicates
from analytics.covariances import score_covariance
from analytics.proportions import INTERVALS
from analytics.rule_set import Conversion, Method
from analytics.shapes import ScoreCounts
from analytics.variances import larger_variances, satterthwaite, t_quantile

POINTS = np.array([0.0, 30, 60, 80, 100])
SHARES_OF = {
    "ordinary": [0.03, 0.07, 0.15, 0.30, 0.45],
    "near perfect": [0.001, 0.001, 0.002, 0.006, 0.99],
    "polarised": [0.40, 0.07, 0.06, 0.07, 0.40],
}
PEERS = 20
ONE = ((10,), (1.0,)), ((30,), (1.0,)), ((100,), (1.0,)), ((1000,), (1.0,))
SIX = (5, 8, 10, 20, 30, 200), (0.3, 0.2, 0.15, 0.15, 0.1, 0.1)


def draw(unit, peers, sizes, runs, seed):
    """Return counts (runs, units, groups, levels) of one unit and its peers."""
    generator = np.random.default_rng(seed)
    n = np.broadcast_to(np.array(sizes), (runs, 1, len(sizes)))
    own = generator.multinomial(n, SHARES_OF[unit])
    others = generator.multinomial(np.repeat(n, PEERS, axis=1), SHARES_OF[peers])
    return np.concatenate([own, others], axis=1)


def moments(counts):
    """Return n, mean and variance with divisor n - 1 of counts (…, levels)."""
    n = counts.sum(axis=-1)
    mean = counts @ POINTS / n
    return n, mean, (counts @ POINTS**2 - n * mean**2).clip(min=0) / (n - 1)


def intervals(counts, weights):
    """Return estimate, careful error and degrees of freedom of each run's first unit."""
    n, mean, variance = moments(counts)
    larger, df = larger_variances(variance[:, 0], n[:, 0], variance.mean(axis=1))
    terms = np.array(weights) ** 2 * larger
    return mean[:, 0] @ np.array(weights), np.sqrt(terms.sum(axis=1)), satterthwaite(terms, df)


def coverage(unit, peers, sizes, weights, runs, seed):
    estimate, error, df = intervals(draw(unit, peers, sizes, runs, seed), weights)
    truth = np.array(SHARES_OF[unit]) @ POINTS
    # A class in which nothing varies has no interval (NaN), which is no miss and no hit.
    half = t_quantile(df) * error
    told = ~np.isnan(half)
    return (np.abs(estimate - truth)[told] <= half[told]).mean(), told.mean()


# Measured with 100,000 runs a row (the error of a share is below .0016); one group with so many
# ballots, or the six groups. Where it says MISS the interval holds the truth in fewer than 92 of
# 100 cases: ten dissenting ballots in a thousand have a skewed spread.
EXPECTED = [
    ("ordinary", "ordinary", [0.9460, 0.9395, 0.9466, 0.9497, 0.9668]),
    ("near perfect", "ordinary", [1.0, 1.0, 1.0, 0.9151, 1.0]),  # MISS at 1,000
    ("near perfect", "near perfect", [1.0, 0.9930, 0.9991, 0.8911, 0.9887]),  # MISS at 1,000
    ("polarised", "ordinary", [0.9440, 0.9460, 0.9499, 0.9493, 0.9341]),
    ("polarised", "polarised", [0.9497, 0.9462, 0.9499, 0.9493, 0.9538]),
]
CASES = [
    pytest.param(
        unit,
        peers,
        sizes,
        weights,
        share,
        id=f"{unit} among {peers}, n {', '.join(map(str, sizes))}",
    )
    for unit, peers, shares in EXPECTED
    for (sizes, weights), share in zip((*ONE, SIX), shares, strict=True)
]


def check(case, runs, seed):
    unit, peers, sizes, weights, expected = case
    found, told = coverage(unit, peers, sizes, weights, runs, seed)
    error = (expected * (1 - expected) * (1 / runs + 1 / 100_000)) ** 0.5
    assert found == pytest.approx(expected, abs=4 * error + 1e-4)
    assert told > (0.999 if peers == "ordinary" else 0.85)


@pytest.mark.parametrize(("unit", "peers", "sizes", "weights", "expected"), CASES)
def test_intervals_hold_the_truth_as_often_as_written_down(unit, peers, sizes, weights, expected):
    check((unit, peers, sizes, weights, expected), 1_500, seed=7)


@pytest.mark.soak
@pytest.mark.parametrize(("unit", "peers", "sizes", "weights", "expected"), CASES)
def test_the_same_with_many_runs(unit, peers, sizes, weights, expected):
    check((unit, peers, sizes, weights, expected), 40_000, seed=8)


@pytest.mark.soak
def test_intervals_of_converted_scores_hold_the_truth_less_often():
    """Twelve units, three groups of 30, 60 and 400 ballots; other units give up to .1 less."""
    generator = np.random.default_rng(3)
    truth = generator.dirichlet(60 * np.array(SHARES_OF["ordinary"]), (12, 3))
    held = dict.fromkeys(Method, 0.0)
    for seed in range(300):
        scores = class_of(generator.multinomial(np.array([30, 60, 400]), truth), [1 / 3] * 3)
        df = score_covariance(scores, {}).df
        for method in Method:
            conversion = Conversion(method)
            true = social_replicates((truth @ POINTS)[None], scores, conversion)[0]
            found = official_intervals(scores, conversion, 400, seed, df=df)
            inside = (found.low - 1e-9 <= true) & (true <= found.high + 1e-9)
            held[method] += inside.mean() / 300
    assert held[Method.DIRECT] == pytest.approx(0.946, abs=0.015)
    assert held[Method.RATIO] == pytest.approx(0.955, abs=0.015)
    assert held[Method.RANK] == pytest.approx(0.914, abs=0.03)
    assert held[Method.STANDARD] == pytest.approx(0.874, abs=0.03)


def class_of(counts, shares):
    """Return the counts (U, G, K) of one class as the shape that statistics take."""
    units, groups = counts.shape[:2]
    ones = np.ones((units, groups))
    return ScoreCounts(
        units=tuple(map(str, range(units))),
        classes=("c",) * units,
        groups=tuple("abcdef"[:groups]),
        values=POINTS,
        counts=counts,
        shares=ones * shares,
        own_shares=ones,
        mu=0 * ones,
        scale=1.0,
    )


def test_the_simulated_intervals_are_those_of_the_product():
    """One run with its class, as counts of units, through the joint errors."""
    counts = draw("ordinary", "polarised", SIX[0], 1, seed=9)
    scores = class_of(counts[0], SIX[1])
    found = score_covariance(scores, {})
    estimate, error, df = intervals(counts, SIX[1])
    assert scores.composites[0] == pytest.approx(estimate[0])
    assert (found.careful_se[0], found.df[0]) == pytest.approx((error[0], df[0]))


@pytest.mark.parametrize(
    ("name", "n", "mean", "lowest"),
    [
        pytest.param("wilson", 10, 0.9543, 0.8424, id="Wilson, 10"),
        pytest.param("wilson", 30, 0.9527, 0.8988, id="Wilson, 30"),
        pytest.param("wilson", 100, 0.9511, 0.9206, id="Wilson, 100"),
        pytest.param("wilson", 1000, 0.9499, 0.9405, id="Wilson, 1,000"),
        pytest.param("agresti_coull", 30, 0.9595, 0.9339, id="Agresti-Coull, 30"),
        pytest.param("clopper_pearson", 30, 0.9730, 0.9537, id="Clopper-Pearson, 30"),
        pytest.param("jeffreys", 30, 0.9502, 0.8887, id="Jeffreys, 30"),
    ],
)
def test_intervals_of_shares_hold_the_share_as_often_as_written_down(name, n, mean, lowest):
    """Exactly, by sums over all outcomes, for shares of .01 to .99."""
    shares = np.arange(10, 991)[:, None] / 1000
    low, high = INTERVALS[name](np.arange(n + 1), n)
    chances = np.array([comb(n, x) for x in range(n + 1)], float)
    outcomes = chances * shares ** np.arange(n + 1) * (1 - shares) ** np.arange(n, -1, -1)
    held = (outcomes * ((low <= shares) & (shares <= high))).sum(axis=1)
    assert held.mean() == pytest.approx(mean, abs=1e-4)
    assert held.min() == pytest.approx(lowest, abs=1e-4)
