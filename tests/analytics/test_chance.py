import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quality.chance import (
    binomial_tail,
    holm,
    middle_and_spread,
    normal_tail,
    poisson_tail,
    poisson_threshold,
)


def test_tails_from_the_tables():
    """Poisson(2): P(N >= 5) = .0527; binomial(10, .3): P(N >= 6) = .0473; normal: 1.96."""
    assert poisson_tail(np.array([0, 5]), np.array([2.0, 2.0])) == pytest.approx(
        [1.0, 0.0527], abs=5e-5
    )
    found = binomial_tail(np.array([0, 6]), np.array([10, 10]), np.array([0.3, 0.3]))
    assert found == pytest.approx([1.0, 0.0473], abs=5e-5)
    assert normal_tail(np.array([1.96])) == pytest.approx([0.025], abs=1e-5)


def test_nothing_expected_makes_a_single_one_certain():
    assert poisson_tail(np.array([0, 1]), np.zeros(2)).tolist() == [1.0, 0.0]


@given(st.floats(0, 500), st.floats(1e-12, 0.5), st.integers(1, 30))
def test_the_threshold_is_the_smallest_count_that_is_improbable_enough(expected, p, fewest):
    least = int(poisson_threshold(expected, p, fewest, 1.5))
    assert least >= max(fewest, 1.5 * expected)
    tails = poisson_tail(np.array([least, least - 1]), np.full(2, expected))
    assert tails[0] <= p
    assert tails[1] > p or least - 1 < max(fewest, 1.5 * expected)


@pytest.mark.parametrize(
    ("p", "rejected"),
    [
        pytest.param([0.01, 0.04, 0.03, 0.005], [True, False, False, True], id="Holm's own steps"),
        pytest.param([0.02, 0.02], [True, True], id="the second has an easier bound"),
        pytest.param([], [], id="no tests"),
    ],
)
def test_holm(p, rejected):
    assert holm(np.array(p), 0.05).tolist() == rejected


def test_half_of_the_values_do_not_move_middle_and_spread_far():
    middle, spread = middle_and_spread(np.array([1.0, 2, 3, 4, 1e9]))
    assert (middle, spread) == (3.0, pytest.approx(1.4826))
