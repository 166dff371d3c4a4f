"""Reads what a scoring run is made of, and the runs that were made."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from analytics import social
from analytics.rules import parse_rules
from analytics.tally import Cell, Tally
from surveys import models, work
from surveys.models import (
    Ballot,
    Group,
    Indicator,
    Round,
    ScoringRun,
    TallyCell,
    Unit,
    UnitClass,
    WorkScore,
)
from surveys.questionnaire import ENTERING, Channel, Validity, read_ratings_text
from surveys.refusals import RunNumberUnknown, RunUnknown
from surveys.rounds import round_of
from surveys.scoring.json_form import read_json
from surveys.scoring.run import (
    AdjustmentLine,
    IndicatorScore,
    RunSummary,
    RunView,
    UnitFigures,
    ValidityCount,
)

ROWS_AT_A_TIME = 5_000


@dataclass(frozen=True)
class Difference:
    """A cell in which the tally and the ballots disagree."""

    cell: Cell
    tallied: int
    recounted: int


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


def tally_of(session: Session, round_id: int) -> Tally:
    """Return the tally that the writer of ballots has folded."""
    codes = _codes(session, round_id)
    rows = session.execute(
        select(
            TallyCell.group_id,
            TallyCell.channel,
            TallyCell.unit_number,
            TallyCell.pattern,
            TallyCell.is_flagged,
            TallyCell.count,
        )
        .where(TallyCell.round_id == round_id, TallyCell.count > 0)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    return Tally(
        (Cell(codes.groups[group], channel.value, codes.units[unit], pattern, is_flagged), count)
        for group, channel, unit, pattern, is_flagged, count in rows
    )


def recount(session: Session, round_id: int) -> Tally:
    """Return the tally counted anew from the ballots themselves: the truth to compare with."""
    appraised = round_of(session, round_id)
    codes = _codes(session, round_id)
    width = appraised.unit_digits + appraised.item_count
    # Equal pieces of text are counted first and understood once: there are few of them.
    pieces: dict[tuple[int, Channel, Validity], Counter[str]] = {}
    rows = session.execute(
        select(Ballot.group_id, Ballot.channel, Ballot.validity, Ballot.ratings)
        .where(Ballot.round_id == round_id, Ballot.validity.in_(ENTERING))
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    for group, channel, validity, text in rows:
        found = pieces.setdefault((group, channel, validity), Counter())
        found.update(text[start : start + width] for start in range(0, len(text), width))
    return Tally(
        (
            Cell(
                codes.groups[group],
                channel.value,
                *_unit_and_pattern(piece, appraised, codes),
                validity is Validity.FLAGGED,
            ),
            count,
        )
        for (group, channel, validity), found in pieces.items()
        for piece, count in found.items()
    )


def _unit_and_pattern(piece: str, appraised: Round, codes: "_Codes") -> tuple[str, str]:
    """Return what one piece of a ballot says; a damaged one stays as it is, so it shows up."""
    try:
        (rating,) = read_ratings_text(piece, appraised.unit_digits, appraised.item_count)
        return codes.units[rating.unit_number], rating.pattern
    except (ValueError, KeyError):
        return "?", piece


def verify_tally(
    session: Session, round_id: int, tally: Tally | None = None
) -> tuple[Difference, ...]:
    """Return every cell in which the tally (as stored, or as given) and a recount disagree."""
    tallied = tally_of(session, round_id) if tally is None else tally
    recounted = recount(session, round_id)
    differing = {cell for cell, _ in tallied.items() ^ recounted.items()}
    return tuple(
        Difference(cell, tallied.get(cell, 0), recounted.get(cell, 0)) for cell in sorted(differing)
    )


def ballots_by_validity(session: Session, round_id: int) -> tuple[ValidityCount, ...]:
    """Return how many ballots are stored, by what was decided about them."""
    rows = session.execute(
        select(Ballot.validity, func.count())
        .where(Ballot.round_id == round_id)
        .group_by(Ballot.validity)
    )
    counted = dict(rows.all())
    return tuple(ValidityCount(v.value, counted.get(v, 0)) for v in Validity)


def ballots_by_group(session: Session, round_id: int) -> dict[int, int]:
    """Return how many ballots of each group entered the count."""
    rows = session.execute(
        select(Ballot.group_id, func.count())
        .where(Ballot.round_id == round_id, Ballot.validity.in_(ENTERING))
        .group_by(Ballot.group_id)
    )
    return dict(rows.all())


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


def indicator_scores(session: Session, round_id: int) -> dict[str, tuple[IndicatorScore, ...]]:
    """Return each unit's scores in force, indicator by indicator."""
    latest = work.import_in_force(session, round_id)
    if latest is None:
        return {}
    found: dict[str, list[IndicatorScore]] = {}
    for unit, row, score in session.execute(
        select(Unit.code, Indicator, WorkScore)
        .join(WorkScore, WorkScore.unit_id == Unit.id)
        .join(Indicator, Indicator.id == WorkScore.indicator_id)
        .where(WorkScore.import_id == latest.id)
        .order_by(Unit.number, Indicator.position)
    ):
        found.setdefault(unit, []).append(
            IndicatorScore(
                row.aspect,
                row.aspect_name,
                row.aspect_name_en,
                row.code,
                row.name,
                row.name_en,
                score.full_marks,
                score.score if score.applies else None,
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
    )


@dataclass(frozen=True)
class _Codes:
    """What stands in a run for the numbers of rows."""

    groups: Mapping[int, str]
    units: Mapping[int, str]


def _codes(session: Session, round_id: int) -> _Codes:
    groups = session.execute(select(Group.id, Group.code).where(Group.round_id == round_id))
    units = session.execute(select(Unit.number, Unit.code).where(Unit.round_id == round_id))
    return _Codes(dict(groups.all()), dict(units.all()))
