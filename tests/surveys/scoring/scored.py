"""A small closed round with ballots whose figures can be worked out by hand."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from surveys import ballots
from surveys.db import Database, transaction
from surveys.models import (
    Adjustment,
    Indicator,
    RoundState,
    ScoringRun,
    Unit,
    WorkImport,
    WorkScore,
)
from surveys.questionnaire import Submission, UnitRating, Validity
from surveys.recount import Recount, recount
from surveys.scoring import actions
from surveys.tallies import record_check
from tests import makers
from tests.makers import NOW, Made

# (unit, scores on FUNC-1 of 40 and LAW-1 of 30); None does not apply.
WORK = {
    "U01": ("38", "28"),
    "U02": ("36.5", None),
    "U03": ("30", "30"),
    "U04": ("39", "29.5"),
}


def make_closed_round(
    session: Session, state: RoundState = RoundState.CLOSED, **changes: object
) -> Made:
    """Make four units in two classes (the last one not ranked) with a handful of ballots."""
    made = makers.make_round(
        session, state=RoundState.OPEN, units=4, classes=2, tokens=4, **changes
    )
    made.units[3].is_ranked = False
    for number, (pattern, validity) in enumerate(
        [
            ("AAAAA", Validity.COUNTED),
            ("ABBNC", Validity.COUNTED),
            ("BNNNA", Validity.COUNTED),  # two scored items: abstains
            ("EEEEE", Validity.FLAGGED),
            ("EEEEE", Validity.DUPLICATE),
        ]
    ):
        ratings = (UnitRating(1, pattern), UnitRating(2, "BBBBB"))
        keep_ballot(session, made, "citizens", number, ratings, validity)
    for number in range(2):
        keep_ballot(session, made, "enterprises", number, (UnitRating(3, "CCCCC"),))
    for number in range(3):
        ratings = tuple(UnitRating(unit, "ABABA") for unit in range(1, 5))
        keep_ballot(session, made, "npc", number, ratings, token=made.tokens["npc"][number])
    made.round.state = state
    session.flush()
    return made


def add_work(session: Session, made: Made) -> WorkImport:
    """Import work scores, a bonus and a veto."""
    kept = WorkImport(
        round_id=made.round.id,
        file_name="得分.xlsx",
        sha256="0" * 64,
        actor="绩效办",
        imported_at=NOW,
    )
    session.add(kept)
    session.flush()
    indicators = session.query(Indicator).filter_by(round_id=made.round.id).order_by("position")
    for unit in made.units:
        for indicator, score in zip(indicators, WORK[unit.code], strict=True):
            session.add(
                WorkScore(
                    import_id=kept.id,
                    unit_id=unit.id,
                    indicator_id=indicator.id,
                    applies=score is not None,
                    full_marks=indicator.full_marks,
                    score=None if score is None else Decimal(score),
                )
            )
    _adjust(session, kept, made.units[0], "6.00", "获国家级表彰")
    _adjust(session, kept, made.units[2], "0", "=发生重大责任事故", is_veto=True)
    session.flush()
    return kept


def _adjust(
    session: Session, kept: WorkImport, unit: Unit, points: str, reason: str, is_veto: bool = False
) -> None:
    session.add(
        Adjustment(
            import_id=kept.id,
            unit_id=unit.id,
            points=Decimal(points),
            is_veto=is_veto,
            reason=reason,
        )
    )


def keep_ballot(
    session: Session,
    made: Made,
    link: str,
    number: int,
    ratings: tuple[UnitRating, ...],
    validity: Validity = Validity.COUNTED,
    token: str | None = None,
) -> None:
    submission: Submission = makers.make_submission(
        made,
        link,
        submission_id=f"{link}-{number}".ljust(22, "0"),
        ratings=ratings,
        validity=validity,
        token_digest=None if token is None else makers.token_digest(token),
    )
    answers = ballots.store(session, [submission], NOW)
    assert [str(answer) for answer in answers] == ["kept"]


def score_round(
    session: Session, made: Made, now: datetime = NOW, actor: str = "绩效办"
) -> ScoringRun:
    """Compute and record a run in one transaction."""
    return actions.record_run(session, actions.prepare_run(session, made.round.id), now, actor)


def verify(database: Database, made: Made) -> Recount:
    """Count again and keep what was found."""
    found = recount(database, made.round.id)
    with transaction(database) as session:
        record_check(session, made.round.id, found.finding, NOW, "绩效办")
    return found
