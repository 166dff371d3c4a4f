"""Which entrance a code opens, what is asked behind it, and whether a token may be used there."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Executable, Row, bindparam, select
from sqlalchemy.orm import Session, joinedload

from analytics.rules import RuleSet
from surveys.answering.fields import Fields, fields_of
from surveys.answering.memory import Memory
from surveys.models import (
    Draft,
    Group,
    Link,
    QuestionnaireRow,
    Round,
    RoundState,
    RuleSetRow,
    Token,
    Unit,
    check_serving,
)
from surveys.notice import Notice, notice_of
from surveys.questionnaire import (
    AskedClass,
    AskedUnit,
    Channel,
    Questionnaire,
    UnitChoice,
    parse_questionnaire,
)
from surveys.refusals import LinkClosed, LinkUnknown, TokenSpent, TokenUnknown
from surveys.rounds import rule_set

PHONE_CHANNELS = {Channel.OPEN, Channel.WINDOW, Channel.TOKEN}
LINK_CODE = re.compile(r"[0-9A-Za-z_-]{1,20}")

# Built once: every phone asks it.
_ENTRANCE: Executable = (
    select(
        Round,
        Link.id,
        Link.channel,
        Link.group_id,
        Link.is_active,
        Link.is_shared,
        Link.excluded_unit_id,
        Unit.number.label("window_number"),
        Group.questionnaire_id,
        QuestionnaireRow.sha256.label("questionnaire_sha256"),
        RuleSetRow.sha256.label("rules_sha256"),
    )
    .select_from(Link)
    .join(Round, Round.id == Link.round_id)
    .join(Group, Group.id == Link.group_id)
    .join(QuestionnaireRow, QuestionnaireRow.id == Group.questionnaire_id)
    .join(RuleSetRow, RuleSetRow.round_id == Link.round_id)
    .outerjoin(Unit, Unit.id == Link.unit_id)
    .where(Link.code == bindparam("code"))
)


@dataclass(frozen=True)
class Asked:
    """What an entrance asks, and by which rules its ballots are judged."""

    questionnaire: Questionnaire
    rules: RuleSet
    fields: Fields
    version: str


@dataclass(frozen=True)
class OpenLink:
    """An entrance for phones, as it was when it was read; `check_open` says whether it serves."""

    id: int
    code: str
    channel: Channel
    round_id: int
    group_id: int
    name: str
    name_en: str | None
    office: str
    office_en: str | None
    contact: str | None
    notice: Notice
    is_demonstration: bool
    is_active: bool
    state: RoundState
    opens_at: datetime | None
    closes_at: datetime | None
    results_on: date | None
    leaves_own_unit_out: bool
    window_unit: AskedUnit | None
    asked: Asked
    is_shared: bool = False
    asks_for_work: bool = False

    @property
    def questionnaire(self) -> Questionnaire:
        """Return what is asked."""
        return self.asked.questionnaire

    @property
    def is_rehearsal(self) -> bool:
        """Tell whether what is handed in will be deleted when the round opens."""
        return self.state is RoundState.REHEARSAL

    @property
    def is_token(self) -> bool:
        """Tell whether a one-time code admits here, and the ballot is therefore secret."""
        return self.channel is Channel.TOKEN

    @property
    def marks_browsers(self) -> bool:
        """Tell whether a browser answers once: not where many use one, nor by a one-time code."""
        return not self.is_token and not self.is_shared

    @property
    def asks_all_units(self) -> bool:
        """Tell whether every unit is expected to be rated."""
        return self.questionnaire.text.unit_choice is UnitChoice.ALL

    def check_open(self, now: datetime) -> None:
        """Refuse where nothing may be handed in at this moment."""
        if not self.is_active:
            raise LinkClosed
        check_serving(self.state, self.opens_at, self.closes_at, now)


def phone_link(session: Session, code: str, known: Memory[Asked]) -> OpenLink:
    """Return the entrance behind a code, or refuse."""
    found = _entrance(session, code)
    if found is None or found.channel not in PHONE_CHANNELS:
        raise LinkUnknown
    served: Round = found.Round
    asked = _asked(session, found, known)
    return OpenLink(
        id=found.id,
        code=code,
        channel=found.channel,
        round_id=served.id,
        group_id=found.group_id,
        name=served.name,
        name_en=served.name_en,
        office=served.office,
        office_en=served.office_en,
        contact=served.contact,
        notice=notice_of(served),
        is_demonstration=served.is_demonstration,
        is_active=found.is_active,
        is_shared=found.is_shared,
        asks_for_work=served.asks_for_work and found.channel is not Channel.TOKEN,
        state=served.state,
        opens_at=served.opens_at,
        closes_at=served.closes_at,
        results_on=served.results_on,
        leaves_own_unit_out=found.excluded_unit_id is not None,
        window_unit=_unit_of(asked.questionnaire, found.window_number),
        asked=asked,
    )


def check_token(session: Session, link: OpenLink, digest: str, *, hold: bool = False) -> None:
    """Refuse a token that is not of this entrance or has been used; change nothing.

    `hold` lets nobody spend it before the transaction ends.
    """
    asked = select(Token.spent_by).where(
        Token.digest == digest, Token.link_id == link.id, Token.is_void.is_(False)
    )
    token = session.execute(asked.with_for_update() if hold else asked).one_or_none()
    if token is None:
        raise TokenUnknown
    if token.spent_by is not None:
        raise TokenSpent


def sealed_draft_of(session: Session, digest: str) -> str | None:
    """Return what was put aside under a token, as it is stored."""
    return session.scalar(select(Draft.sealed).where(Draft.token_digest == digest))


def _entrance(session: Session, code: str) -> Row[Any] | None:
    if not LINK_CODE.fullmatch(code):
        return None
    found: Row[Any] | None = session.execute(_ENTRANCE, {"code": code}).one_or_none()
    return found


def _asked(session: Session, found: Row[Any], known: Memory[Asked]) -> Asked:
    """Return what is asked; remembered once the round is frozen, read anew before that."""
    frozen = found.Round.frozen_sha256
    if frozen is None:
        return _read(session, found)
    key = (
        found.Round.id,
        frozen,
        found.questionnaire_sha256,
        found.rules_sha256,
        found.excluded_unit_id,
    )
    return known.get(key, lambda: _read(session, found))


def _read(session: Session, found: Row[Any]) -> Asked:
    round_id = found.Round.id
    rules = rule_set(session, round_id)
    text = parse_questionnaire(session.get_one(QuestionnaireRow, found.questionnaire_id).document)
    wanted = select(Unit).where(Unit.round_id == round_id, Unit.id != (found.excluded_unit_id or 0))
    if text.unit_choice is UnitChoice.ALL:
        wanted = wanted.where(Unit.is_ranked)
    units = session.scalars(wanted.options(joinedload(Unit.unit_class)).order_by(Unit.number))
    asked = Questionnaire(
        text, rules.items, rules.options, _classes(units), found.Round.unit_digits
    )
    version = hashlib.sha256(f"{asked}{rules.sha256}".encode()).hexdigest()
    return Asked(asked, rules, fields_of(asked), version)


def _classes(units: Iterable[Unit]) -> tuple[AskedClass, ...]:
    """Return units by class, in the order of the classes."""
    members: dict[int, list[Unit]] = {}
    classes = {}
    for unit in units:
        classes[unit.class_id] = unit.unit_class
        members.setdefault(unit.class_id, []).append(unit)
    return tuple(
        AskedClass(
            of.code,
            of.name,
            of.name_en,
            tuple(
                AskedUnit(
                    unit.number,
                    unit.code,
                    unit.name,
                    unit.name_en,
                    unit.duties,
                    unit.duties_en,
                )
                for unit in members[of.id]
            ),
        )
        for of in sorted(classes.values(), key=lambda unit_class: unit_class.position)
    )


def _unit_of(questionnaire: Questionnaire, number: int | None) -> AskedUnit | None:
    return next((unit for unit in questionnaire.units if unit.number == number), None)
