"""What a workbook of the 70 points asks for and holds: indicators, units, scores, adjustments."""

from dataclasses import dataclass
from decimal import Decimal

from analytics.merge import WorkEntry

MAX_DECIMALS = 4
PLACES = 2
MAX_REASON_CHARS = 400
MAX_POINTS = 100


@dataclass(frozen=True)
class SheetIndicator:
    """A second-level indicator: one column of the sheet."""

    id: int
    code: str
    name: str
    name_en: str | None
    aspect: str
    aspect_name: str
    aspect_name_en: str | None
    full_marks: Decimal


@dataclass(frozen=True)
class SheetUnit:
    """A unit: one row of the sheet."""

    id: int
    code: str
    name: str
    name_en: str | None
    class_name: str
    class_name_en: str | None
    is_ranked: bool


@dataclass(frozen=True)
class UnitScores:
    """One unit's scores in the order of the indicators; None where one does not apply."""

    unit: str
    scores: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class SheetAdjustment:
    """A bonus, a deduction or a veto, with its reason."""

    unit: str
    points: Decimal
    is_veto: bool
    reason: str


@dataclass(frozen=True)
class WorkScores:
    """Everything that one workbook says."""

    units: tuple[UnitScores, ...]
    adjustments: tuple[SheetAdjustment, ...] = ()


@dataclass(frozen=True)
class WorkPlan:
    """What a round expects of its workbook, and what is in force now."""

    round_name: str
    round_name_en: str | None
    is_demonstration: bool
    indicators: tuple[SheetIndicator, ...]
    units: tuple[SheetUnit, ...]
    in_force: WorkScores | None

    def entries(self, scores: WorkScores) -> tuple[WorkEntry, ...]:
        """Return scores in the form that the merge takes."""
        return tuple(
            WorkEntry(
                unit.unit,
                indicator.code,
                indicator.full_marks,
                score,
                applies=score is not None,
                aspect=indicator.aspect,
            )
            for unit in scores.units
            for indicator, score in zip(self.indicators, unit.scores, strict=True)
        )


def figure(value: Decimal) -> str:
    """Return a score as a table shows it: every digit that was given, and at least two decimals.

    >>> figure(Decimal("5")), figure(Decimal("5.125"))
    ('5.00', '5.125')
    """
    return format(value, "f") if -int(value.as_tuple().exponent) > PLACES else f"{value:.{PLACES}f}"
