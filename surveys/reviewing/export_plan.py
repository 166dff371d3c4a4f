"""What an export of ballots holds: which groups, which columns, under which names."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveys.models import Group, Link, Participation, QuestionnaireRow, Round, RoundState, Unit
from surveys.questionnaire import Channel, Question, parse_questionnaire
from surveys.refusals import ExportTooEarly
from surveys.rounds import round_of, rule_set

# Only after these can no more ballots of one-time codes arrive.
ENDED = frozenset({RoundState.CLOSED, RoundState.SCORED, RoundState.PUBLISHED})


class Scope(StrEnum):
    """Whose ballots are exported."""

    ALL = "all"
    OPEN = "open"  # of the groups that have no one-time codes


@dataclass(frozen=True)
class ExportPlan:
    """A round as an export needs it; names are in the reader's language.

    `units` has the code and name under a unit's number as the ratings text writes it.
    """

    round_id: int
    code: str
    name: str
    notice_sha256: str | None
    unit_digits: int
    items: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    units: Mapping[str, tuple[str, str]]
    group_names: Mapping[int, str]
    group_codes: Mapping[int, str]
    links: Mapping[int, str]
    questions: tuple[Question, ...]
    total: int

    @property
    def width(self) -> int:
        """Return how many signs one unit takes in the ratings text."""
        return self.unit_digits + len(self.items)


def export_plan(session: Session, round_id: int, scope: Scope, *, is_english: bool) -> ExportPlan:
    """Return what an export holds, or refuse one that would tell secret ballots apart by time."""
    exported = round_of(session, round_id)
    groups = _groups(session, exported, scope)
    rules = rule_set(session, round_id)
    units = session.scalars(select(Unit).where(Unit.round_id == round_id).order_by(Unit.number))
    links = session.scalars(select(Link).where(Link.round_id == round_id))

    def said(thing: Any, field: str = "name") -> str:
        english = getattr(thing, f"{field}_en", None) if is_english else None
        return str(english or getattr(thing, field))

    return ExportPlan(
        round_id=round_id,
        code=exported.code,
        name=said(exported),
        notice_sha256=exported.notice_sha256,
        unit_digits=exported.unit_digits,
        items=tuple((item.code, said(item, "words")) for item in rules.items),
        options=tuple((option.code, said(option, "words")) for option in rules.options),
        units={f"{one.number:0{exported.unit_digits}d}": (one.code, said(one)) for one in units},
        group_names={group.id: said(group) for group in groups},
        group_codes={group.id: group.code for group in groups},
        links={link.id: link.label or link.code for link in links},
        questions=_questions(session, groups),
        total=_total(session, round_id, [group.id for group in groups]),
    )


def _groups(session: Session, exported: Round, scope: Scope) -> list[Group]:
    """Return the groups of an export; while a round is open, none that has one-time codes."""
    secret = select(Link.group_id).where(
        Link.round_id == exported.id, Link.channel == Channel.TOKEN
    )
    wanted = select(Group).where(Group.round_id == exported.id).order_by(Group.position)
    if scope is Scope.OPEN:
        return list(session.scalars(wanted.where(Group.id.not_in(secret))))
    has_secret = session.scalars(secret.limit(1)).first() is not None
    if has_secret and exported.state not in ENDED:
        raise ExportTooEarly
    return list(session.scalars(wanted))


def _questions(session: Session, groups: list[Group]) -> tuple[Question, ...]:
    """Return the general questions of these groups, one column for each code."""
    wanted = {group.questionnaire_id for group in groups}
    rows = session.scalars(
        select(QuestionnaireRow)
        .where(QuestionnaireRow.id.in_(wanted))
        .order_by(QuestionnaireRow.id)
    )
    found: dict[str, Question] = {}
    for row in rows:
        for question in parse_questionnaire(row.document).questions:
            found.setdefault(question.code, question)
    return tuple(found.values())


def _total(session: Session, round_id: int, group_ids: list[int]) -> int:
    """Return how many ballots there are to be, from the counts that the writer folds."""
    counted = (
        select(func.sum(Participation.count))
        .join(Link, Link.id == Participation.link_id)
        .where(Participation.round_id == round_id, Link.group_id.in_(group_ids))
    )
    return int(session.scalars(counted).one() or 0)
