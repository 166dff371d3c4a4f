"""Exact figures: rounding half-up, roots and decimal text."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import isqrt, lcm
from operator import mul

ROOT_DIGITS = 60
SETTLED_PLACES = 30
PRINTED_PLACES = 26

_context = Context(prec=ROOT_DIGITS, rounding=ROUND_HALF_UP)


def round_half_up(value: Fraction, places: int) -> Decimal:
    """Return a value with so many decimals; a half goes away from zero."""
    return Decimal(f"{_shifted(value, places)}E-{places}")


def plain_text(value: Fraction, places: int) -> str:
    """Return a value rounded half-up to so many decimals, without the zeros at its end."""
    shifted = _shifted(value, places)
    sign, digits = ("-", shifted[1:]) if shifted[0] == "-" else ("", shifted)
    digits = digits.zfill(places + 1)
    whole_part, decimals = digits[: len(digits) - places], digits[len(digits) - places :]
    decimals = decimals.rstrip("0")
    return f"{sign}{whole_part}.{decimals}" if decimals else f"{sign}{whole_part}"


def _shifted(value: Fraction, places: int) -> str:
    """Return the digits of a rounded value, the decimal point so many places further right."""
    doubled = 2 * abs(value.numerator) * 10**places + value.denominator
    digits = doubled // (2 * value.denominator)
    return f"-{digits}" if value.numerator < 0 and digits else f"{digits}"


def settled(value: Fraction) -> Fraction:
    """Return a value on a grid of 30 decimals, so that figures equal but for a root stay equal."""
    return Fraction(round_half_up(value, SETTLED_PLACES))


def root(value: Fraction) -> Fraction:
    """Return the square root: exact where it is rational, else to 60 digits."""
    numerator, denominator = isqrt(value.numerator), isqrt(value.denominator)
    if numerator**2 == value.numerator and denominator**2 == value.denominator:
        return Fraction(numerator, denominator)
    quotient = _context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(quotient.sqrt(_context))


def whole(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Return values as whole numbers over one scale."""
    scale = lcm(*(value.denominator for value in values))
    return [value.numerator * (scale // value.denominator) for value in values], scale


# Over one scale: adding fractions one by one reduces each sum anew.
def mean(values: Sequence[Fraction]) -> Fraction:
    """Return the plain mean of at least one value."""
    numbers, scale = whole(values)
    return Fraction(sum(numbers), scale * len(numbers))


def variance(values: Sequence[Fraction]) -> Fraction:
    """Return the population variance of at least one value."""
    numbers, scale = whole(values)
    n, total = len(numbers), sum(numbers)
    return Fraction(n * sum(map(mul, numbers, numbers)) - total * total, (n * scale) ** 2)


def weighted_mean(weights: Sequence[Decimal], values: Sequence[Fraction]) -> Fraction:
    """Return the mean of at least one value whose weights add up to more than 0."""
    factors = _factors(tuple(weights))
    numbers, scale = whole(values)
    return Fraction(sum(map(mul, factors, numbers)), scale * sum(factors))


@lru_cache(1024)  # units of a class share their weights
def _factors(weights: tuple[Decimal, ...]) -> tuple[int, ...]:
    return tuple(whole([Fraction(weight) for weight in weights])[0])


def decimal_text(value: Fraction | Decimal | None) -> str | None:
    """Return a figure as a decimal string with 26 decimals, or None where there is none."""
    if value is None:
        return None
    return format(round_half_up(Fraction(value), PRINTED_PLACES), "f")
