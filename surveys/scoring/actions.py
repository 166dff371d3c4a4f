"""Makes scoring runs: one computation each, recorded whole and never changed afterwards."""

import hashlib
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

import analytics
from analytics.rules import RuleSet
from analytics.tally import Tally
from surveys import __version__, audit, work
from surveys.models import Round, RoundState, ScoringRun, UnitScore
from surveys.refusals import NothingToScore, RoundUnknown, TallyDisagrees, WrongState
from surveys.rounds import rule_set
from surveys.scoring import queries
from surveys.scoring.computing import Computed, Inputs, Named, compute
from surveys.scoring.json_form import write_json
from surveys.scoring.run import GroupFacts, RunSummary, WorkSource

# Counting so many ballots again takes seconds; beyond it `flask tally verify` does it apart.
RECOUNTED_BALLOTS = 200_000


def record_run(session: Session, round_id: int, now: datetime, actor: str) -> ScoringRun:
    """Compute every figure of a closed round and keep it as the round's next run."""
    appraised = _round_to_score(session, round_id)
    tally = queries.tally_of(session, round_id)
    if not tally:
        raise NothingToScore
    is_recounted = _check_tally(session, round_id, tally)
    rules = rule_set(session, round_id)
    computed = compute(_inputs(session, round_id, tally, rules))
    numbers = queries.run_numbers(session, round_id)
    made = ScoringRun(
        round_id=round_id,
        number=(numbers[-1] if numbers else 0) + 1,
        created_at=now,
        actor=actor,
        code_version=code_version(),
        rules=rules.to_json(),
        rules_sha256=rules.sha256,
        tally_sha256=tally.digest(),
        work_sha256=work.work_digest(session, round_id),
        summary=write_json(_summary(session, appraised, tally, computed, is_recounted)),
    )
    session.add(made)
    session.flush()
    session.add_all(
        UnitScore(run_id=made.id, unit_code=unit.code, position=place, figures=write_json(unit))
        for place, unit in enumerate(computed.units, start=1)
    )
    appraised.state = RoundState.SCORED
    details = f"#{made.number} · {made.tally_sha256[:8]} · {made.rules_sha256[:8]}"
    audit.record(session, actor, "round scored", now, round_id, details)
    return made


def code_version() -> str:
    """Return the version of the product and a digest of the sources that compute the scores."""
    sources = hashlib.sha256()
    for path in sorted(Path(analytics.__file__).parent.glob("*.py")):
        sources.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__} {sources.hexdigest()}"


def _round_to_score(session: Session, round_id: int) -> Round:
    """Return the round, locked where the store can lock, or refuse in any other state."""
    appraised = session.scalars(
        select(Round).where(Round.id == round_id).with_for_update()
    ).one_or_none()
    if appraised is None:
        raise RoundUnknown(code=round_id)
    if appraised.state not in {RoundState.CLOSED, RoundState.SCORED}:
        raise WrongState(state=appraised.state)
    return appraised


def _check_tally(session: Session, round_id: int, tally: Tally) -> bool:
    """Refuse a tally that is not what the ballots say; tell whether it was compared."""
    if sum(queries.ballots_by_group(session, round_id).values()) > RECOUNTED_BALLOTS:
        return False
    differences = queries.verify_tally(session, round_id, tally)
    if differences:
        raise TallyDisagrees(count=len(differences))
    return True


def _inputs(session: Session, round_id: int, tally: Tally, rules: RuleSet) -> Inputs:
    rows = queries.units_of(session, round_id)
    return Inputs(
        tally=tally,
        rules=rules,
        units=queries.appraised_units(rows),
        english={row.code: row.name_en for row in rows},
        classes=tuple(
            Named(row.code, row.name, row.name_en) for row in queries.classes_of(session, round_id)
        ),
        work=work.work_entries(session, round_id),
        indicators=queries.indicator_scores(session, round_id),
        lines=queries.adjustment_lines(session, round_id),
    )


def _summary(
    session: Session, appraised: Round, tally: Tally, computed: Computed, is_recounted: bool
) -> RunSummary:
    ballots = queries.ballots_by_group(session, appraised.id)
    latest = work.import_in_force(session, appraised.id)
    return RunSummary(
        round_code=appraised.code,
        round_name=appraised.name,
        round_name_en=appraised.name_en,
        office=appraised.office,
        office_en=appraised.office_en,
        is_demonstration=appraised.is_demonstration,
        frozen_sha256=appraised.frozen_sha256,
        ballots=queries.ballots_by_validity(session, appraised.id),
        ratings=tally.total,
        is_recounted=is_recounted,
        groups=tuple(
            GroupFacts(
                group.code,
                group.name,
                group.name_en,
                group.invited_count,
                ballots.get(group.id, 0),
                group.code in computed.suspended_groups,
                group.code in computed.small_groups,
            )
            for group in queries.groups_of(session, appraised.id)
        ),
        classes=computed.classes,
        work=None
        if latest is None
        else WorkSource(
            latest.file_name, latest.sha256, latest.imported_at.isoformat(), latest.actor
        ),
    )
