"""Figures of arrays as plain numbers: what nobody knows becomes None."""

from math import isfinite
from typing import SupportsFloat

from analytics.evidence.result import Limits
from analytics.shapes import Floats


def known(value: SupportsFloat) -> float | None:
    """Return a number, None where it is NaN or infinite."""
    number = float(value)
    return number if isfinite(number) else None


def known_row(values: Floats) -> tuple[float | None, ...]:
    """Return numbers, None where they are NaN or infinite."""
    return tuple(known(value) for value in values.tolist())


def limits(low: SupportsFloat, high: SupportsFloat) -> Limits | None:
    """Return the ends of an interval, None where it has none."""
    ends = float(low), float(high)
    return ends if all(map(isfinite, ends)) else None
