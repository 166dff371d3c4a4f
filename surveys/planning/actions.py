"""Changes rounds: imports one, and takes it from step to step of its life cycle."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from surveys import audit
from surveys.models import (
    Ballot,
    Base,
    Comment,
    Correction,
    Device,
    Draft,
    Group,
    Indicator,
    Link,
    Participation,
    QuestionnaireRow,
    Round,
    RoundState,
    RuleSetRow,
    TallyCell,
    Token,
    Unit,
    UnitClass,
)
from surveys.notice import freeze_notice
from surveys.planning.life import FROM, TO, Step, obstacles
from surveys.planning.plan import RoundPlan
from surveys.planning.queries import frozen_sha256, is_taken, locked_round, readiness
from surveys.refusals import NotReady, RoundFrozen, RoundTaken, WrongState

REHEARSED: tuple[type[Base], ...] = (
    Comment,
    Ballot,
    Device,
    TallyCell,
    Participation,
    Correction,
)


def import_round(session: Session, plan: RoundPlan, now: datetime, actor: str) -> Round:
    """Make a round and all its parts from a plan, or refuse when its code is taken."""
    if is_taken(session, plan.code):
        raise RoundTaken(code=plan.code)
    made = Round(
        code=plan.code,
        name=plan.name,
        name_en=plan.name_en,
        office=plan.office,
        office_en=plan.office_en,
        state=RoundState.DRAFT,
        is_demonstration=plan.is_demonstration,
        opens_at=plan.opens_at,
        closes_at=plan.closes_at,
        created_at=now,
        unit_digits=plan.unit_digits,
        item_count=len(plan.rules.items),
        contact=plan.contact,
        keep_months=plan.keep_months,
        results_on=plan.results_on,
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError as taken:  # somebody else imported it at the same moment
        raise RoundTaken(code=plan.code) from taken
    rules = plan.rules
    session.add(RuleSetRow(round_id=made.id, document=rules.to_json(), sha256=rules.sha256))
    _add_units(session, made.id, plan)
    _add_groups(session, made.id, plan)
    session.add_all(_indicators(made.id, plan))
    session.flush()
    audit.record(session, actor, "round imported", now, made.id, plan.code)
    return made


def rehearse_round(session: Session, round_id: int, now: datetime, actor: str) -> Round:
    """Let people try a drafted round; nothing of it will count."""
    made = locked_round(session, round_id)
    if made.frozen_at is not None:
        raise RoundFrozen
    _take(session, made, Step.REHEARSE, now)
    made.rehearsed_at = now
    audit.record(session, actor, "round rehearsed", now, made.id)
    return made


def open_round(session: Session, round_id: int, now: datetime, actor: str) -> Round:
    """Freeze a round and its notice, clear away its rehearsal and let ballots count."""
    made = locked_round(session, round_id)
    _take(session, made, Step.OPEN, now)
    _clear_rehearsal(session, made.id)
    made.frozen_at = now
    made.frozen_sha256 = frozen_sha256(session, made.id)
    audit.record(session, actor, "round opened", now, made.id, made.frozen_sha256)
    audit.record(session, actor, "notice frozen", now, made.id, freeze_notice(made))
    return made


def close_round(session: Session, round_id: int, now: datetime, actor: str) -> Round:
    """Take no more ballots; whoever holds the row lock now is the last one in."""
    made = locked_round(session, round_id)
    _take(session, made, Step.CLOSE, now)
    _delete_drafts(session, made.id)
    audit.record(session, actor, "round closed", now, made.id)
    return made


def publish_round(session: Session, round_id: int, now: datetime, actor: str) -> Round:
    """Make the newest scoring run the final one."""
    made = locked_round(session, round_id)
    _take(session, made, Step.PUBLISH, now)
    audit.record(session, actor, "round published", now, made.id)
    return made


STEPS = {
    Step.REHEARSE: rehearse_round,
    Step.OPEN: open_round,
    Step.CLOSE: close_round,
    Step.PUBLISH: publish_round,
}


def _take(session: Session, made: Round, step: Step, now: datetime) -> None:
    """Move a round on, or refuse where its state or something missing forbids it."""
    if made.state not in FROM[step]:
        raise WrongState(state=made.state)
    for obstacle in obstacles(step, made, readiness(session, made.id), now):
        raise NotReady(obstacle)
    made.state = TO[step]


def _clear_rehearsal(session: Session, round_id: int) -> None:
    for table in REHEARSED:
        session.execute(delete(table).where(table.__table__.c.round_id == round_id))
    links = select(Link.id).where(Link.round_id == round_id)
    session.execute(update(Token).where(Token.link_id.in_(links)).values(spent_by=None))
    _delete_drafts(session, round_id)


def _delete_drafts(session: Session, round_id: int) -> None:
    """Delete what was put aside and will never be handed in."""
    links = select(Link.id).where(Link.round_id == round_id)
    session.execute(delete(Draft).where(Draft.link_id.in_(links)))


def _add_units(session: Session, round_id: int, plan: RoundPlan) -> None:
    classes = {
        one.code: UnitClass(
            round_id=round_id, position=position, code=one.code, name=one.name, name_en=one.name_en
        )
        for position, one in enumerate(plan.classes, start=1)
    }
    session.add_all(classes.values())
    session.flush()
    session.add_all(
        Unit(
            round_id=round_id,
            class_id=classes[unit.class_code].id,
            number=number,
            code=unit.code,
            name=unit.name,
            name_en=unit.name_en,
            duties=unit.duties,
            duties_en=unit.duties_en,
            is_ranked=unit.is_ranked,
        )
        for number, unit in enumerate(plan.units, start=1)
    )


def _add_groups(session: Session, round_id: int, plan: RoundPlan) -> None:
    papers = {
        text.code: QuestionnaireRow(
            round_id=round_id, code=text.code, document=text.to_json(), sha256=text.sha256
        )
        for text in plan.questionnaires
    }
    session.add_all(papers.values())
    session.flush()
    session.add_all(
        Group(
            round_id=round_id,
            questionnaire_id=papers[group.questionnaire].id,
            position=position,
            code=group.code,
            name=group.name,
            name_en=group.name_en,
            invited_count=group.invited_count,
        )
        for position, group in enumerate(plan.groups, start=1)
    )


def _indicators(round_id: int, plan: RoundPlan) -> Iterable[Indicator]:
    return (
        Indicator(
            round_id=round_id,
            position=position,
            aspect=one.aspect,
            aspect_name=one.aspect_name,
            aspect_name_en=one.aspect_name_en,
            code=one.code,
            name=one.name,
            name_en=one.name_en,
            full_marks=one.full_marks,
            basis=one.basis,
        )
        for position, one in enumerate(plan.indicators, start=1)
    )
