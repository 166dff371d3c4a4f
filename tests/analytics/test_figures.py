from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.figures import decimal_text, plain_text, root, round_half_up, variance, weighted_mean


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


@given(st.fractions(), st.integers(0, 8))
def test_plain_text_is_the_rounded_figure_without_zeros_at_its_end(value, places):
    text = plain_text(value, places)
    assert Fraction(text) == Fraction(round_half_up(value, places))
    assert "." not in text or not text.endswith(("0", "."))
    assert text != "-0"


@given(st.lists(st.fractions(), min_size=1, max_size=8))
def test_the_variance_is_the_mean_square_of_the_deviations(values):
    mean = sum(values, Fraction(0)) / len(values)
    assert variance(values) == sum((v - mean) ** 2 for v in values) / len(values)


@given(
    st.lists(st.tuples(st.decimals("0.01", 100, places=2), st.fractions()), min_size=1, max_size=6)
)
def test_a_weighted_mean_is_the_sum_of_its_parts(parts):
    total = sum(Fraction(weight) for weight, _ in parts)
    expected = sum(Fraction(weight) * value for weight, value in parts) / total
    assert weighted_mean(*zip(*parts, strict=True)) == expected
