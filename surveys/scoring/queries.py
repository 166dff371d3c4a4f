"""Reads what a scoring run is made of, and the runs that were made."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar, cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from analytics import social
from analytics.evidence.result import RoundEvidence
from analytics.merge import WorkEntry
from analytics.rules import parse_rules
from surveys import models, tallies, work
from surveys.models import (
    Evidence,
    Group,
    Indicator,
    Population,
    ScoringRun,
    Unit,
    UnitClass,
)
from surveys.refusals import RunNumberUnknown, RunUnknown
from surveys.scoring.evidence_view import EvidenceView
from surveys.scoring.json_form import form_of, read_json
from surveys.scoring.run import (
    AdjustmentLine,
    Check,
    IndicatorScore,
    RunSummary,
    RunView,
    UnitFigures,
)

_Kept = TypeVar("_Kept")


def units_of(session: Session, round_id: int) -> tuple[Unit, ...]:
    """Return the units of a round with their classes, in the order of the official table."""
    return tuple(
        session.scalars(
            select(Unit)
            .join(UnitClass, UnitClass.id == Unit.class_id)
            .where(Unit.round_id == round_id)
            .order_by(UnitClass.position, Unit.number)
            .options(joinedload(Unit.unit_class))
        )
    )


def appraised_units(rows: tuple[Unit, ...]) -> tuple[social.Unit, ...]:
    """Return units in the form that the computation takes."""
    return tuple(
        social.Unit(row.code, row.name, row.unit_class.code, row.is_ranked) for row in rows
    )


def groups_of(session: Session, round_id: int) -> tuple[Group, ...]:
    """Return the groups of a round in order."""
    return tuple(
        session.scalars(select(Group).where(Group.round_id == round_id).order_by(Group.position))
    )


def classes_of(session: Session, round_id: int) -> tuple[UnitClass, ...]:
    """Return the classes of a round in order."""
    return tuple(
        session.scalars(
            select(UnitClass).where(UnitClass.round_id == round_id).order_by(UnitClass.position)
        )
    )


def indicator_scores(
    session: Session, round_id: int, entries: Iterable[WorkEntry]
) -> dict[str, tuple[IndicatorScore, ...]]:
    """Return each unit's scores, which were read already, with the words of the indicators."""
    words = {
        code: (aspect_name, aspect_name_en, name, name_en)
        for code, aspect_name, aspect_name_en, name, name_en in session.execute(
            select(
                Indicator.code,
                Indicator.aspect_name,
                Indicator.aspect_name_en,
                Indicator.name,
                Indicator.name_en,
            ).where(Indicator.round_id == round_id)
        )
    }
    found: dict[str, list[IndicatorScore]] = {}
    for entry in entries:
        aspect_name, aspect_name_en, name, name_en = words[entry.indicator]
        found.setdefault(entry.unit, []).append(
            IndicatorScore(
                entry.aspect,
                aspect_name,
                aspect_name_en,
                entry.indicator,
                name,
                name_en,
                cast(Decimal, entry.full_marks),  # the store holds decimals only
                cast(Decimal | None, entry.score if entry.applies else None),
            )
        )
    return {unit: tuple(scores) for unit, scores in found.items()}


def adjustment_lines(session: Session, round_id: int) -> dict[str, tuple[AdjustmentLine, ...]]:
    """Return each unit's bonuses, deductions and vetoes in force."""
    latest = work.import_in_force(session, round_id)
    if latest is None:
        return {}
    found: dict[str, list[AdjustmentLine]] = {}
    for unit, row in session.execute(
        select(Unit.code, models.Adjustment)
        .join(Unit, Unit.id == models.Adjustment.unit_id)
        .where(models.Adjustment.import_id == latest.id)
        .order_by(models.Adjustment.id)
    ):
        found.setdefault(unit, []).append(AdjustmentLine(row.points, row.is_veto, row.reason))
    return {unit: tuple(lines) for unit, lines in found.items()}


def run_numbers(session: Session, round_id: int) -> tuple[int, ...]:
    """Return the numbers of a round's runs, the first one first."""
    return tuple(
        session.scalars(
            select(ScoringRun.number)
            .where(ScoringRun.round_id == round_id)
            .order_by(ScoringRun.number)
        )
    )


def run_view(session: Session, round_id: int, number: int | None = None) -> RunView:
    """Return a run with all its figures: the newest, or the one of a number."""
    numbers = run_numbers(session, round_id)
    if not numbers:
        raise RunUnknown
    wanted = numbers[-1] if number is None else number
    row = session.scalars(
        select(ScoringRun)
        .where(ScoringRun.round_id == round_id, ScoringRun.number == wanted)
        .options(selectinload(ScoringRun.units))
    ).one_or_none()
    if row is None:
        raise RunNumberUnknown(number=wanted)
    return RunView(
        round_id=round_id,
        number=row.number,
        numbers=numbers,
        created_at=row.created_at,
        actor=row.actor,
        code_version=row.code_version,
        rules=parse_rules(row.rules),
        rules_sha256=row.rules_sha256,
        tally_sha256=row.tally_sha256,
        work_sha256=row.work_sha256,
        summary=read_json(RunSummary, row.summary),
        units=tuple(read_json(UnitFigures, unit.figures) for unit in row.units),
        notice_sha256=session.scalars(
            select(models.Round.notice_sha256).where(models.Round.id == round_id)
        ).one(),
        check=_check_of(session, row),
    )


def evidence_view(session: Session, round_id: int, run: RunView) -> EvidenceView | None:
    """Return the evidence of a run; None where this version of the program has kept none."""
    row = session.scalars(_of_run(select(Evidence), round_id, run.number)).one_or_none()
    if row is None:
        return None
    found = read_json(RoundEvidence, row.document)
    return EvidenceView(run, found, row.created_at, row.actor, row.code_version)


def has_evidence(session: Session, round_id: int, number: int) -> bool:
    """Tell whether this version of the program has kept evidence of a run."""
    kept = _of_run(select(Evidence.run_id), round_id, number)
    return session.scalars(kept).first() is not None


def evidence_document(session: Session, round_id: int, number: int) -> str:
    """Return the evidence that is kept of a run, as JSON."""
    return session.scalars(_of_run(select(Evidence.document), round_id, number)).one()


def _of_run(kept: Select[_Kept], round_id: int, number: int) -> Select[_Kept]:
    """Return what is selected from the evidence of one run in the form that is read here."""
    return kept.join(ScoringRun, ScoringRun.id == Evidence.run_id).where(
        ScoringRun.round_id == round_id,
        ScoringRun.number == number,
        Evidence.form == form_of(RoundEvidence),
    )


def population_of(session: Session, round_id: int) -> tuple[Population, ...]:
    """Return the population table of a round, in order."""
    return tuple(
        session.scalars(
            select(Population)
            .where(Population.round_id == round_id)
            .order_by(Population.variable, Population.level)
        )
    )


def _check_of(session: Session, run: ScoringRun) -> Check | None:
    """Return the newest recount of the tally that a run was made of."""
    found = tallies.latest_check(session, run.round_id, run.tally_sha256)
    if found is None:
        return None
    return Check(found.checked_at, found.ballots, found.differences, found.actor)
