from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analytics.drivers.division import relative_weights, subset_importance
from analytics.drivers.importance import Method, importance_of_rows, item_importance
from analytics.drivers.report import Quadrant, drivers
from analytics.faults import Fault
from analytics.shapes import PatternCounts

LEVELS = [0.0, 60.0, 80.0, 100.0]


def made(rows, items, seed=5):
    """Return points with a common part, the overall item last."""
    random = np.random.default_rng(seed)
    common = random.normal(size=(rows, 1))
    points = common + random.normal(size=(rows, items)) * np.linspace(0.6, 1.4, items)
    points[:, -1] = points @ np.linspace(1, 0.2, items) + random.normal(size=rows)
    return points


def r2_of(points, chosen, overall):
    """Return R² by least squares."""
    outcome = points[:, overall] - points[:, overall].mean()
    predictors = points[:, chosen] - points[:, chosen].mean(axis=0)
    left = outcome - predictors @ np.linalg.lstsq(predictors, outcome, rcond=None)[0]
    return 1 - (left @ left) / (outcome @ outcome)


def over_all_orders(points, overall):
    """Return what each item adds on average over all orders, by least squares each time."""
    others = [j for j in range(points.shape[1]) if j != overall]
    added = np.zeros(len(others))
    orders = list(permutations(range(len(others))))
    for order in orders:
        before = 0.0
        for place in range(len(order)):
            after = r2_of(points, [others[j] for j in order[: place + 1]], overall)
            added[order[place]] += after - before
            before = after
    return added / len(orders)


def test_subset_importance_is_the_average_over_all_orders():
    points = made(80, 5)
    for overall in (4, 1):
        found = item_importance(points, np.ones(80, np.int64), overall)
        assert found.importance[0] == pytest.approx(over_all_orders(points, overall), abs=1e-12)
        others = [j for j in range(5) if j != overall]
        assert found.r2[0] == pytest.approx(r2_of(points, others, overall))
        assert found.correlations[0, 0] == pytest.approx(np.corrcoef(points.T)[overall, 0])
        vif = 1 / (1 - r2_of(points, others[1:], others[0]))
        assert found.vif[0, 0] == pytest.approx(vif)
    assert found.method is Method.SUBSETS


def test_two_predictors_by_hand():
    """Correlations .5 and .3 with the overall item, .2 with each other: R² = .28 / .96."""
    table, outcome = np.array([[[1, 0.2], [0.2, 1]]]), np.array([[0.5, 0.3]])
    whole = (0.25 + 0.09 - 2 * 0.2 * 0.5 * 0.3) / 0.96
    first = (0.25 + whole - 0.09) / 2
    assert subset_importance(table, outcome)[0] == pytest.approx([first, whole - first])
    # Of two predictors the relative weights are the same (Johnson and LeBreton 2004).
    assert relative_weights(table, outcome)[0] == pytest.approx([first, whole - first])


def test_uncorrelated_predictors_have_their_squared_correlations():
    outcome = np.array([[0.5, -0.3, 0.1]])
    for method in (subset_importance, relative_weights):
        assert method(np.eye(3)[None], outcome)[0] == pytest.approx(outcome[0] ** 2)


def test_relative_weights_are_close_to_subsets_and_sum_to_r2():
    points = made(400, 6)
    table = np.corrcoef(points.T)
    inner, outcome = table[None, :5, :5], table[None, :5, 5]
    subsets, weights = subset_importance(inner, outcome), relative_weights(inner, outcome)
    assert weights.sum() == pytest.approx(r2_of(points, [0, 1, 2, 3, 4], 5))
    assert weights == pytest.approx(subsets, abs=0.02)


def test_many_items_use_relative_weights():
    points = made(200, 15)
    found = item_importance(points, np.ones(200, np.int64), 14)
    assert found.method is Method.RELATIVE_WEIGHTS
    assert found.r2[0] == pytest.approx(r2_of(points, list(range(14)), 14))
    doubled = np.insert(points, 0, points[:, 3], axis=1)
    again = item_importance(doubled, np.ones(200, np.int64), 15)
    assert again.r2[0] == pytest.approx(found.r2[0])
    assert again.importance[0, 0] == pytest.approx(again.importance[0, 4])


def test_a_constant_item_and_one_that_stands_twice_are_defined():
    points = made(80, 4)
    wide = np.column_stack([np.full(80, 250 / 3), points[:, 0], points])
    found = item_importance(wide, np.ones(80, np.int64), 5)
    assert found.r2[0] == pytest.approx(r2_of(points, [0, 1, 2], 3))
    assert found.importance[0, 0] == 0
    assert found.importance[0, 1] == pytest.approx(found.importance[0, 2])
    assert np.isnan([found.vif[0, 0], found.correlations[0, 0]]).all()
    assert np.isinf(found.vif[0, 1:3]).all()


@pytest.mark.parametrize(
    ("points", "counts"),
    [
        pytest.param(np.zeros((0, 3)), [], id="no ballots"),
        pytest.param([[1.0, 2, 3]], [4], id="one pattern"),
        pytest.param([[1.0, 2, 3], [2.0, 5, 3]], [4, 9], id="the overall answer does not vary"),
        pytest.param([[1.0, np.nan, 3], [2.0, 5, np.nan]], [4, 9], id="none complete"),
    ],
)
def test_what_cannot_be_told_is_not_told(points, counts):
    found = item_importance(np.array(points), np.array(counts, np.int64), 2)
    assert np.isnan(found.r2[0])
    assert found.importance[0].tolist() == [0, 0]


def patterns_of(rows, classes, items=4):
    """Return pattern counts from rows of unit, pattern and count."""
    points = np.array(np.meshgrid(*[[np.nan, *LEVELS[1:]]] * items)).reshape(items, -1).T
    unit, pattern, count = np.array(rows, np.int64).reshape(-1, 3).T
    nothing = np.zeros(unit.size, np.int64)
    return PatternCounts(
        units=tuple(f"U{n}" for n in range(len(classes))),
        classes=classes,
        groups=("g",),
        channels=("open",),
        items=("duties", "law", "service", "overall")[:items],
        points=points,
        scores=np.nan_to_num(points).mean(axis=1),
        unit=unit,
        group=nothing,
        channel=nothing,
        pattern=pattern % len(points),
        flagged=nothing > 0,
        count=count,
    )


ROWS = [
    (u, pattern, 1 + pattern % 3)
    for u, rows in enumerate((90, 20, 20))
    for pattern in np.random.default_rng(u).integers(0, 256, rows).tolist()
]
PATTERNS = patterns_of(ROWS, ("a", "a", "b"))


def test_units_are_told_from_their_own_ballots_and_thin_ones_from_their_class():
    found = drivers(PATTERNS, "overall", fewest=20)
    for u in range(3):
        of_unit = PATTERNS.counts_of(PATTERNS.unit == u)
        alone = item_importance(PATTERNS.points, of_unit, 3)
        assert found.of_units.importance[u] == pytest.approx(alone.importance[0])
        assert (found.of_units.n[u], found.of_units.left_out[u]) == (alone.n[0], alone.left_out[0])
    assert found.uses_class.tolist() == (found.of_units.n < 20).tolist() == [False, True, True]
    of_class = found.of_classes.importance / found.of_classes.r2[:, None]
    assert found.shares[1] == pytest.approx(of_class[0])
    assert found.shares[2] == pytest.approx(of_class[1])
    own = found.of_units.importance[0] / found.of_units.r2[0]
    assert found.shares[0] == pytest.approx(own)
    assert found.shares.sum(axis=1) == pytest.approx(np.ones(3))


def test_performance_is_the_mean_of_all_answers_with_points():
    found = drivers(PATTERNS, "overall")
    law = np.repeat(PATTERNS.points[PATTERNS.pattern, 1], PATTERNS.count)
    unit = np.repeat(PATTERNS.unit, PATTERNS.count)
    given = law[(unit == 1) & ~np.isnan(law)]
    assert found.performance[1, 1] == pytest.approx(given.mean())
    assert found.performance_se[1, 1] == pytest.approx(given.std(ddof=1) / np.sqrt(given.size))
    given = law[(unit < 2) & ~np.isnan(law)]
    assert found.class_performance[0, 1] == pytest.approx(given.mean())


# --- how far shares are off ----------------------------------------------------------------------


def one_by_one(points, overall):
    """Return the errors of shares from all ballots but one, each such set as a row of its own."""
    n = len(points)
    left = np.concatenate([np.delete(points, one, axis=0) for one in range(n)])
    row = np.repeat(np.arange(n), n - 1)
    found = importance_of_rows(left, np.ones(row.size, np.int64), row, n, overall, fewest=n)
    shares = found.importance / found.r2[:, None]
    return np.sqrt((n - 1) * shares.var(axis=0))


@pytest.mark.parametrize(
    ("rows", "items"),
    [pytest.param(60, 5, id="subsets"), pytest.param(70, 14, id="relative weights")],
)
def test_errors_of_shares_are_those_of_leaving_out_ballots_one_by_one(rows, items):
    points = np.round(made(rows, items), 1)
    points[30:] = points[: rows - 30]  # so that patterns stand for several ballots
    for overall in (items - 1, 1):
        found = item_importance(points, np.ones(rows, np.int64), overall)
        assert found.share_se[0] == pytest.approx(one_by_one(points, overall), rel=1e-9)


def test_of_very_many_patterns_only_some_are_left_out():
    points = made(600, 10)
    found = item_importance(points, np.ones(600, np.int64), 9)
    times = found.share_se[0] / one_by_one(points, 9)
    assert times.mean() == pytest.approx(1, abs=0.05)
    assert times == pytest.approx(np.ones(9), abs=0.2)


def like_items(samples, n, seed=3):
    """Return points of four equally important items and an overall one, n ballots a sample."""
    random = np.random.default_rng(seed)
    items = 1.1 * random.normal(size=(samples * n, 1)) + random.normal(size=(samples * n, 4))
    overall = items.mean(axis=1) + 0.6 * random.normal(size=samples * n)
    standing = np.column_stack([items, overall]) / np.std(overall)
    return np.array([0.0, 60, 80, 100])[np.digitize(standing, (-2, -1.2, -0.1))]


@pytest.fixture(scope="module")
def samples():
    """The importance of four like items in 400 samples of 100 ballots."""
    row = np.repeat(np.arange(400), 100)
    return importance_of_rows(like_items(400, 100), np.ones(40_000, np.int64), row, 400, 4)


def test_errors_of_shares_are_as_large_as_samples_differ(samples):
    between = samples.shares.std(axis=0)
    assert samples.share_se.mean(axis=0) == pytest.approx(between, rel=0.1)


def test_like_items_are_seldom_called_unlike(samples):
    distances = np.abs(samples.shares - 0.25) / samples.share_se
    assert (distances > 1.96).mean() < 0.12


@pytest.mark.parametrize(
    ("counts", "is_told"),
    [
        pytest.param([20, 4, 5], False, id="29 ballots"),
        pytest.param([21, 4, 5], False, id="9 of 30 give another overall answer"),
        pytest.param([21, 5, 5], True, id="10 of 31 do"),
    ],
)
def test_few_ballots_and_few_that_dissent_tell_no_error(counts, is_told):
    points = np.array([[100.0, 100, 100], [80, 60, 80], [60, 80, 60]])
    found = item_importance(points, np.array(counts), 2)
    assert (~np.isnan(found.share_se)).tolist() == [[is_told] * 2]
    assert not np.isnan(found.shares).any()


# --- the map -------------------------------------------------------------------------------------


def map_of(samples=8, n=400):
    """Return the drivers of units that differ in law, which is important; service is not."""
    random = np.random.default_rng(11)
    common = random.normal(size=samples * n)
    law, service, duties = common + 0.7 * random.normal(size=(3, samples * n))
    overall = 2 * law + 0.4 * duties + 0.3 * random.normal(size=samples * n)
    unit = np.repeat(np.arange(samples), n)
    law += np.where(unit % 4, -0.5, 0.5)
    service += 0.3
    levels = [np.digitize(one / one.std(), (-1, 0.3)) for one in (duties, law, service, overall)]
    pattern = np.array(levels).T @ [16, 64, 4, 1] + 85  # the first level is not to be given
    rows = np.column_stack([unit, pattern, np.ones(samples * n, np.int64)])
    return drivers(patterns_of(rows, ("a",) * samples), "overall")


def test_quadrants_are_said_where_both_figures_are_clear_of_the_medians_of_the_class():
    found = map_of()
    assert found.importance_cuts[0] == np.median(found.shares)
    assert found.performance_cuts[0] == np.median(found.performance)
    important = (found.shares - found.importance_cuts[0]) / found.share_se
    high = (found.performance - found.performance_cuts[0]) / found.performance_se
    names = {
        (True, True): Quadrant.KEEP_UP,
        (True, False): Quadrant.CONCENTRATE_HERE,
        (False, False): Quadrant.LOW_PRIORITY,
        (False, True): Quadrant.POSSIBLE_OVERKILL,
    }
    for u, j in np.ndindex(important.shape):
        z, t = important[u, j], high[u, j]
        clear = min(abs(z), abs(t)) > 1.96
        expected = names[bool(z > 0), bool(t > 0)] if clear else Quadrant.UNCLEAR
        assert found.quadrants[u][j] is expected
    assert {row[1] for row in found.quadrants} == {Quadrant.KEEP_UP, Quadrant.CONCENTRATE_HERE}
    assert Quadrant.UNCLEAR in {quadrant for row in found.quadrants for quadrant in row}


def test_a_class_has_quadrants_of_its_own():
    found = map_of(n=60)
    assert found.class_quadrants == (
        (Quadrant.UNCLEAR, Quadrant.CONCENTRATE_HERE, Quadrant.POSSIBLE_OVERKILL),
    )
    duties = found.class_performance[0, 0] - found.performance_cuts[0]
    assert abs(duties) < 1.96 * found.class_performance_se[0, 0]


def test_units_that_use_their_class_use_its_error_and_few_ballots_make_nothing_clear():
    found = drivers(PATTERNS, "overall", fewest=20)
    assert found.share_se[0] == pytest.approx(found.of_units.share_se[0])
    assert found.share_se[1] == pytest.approx(found.of_classes.share_se[0])
    assert np.isnan(found.share_se[2]).all()
    assert found.quadrants[2] == (Quadrant.UNCLEAR,) * 3


def test_answers_that_all_agree_are_as_uncertain_as_those_of_their_class():
    """The variance of a mean is then the mean of the units' variances over the answers."""
    best = len(PATTERNS.points) - 1
    found = drivers(patterns_of([*ROWS[:90], (1, best, 4)], ("a", "a")), "overall")
    points = np.repeat(PATTERNS.points[PATTERNS.pattern], PATTERNS.count, axis=0)
    law = points[np.repeat(PATTERNS.unit == 0, PATTERNS.count), 1]
    peers = (np.nanvar(law, ddof=1) + 0) / 2
    assert found.performance_se[1, 1] == pytest.approx(np.sqrt(peers / 4))


def test_without_ballots_nothing_is_told_and_an_unknown_item_is_refused():
    found = drivers(patterns_of([], ("a", "b")), "overall")
    assert found.quadrants == ((None,) * 3,) * 2
    assert np.isnan(found.shares).all()
    assert found.uses_class.all()
    with pytest.raises(Fault, match="drivers: there is no item “speed”"):
        drivers(PATTERNS, "speed")


tables = arrays(np.float64, (10, 4), elements=st.sampled_from([np.nan, *LEVELS]))
counts_of = arrays(np.int64, 10, elements=st.integers(0, 9))


@given(tables, counts_of, st.integers(0, 3))
def test_importance_is_never_below_0_and_sums_to_r2(points, counts, overall):
    found = item_importance(points, counts, overall)
    assert (found.importance >= 0).all()
    kept = np.repeat(points, counts, axis=0)
    kept = kept[~np.isnan(kept).any(axis=1)]
    if not np.isnan(found.r2[0]):
        others = [j for j in range(4) if j != overall]
        expected = r2_of(kept, others, overall)
        assert found.importance.sum() == pytest.approx(expected, abs=1e-9)
        assert found.r2[0] == pytest.approx(expected, abs=1e-9)


@given(tables, counts_of, st.randoms(), st.floats(-100, 100), st.floats(0.1, 10))
def test_neither_order_nor_scale_nor_merging_changes_importance(
    points, counts, random, added, factor
):
    order = np.array(random.sample(range(10), 10))
    whole = item_importance(points, counts, 3)
    moved = item_importance(points[order] * factor + added, counts[order], 3)
    single = np.repeat(points, counts, axis=0)
    apart = item_importance(single, np.ones(len(single), np.int64), 3)
    for other in (moved, apart):
        assert other.importance == pytest.approx(whole.importance, abs=1e-7)
        assert other.share_se == pytest.approx(whole.share_se, rel=1e-5, abs=1e-6, nan_ok=True)
        assert other.n == whole.n
