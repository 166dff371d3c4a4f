"""How often nominal 95 % intervals hold the truth; what misses is written down, not hidden."""

from math import comb

import numpy as np
import pytest

from analytics.bootstraps import bootstrap_means, social_replicates
from analytics.covariances import score_covariance
from analytics.official_intervals import official_intervals
from analytics.proportions import INTERVALS
from analytics.rules.rule_set import Conversion, Method
from analytics.shapes import ScoreCounts
from analytics.variances import larger_variances, limits, satterthwaite, third_cumulants

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


def errors(counts, weights):
    """Return estimate, careful error, degrees of freedom and skewness of each run's first unit."""
    weights, (n, mean, variance) = np.array(weights), moments(counts)
    larger, df = larger_variances(variance[:, 0], n[:, 0], variance.mean(axis=1))
    terms = weights**2 * larger
    variance = terms.sum(axis=1)
    third = (weights**3 * third_cumulants(class_of(counts[:, 0], weights))).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        skewness = third / variance**1.5
    return mean[:, 0] @ weights, np.sqrt(variance), satterthwaite(terms, df), skewness


def coverage(unit, peers, sizes, weights, runs, seed):
    """Return how often the truth is inside, below and above, and how often ends are told."""
    low, high = limits(*errors(draw(unit, peers, sizes, runs, seed), weights))
    truth = np.array(SHARES_OF[unit]) @ POINTS
    # A class in which nothing varies has no interval (NaN), which is no miss and no hit.
    told = ~np.isnan(low)
    below, above = (truth < low)[told].mean(), (truth > high)[told].mean()
    return 1 - below - above, below, above, told.mean()


# Measured with 100,000 runs a row (the error of a share is below .0016); one group with so many
# ballots, or the six groups. Ten dissenting ballots in a thousand are the hardest case.
EXPECTED = [
    ("ordinary", "ordinary", [0.9557, 0.9541, 0.9538, 0.9505, 0.9719]),
    ("near perfect", "ordinary", [1.0, 0.9999, 0.9990, 0.9409, 1.0]),
    ("near perfect", "near perfect", [1.0, 0.9928, 0.9969, 0.9352, 0.9893]),
    ("polarised", "ordinary", [0.9937, 0.9715, 0.9562, 0.9500, 0.9524]),
    ("polarised", "polarised", [0.9928, 0.9715, 0.9563, 0.9500, 0.9707]),
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
    found, below, above, told = coverage(unit, peers, sizes, weights, runs, seed)
    error = (expected * (1 - expected) * (1 / runs + 1 / 100_000)) ** 0.5
    assert found == pytest.approx(expected, abs=4 * error + 1e-4)
    assert max(below, above) < 0.06
    assert told > (0.999 if peers == "ordinary" else 0.85)


@pytest.mark.parametrize(("unit", "peers", "sizes", "weights", "expected"), CASES)
def test_intervals_hold_the_truth_as_often_as_written_down(unit, peers, sizes, weights, expected):
    check((unit, peers, sizes, weights, expected), 1_500, seed=7)


@pytest.mark.soak
@pytest.mark.parametrize(("unit", "peers", "sizes", "weights", "expected"), CASES)
def test_the_same_with_many_runs(unit, peers, sizes, weights, expected):
    check((unit, peers, sizes, weights, expected), 40_000, seed=8)


# How alike units are (a Dirichlet's concentration: 60 far apart, 2,000 nearly equal), the ballots
# of three groups, the units of the class; how often their official intervals hold the truth.
CONVERTED = [
    (60, (30, 60, 400), 12),
    (300, (30, 60, 400), 12),
    (2000, (30, 60, 400), 12),
    (2000, (8, 20, 60), 12),
    (60, (30, 60, 400), 5),
]


def converted_coverage(case, rounds, seed):
    concentration, sizes, units = case
    generator = np.random.default_rng(seed)
    held = dict.fromkeys(Method, 0.0)
    for number in range(rounds):
        chances = concentration * np.array(SHARES_OF["ordinary"])
        truth = generator.dirichlet(chances, (units, len(sizes)))
        scores = class_of(generator.multinomial(np.array(sizes), truth), [1 / 3] * 3)
        found = score_covariance(scores, {})
        direct = limits(scores.composites, found.careful_se, found.df, found.skewness)
        means = bootstrap_means(scores, 400, number, careful=True)
        for method in Method:
            conversion = Conversion(method)
            true = social_replicates((truth @ POINTS)[None], scores, conversion)[0]
            ends = official_intervals(scores, conversion, found, direct, means, number)
            inside = (ends.low - 1e-9 <= true) & (true <= ends.high + 1e-9)
            held[method] += inside.mean() / rounds
    return held


def check_converted(case, rounds, leeway):
    held = converted_coverage(case, rounds, seed=3)
    assert held[Method.DIRECT] == pytest.approx(0.955, abs=0.015 + leeway)
    assert held[Method.RATIO] > 0.98
    assert held[Method.RANK] > 0.98
    assert held[Method.STANDARD] == pytest.approx(0.95, abs=0.02 + leeway)


def test_intervals_of_converted_scores_hold_the_truth():
    check_converted(CONVERTED[1], 30, leeway=0.03)


@pytest.mark.soak
@pytest.mark.parametrize("case", CONVERTED, ids=str)
def test_the_same_in_many_rounds(case):
    check_converted(case, 300, leeway=0.005)


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
    expected = [each[0] for each in errors(counts, SIX[1])]
    seen = [scores.composites, found.careful_se, found.df, found.skewness]
    assert [each[0] for each in seen] == pytest.approx(expected)


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
