from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.figures import decimal_text, root, round_half_up


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        pytest.param("2.675", 2, "2.68", id="a binary float would give 2.67"),
        pytest.param("26.995", 2, "27.00", id="carries"),
        pytest.param("-1.205", 2, "-1.21", id="a half goes away from zero"),
        pytest.param("-0.004", 2, "0.00", id="no negative zero"),
        pytest.param("2.5", 0, "3", id="no decimals"),
        pytest.param("1/3", 4, "0.3333", id="a fraction"),
    ],
)
def test_rounding_half_up(value, places, expected):
    assert str(round_half_up(Fraction(value), places)) == expected


@given(st.fractions(), st.integers(0, 30))
def test_rounding_is_never_off_by_more_than_half_a_unit(value, places):
    assert abs(Fraction(round_half_up(value, places)) - value) <= Fraction(1, 2 * 10**places)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (Fraction(80), "80.00000000000000000000000000"),
        (Fraction(1, 3), "0.33333333333333333333333333"),
        (Decimal("91.41"), "91.41000000000000000000000000"),
    ],
)
def test_figures_are_printed_with_many_digits(value, expected):
    assert decimal_text(value) == expected


@given(st.fractions(min_value=0, max_value=10**6))
def test_the_root_of_a_square_is_exact(value):
    assert root(value * value) == value


def test_other_roots_are_good_to_fifty_digits():
    assert abs(root(Fraction(275)) ** 2 - 275) < Fraction(1, 10**50)
