import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.order_moves import order_moves, ranks_in_parts
from analytics.pair_tables import pair_tables
from analytics.severity.elimination import MANY, connected_parts, inverted
from analytics.severity.report import SeverityVerdict, is_complete, severity_report
from analytics.shapes import NOWHERE, RatingRows
from tests.analytics.made_ratings import STATS, insteval_small, made_ratings

EXPECTED = json.loads((STATS / "severity_lmer.json").read_text(encoding="utf-8"))


def rows(appraisers, units, ratings):
    """Return rows from (appraiser, unit, value)."""
    columns = np.array(ratings, float).reshape(-1, 3).T
    who, unit = columns[:2].astype(np.int64)
    return RatingRows(appraisers, units, who, unit, columns[2])


def by_everybody(table):
    """Return rows where each appraiser, a line, rates every unit, a column."""
    table = np.array(table, float)
    who, unit = np.indices(table.shape)
    return RatingRows(*table.shape, who.ravel(), unit.ravel(), table.ravel())


APART = [(i, u, 10 * i + u * u) for i in range(4) for u in ((0, 1) if i < 2 else (2, 3))]


@pytest.mark.parametrize(
    ("ratings", "verdict"),
    [
        pytest.param(rows(0, 0, []), "too_few", id="no units at all"),
        pytest.param(rows(3, 2, []), "too_few", id="nobody rated"),
        pytest.param(rows(3, 1, [(0, 0, 1), (1, 0, 2), (2, 0, 3)]), "too_few", id="one unit"),
        pytest.param(rows(1, 2, [(0, 0, 1), (0, 1, 2)]), "no_effect_by_design", id="one appraiser"),
        pytest.param(by_everybody([[1, 2], [3, 5]]), "no_effect_by_design", id="complete"),
        pytest.param(
            rows(5, 4, [(1, 0, 1), (1, 3, 2), (4, 0, 2), (4, 3, 4)]),
            "no_effect_by_design",
            id="complete but for units and appraisers without ratings",
        ),
        pytest.param(rows(2, 2, [(0, 0, 1), (1, 1, 2)]), "not_connected", id="each rated one"),
        pytest.param(rows(4, 4, APART), "not_connected", id="two parts"),
        pytest.param(
            rows(2, 3, [(0, 0, 1), (0, 1, 2), (1, 1, 3), (1, 2, 3)]), "too_few", id="a chain"
        ),
        pytest.param(made_ratings(15, 40, 8, 0.5, 0, 6, 8), "fitted", id="units alike"),
        pytest.param(made_ratings(2, 80, 10, 0.2, 5, 0, 10), "no_difference_seen", id="all alike"),
        pytest.param(insteval_small()[0], "fitted", id="real ratings"),
    ],
)
def test_the_verdict_says_what_can_be_said(ratings, verdict):
    report = severity_report(ratings, np.zeros(ratings.units))
    assert report.verdict is SeverityVerdict(verdict)
    assert report.is_complete == is_complete(pair_tables(ratings))


def test_real_ratings_are_ranked_with_and_without_severity():
    ratings, _ = insteval_small()
    official = np.arange(14.0)
    report = severity_report(ratings, official)
    assert (report.ratings, report.units, report.part_count) == (464, 14, 1)
    counts = np.bincount(ratings.unit)
    assert report.raw_means == pytest.approx(np.bincount(ratings.unit, ratings.value) / counts)
    from_first = report.two_way_means - report.two_way_means[0]
    assert from_first == pytest.approx(np.array(EXPECTED["insteval_small"]["from_first"]))
    # By R: cor(., ., method = "kendall") and "spearman" of the raw means and lm's coefficients.
    assert report.two_way_moves.kendall == pytest.approx(0.6483516483516484)
    assert report.two_way_moves.spearman == pytest.approx(0.7714285714285715)
    assert report.moves.largest_move == np.abs(report.raw_ranks - report.adjusted_ranks).max()
    assert report.appraiser_sd == pytest.approx(report.crossed.appraiser_variance**0.5)
    assert report.official_moves.units == 14
    assert severity_report(pair_tables(ratings)).official_moves is None


def test_official_scores_that_do_not_fit_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="one for each unit"):
        severity_report(by_everybody([[1, 2]]), np.zeros(3))


def test_units_without_ratings_have_no_place():
    ratings = rows(3, 4, [(i, u, i + u * u) for i in range(3) for u in (0, 3)])
    report = severity_report(ratings)
    assert report.units == 2
    for ranks in (report.raw_ranks, report.adjusted_ranks, report.two_way_ranks, report.parts):
        assert ranks[1] == ranks[2] == NOWHERE
    for means in (report.raw_means, report.adjusted_means, report.two_way_means):
        assert np.isnan(means[[1, 2]]).all()


def test_units_of_different_parts_are_not_compared():
    report = severity_report(rows(4, 4, APART))
    assert report.parts.tolist() == [0, 0, 1, 1]
    assert report.raw_ranks.tolist() == [2, 1, 2, 1]
    assert np.isnan(report.two_way.difference_errors[0, 2])
    assert np.isnan(report.two_way_moves.spearman)


@given(
    st.integers(2, 6).flatmap(
        lambda units: st.lists(
            st.lists(st.integers(0, 100), min_size=units, max_size=units), min_size=2, max_size=8
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_complete_blocks_keep_the_raw_order(table):
    report = severity_report(by_everybody(table))
    assert report.is_complete
    assert report.verdict is SeverityVerdict.NO_EFFECT_BY_DESIGN
    difference = report.two_way_means - report.raw_means
    assert difference == pytest.approx(np.full(len(table[0]), difference[0]), abs=1e-9)
    assert report.two_way_ranks.tolist() == report.raw_ranks.tolist()
    if report.crossed.unit_variance > 1e-3:
        assert report.adjusted_ranks.tolist() == report.raw_ranks.tolist()


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 6)), max_size=14))
def test_parts_are_what_walking_along_appraisers_reaches(pairs):
    ratings = rows(8, 7, [(who, unit, 1.0) for who, unit in sorted(pairs)])
    parts = connected_parts(pair_tables(ratings))
    reached = {unit: {unit} for _, unit in pairs}
    for _ in range(7):
        for who, unit in pairs:
            for other, another in pairs:
                if who == other:
                    reached[unit] |= reached[another]
    for one in range(7):
        for other in range(7):
            together = one in reached and other in reached[one]
            assert (parts[one] == parts[other] != NOWHERE) == together
    assert sorted(set(parts.tolist()) - {NOWHERE}) == list(range(parts.max() + 1))


@pytest.mark.parametrize(
    ("before", "after", "kendall", "spearman", "largest"),
    [
        pytest.param([1, 2, 3], [1, 2, 3], 1, 1, 0, id="the same order"),
        pytest.param([1, 2, 3], [3, 2, 1], -1, -1, 2, id="turned round"),
        # By hand: 3 pairs agree, 2 do not, 1 is a tie: 1 / √(6 · 5); mean ranks 1 3.5 3.5 2.
        pytest.param([1, 2, 3, 4], [1, 3, 3, 2], 0.1825741858, 0.3162277660, 2, id="a tie"),
        pytest.param([1, 1, 1], [1, 2, 3], np.nan, np.nan, 2, id="no order to begin with"),
        pytest.param([1, np.nan, 3, 2], [1, 2, 3, np.nan], 1, 1, 0, id="only units in both"),
    ],
)
def test_orders_agree_as_far_as_their_pairs_do(before, after, kendall, spearman, largest):
    parts = np.zeros(len(before), np.int64)
    moves = order_moves(np.array(before, float), np.array(after, float), parts)
    assert moves.kendall == pytest.approx(kendall, nan_ok=True)
    assert moves.spearman == pytest.approx(spearman, nan_ok=True)
    assert moves.largest_move == largest


def test_moves_are_shares_of_the_places():
    before = np.arange(40.0)
    after = before.copy()
    after[[0, 3]], after[[10, 15]] = after[[3, 0]], after[[15, 10]]
    moves = order_moves(before, after, np.zeros(40, np.int64))
    assert (moves.small_moves, moves.large_moves, moves.largest_move) == (4 / 40, 2 / 40, 5)
    assert order_moves(before * np.nan, after, np.zeros(40, np.int64)) is None


def test_equal_means_share_the_smaller_rank():
    figures = np.array([2.0, 5.0, 5.0 + 1e-12, np.nan, 1.0, 9.0])
    parts = np.array([0, 0, 0, 0, 0, NOWHERE])
    assert ranks_in_parts(figures, parts).tolist() == [3, 1, 1, NOWHERE, 4, NOWHERE]


@pytest.mark.parametrize("size", [1, 6, MANY - 1, MANY, MANY + 9])
def test_few_and_many_units_are_inverted_alike(size):
    root = np.random.default_rng(size).normal(size=(size, size)) / size
    matrix = np.eye(size) + root @ root.T
    inverse, log_determinant = inverted(matrix.copy())
    assert inverse @ matrix == pytest.approx(np.eye(size), abs=1e-10)
    assert log_determinant == pytest.approx(np.linalg.slogdet(matrix)[1])
    assert (inverse == inverse.T).all()
