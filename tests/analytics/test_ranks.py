import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from analytics.faults import Fault
from analytics.ranks import _draws, _taking_part, rank_sets, rank_table

STATS = Path(__file__).parents[1] / "data" / "stats"
SIX = json.loads((STATS / "intervals_icc_ranks.json").read_text())["ranks"]
INSTEVAL = json.loads((STATS / "insteval_small.json").read_text())
FIELDS = ("rank", "low", "high", "simultaneous_low", "simultaneous_high")
FIELDS += ("marginal_low", "marginal_high")


def six():
    return np.array(SIX["score"]), np.diag(np.square(SIX["se"]))


def insteval():
    """Return 14 real scores with the covariance that R survey gives, by its formula."""
    expected, spec = INSTEVAL["expected"], INSTEVAL["spec"]["group_weights"]
    units = expected["unit"]
    with (STATS / "insteval_small.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    worth = {str(n): worth for n, worth in enumerate((0, 12, 18, 24, 30), start=1)}
    n = dict(zip(units, expected["n_by_group"], strict=True))
    scores, covariance = np.array(expected["score30"]), np.zeros((14, 14))
    for g, (group, weight) in enumerate(spec.items()):
        of_group = [row for row in rows if row["group"] == group]
        appraisers = sorted({row["appraiser"] for row in of_group})
        z = np.zeros((len(appraisers), 14))
        for row in of_group:
            u = units.index(int(row["unit"]))
            present = [w for w, k in zip(spec.values(), n[units[u]], strict=True) if k]
            share = weight / sum(present) / n[units[u]][g]
            z[appraisers.index(row["appraiser"]), u] = share * (worth[row["rating"]] - scores[u])
        z -= z.mean(axis=0)
        covariance += z.T @ z * len(z) / (len(z) - 1)
    return scores, covariance


def test_six_units_agree_with_csranks_and_holm():
    made = rank_sets(*six())
    assert made.rank.tolist() == SIX["rank"]
    assert (made.low.tolist(), made.high.tolist()) == (SIX["holm_L"], SIX["holm_U"])
    assert made.expected == pytest.approx(SIX["expected_rank"], abs=1e-8)
    for name in ("simultaneous", "marginal"):  # both are simulated: a rank either way
        for end, letter in (("low", "L"), ("high", "U")):
            far = getattr(made, f"{name}_{end}") - SIX[f"csranks_{name}"][letter]
            assert np.abs(far).max() <= 1


def test_real_ratings_agree_with_r_survey_and_holm():
    scores, covariance = insteval()
    expected = INSTEVAL["expected"]
    assert covariance[:4, :4] == pytest.approx(np.array(expected["clustered_vcov_first4"]))
    made, ranks = rank_table(scores, covariance), expected["ranks_from_clustered"]
    assert made.rank.tolist() == ranks["rank"]
    assert (made.low.tolist(), made.high.tolist()) == (ranks["holm_L"], ranks["holm_U"])
    assert made.expected == pytest.approx(ranks["expected_rank"], abs=1e-8)


def test_who_cannot_be_told_apart_forms_no_tie_groups():
    made = rank_table(np.array([0.0, 2.5, 5.0]), np.eye(3))
    assert made.indistinct_from(1).tolist() == [0, 2]
    assert made.indistinct_from(0).tolist() == [1]
    assert (made.low.tolist(), made.high.tolist()) == ([2, 1, 1], [3, 3, 2])


def test_two_units_by_hand():
    """A difference of 3 with variance 1 + 2 - 2 * 0.5 = 2: t is 2.1213."""
    made = rank_sets(np.array([10.0, 7.0]), np.array([[1.0, 0.5], [0.5, 2.0]]), replicates=20000)
    assert (made.low.tolist(), made.high.tolist()) == ([1, 2], [1, 2])
    assert made.marginal_high.tolist() == made.simultaneous_high.tolist() == [1, 2]
    assert made.expected == pytest.approx([1.0169474, 1.9830526])
    assert made.top_probability == pytest.approx([0.983, 0.017], abs=0.003)
    assert made.last_probability == pytest.approx([0.017, 0.983], abs=0.003)


@pytest.mark.parametrize(
    ("scores", "covariance", "rank", "low", "high"),
    [
        pytest.param([], np.zeros((0, 0)), [], [], [], id="nobody"),
        pytest.param([7], [[2]], [1], [1], [1], id="one unit"),
        pytest.param([7], [[0]], [1], [1], [1], id="one unit without variance"),
        pytest.param([np.nan] * 2, [[1, 0], [0, 1]], [0, 0], [0, 0], [0, 0], id="no scores"),
        pytest.param(
            [9, np.nan, 3, 1],
            np.diag([0, np.nan, 0, 0]),
            [1, 0, 2, 3],
            [1, 0, 2, 3],
            [1, 0, 2, 3],
            id="one without a score takes no part",
        ),
        pytest.param(
            [5, 5, 1], np.zeros((3, 3)), [1, 1, 3], [1, 1, 3], [2, 2, 3], id="a certain tie"
        ),
        pytest.param(
            [0.1 + 0.2, 0.3], np.zeros((2, 2)), [1, 1], [1, 1], [2, 2], id="a tie but for binary"
        ),
        pytest.param(
            [3, 2, 1], np.full((3, 3), 40.0), [1, 2, 3], [1, 2, 3], [1, 2, 3], id="all move as one"
        ),
        pytest.param(
            [3, 2, 2.5],
            [[9, 9, 0], [9, 9, 0], [0, 0, 9]],
            [1, 3, 2],
            [1, 2, 1],
            [2, 3, 3],
            id="one certain pair, and a third unit that could be anywhere",
        ),
    ],
)
def test_edges(scores, covariance, rank, low, high):
    made = rank_sets(np.array(scores, float), np.array(covariance, float), replicates=50)
    assert (made.rank.tolist(), made.low.tolist(), made.high.tolist()) == (rank, low, high)
    assert made.simultaneous_low.tolist() == made.marginal_low.tolist() == low
    assert made.simultaneous_high.tolist() == made.marginal_high.tolist() == high
    without = np.isnan(np.array(scores, float))
    for column in (made.expected, made.top_probability, made.last_probability):
        assert (np.isnan(column) == without).all()
    assert not made.indistinct[without].any()


@pytest.mark.parametrize(
    ("scores", "covariance", "error"),
    [
        pytest.param([1, 2], np.diag([1, np.nan]), Fault, id="a variance that is not known"),
        pytest.param([1, 2], np.eye(3), ValueError, id="another shape"),
        pytest.param([1, 2], [[1, 0.5], [0, 1]], ValueError, id="not symmetric"),
        pytest.param([1, 2], [[1, 0], [0, -1]], ValueError, id="a negative variance"),
        pytest.param([1, 2], [[1, 3], [3, 1]], ValueError, id="a correlation above 1"),
        pytest.param(
            [1, 2, 3],
            [[1, -0.9, -0.9], [-0.9, 1, -0.9], [-0.9, -0.9, 1]],
            ValueError,
            id="pairs that cannot be of one table",
        ),
    ],
)
def test_what_is_no_covariance_is_refused(scores, covariance, error):
    with pytest.raises(error):
        rank_sets(np.array(scores, float), np.array(covariance, float))


def test_a_coverage_of_1_and_no_replicates_are_refused():
    with pytest.raises(ValueError):
        rank_table(*six(), coverage=1.0)
    with pytest.raises(ValueError):
        rank_sets(*six(), replicates=0)


@st.composite
def classes(draw):
    """Draw scores that tie now and then, and a covariance that is sometimes singular."""
    units = draw(st.integers(1, 7))
    scores = draw(st.lists(st.integers(0, 12), min_size=units, max_size=units))
    width = draw(st.integers(0, 4))
    factors = draw(
        st.lists(
            st.lists(st.integers(-3, 3), min_size=width, max_size=width),
            min_size=units,
            max_size=units,
        )
    )
    own = draw(st.lists(st.integers(0, 9), min_size=units, max_size=units))
    loads = np.array(factors, float).reshape(units, width) / 2
    return np.array(scores, float), loads @ loads.T + np.diag(np.array(own, float) / 4)


@given(classes())
def test_sets_hold_the_own_rank_and_marginal_ones_are_inside(drawn):
    made = rank_sets(*drawn, replicates=60)
    assert (made.simultaneous_low <= made.marginal_low).all()
    assert (made.marginal_high <= made.simultaneous_high).all()
    for low, high in ((made.low, made.high), (made.marginal_low, made.marginal_high)):
        assert (low <= made.rank).all() and (made.rank <= high).all()
    assert (made.indistinct == made.indistinct.T).all()
    assert (made.high - made.low == made.indistinct.sum(axis=1)).all()
    assert (made.expected >= 1).all() and (made.expected <= made.rank.size + 1e-9).all()


@given(classes())
def test_later_steps_only_narrow_the_sets_of_the_first(drawn):
    scores, covariance = drawn
    made = rank_sets(scores, covariance, replicates=60, seed=3)
    _, pairs = _taking_part(scores, covariance, 0.95, None)
    draws = _draws(pairs, 60, 3)
    t = (draws[None, :, :] - draws[:, None, :]) * pairs.precision[:, :, None]
    largest = np.sort(np.abs(t).max(axis=(0, 1)))
    found = pairs.t > largest[57]  # the 58th of 60: 95 % of 61
    assert (made.simultaneous_low >= 1 + found.sum(axis=1)).all()
    assert (made.simultaneous_high <= scores.size - found.sum(axis=0)).all()


@given(classes())
def test_more_coverage_never_narrows_a_set(drawn):
    made, wider = (rank_sets(*drawn, replicates=60, coverage=c) for c in (0.9, 0.99))
    for name in ("low", "simultaneous_low", "marginal_low"):
        assert (getattr(wider, name) <= getattr(made, name)).all()
    for name in ("high", "simultaneous_high", "marginal_high"):
        assert (getattr(wider, name) >= getattr(made, name)).all()


@given(classes(), st.sampled_from([(0.0, 4.0), (64.0, 1.0), (-8.0, 0.5), (128.0, 1024.0)]))
def test_shift_and_scale_change_nothing(drawn, change):
    scores, covariance = drawn
    shift, scale = change
    made = rank_sets(scores, covariance, replicates=60)
    moved = rank_sets(scores * scale + shift, covariance * scale**2, replicates=60)
    for name in FIELDS:
        assert getattr(moved, name).tolist() == getattr(made, name).tolist()


@given(classes(), st.randoms())
def test_the_order_of_units_changes_nothing(drawn, random):
    scores, covariance = drawn
    order = np.array(random.sample(range(scores.size), scores.size), np.int64)
    made = rank_table(scores, covariance)
    moved = rank_table(scores[order], covariance[np.ix_(order, order)])
    assert moved.low.tolist() == made.low[order].tolist()
    assert moved.high.tolist() == made.high[order].tolist()
    assert moved.indistinct.tolist() == made.indistinct[np.ix_(order, order)].tolist()


def test_the_order_of_units_does_not_change_the_draws():
    scores, covariance = insteval()
    made = rank_sets(scores, covariance, top=4)
    order = np.random.default_rng(5).permutation(14)
    moved = rank_sets(scores[order], covariance[np.ix_(order, order)], top=4)
    for name in (*FIELDS, "top_probability", "last_probability"):
        assert getattr(moved, name).tolist() == getattr(made, name)[order].tolist()
    assert made.top_probability.sum() == pytest.approx(4)
    assert made.last_probability.sum() == pytest.approx(4)


def test_another_seed_gives_nearly_the_same_chances():
    first, second = (rank_sets(*insteval(), top=3, seed=seed) for seed in (1, 2))
    assert first.top_probability.tolist() != second.top_probability.tolist()
    assert first.top_probability == pytest.approx(second.top_probability, abs=0.05)


TRUTHS = {
    "evenly spread": np.linspace(0, 5, 8),
    "all alike": np.zeros(8),
    "two levels": np.repeat([0.0, 2.5], 4),
    "one ahead": np.append(np.zeros(7), 4.0),
}


def held(truth, covariance, runs, replicates):
    """Return how often sets hold true ranks: all units' Holm and simulated sets, a single one's.

    Where units are truly equal, a set has to hold every rank that their order could give.
    """
    root = np.linalg.cholesky(covariance)
    generator = np.random.default_rng(20)
    best = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
    worst = truth.size - (truth[None, :] < truth[:, None]).sum(axis=1)
    found = np.zeros(3)
    for run in range(runs):
        scores = truth + root @ generator.standard_normal(truth.size)
        made = rank_sets(scores, covariance, replicates=replicates, seed=run)
        found += [
            ((made.low <= best) & (worst <= made.high)).all(),
            ((made.simultaneous_low <= best) & (worst <= made.simultaneous_high)).all(),
            ((made.marginal_low <= best) & (worst <= made.marginal_high)).mean(),
        ]
    return found / runs


def covariances():
    loads = np.random.default_rng(4).normal(size=(8, 3)) / 2
    return {
        "independent": np.diag(np.linspace(0.2, 1.5, 8)),
        "with appraisers in common": loads @ loads.T + np.diag(np.linspace(0.1, 1.0, 8)),
        "severe to all alike": np.full((8, 8), 2.0) + np.diag(np.linspace(0.2, 1.5, 8)),
    }


@pytest.mark.parametrize("truth", TRUTHS)
def test_sets_hold_the_true_ranks(truth):
    """95 % less three Monte Carlo errors of 400 runs; the seeds are fixed."""
    found = held(TRUTHS[truth], covariances()["with appraisers in common"], 400, 200)
    assert (found >= 0.95 - 3 * 0.011).all()


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("covariance", covariances())
def test_sets_hold_the_true_ranks_in_many_runs(truth, covariance):
    """95 % less three Monte Carlo errors of 3,000 runs."""
    found = held(TRUTHS[truth], covariances()[covariance], 3000, 1000)
    assert (found >= 0.95 - 3 * 0.004).all()


@pytest.mark.parametrize("df", [(4.0, 9.0), (30.0, 2.5), (1.0, 1.0)])
def test_few_ballots_are_told_apart_by_student_and_not_by_normal_tests(df):
    """Two units: they are told apart where Welch's test says so, and not a hair before."""
    se = np.array([1.5, 0.7])
    freedom = (se**2).sum() ** 2 / (se**4 / np.array(df)).sum()
    just = student.ppf(0.975, freedom) * np.hypot(*se)
    for difference, apart in ((1.001 * just, True), (0.999 * just, False)):
        scores = np.array([50.0, 50 + difference])
        table = rank_table(scores, np.diag(se**2), df=np.array(df))
        assert table.indistinct[0, 1] != apart
        assert table.expected[0] == pytest.approx(
            1 + student.cdf(difference / np.hypot(*se), freedom)
        )
    assert not rank_table(scores, np.diag(se**2)).indistinct[0, 1], "a normal test is sure sooner"


@given(classes())
def test_endless_degrees_of_freedom_are_normal_tests(drawn):
    scores, covariance = drawn
    endless = np.full(scores.size, np.inf)
    made, again = (rank_sets(scores, covariance, replicates=60, df=df) for df in (None, endless))
    for name in ("low", "high", "simultaneous_low", "marginal_low", "marginal_high"):
        assert getattr(made, name).tolist() == getattr(again, name).tolist()


@given(classes(), st.floats(1, 50))
def test_fewer_degrees_of_freedom_never_tell_more_apart(drawn, few):
    scores, covariance = drawn
    df = np.full(scores.size, few)
    made, fewer = (rank_table(scores, covariance, df=each) for each in (df * 3, df))
    assert (made.indistinct <= fewer.indistinct).all()


def test_classes_that_are_alike_are_seldom_told_apart_on_ten_ballots_each():
    """Twenty polarised units of ten ballots: 95 of 100 classes without a false finding.

    Measured with 3,000 classes: .95 with Student's tests, .84 with normal ones (error .006).
    """
    points, shares = np.array([0.0, 30, 60, 80, 100]), [0.40, 0.07, 0.06, 0.07, 0.40]
    counts = np.random.default_rng(7).multinomial(10, shares, (400, 20))
    means = counts @ points / 10
    variances = (counts @ points**2 - 10 * means**2) / 9 / 10
    df = np.full(20, 9.0)
    clean = {
        name: np.mean(
            [
                rank_table(mean, np.diag(variance), df=each).indistinct.sum() == 20 * 19
                for mean, variance in zip(means, variances, strict=True)
            ]
        )
        for name, each in (("student", df), ("normal", None))
    }
    assert clean["student"] > 0.92
    assert clean["normal"] < 0.90
