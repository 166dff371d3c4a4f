"""The round that is measured: ten units, one item, a comment, one open link."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from analytics.rules import RuleSet, parse_rules, preset
from surveys import schema
from surveys.db import Database, transaction
from surveys.fielding.actions import make_link
from surveys.models import Group
from surveys.planning.actions import import_round, open_round
from surveys.planning.plan import PlannedClass, PlannedGroup, PlannedUnit, RoundPlan
from surveys.questionnaire import Channel, QuestionnaireText, UnitChoice

UNITS, ITEMS = 10, 1
ACTOR = "bench"


@dataclass(frozen=True)
class OpenRound:
    """A round that takes ballots: its number, and the code of its only link."""

    id: int
    code: str
    link_id: int
    link_code: str
    group_id: int


def open_bench_round(
    database: Database, code: str = "bench", units: int = UNITS, items: int = ITEMS
) -> OpenRound:
    """Bring the tables up to date, make a round of so many units and open it."""
    schema.upgrade(database)
    now = datetime.now(UTC)
    with transaction(database) as session:
        made = import_round(session, plan(code, units, items), now, ACTOR)
        group = session.scalars(select(Group).where(Group.round_id == made.id)).one()
        link = make_link(session, made.id, group.id, Channel.OPEN, now, actor=ACTOR)
        open_round(session, made.id, now, ACTOR)
        return OpenRound(made.id, code, link.id, link.code, group.id)


def plan(code: str, units: int, items: int) -> RoundPlan:
    """Return the plan of a round with one class, one group and no general questions."""
    return RoundPlan(
        code=code,
        name="测量用评议",
        name_en="Appraisal for measuring",
        office="市绩效管理办公室",
        office_en="Municipal Performance Management Office",
        is_demonstration=True,
        classes=(PlannedClass("all", "全部单位", "All units"),),
        units=tuple(
            PlannedUnit(f"U{number:03d}", f"市第{number}局", "all", f"Bureau {number}")
            for number in range(1, units + 1)
        ),
        groups=(PlannedGroup("citizens", "群众", "public", "Citizens"),),
        questionnaires=(
            QuestionnaireText(
                "public",
                "请您评价市级机关部门的工作",
                UnitChoice.CHOSEN,
                title_en="Please rate the work of the city's departments",
            ),
        ),
        rules=rules(items),
    )


def rules(items: int) -> RuleSet:
    """Return the default rules with fewer items; a machine's speed is no reason for doubt here."""
    document = preset("default").document()
    document["items"] = document["items"][:items]
    document["min_items_scored"] = min(items, document["min_items_scored"])
    document["groups"] = [
        {**group, "weight": "100"} for group in document["groups"] if group["code"] == "citizens"
    ]
    document["validity"]["speed"]["action"] = "ignore"
    document["validity"]["identical"]["action"] = "ignore"
    return parse_rules(document)
