"""The intervals of a run as places on one common scale, for dots and lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from surveys.scoring.run import UnitFigures

WIDTH = 200
MARGIN = 6


@dataclass(frozen=True)
class Bar:
    """One unit on the scale: its dot, and the ends of its interval where there is one."""

    dot: float
    left: float | None
    right: float | None


@dataclass(frozen=True)
class Scale:
    """A scale of whole points that holds every interval."""

    low: Decimal
    high: Decimal

    def place(self, value: Decimal) -> float:
        """Return where a value stands on the drawing."""
        span = self.high - self.low
        share = (value - self.low) / span if span else Decimal("0.5")
        return round(MARGIN + float(share) * (WIDTH - 2 * MARGIN), 1)

    def bar(self, unit: UnitFigures) -> Bar | None:
        """Return a unit's dot and line, None without a score."""
        if unit.direct is None:
            return None
        interval = unit.interval
        if interval is None or interval.low is None or interval.high is None:
            return Bar(self.place(unit.direct), None, None)
        return Bar(self.place(unit.direct), self.place(interval.low), self.place(interval.high))


def scale_of(units: Iterable[UnitFigures]) -> Scale:
    """Return the scale from the lowest to the highest end, widened to whole points."""
    ends: list[Decimal] = []
    for unit in units:
        seen = [unit.direct]
        if unit.interval is not None:
            seen += [unit.interval.low, unit.interval.high]
        ends += [value for value in seen if value is not None]
    if not ends:
        return Scale(Decimal(0), Decimal(1))
    low = min(ends).to_integral_value(ROUND_FLOOR)
    high = max(ends).to_integral_value(ROUND_CEILING)
    return Scale(low, high if high > low else low + 1)
