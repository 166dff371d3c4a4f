"""Figures of arrays as plain numbers: what nobody knows becomes None."""

from collections.abc import Iterable
from math import isfinite

from analytics.evidence_result import Limits


def known(value: float) -> float | None:
    """Return a number, None where it is NaN or infinite."""
    return float(value) if isfinite(value) else None


def known_row(values: Iterable[float]) -> tuple[float | None, ...]:
    """Return numbers, None where they are NaN or infinite."""
    return tuple(known(value) for value in values)


def limits(low: float, high: float) -> Limits | None:
    """Return the ends of an interval, None where it has none."""
    return (float(low), float(high)) if isfinite(low) and isfinite(high) else None
