"""Changes the 70 points of a round: one confirmed workbook at a time, all of it or nothing."""

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session

from surveys import audit, models
from surveys.assessing.scores import SheetUnit, UnitScores, WorkPlan, WorkScores
from surveys.models import Round, RoundState, WorkImport, WorkScore
from surveys.refusals import WrongState
from surveys.rounds import round_of


def check_open_to_import(appraised: Round) -> None:
    """Refuse once the results are published."""
    if appraised.state is RoundState.PUBLISHED:
        raise WrongState(state=appraised.state)


def keep_work(
    session: Session,
    round_id: int,
    plan: WorkPlan,
    scores: WorkScores,
    file_name: str,
    content: bytes,
    now: datetime,
    actor: str,
) -> WorkImport:
    """Save one workbook's scores beside earlier imports; the newest is in force."""
    check_open_to_import(round_of(session, round_id))
    digest = hashlib.sha256(content).hexdigest()
    kept = WorkImport(
        round_id=round_id, file_name=file_name, sha256=digest, actor=actor, imported_at=now
    )
    session.add(kept)
    session.flush()
    units = {unit.code: unit for unit in plan.units}
    for unit in scores.units:
        session.add_all(_score_rows(kept.id, units[unit.unit], unit, plan))
    session.add_all(
        models.Adjustment(
            import_id=kept.id,
            unit_id=units[line.unit].id,
            points=line.points,
            is_veto=line.is_veto,
            reason=line.reason,
        )
        for line in scores.adjustments
    )
    audit.record(
        session, actor, "work imported", now, round_id, f"{file_name} · sha256 {digest[:8]}"
    )
    return kept


def _score_rows(
    import_id: int, unit: SheetUnit, scores: UnitScores, plan: WorkPlan
) -> list[WorkScore]:
    return [
        WorkScore(
            import_id=import_id,
            unit_id=unit.id,
            indicator_id=indicator.id,
            applies=score is not None,
            full_marks=indicator.full_marks,
            score=score,
        )
        for indicator, score in zip(plan.indicators, scores.scores, strict=True)
    ]
