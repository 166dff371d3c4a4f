import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quality.careless import average_string, irv, longstring, mahalanobis
from analytics.quality.chance import chi_square_tail
from analytics.shapes import NOWHERE

REFERENCE = Path(__file__).parents[1] / "data" / "stats" / "bfi_small"
EXPECTED = json.loads(REFERENCE.with_suffix(".json").read_text())["expected"]
ANSWERS = np.array(
    list(csv.reader(REFERENCE.with_suffix(".csv").read_text().splitlines()))[1:], int
)


def test_runs_agree_with_careless_1_2_2():
    assert longstring(ANSWERS).tolist() == EXPECTED["longstring"]
    assert average_string(ANSWERS) == pytest.approx(np.array(EXPECTED["avgstring"]), abs=1e-8)


def test_variability_agrees_with_careless_1_2_2():
    assert irv(ANSWERS.astype(float)) == pytest.approx(np.array(EXPECTED["irv"]), abs=1e-8)


def test_distances_agree_with_careless_1_2_2():
    points = ANSWERS.astype(float)
    squares, freedom = mahalanobis(points, points.mean(axis=0), np.cov(points.T))
    assert squares == pytest.approx(np.array(EXPECTED["mahalanobis_sq"]), abs=1e-8)
    assert set(freedom.tolist()) == {5}


@pytest.mark.parametrize(
    ("row", "longest", "average"),
    [
        pytest.param([0, 0, 0, 1], 3, 2.0, id="by hand: runs of 3 and 1"),
        pytest.param([0, NOWHERE, 0, 1], 2, 1.5, id="a run goes on behind a gap"),
        pytest.param([NOWHERE, NOWHERE, 2, 2], 2, 2.0, id="a gap at the beginning"),
        pytest.param([NOWHERE] * 4, 0, np.nan, id="no answer at all"),
        pytest.param([], 0, np.nan, id="no items"),
    ],
)
def test_runs_by_hand(row, longest, average):
    levels = np.array([row], np.int8).reshape(1, len(row))
    assert longstring(levels).tolist() == [longest]
    assert average_string(levels) == pytest.approx(np.array([average]), nan_ok=True)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param([1.0, 2.0, np.nan], 0.5**0.5, id="NaN passed over"),
        pytest.param([5.0, np.nan, np.nan], np.nan, id="one value has no deviation"),
        pytest.param([7.0, 7.0, 7.0], 0.0, id="all alike"),
    ],
)
def test_variability_by_hand(row, expected):
    assert irv(np.array([row])) == pytest.approx(np.array([expected]), nan_ok=True)


def test_a_missing_item_leaves_the_distance_of_the_others():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(50, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.5], [0, 0, 1]])
    mean, covariance = points.mean(axis=0), np.cov(points.T)
    gappy = points.copy()
    gappy[::2, 1] = np.nan
    gappy[7] = np.nan
    squares, freedom = mahalanobis(gappy, mean, covariance)
    d = points[0, [0, 2]] - mean[[0, 2]]
    by_hand = d @ np.linalg.solve(covariance[np.ix_([0, 2], [0, 2])], d)
    assert squares[0] == pytest.approx(by_hand)
    assert freedom[[0, 1, 7]].tolist() == [2, 3, 0]
    assert np.isnan(squares[7])


def test_two_items_that_always_agree_count_once():
    points = np.repeat(np.arange(6.0)[:, None], 2, axis=1)
    squares, freedom = mahalanobis(points, points.mean(axis=0), np.cov(points.T))
    assert freedom.tolist() == [1] * 6
    assert squares == pytest.approx((np.arange(6) - 2.5) ** 2 / 3.5)


def test_items_without_variance_say_nothing():
    squares, freedom = mahalanobis(np.ones((3, 2)), np.ones(2), np.zeros((2, 2)))
    assert freedom.tolist() == [0, 0, 0]
    assert np.isnan(squares).all()
    assert chi_square_tail(squares, freedom) == pytest.approx([np.nan] * 3, nan_ok=True)


def test_chi_square_tails_from_the_tables():
    """3.841 and 11.070: the usual 5 % points of 1 and 5 degrees of freedom."""
    found = chi_square_tail(np.array([3.841, 11.070]), np.array([1, 5]))
    assert found == pytest.approx([0.05, 0.05], abs=1e-4)


@given(st.lists(st.lists(st.integers(NOWHERE, 3), min_size=6, max_size=6), min_size=1, max_size=8))
def test_runs_are_those_that_one_counts_by_hand(rows):
    longest, average = longstring(np.array(rows)), average_string(np.array(rows))
    for number, row in enumerate(rows):
        answers = [level for level in row if level != NOWHERE]
        runs = []
        for place, level in enumerate(answers):
            if place and level == answers[place - 1]:
                runs[-1] += 1
            else:
                runs.append(1)
        assert longest[number] == max(runs, default=0)
        assert average[number] == pytest.approx(np.mean(runs) if runs else np.nan, nan_ok=True)
