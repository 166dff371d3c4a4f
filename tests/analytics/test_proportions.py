import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.proportions import INTERVALS, agresti_coull, clopper_pearson, jeffreys, wilson

STATS = Path(__file__).parents[1] / "data" / "stats"
REFERENCE = json.loads((STATS / "intervals_icc_ranks.json").read_text())["proportions"]
NAMES = {"clopper_pearson": "clopper"}


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_of_shares_agree_with_r(name):
    x, n = (np.array([row[key] for row in REFERENCE]) for key in ("x", "n"))
    low, high = INTERVALS[name](x, n)
    expected = np.array([row[NAMES.get(name, name)] for row in REFERENCE]).T
    assert low == pytest.approx(expected[0], abs=1e-9)
    assert high == pytest.approx(expected[1], abs=1e-9)


@pytest.mark.parametrize(
    ("interval", "coverage", "expected"),
    [
        # Newcombe 1998 (Statistics in Medicine 17:857-872), table I: 81 of 263 and 15 of 148
        pytest.param(wilson, 0.95, [(0.2553, 0.3662), (0.0624, 0.1605)], id="score"),
        pytest.param(clopper_pearson, 0.95, [(0.2527, 0.3676), (0.0578, 0.1617)], id="exact"),
    ],
)
def test_published_intervals(interval, coverage, expected):
    found = interval([81, 15], [263, 148], coverage)
    assert np.transpose(found) == pytest.approx(np.array(expected), abs=5e-5)


@pytest.mark.parametrize("interval", INTERVALS.values(), ids=INTERVALS)
def test_without_a_trial_nothing_is_claimed(interval):
    low, high = interval([0, 3], [0, 4])
    assert np.isnan([low[0], high[0]]).all()
    assert 0 < low[1] < 0.75 < high[1]


@pytest.mark.parametrize(("x", "n"), [(5, 4), (-1, 4), (float("nan"), 4)])
def test_impossible_counts_are_refused(x, n):
    with pytest.raises(ValueError, match="successes"):
        wilson(x, n)


@pytest.mark.parametrize("coverage", [0, 1, 95])
def test_a_coverage_is_a_share(coverage):
    with pytest.raises(ValueError, match="coverage"):
        jeffreys(1, 2, coverage)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_hold_the_share_and_turn_round_with_it(counts):
    x, n = counts
    for name, interval in INTERVALS.items():
        low, high = interval(x, n)
        mirrored = interval(n - x, n)
        assert np.array([1 - high, 1 - low]) == pytest.approx(np.array(mirrored), abs=1e-9)
        if name != "jeffreys":  # its tails are equal, so that at the ends the share is outside
            assert low <= x / n <= high
    assert wilson(x, n)[0] >= 0
    assert wilson(x, n)[1] <= 1
    exact, plain = clopper_pearson(x, n), jeffreys(x, n)
    assert exact[0] <= plain[0]
    assert exact[1] >= plain[1]


def test_a_wider_coverage_is_a_wider_interval():
    narrow, wide = agresti_coull(3, 9, 0.8), agresti_coull(3, 9, 0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
