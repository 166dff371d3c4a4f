"""The 70 points that are in force: scores, adjustments and vetoes of the newest import."""

import hashlib
from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.merge import Adjustment, WorkEntry
from surveys import models
from surveys.models import Indicator, Unit, WorkImport, WorkScore


def import_in_force(session: Session, round_id: int) -> WorkImport | None:
    """Return the newest import of work scores."""
    return session.scalars(
        select(WorkImport)
        .where(WorkImport.round_id == round_id)
        .order_by(WorkImport.id.desc())
        .limit(1)
    ).one_or_none()


def work_entries(session: Session, round_id: int) -> tuple[WorkEntry, ...] | None:
    """Return the scores in force by unit and indicator, or None where nothing was imported."""
    latest = import_in_force(session, round_id)
    if latest is None:
        return None
    rows = session.execute(
        select(
            Unit.code,
            Indicator.code,
            WorkScore.full_marks,
            WorkScore.score,
            WorkScore.applies,
            Indicator.aspect,
        )
        .join(Unit, Unit.id == WorkScore.unit_id)
        .join(Indicator, Indicator.id == WorkScore.indicator_id)
        .where(WorkScore.import_id == latest.id)
        .order_by(Unit.number, Indicator.position)
    )
    return tuple(WorkEntry(*row) for row in rows)


def adjustments(session: Session, round_id: int) -> tuple[Adjustment, ...]:
    """Return the bonuses and deductions in force."""
    return tuple(
        Adjustment(unit, row.points, row.reason)
        for unit, row in _adjustment_rows(session, round_id)
        if row.points
    )


def vetoes(session: Session, round_id: int) -> tuple[tuple[str, str], ...]:
    """Return the vetoed units in force, each with the reason."""
    return tuple(
        (unit, row.reason) for unit, row in _adjustment_rows(session, round_id) if row.is_veto
    )


def work_digest(session: Session, round_id: int) -> str | None:
    """Return the SHA-256 of all that the 70 points in force and the adjustments are made of."""
    return digest_with(session, round_id, work_entries(session, round_id))


def digest_with(session: Session, round_id: int, entries: Iterable[WorkEntry] | None) -> str | None:
    """Return the SHA-256 of scores that were read already and of the adjustments in force.

    One line per score (`score`, unit, indicator, full marks, score or `/`) and one per adjustment
    (`adjustment`, unit, points, `veto` or `-`, reason), parts separated by tabs, sorted, UTF-8.
    """
    if entries is None:
        return None
    lines = [
        ("score", entry.unit, entry.indicator, _digits(entry.full_marks), _digits(entry.score))
        for entry in entries
    ]
    lines += [
        ("adjustment", unit, _digits(row.points), "veto" if row.is_veto else "-", row.reason)
        for unit, row in _adjustment_rows(session, round_id)
    ]
    text = "".join(sorted("\t".join(line) + "\n" for line in lines))
    return hashlib.sha256(text.encode()).hexdigest()


def _adjustment_rows(session: Session, round_id: int) -> tuple[tuple[str, models.Adjustment], ...]:
    latest = import_in_force(session, round_id)
    if latest is None:
        return ()
    rows = session.execute(
        select(Unit.code, models.Adjustment)
        .join(Unit, Unit.id == models.Adjustment.unit_id)
        .where(models.Adjustment.import_id == latest.id)
        .order_by(Unit.number, models.Adjustment.id)
    )
    return tuple((unit, row) for unit, row in rows)


def _digits(number: object) -> str:
    """Write a decimal without trailing zeros, so that 5 and 5.0 are the same input."""
    if not isinstance(number, Decimal):
        return "/"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
