"""What a unit comes to in the end: 70 and 30 points, adjustment, rank and grade."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from analytics.social_result import Unit, UnitScore


class MergeFlag(StrEnum):
    """What a reader must know of a total, a rank or a grade."""

    NOT_RANKED = "not_ranked"  # listed apart, without rank and grade
    NO_WORK_SCORE = "no_work_score"  # other units have a work score, this one has none
    ADJUSTMENT_CUT = "adjustment_cut"  # bonuses and deductions go beyond the limit
    VETOED = "vetoed"


class GradeReason(StrEnum):
    """Why a unit has the grade that it has."""

    TOTAL = "total"  # the total alone decides
    SHARE_FULL = "share_full"  # the total is enough, the places are taken
    TIE_LOST = "tie_lost"  # equal total at the last place, lower deciding figure
    TIE_SHARED = "tie_shared"  # equal in everything at the last place: both are in
    VETO = "veto"
    COMPOSITE_FLOOR = "composite_floor"


@dataclass(frozen=True, slots=True)
class WorkEntry:
    """One unit's score on one second-level indicator; `score` is None where it does not apply."""

    unit: str
    indicator: str
    full_marks: Fraction | Decimal
    score: Fraction | Decimal | None
    applies: bool = True
    aspect: str = ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points that were approved beside the scores; negative where they are deducted."""

    unit: str
    points: Fraction | Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rounded:
    """The figures that are printed, each rounded half-up once."""

    direct: Decimal | None
    social: Decimal | None
    work: Decimal | None
    adjustment: Decimal
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class UnitResult:
    """One unit's final figures."""

    unit: Unit
    score: UnitScore
    composite: Fraction | None
    direct: Fraction | None
    social: Fraction | None
    work: Fraction | None
    adjustment_asked: Fraction  # the plain sum of the adjustments
    adjustment: Fraction  # the same, cut to the limit
    total: Decimal | None  # sum of the rounded work, social and adjustment
    rounded: Rounded
    rank: int | None
    grade: str | None  # a grade code of the rule set
    grade_reasons: tuple[GradeReason, ...]
    vetoed: bool
    flags: tuple[str, ...]  # Flag and MergeFlag codes
