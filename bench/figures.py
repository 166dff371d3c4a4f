"""Figures as they are kept and shown: the median of the rounds with the range they had."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """The median of several rounds, the lowest and the highest of them."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        """Write it as the tables show it."""
        if self.lowest == self.highest:
            return spoken(self.median)
        return f"{spoken(self.median)} [{spoken(self.lowest)}–{spoken(self.highest)}]"


@dataclass(frozen=True)
class Table:
    """One table of a part; cells are already words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Goal:
    """A goal with what was reached; `smaller` says that less is better."""

    name: str
    must: float
    stretch: float
    reached: float
    unit: str
    smaller: bool = True

    @property
    def verdict(self) -> str:
        """Say where the goal stands."""
        if self._meets(self.stretch):
            return "stretch"
        return "met" if self._meets(self.must) else "missed"

    def _meets(self, wanted: float) -> bool:
        return self.reached <= wanted if self.smaller else self.reached >= wanted


@dataclass(frozen=True)
class Part:
    """What one part of the benchmarks found."""

    name: str
    tables: tuple[Table, ...]
    goals: tuple[Goal, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self) | {
            "goals": [{**asdict(goal), "verdict": goal.verdict} for goal in self.goals]
        }


def figure(values: Sequence[float]) -> Figure:
    """Return the median of rounds with their range."""
    return Figure(statistics.median(values), min(values), max(values))


def ratio(above: Sequence[float], below: Sequence[float]) -> Figure:
    """Return the ratios of two things measured side by side, round by round."""
    return figure([a / b for a, b in zip(above, below, strict=True)])


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all values lies."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spoken(number: float) -> str:
    """Write a number with three telling digits."""
    size = abs(number)
    if size >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if size >= 10 else f"{number:.2f}" if size >= 0.1 else f"{number:.3g}"
