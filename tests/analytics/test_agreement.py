import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import friedmanchisquare

from analytics.agreement import (
    Metric,
    concordance,
    iccs,
    krippendorff_alpha,
    unit_agreement,
    unit_iccs,
)

STATS = Path(__file__).parents[1] / "data" / "stats"
SHROUT_FLEISS = json.loads((STATS / "intervals_icc_ranks.json").read_text())["icc_shrout_fleiss"]
INSTEVAL = json.loads((STATS / "insteval_small.json").read_text())["expected"]
LEVELS = np.arange(1.0, 6.0)


def test_the_table_of_shrout_and_fleiss():
    found = iccs(np.array(SHROUT_FLEISS["table"], float))
    assert list(found.names) == SHROUT_FLEISS["type"]
    for name, figures in (
        ("ICC", found.values),
        ("F", found.f),
        ("lo", found.low),
        ("hi", found.high),
    ):
        assert figures == pytest.approx(SHROUT_FLEISS[name], abs=1e-12)
    assert found.df2.tolist() == [18, 15, 15] * 2


def test_units_of_insteval_are_told_apart_as_r_multilevel_tells_it():
    counts: dict[int, list[int]] = {}
    with (STATS / "insteval_small.csv").open() as lines:
        for row in csv.DictReader(lines):
            counts.setdefault(int(row["unit"]), [0] * 5)[int(row["rating"]) - 1] += 1
    found = unit_iccs(np.array([*counts.values(), [0] * 5]), LEVELS)
    assert found.icc1 == pytest.approx(INSTEVAL["icc"]["ICC1"], abs=1e-12)
    assert found.icc2 == pytest.approx(INSTEVAL["icc"]["ICC2"], abs=1e-12)
    assert (found.units, found.ratings) == (14, 464)


# Krippendorff, Computing Krippendorff's alpha-reliability, section C: 0 is missing.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)
FOUR_OBSERVERS = (OBSERVERS[:, :, None] == np.arange(1, 6)).sum(axis=0)


@pytest.mark.parametrize(
    ("metric", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_krippendorff_s_four_observers(metric, expected):
    assert krippendorff_alpha(FOUR_OBSERVERS, LEVELS, Metric(metric)) == pytest.approx(
        expected, abs=5e-4
    )


def by_coincidences(counts, values, metric):
    """Return alpha from the table of coincidences, as Hayes and Krippendorff write it."""
    table = np.zeros((values.size, values.size))
    for row in counts:
        if row.sum() > 1:
            table += (np.outer(row, row) - np.diag(row)) / (row.sum() - 1)
    totals = table.sum(axis=1)
    distances = np.zeros_like(table)
    for c in range(values.size):
        for k in range(values.size):
            low, high = min(c, k), max(c, k)
            between = totals[low : high + 1].sum() - (totals[c] + totals[k]) / 2
            distances[c, k] = {
                "nominal": float(c != k),
                "ordinal": between**2 if c != k else 0,
                "interval": (values[c] - values[k]) ** 2,
            }[metric]
    expected = (np.outer(totals, totals) * distances).sum()
    return 1 - (totals.sum() - 1) * (table * distances).sum() / expected if expected else np.nan


tallies = arrays(np.int64, (4, 5), elements=st.integers(0, 4))


@given(tallies, st.sampled_from(list(Metric)), st.permutations(range(4)))
def test_sums_of_squares_say_what_coincidences_say(counts, metric, order):
    values = np.array([0.0, 30, 60, 80, 100])
    found = krippendorff_alpha(counts, values, metric)
    expected = by_coincidences(counts, values, metric.value)
    assert found == pytest.approx(expected, nan_ok=True, abs=1e-9)
    assert krippendorff_alpha(counts[list(order)], values, metric) == pytest.approx(
        found, nan_ok=True
    )


@pytest.mark.parametrize(
    ("counts", "rwg", "rwg_j"),
    [
        pytest.param([[[0, 0, 0, 9, 0]] * 2], [1, 1], 1, id="all agree"),
        pytest.param([[[4, 4, 4, 4, 4]] * 2], [1 - 20 / 19] * 2, 0, id="as spread as a uniform"),
        pytest.param([[[5, 0, 0, 0, 5]] * 2], [1 - 20 / 9] * 2, 0, id="two camps"),
        # By hand: s² = 1/2, σ² = 2; rwg(2) = 2 · 3/4 / (2 · 3/4 + 1/4).
        pytest.param([[[0, 0, 1, 1, 0]] * 2], [0.75, 0.75], 6 / 7, id="one level apart"),
        pytest.param([[[0, 0, 1, 1, 0], [0, 0, 0, 0, 1]]], [0.75, np.nan], 0.75, id="one answer"),
    ],
)
def test_agreement_on_a_unit(counts, rwg, rwg_j):
    found = unit_agreement(np.array(counts), LEVELS)
    assert found.rwg[0] == pytest.approx(np.array(rwg, float), nan_ok=True)
    assert found.rwg_j[0] == pytest.approx(rwg_j)
    assert found.lowest_share[0, 0] == counts[0][0][0] / sum(counts[0][0])
    assert found.highest_share[0, 0] == counts[0][0][4] / sum(counts[0][0])


def test_nobody_agrees_with_nobody():
    found = unit_agreement(np.zeros((2, 3, 5), np.int64), LEVELS)
    assert np.isnan(found.rwg).all()
    assert np.isnan(found.rwg_j).all()
    with pytest.raises(ValueError, match="ascending"):
        unit_agreement(np.zeros((1, 1, 2), np.int64), np.array([2.0, 1.0]))


def test_concordance_is_friedman_s_statistic():
    table = np.random.default_rng(1).integers(1, 5, (9, 4)).astype(float)
    found = concordance(np.vstack([table, [1, 2, np.nan, 4]]))
    friedman = friedmanchisquare(*table)
    assert found.statistic == pytest.approx(friedman.statistic)
    assert found.p == pytest.approx(friedman.pvalue)
    assert (found.units, found.raters, found.df) == (9, 4, 8)
    assert found.w == pytest.approx(friedman.statistic / (4 * 8))


@pytest.mark.parametrize(
    ("table", "w"),
    [
        pytest.param([[1, 1], [2, 2], [3, 3]], 1, id="the same order"),
        pytest.param([[1, 3], [2, 2], [3, 1]], 0, id="turned round"),
        pytest.param([[1, 1], [1, 1]], np.nan, id="all tied"),
        pytest.param([[1, 1]], np.nan, id="one unit"),
        pytest.param([[1], [2]], np.nan, id="one rater"),
        pytest.param([[1, np.nan], [np.nan, 2]], np.nan, id="no unit that both have rated"),
    ],
)
def test_concordance_of_plain_tables(table, w):
    found = concordance(np.array(table, float))
    assert found.w == pytest.approx(w, nan_ok=True)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        pytest.param(np.ones((3, 3)), [np.nan] * 6, id="all alike"),
        pytest.param(np.outer(np.arange(3.0), np.ones(4)), [1] * 6, id="raters agree"),
        pytest.param(
            np.outer(np.ones(4), np.arange(3.0)),
            [-0.5, 0, np.nan, np.nan, 0, np.nan],
            id="only raters differ",
        ),
        pytest.param(
            np.add.outer(np.arange(4.0), np.arange(3.0)),
            [4 / 7, 5 / 8, 1, 4 / 5, 5 / 6, 1],
            id="raters differ by a constant",
        ),
    ],
)
def test_coefficients_without_error(table, values):
    assert iccs(table).values == pytest.approx(np.array(values, float), nan_ok=True)


@pytest.mark.parametrize("table", [np.ones((1, 3)), np.ones((3, 1)), np.full((3, 3), np.nan)])
def test_tables_that_are_not_complete_are_refused(table):
    with pytest.raises(ValueError, match="complete"):
        iccs(table)


@pytest.mark.parametrize(
    ("counts", "icc1"),
    [
        pytest.param([[3, 0, 0, 0, 0], [0, 0, 0, 0, 3]], 1, id="units apart, raters agree"),
        pytest.param([[2, 0, 0, 0, 2]] * 2, -1 / 3, id="units alike"),
        pytest.param([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0]], np.nan, id="one rating each"),
        pytest.param([[5, 0, 0, 3, 0]], np.nan, id="one unit"),
        pytest.param([[0, 0, 4, 0, 0]] * 3, np.nan, id="all alike"),
        pytest.param(np.zeros((2, 5), int), np.nan, id="no ballots"),
    ],
)
def test_units_told_apart(counts, icc1):
    assert unit_iccs(np.array(counts), LEVELS).icc1 == pytest.approx(icc1, nan_ok=True)
    assert unit_iccs(np.array(counts), LEVELS / 3 + 88).icc1 == pytest.approx(icc1, nan_ok=True)


@given(arrays(np.int64, (5, 4), elements=st.integers(0, 20)), st.floats(-50, 50))
def test_coefficients_know_no_order_and_no_origin(table, added):
    whole = iccs(table.astype(float))
    moved = iccs(table[::-1, [2, 0, 3, 1]] + added)
    for name in ("values", "low", "high"):
        assert getattr(moved, name) == pytest.approx(
            getattr(whole, name), nan_ok=True, rel=1e-6, abs=1e-6
        )


@given(tallies)
def test_histograms_and_complete_tables_agree_one_way(counts):
    """With as many ratings for each unit, the histogram says ICC(1) and ICC(1,k)."""
    filled = counts.copy()
    filled[:, 0] += filled.sum(axis=1).max() + 2 - filled.sum(axis=1)
    table = np.array([np.repeat(LEVELS, row) for row in filled])
    found, whole = unit_iccs(filled, LEVELS), iccs(table)
    assert found.icc1 == pytest.approx(whole.values[0], nan_ok=True, abs=1e-9)
    assert found.icc2 == pytest.approx(whole.values[3], nan_ok=True, abs=1e-6)
