import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.pair_tables import pair_tables
from analytics.plain_values import plain_value
from analytics.shapes import NOWHERE, BallotRows, RatingRows
from analytics.shaping import option_points, pattern_counts, score_counts
from analytics.social import Unit, score
from analytics.tally import Cell, Tally
from tests.analytics.rule_documents import rules

ITEMS = [{"code": f"i{n}", "words": f"项{n}", "weight": n % 2 + 1} for n in range(5)]
FIVE = {"items": ITEMS, "min_items_scored": 3}
UNITS = [Unit("U1", "一", "c"), Unit("U2", "二", "c"), Unit("U3", "三", "c")]
GROUPS = [
    {"code": "citizens", "words": "群众", "weight": 60, "floor": 10},
    {"code": "npc", "words": "代表", "weight": 40, "floor": 2},
]


def of_patterns(counts):
    return Tally(
        {Cell(group, "open", unit, pattern): n for (group, unit, pattern), n in counts.items()}
    )


patterns = st.text("ABCDEN-", min_size=5, max_size=5)
tallies = st.dictionaries(
    st.tuples(st.sampled_from(["citizens", "npc"]), st.sampled_from(["U1", "U2", "U3"]), patterns),
    st.integers(1, 40),
    min_size=1,
    max_size=25,
).map(of_patterns)


@given(tallies, st.sampled_from(["pad", "none", "shrink"]), st.sampled_from(["0", "10"]))
def test_the_arrays_say_what_the_exact_result_says(tally, small_samples, trim_percent):
    made = rules(groups=GROUPS, small_samples=small_samples, trim_percent=trim_percent, **FIVE)
    result = score(tally, made, UNITS)
    arrays = score_counts(result, made)
    exact = [np.nan if u.composite is None else float(u.composite) for u in result.units]
    assert arrays.composites == pytest.approx(np.array(exact), nan_ok=True)
    for u, one in enumerate(result.units):
        for view in one.groups:
            g = arrays.groups.index(view.group)
            assert arrays.n[u, g] == view.valid
            expected = np.nan if view.mean is None else float(view.mean)
            assert arrays.means[u, g] == pytest.approx(expected, nan_ok=True)


@given(tallies)
def test_cells_keep_every_ballot_and_its_score(tally):
    made = rules(groups=GROUPS, small_samples="none", **FIVE)
    cells = pattern_counts(tally, made, UNITS)
    assert cells.count.sum() == tally.total
    result = score(tally, made, UNITS)
    for u, one in enumerate(result.units):
        for view in one.groups:
            chosen = (cells.unit == u) & (cells.group == cells.groups.index(view.group))
            counts = cells.counts_of(chosen & ~np.isnan(cells.scores[cells.pattern]))
            assert counts.sum() == view.valid
            if view.mean is not None:
                mean = np.nansum(counts * np.nan_to_num(cells.scores)) / counts.sum()
                assert mean == pytest.approx(float(view.mean))


def rows_of(pairs):
    appraiser, unit = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
    value = (appraiser * 7 + unit * 13) % 101 * 1.0
    return RatingRows(8, 5, appraiser, unit, value)


rated = st.sets(st.tuples(st.integers(0, 7), st.integers(0, 4)), max_size=30).map(rows_of)


def by_hand(rows):
    """Count pairs one by one."""
    n, a, s = (np.zeros((rows.units, rows.units)) for _ in range(3))
    for who in range(rows.appraisers):
        of_one = np.flatnonzero(rows.appraiser == who)
        for i in of_one:
            for j in of_one:
                place = rows.unit[i], rows.unit[j]
                n[place] += 1
                a[place] += rows.value[i]
                s[place] += rows.value[i] * rows.value[j]
    return n, a, s


@given(rated, st.randoms())
def test_pair_tables_count_every_pair_in_any_order(rows, random):
    order = np.array(random.sample(range(rows.unit.size), rows.unit.size), np.int64)
    shuffled = RatingRows(
        rows.appraisers, rows.units, rows.appraiser[order], rows.unit[order], rows.value[order]
    )
    found = pair_tables(shuffled, at_once=7)
    for column, expected in zip((found.n, found.a, found.s), by_hand(rows), strict=True):
        assert found.table(column) == pytest.approx(expected)
    assert found.appraisers == 8


@given(rated, st.integers(0, 8))
def test_pair_tables_of_parts_add_up(rows, cut):
    first = rows.appraiser < cut
    parts = [
        RatingRows(size, rows.units, rows.appraiser[m] - low, rows.unit[m], rows.value[m])
        for m, low, size in ((first, 0, cut), (~first, cut, rows.appraisers - cut))
    ]
    whole, added = pair_tables(rows), pair_tables(parts[0]) + pair_tables(parts[1])
    assert added.appraisers == whole.appraisers
    for name in ("sizes", "first", "second", "n", "a", "s"):
        assert getattr(added, name) == pytest.approx(getattr(whole, name))


def test_ballot_scores_of_rows_follow_the_rule():
    made = rules(**FIVE)
    levels = np.array([[0, 1, 1, 5, 2], [0, NOWHERE, 5, 5, 2]], np.int8)
    rows = BallotRows(
        ballots=("a", "b"),
        units=("U1",),
        groups=("citizens", "npc"),
        places=(),
        group=np.array([1, 1]),
        place=np.array([NOWHERE, NOWHERE]),
        seconds=np.array([np.nan, np.nan]),
        day=np.array([np.nan, np.nan]),
        ballot=np.array([0, 1]),
        unit=np.array([0, 0]),
        levels=levels,
        points=option_points(made),
        weights=np.ones(5),
        min_items_scored=made.min_items_scored,
    )
    assert rows.scores == pytest.approx(np.array([80.0, np.nan]), nan_ok=True)
    found = rows.ratings_of(1)
    assert (found.appraisers, found.appraiser.tolist(), found.value.tolist()) == (2, [0], [80.0])
    assert rows.ratings_of(0).appraisers == 0


def test_plain_values_are_what_json_can_hold():
    rows = rows_of({(0, 0), (1, 2)})
    plain = plain_value({"rows": rows, "none": float("nan"), "third": 1 / 3})
    assert plain["rows"]["unit"] == [0, 2]
    assert plain["none"] is None
    assert plain["third"] == 0.3333333333333333
