"""Reads rounds: the list, one with its plan, what it still needs, and its history."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from analytics.rules import parse_rules
from surveys.models import (
    AuditEntry,
    Group,
    Indicator,
    Link,
    Participation,
    QuestionnaireRow,
    Round,
    Unit,
    WorkImport,
)
from surveys.notice import KEEP_MONTHS
from surveys.planning.plan import (
    PlannedClass,
    PlannedGroup,
    PlannedIndicator,
    PlannedUnit,
    RoundPlan,
)
from surveys.questionnaire import parse_questionnaire
from surveys.refusals import RoundUnknown


@dataclass(frozen=True)
class ListedRound:
    """A round as the list shows it."""

    round: Round
    ballots: int
    units: int


@dataclass(frozen=True)
class Readiness:
    """What a round has for its next step, besides its plan."""

    active_links: int
    groups_without_link: tuple[Group, ...]
    has_work: bool


def rounds(session: Session) -> tuple[ListedRound, ...]:
    """Return every round, the newest first."""
    ballots = (
        select(func.coalesce(func.sum(Participation.count), 0))
        .where(Participation.round_id == Round.id)
        .scalar_subquery()
    )
    units = select(func.count(Unit.id)).where(Unit.round_id == Round.id).scalar_subquery()
    found = session.execute(select(Round, ballots, units).order_by(Round.id.desc()))
    return tuple(ListedRound(one, int(count), int(size)) for one, count, size in found)


def locked_round(session: Session, round_id: int) -> Round:
    """Return a round that nobody else can change, and into which no ballot goes, until commit."""
    found = session.scalars(
        select(Round).where(Round.id == round_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise RoundUnknown(code=round_id)
    return found


def readiness(session: Session, round_id: int) -> Readiness:
    """Return which doors a round has and whether work scores are there."""
    linked = set(
        session.scalars(
            select(Link.group_id).where(Link.round_id == round_id, Link.is_active).distinct()
        )
    )
    groups = session.scalars(
        select(Group).where(Group.round_id == round_id).order_by(Group.position)
    )
    imports = select(func.count(WorkImport.id)).where(WorkImport.round_id == round_id)
    links = select(func.count(Link.id)).where(Link.round_id == round_id, Link.is_active)
    return Readiness(
        session.scalars(links).one(),
        tuple(group for group in groups if group.id not in linked),
        bool(session.scalars(imports).one()),
    )


def plan_of(session: Session, round_id: int) -> RoundPlan:
    """Return the plan that a round was made from, as its rows hold it."""
    found = session.scalars(
        select(Round)
        .where(Round.id == round_id)
        .options(
            selectinload(Round.classes),
            selectinload(Round.units).joinedload(Unit.unit_class),
            selectinload(Round.groups).joinedload(Group.questionnaire),
            joinedload(Round.rule_set),
        )
    ).one_or_none()
    if found is None:
        raise RoundUnknown(code=round_id)
    papers = session.scalars(
        select(QuestionnaireRow)
        .where(QuestionnaireRow.round_id == round_id)
        .order_by(QuestionnaireRow.id)
    )
    return RoundPlan(
        code=found.code,
        name=found.name,
        name_en=found.name_en,
        office=found.office,
        office_en=found.office_en,
        opens_at=found.opens_at,
        closes_at=found.closes_at,
        is_demonstration=found.is_demonstration,
        contact=found.contact,
        keep_months=found.keep_months or KEEP_MONTHS,
        results_on=found.results_on,
        classes=tuple(PlannedClass(one.code, one.name, one.name_en) for one in found.classes),
        units=tuple(_unit(unit) for unit in found.units),
        groups=tuple(_group(group) for group in found.groups),
        questionnaires=tuple(parse_questionnaire(paper.document) for paper in papers),
        rules=parse_rules(found.rule_set.document),
        indicators=_indicators(session, round_id),
    )


def frozen_document(session: Session, round_id: int) -> dict[str, Any]:
    """Return everything that decides what is asked and how it is scored."""
    return plan_of(session, round_id).document()


def frozen_sha256(session: Session, round_id: int) -> str:
    """Return the digest of the frozen document's canonical JSON."""
    canonical = json.dumps(
        frozen_document(session, round_id),
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def history(session: Session, round_id: int) -> tuple[AuditEntry, ...]:
    """Return who did what in a round, the newest first."""
    return tuple(
        session.scalars(
            select(AuditEntry)
            .where(AuditEntry.round_id == round_id)
            .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        )
    )


def is_taken(session: Session, code: str) -> bool:
    """Tell whether a round of this code exists."""
    return session.scalars(select(Round.id).where(Round.code == code)).first() is not None


def _unit(unit: Unit) -> PlannedUnit:
    return PlannedUnit(
        code=unit.code,
        name=unit.name,
        class_code=unit.unit_class.code,
        name_en=unit.name_en,
        is_ranked=unit.is_ranked,
        duties=unit.duties,
        duties_en=unit.duties_en,
    )


def _group(group: Group) -> PlannedGroup:
    return PlannedGroup(
        code=group.code,
        name=group.name,
        questionnaire=group.questionnaire.code,
        name_en=group.name_en,
        invited_count=group.invited_count,
    )


def _indicators(session: Session, round_id: int) -> tuple[PlannedIndicator, ...]:
    found = session.scalars(
        select(Indicator).where(Indicator.round_id == round_id).order_by(Indicator.position)
    )
    return tuple(
        PlannedIndicator(
            aspect=one.aspect,
            aspect_name=one.aspect_name,
            aspect_name_en=one.aspect_name_en,
            code=one.code,
            name=one.name,
            name_en=one.name_en,
            full_marks=one.full_marks,
            basis=one.basis,
        )
        for one in found
    )
