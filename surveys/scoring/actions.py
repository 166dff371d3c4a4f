"""Makes scoring runs: one computation each, recorded whole and never changed afterwards."""

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

import analytics
from analytics.rules import RuleSet
from analytics.tally import Tally
from surveys import __version__, audit, tallies, work
from surveys.models import Round, RoundState, ScoringRun, UnitScore
from surveys.questionnaire import ENTERING, Validity
from surveys.refusals import (
    InputChanged,
    NothingToScore,
    RoundUnknown,
    TallyDisagrees,
    WrongState,
)
from surveys.rounds import rule_set
from surveys.scoring import queries
from surveys.scoring.computing import Computed, Inputs, Named, compute
from surveys.scoring.json_form import write_json
from surveys.scoring.run import GroupFacts, RunSummary, ValidityCount, WorkSource
from surveys.tallies import BallotKind, FoldedRow, Frame

SCORING_STATES = frozenset({RoundState.CLOSED, RoundState.SCORED})


@dataclass(frozen=True)
class PreparedRun:
    """A run that is computed and not yet recorded, with what it was made of."""

    round_id: int
    frame: Frame
    rules: RuleSet
    folded: tuple[FoldedRow, ...]  # the tally as the store gave it
    tally: Tally
    tally_sha256: str
    import_id: int | None  # of the work scores
    work_sha256: str | None
    summary: RunSummary
    units: tuple[tuple[str, str], ...]  # code and figures, in the order of the official table


def prepare_run(session: Session, round_id: int) -> PreparedRun:
    """Compute every figure of a closed round; nothing is locked and nothing is written.

    It reads counts and no ballot, so it costs the same however many ballots there are.
    """
    appraised = session.get(Round, round_id)
    _check_state(appraised, round_id)
    frame = tallies.frame_of(session, round_id)
    folded = tallies.folded_rows(session, round_id)
    if not folded:
        raise NothingToScore
    tally = tallies.tally_in(frame, folded)
    rules = rule_set(session, round_id)
    inputs = _inputs(session, round_id, tally, rules)
    computed = compute(inputs)
    latest = work.import_in_force(session, round_id)
    return PreparedRun(
        round_id=round_id,
        frame=frame,
        rules=rules,
        folded=folded,
        tally=tally,
        tally_sha256=tally.digest(),
        import_id=latest.id if latest else None,
        work_sha256=work.digest_with(session, round_id, inputs.work),
        summary=_summary(session, round_id, tally, computed),
        units=tuple((unit.code, write_json(unit)) for unit in computed.units),
    )


def record_run(session: Session, prepared: PreparedRun, now: datetime, actor: str) -> ScoringRun:
    """Keep a computed run as the round's next one, if what it was made of still stands."""
    round_id = prepared.round_id
    appraised = session.scalars(
        select(Round).where(Round.id == round_id).with_for_update()
    ).one_or_none()
    _check_state(appraised, round_id)
    _check_input(session, prepared)
    summary = replace(prepared.summary, is_recounted=_is_recounted(session, prepared))
    last = session.scalar(
        select(func.max(ScoringRun.number)).where(ScoringRun.round_id == round_id)
    )
    made = ScoringRun(
        round_id=round_id,
        number=(last or 0) + 1,
        created_at=now,
        actor=actor,
        code_version=code_version(),
        rules=prepared.rules.to_json(),
        rules_sha256=prepared.rules.sha256,
        tally_sha256=prepared.tally_sha256,
        work_sha256=prepared.work_sha256,
        summary=write_json(summary),
    )
    session.add(made)
    session.flush()
    session.execute(
        insert(UnitScore),
        [
            {"run_id": made.id, "unit_code": code, "position": place, "figures": figures}
            for place, (code, figures) in enumerate(prepared.units, start=1)
        ],
    )
    session.get_one(Round, round_id).state = RoundState.SCORED
    details = f"#{made.number} · {made.tally_sha256[:8]} · {made.rules_sha256[:8]}"
    audit.record(session, actor, "round scored", now, round_id, details)
    return made


@cache
def code_version() -> str:
    """Return the version of the product and a digest of the sources that compute the scores."""
    sources = hashlib.sha256()
    for path in sorted(Path(analytics.__file__).parent.glob("*.py")):
        sources.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__} {sources.hexdigest()}"


def _check_state(appraised: Round | None, round_id: int) -> None:
    if appraised is None:
        raise RoundUnknown(code=round_id)
    if appraised.state not in SCORING_STATES:
        raise WrongState(state=appraised.state)


def _check_input(session: Session, prepared: PreparedRun) -> None:
    """Refuse when ballots or work scores have changed since the run was computed."""
    folded = tallies.folded_rows(session, prepared.round_id)
    # A store may give the same counts in another order; then they are worth a closer look.
    if folded != prepared.folded and tallies.tally_in(prepared.frame, folded) != prepared.tally:
        raise InputChanged
    latest = work.import_in_force(session, prepared.round_id)
    if (latest.id if latest else None) != prepared.import_id:
        raise InputChanged


def _is_recounted(session: Session, prepared: PreparedRun) -> bool:
    """Tell whether a recount has agreed with this very tally; refuse where it did not."""
    check = tallies.latest_check(session, prepared.round_id, prepared.tally_sha256)
    if check is not None and check.differences:
        raise TallyDisagrees(count=check.differences)
    return check is not None


def _inputs(session: Session, round_id: int, tally: Tally, rules: RuleSet) -> Inputs:
    rows = queries.units_of(session, round_id)
    entries = work.work_entries(session, round_id)
    return Inputs(
        tally=tally,
        rules=rules,
        units=queries.appraised_units(rows),
        english={row.code: row.name_en for row in rows},
        classes=tuple(
            Named(row.code, row.name, row.name_en) for row in queries.classes_of(session, round_id)
        ),
        work=entries,
        indicators=queries.indicator_scores(session, round_id, entries or ()),
        lines=queries.adjustment_lines(session, round_id),
    )


def _summary(session: Session, round_id: int, tally: Tally, computed: Computed) -> RunSummary:
    appraised = session.get_one(Round, round_id)
    ballots = tallies.ballots_of(session, round_id)
    entered = _entered(ballots)
    latest = work.import_in_force(session, round_id)
    return RunSummary(
        round_code=appraised.code,
        round_name=appraised.name,
        round_name_en=appraised.name_en,
        office=appraised.office,
        office_en=appraised.office_en,
        is_demonstration=appraised.is_demonstration,
        frozen_sha256=appraised.frozen_sha256,
        ballots=_by_validity(ballots),
        ratings=tally.total,
        is_recounted=False,
        groups=tuple(
            GroupFacts(
                group.code,
                group.name,
                group.name_en,
                group.invited_count,
                entered[group.code],
                group.code in computed.suspended_groups,
                group.code in computed.small_groups,
            )
            for group in queries.groups_of(session, round_id)
        ),
        classes=computed.classes,
        work=None
        if latest is None
        else WorkSource(
            latest.file_name, latest.sha256, latest.imported_at.isoformat(), latest.actor
        ),
    )


def _entered(ballots: dict[BallotKind, int]) -> Counter[str]:
    """Return how many ballots of each group entered the count."""
    counts: Counter[str] = Counter()
    for (group, _, validity), count in ballots.items():
        if validity in ENTERING:
            counts[group] += count
    return counts


def _by_validity(ballots: dict[BallotKind, int]) -> tuple[ValidityCount, ...]:
    counts: Counter[str] = Counter()
    for (_, _, validity), count in ballots.items():
        counts[validity] += count
    return tuple(ValidityCount(v.value, counts[v.value]) for v in Validity)
