"""The rounds that phones are measured on: the demonstration's 62 units, and 140 in one form."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import rounds
from surveys import schema
from surveys.db import open_database, transaction
from surveys.fielding.actions import make_link, make_tokens
from surveys.models import Group, Unit
from surveys.planning.actions import import_round, open_round
from surveys.planning.demonstration import demonstration_plan
from surveys.questionnaire import Channel, UnitChoice

ACTOR = "bench"
ITEMS = 5
MANY = 140
CODES = 4


@dataclass(frozen=True)
class Entrances:
    """Paths of the pages that are measured."""

    units: int
    citizens: str
    window: str
    deputies: str
    many: str
    codes: tuple[str, ...]


def open_entrances(url: str) -> Entrances:
    """Make both rounds in a new database and open them."""
    database = open_database(url)
    schema.upgrade(database)
    now = datetime.now(UTC)
    whole = demonstration_plan("phone", "手机测量")
    with transaction(database) as session:
        first = import_round(session, whole, now, ACTOR).id
        citizens, deputies = (_group(session, first, code) for code in ("citizens", "npc"))
        unit = session.scalars(select(Unit.id).where(Unit.round_id == first)).first()
        open_link = make_link(session, first, citizens, Channel.OPEN, now)
        window = make_link(session, first, citizens, Channel.WINDOW, now, unit_id=unit)
        secret = make_link(session, first, deputies, Channel.TOKEN, now)
        codes = make_tokens(session, secret, CODES)
        for group in session.scalars(select(Group.id).where(Group.round_id == first)).all():
            make_link(session, first, group, Channel.OPEN, now)
        open_round(session, first, now, ACTOR)
        made = Entrances(
            len(whole.units),
            f"/a/{open_link.code}",
            f"/a/{window.code}",
            f"/a/{secret.code}",
            _many(session, now),
            codes,
        )
    database.dispose()
    return made


def _many(session: Session, now: datetime) -> str:
    """Open a round whose one questionnaire asks about every unit; return its path."""
    plan = rounds.plan("many", MANY, ITEMS)
    asked = tuple(replace(one, unit_choice=UnitChoice.ALL) for one in plan.questionnaires)
    made = import_round(session, replace(plan, questionnaires=asked), now, ACTOR)
    link = make_link(session, made.id, _group(session, made.id, "citizens"), Channel.OPEN, now)
    open_round(session, made.id, now, ACTOR)
    return f"/a/{link.code}"


def _group(session: Session, round_id: int, code: str) -> int:
    found = select(Group.id).where(Group.round_id == round_id, Group.code == code)
    return session.scalars(found).one()
