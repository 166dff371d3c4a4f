"""Works out what statistics say beside a scoring run, once, in a job of its own."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from analytics.evidence.inputs import EvidenceInputs, LastYear, PopulationTable
from analytics.evidence.inputs import Written as Comment
from analytics.evidence.result import RoundEvidence
from analytics.plain_values import plain_value
from analytics.shapes import Floats
from analytics.shaping import score_counts
from analytics.social import Unit, score
from surveys import audit, tallies
from surveys.jobs import Claim, Kind, Result, Task, Write, living_job, start_job
from surveys.models import Evidence, Round, ScoringRun
from surveys.recount import one_moment
from surveys.refusals import EvidenceBehind, RunUnknown
from surveys.rounds import rule_set
from surveys.scoring import queries
from surveys.scoring.actions import code_version
from surveys.scoring.ballot_rows import StoredBallots, stored_ballots
from surveys.scoring.json_form import form_of
from surveys.scoring.run import RunView

MADE = "evidence.json"
STEPS = 2


def evidence_work(task: Task) -> Result:
    """Read the ballots behind a run, work its evidence out and write it down for keeping."""
    assert task.round_id is not None  # noqa: S101 - evidence is worked out for a round
    task.tell(0, STEPS)
    with one_moment(task.database) as session:
        run_id, inputs = evidence_inputs(session, task.round_id, int(task.arguments["run"]))
    task.tell(1, STEPS)
    (task.folder / MADE).write_text(evidence_document(inputs), encoding="utf-8")
    task.tell(STEPS, STEPS)
    return {"run_id": run_id, "run": task.arguments["run"], "ballots": len(inputs.rows.ballots)}


def keep_evidence(claim: Claim, found: Result, write: Write, folder: Path) -> Result:
    """Keep what was worked out, unless another job has kept the evidence of this run before."""
    document = (folder / MADE).read_text(encoding="utf-8")
    with write() as step:
        key = found["run_id"], form_of(RoundEvidence)
        if step.session.get(Evidence, key) is None:
            record_evidence(step.session, found["run_id"], document, step.now, claim.actor)
    return found


EVIDENCE = Kind("evidence", evidence_work, apply=keep_evidence)


def evidence_job(
    session: Session, round_id: int, number: int, now: datetime, actor: str
) -> int | None:
    """Return the id of the job that works out the evidence of a run; None where it is kept.

    One is started unless one of the round waits or runs.
    """
    if queries.has_evidence(session, round_id, number):
        return None
    living = living_job(session, round_id, EVIDENCE.name)
    if living is not None:
        return living
    return start_evidence(session, round_id, number, now, actor)


def start_evidence(session: Session, round_id: int, number: int, now: datetime, actor: str) -> int:
    """Start the job that works out the evidence of a run; return its id."""
    return start_job(session, EVIDENCE.name, now, actor, round_id, {"run": number}).id


def evidence_inputs(session: Session, round_id: int, number: int) -> tuple[int, EvidenceInputs]:
    """Return the id of a run and everything its evidence is made from, or refuse.

    What is read must be what the run was made of: ballots that were decided about since refuse.
    """
    run_id = session.scalars(
        select(ScoringRun.id).where(ScoringRun.round_id == round_id, ScoringRun.number == number)
    ).one_or_none()
    if run_id is None:
        raise RunUnknown
    run = queries.run_view(session, round_id, number)
    frame = tallies.frame_of(session, round_id)
    tally = tallies.tally_of(session, frame)
    if tally.digest() != run.tally_sha256:
        raise EvidenceBehind(number=number)
    stored = stored_ballots(session, frame, run.rules)
    rows = queries.units_of(session, round_id)
    by_code = {unit.code: unit for unit in queries.appraised_units(rows)}
    units = tuple(by_code[code] for _, code in frame.units)
    return run_id, EvidenceInputs(
        rules=run.rules,
        units=units,
        tally=tally,
        social=score(tally, run.rules, units),
        official=_official(run, units),
        has_totals=run.has_totals,
        rows=stored.rows,
        is_sample=stored.is_sample,
        invited={group.code: group.invited for group in run.summary.groups if group.invited},
        written=tuple(Comment(one.group, one.unit, one.words) for one in stored.written),
        place_people=stored.place_people,
        population=_population(stored),
        last_year=_last_year(session, round_id, units),
    )


def evidence_document(inputs: EvidenceInputs) -> str:
    """Return the evidence of a round as the store keeps it."""
    # Here and not at the top: the server only keeps what a child works out, and need not carry
    # the 13 MB of all statistics.
    from analytics.evidence.gathering import evidence_of

    made = plain_value(evidence_of(inputs))
    return json.dumps(made, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def record_evidence(
    session: Session, run_id: int, document: str, now: datetime, actor: str
) -> None:
    """Keep the evidence of a run, in the caller's transaction."""
    run = session.get_one(ScoringRun, run_id)
    session.add(
        Evidence(
            run_id=run_id,
            form=form_of(RoundEvidence),
            created_at=now,
            actor=actor,
            code_version=code_version(),
            document=document,
        )
    )
    audit.record(session, actor, "evidence worked out", now, run.round_id, f"#{run.number}")


# --- the parts, in order of use ------------------------------------------------------------------


def _official(run: RunView, units: tuple[Unit, ...]) -> Floats:
    """Return what ranks go by: the total where there are totals, else the social score."""
    figures = {unit.code: unit for unit in run.units}
    values = [
        figures[unit.code].total if run.has_totals else figures[unit.code].social for unit in units
    ]
    return np.array([np.nan if value is None else float(value) for value in values], np.float64)


def _population(stored: StoredBallots) -> PopulationTable | None:
    if not stored.variables:
        return None
    return PopulationTable(stored.variables, stored.levels, stored.people, stored.answers)


def _last_year(session: Session, round_id: int, units: tuple[Unit, ...]) -> LastYear | None:
    """Return the newest earlier round that scored some of these units, as its counts stand."""
    codes = {unit.code for unit in units}
    earlier = session.execute(
        select(Round.id, Round.name, Round.name_en)
        .join(ScoringRun, ScoringRun.round_id == Round.id)
        .where(Round.id < round_id)
        .distinct()
        .order_by(Round.id.desc())
    )
    for earlier_id, name, name_en in earlier.all():
        appraised = queries.appraised_units(queries.units_of(session, earlier_id))
        if codes.isdisjoint(unit.code for unit in appraised):
            continue
        rules = rule_set(session, earlier_id)
        tally = tallies.tally_of(session, tallies.frame_of(session, earlier_id))
        return LastYear(name, name_en, rules, score_counts(score(tally, rules, appraised), rules))
    return None
