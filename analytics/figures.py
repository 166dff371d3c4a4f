"""Exact figures: rounding half-up, roots and decimal text."""

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from math import isqrt, lcm

ROOT_DIGITS = 60
SETTLED_PLACES = 30
PRINTED_PLACES = 26

_context = Context(prec=ROOT_DIGITS, rounding=ROUND_HALF_UP)


def round_half_up(value: Fraction, places: int) -> Decimal:
    """Return a value with so many decimals; a half goes away from zero."""
    doubled = 2 * abs(value.numerator) * 10**places + value.denominator
    digits = doubled // (2 * value.denominator)
    sign = "-" if value < 0 and digits else ""
    return Decimal(f"{sign}{digits}E-{places}")


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


def mean(values: "list[Fraction]") -> Fraction:
    """Return the plain mean of at least one value."""
    # Over one common denominator: adding fractions one by one reduces each sum anew.
    scale = lcm(*(value.denominator for value in values))
    total = sum(value.numerator * (scale // value.denominator) for value in values)
    return Fraction(total, scale * len(values))


def decimal_text(value: Fraction | Decimal | None) -> str | None:
    """Return a figure as a decimal string with 26 decimals, or None where there is none."""
    if value is None:
        return None
    return format(round_half_up(Fraction(value), PRINTED_PLACES), "f")
