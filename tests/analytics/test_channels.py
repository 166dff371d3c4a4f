import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, ttest_ind

from analytics.channels import channel_comparison
from analytics.shapes import PatternCounts

LEVELS = np.array([0.0, 50.0, 100.0])
THIRD = np.array([[0.0], [50.0], [100.0], [250 / 3]])


def cells_of(rows, points=LEVELS[:, None], units=2, groups=3):
    """Return pattern counts from rows of unit, group, channel, pattern and count."""
    unit, group, channel, pattern, count = np.array(rows, np.int64).reshape(-1, 5).T
    return PatternCounts(
        units=tuple(f"U{n}" for n in range(units)),
        classes=("c",) * units,
        groups=tuple(f"g{n}" for n in range(groups)),
        channels=("letter", "open", "paper"),
        items=tuple(f"i{n}" for n in range(points.shape[1])),
        points=points,
        scores=np.array([np.nan if np.isnan(row).all() else np.nanmean(row) for row in points]),
        unit=unit,
        group=group,
        channel=channel,
        pattern=pattern,
        flagged=np.zeros(unit.size, bool),
        count=count,
    )


# Open link (first row) and letters of three groups over three levels.
TABLES = np.array(
    [[[12, 7, 3], [5, 9, 8]], [[4, 11, 7], [9, 2, 6]], [[10, 3, 8], [10, 4, 9]]], np.int64
)
ROWS = [
    (0, g, 1 - row, level, TABLES[g, row, level])
    for g in range(3)
    for row in range(2)
    for level in range(3)
]


def test_the_statistic_over_groups_is_r_s_mantelhaen_test():
    found = channel_comparison(cells_of(ROWS))
    assert found.statistic[0] == pytest.approx(1.498198357173, abs=1e-11)
    assert (found.df[0], found.p[0]) == (2, pytest.approx(0.472792262362, abs=1e-11))
    assert (found.df[1], np.isnan(found.p[1]), found.differs[1]) == (0, True, False)
    assert found.holm_p[0] == found.p[0]


def test_one_group_and_one_item_are_pearson_s_chi_square():
    found = channel_comparison(cells_of([row for row in ROWS if row[1] == 0]))
    n = TABLES[0].sum()
    pearson = chi2_contingency(TABLES[0], correction=False).statistic
    assert found.statistic[0] == pytest.approx((n - 1) / n * pearson)


def test_means_and_intervals_are_welch_s():
    found = channel_comparison(cells_of(ROWS))
    for g in range(3):
        first, second = (np.repeat(LEVELS, TABLES[g, row]) for row in range(2))
        test = ttest_ind(first, second, equal_var=False)
        assert found.n[:, 0, g].tolist() == [first.size, second.size]
        assert found.differences[0, g] == pytest.approx(first.mean() - second.mean())
        assert found.differences[0, g] / found.se[0, g] == pytest.approx(test.statistic)
        limits = test.confidence_interval()
        assert (found.low[0, g], found.high[0, g]) == pytest.approx((limits.low, limits.high))
    assert np.isnan(found.differences[1]).all()
    assert found.excess[0] == pytest.approx(np.zeros(3))


def test_a_unit_whose_open_link_is_stuffed_stands_out_among_others():
    rows = [
        (unit, 0, channel, level, count)
        for unit in range(8)
        for channel in range(2)
        for level, count in enumerate((10, 20, 12))
    ]
    rows.append((5, 0, 1, 2, 150))
    found = channel_comparison(cells_of(rows, units=8))
    assert np.flatnonzero(found.differs).tolist() == [5]
    assert found.excess[5, 0] == pytest.approx(found.differences[5, 0])
    assert found.holm_p[5] == pytest.approx(8 * found.p[5])


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no ballots"),
        pytest.param([(0, 0, 1, 2, 40)], id="one channel"),
        pytest.param([(0, 0, 1, 2, 40), (0, 1, 0, 2, 40)], id="channels of different groups"),
        pytest.param([(0, 0, 1, 2, 40), (0, 0, 0, 2, 40)], id="all agree"),
        pytest.param([(0, 0, 1, 3, 40), (0, 0, 0, 3, 3)], id="all agree on a third"),
        pytest.param([(0, 0, 1, 2, 4), (0, 0, 0, 0, 40)], id="too few of one channel"),
        pytest.param([(0, 0, 1, 2, 1), (0, 0, 0, 0, 1)], id="one ballot each"),
    ],
)
def test_where_nothing_can_be_compared_there_is_no_test_and_no_interval(rows):
    found = channel_comparison(cells_of(rows, THIRD))
    assert found.df.tolist() == [0, 0]
    assert np.isnan(found.p).all()
    assert not found.differs.any()
    assert np.isnan(found.low).all()


def test_a_coverage_of_1_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        channel_comparison(cells_of(ROWS), coverage=1)


def test_several_items_of_a_ballot_do_not_count_as_several_ballots():
    """Answers of one ballot that are all alike carry no more than one of them."""
    one = channel_comparison(cells_of(ROWS))
    five = channel_comparison(cells_of(ROWS, np.repeat(LEVELS[:, None], 5, axis=1)))
    assert five.statistic[0] == pytest.approx(one.statistic[0])
    assert five.p[0] == pytest.approx(one.p[0])


def test_under_chance_the_test_is_held():
    """2,000 units of which no channel differs: 5 % have a p below .05, within 4 errors."""
    random = np.random.default_rng(20)
    points = np.array([(a, b, c) for a in LEVELS for b in LEVELS for c in LEVELS])
    points[::7, 1] = np.nan
    shares = random.dirichlet(np.ones(27))
    rows = [
        (unit, 0, channel, pattern, count)
        for unit in range(2000)
        for channel, n in ((0, 60), (1, 35))
        for pattern, count in enumerate(random.multinomial(n, shares))
        if count
    ]
    found = channel_comparison(cells_of(rows, points, units=2000))
    assert abs((found.p < 0.05).mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 2000)
    assert found.differs.sum() <= 2


@given(
    st.lists(st.tuples(*map(st.sampled_from, ([0, 1], [0, 1, 2], [0, 1, 2], [0, 1, 2], [1, 4, 9]))))
)
def test_neither_order_nor_merging_of_cells_changes_anything(rows):
    merged = {}
    for *place, count in rows:
        merged[tuple(place)] = merged.get(tuple(place), 0) + count
    first = channel_comparison(cells_of(rows))
    second = channel_comparison(cells_of([(*k, v) for k, v in sorted(merged.items())][::-1]))
    for name in ("n", "means", "se", "statistic", "df", "p", "excess"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), nan_ok=True, abs=1e-9)
