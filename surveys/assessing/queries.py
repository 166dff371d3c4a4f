"""Reads what the 70 points of a round need and what is in force."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from surveys import models, work
from surveys.assessing.scores import (
    SheetAdjustment,
    SheetIndicator,
    SheetUnit,
    UnitScores,
    WorkPlan,
    WorkScores,
)
from surveys.models import Indicator, Unit, UnitClass, WorkScore
from surveys.rounds import round_of


@dataclass(frozen=True)
class ScoresOfUnit:
    """One unit's row on the page: its scores and what was added or taken away."""

    unit: SheetUnit
    scores: tuple[Decimal | None, ...] | None
    points: Decimal
    is_vetoed: bool


def work_plan(session: Session, round_id: int) -> WorkPlan:
    """Return the indicators and units of a round with the scores that are in force."""
    appraised = round_of(session, round_id)
    indicators = tuple(
        SheetIndicator(
            row.id,
            row.code,
            row.name,
            row.name_en,
            row.aspect,
            row.aspect_name,
            row.aspect_name_en,
            row.full_marks,
        )
        for row in session.scalars(
            select(Indicator).where(Indicator.round_id == round_id).order_by(Indicator.position)
        )
    )
    return WorkPlan(
        appraised.name,
        appraised.name_en,
        appraised.is_demonstration,
        indicators,
        _units(session, round_id),
        _in_force(session, round_id, indicators),
    )


def scores_by_unit(plan: WorkPlan, scores: WorkScores | None) -> tuple[ScoresOfUnit, ...]:
    """Return a row for every unit, with or without scores."""
    given = {} if scores is None else {unit.unit: unit.scores for unit in scores.units}
    lines: Iterable[SheetAdjustment] = () if scores is None else scores.adjustments
    by_unit: dict[str, list[SheetAdjustment]] = {}
    for line in lines:
        by_unit.setdefault(line.unit, []).append(line)
    return tuple(
        ScoresOfUnit(
            unit,
            given.get(unit.code),
            sum((line.points for line in by_unit.get(unit.code, ())), Decimal(0)),
            any(line.is_veto for line in by_unit.get(unit.code, ())),
        )
        for unit in plan.units
    )


def _units(session: Session, round_id: int) -> tuple[SheetUnit, ...]:
    rows = session.scalars(
        select(Unit)
        .join(UnitClass, UnitClass.id == Unit.class_id)
        .where(Unit.round_id == round_id)
        .order_by(UnitClass.position, Unit.number)
        .options(joinedload(Unit.unit_class))
    )
    return tuple(
        SheetUnit(
            row.id,
            row.code,
            row.name,
            row.name_en,
            row.unit_class.name,
            row.unit_class.name_en,
            row.is_ranked,
        )
        for row in rows
    )


def _in_force(
    session: Session, round_id: int, indicators: tuple[SheetIndicator, ...]
) -> WorkScores | None:
    latest = work.import_in_force(session, round_id)
    if latest is None:
        return None
    found: dict[str, dict[int, Decimal | None]] = {}
    for code, row in session.execute(
        select(Unit.code, WorkScore)
        .join(Unit, Unit.id == WorkScore.unit_id)
        .where(WorkScore.import_id == latest.id)
        .order_by(Unit.number)
    ):
        found.setdefault(code, {})[row.indicator_id] = row.score
    adjustments = session.execute(
        select(Unit.code, models.Adjustment)
        .join(Unit, Unit.id == models.Adjustment.unit_id)
        .where(models.Adjustment.import_id == latest.id)
        .order_by(models.Adjustment.id)
    )
    return WorkScores(
        tuple(
            UnitScores(code, tuple(scores.get(indicator.id) for indicator in indicators))
            for code, scores in found.items()
        ),
        tuple(
            SheetAdjustment(code, row.points, row.is_veto, row.reason) for code, row in adjustments
        ),
    )
