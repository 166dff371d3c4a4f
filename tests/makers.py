"""Plain functions that make rows for tests."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from analytics.rules import RuleSet, preset
from surveys import web
from surveys.accounts import actions as accounts
from surveys.models import (
    Group,
    Indicator,
    Link,
    QuestionnaireRow,
    Role,
    Round,
    RoundState,
    RuleSetRow,
    Token,
    Unit,
    UnitClass,
)
from surveys.questionnaire import (
    Channel,
    Choice,
    Kind,
    Question,
    QuestionnaireText,
    Submission,
    UnitChoice,
    UnitRating,
)
from surveys.tokens import make_token, token_digest
from tests.pages import form_fields

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
PASSWORD = "绩效办自己的一个很长的口令 2026"
QUESTIONS = (
    Question(
        "role",
        Kind.SINGLE,
        "您以什么身份办事?",
        "In which role did you come?",
        choices=(Choice("person", "个人", "For myself"), Choice("firm", "单位", "For a firm")),
        is_required=True,
    ),
    Question(
        "ways",
        Kind.SEVERAL,
        "您通过哪些方式办事?",
        "Which ways did you use?",
        choices=(Choice("window", "窗口", "Window"), Choice("net", "网上", "Online")),
    ),
    Question("wish", Kind.TEXT, "您最希望改进什么?", "What should improve first?", max_chars=100),
    Question("visits", Kind.NUMBER, "今年去过几次?", "How many visits?", lowest=0, highest=99),
    Question(
        "coached",
        Kind.SINGLE,
        "有没有人告诉您应该怎么填?",
        "Did anybody tell you how to answer?",
        choices=(Choice("no", "没有", "No"), Choice("yes", "有", "Yes", reason="coached")),
    ),
)


@dataclass
class Made:
    """A round with everything it needs."""

    round: Round
    rules: RuleSet
    groups: dict[str, Group]
    units: list[Unit]
    links: dict[str, Link]
    tokens: dict[str, list[str]] = field(default_factory=dict)


def make_round(
    session: Session,
    state: RoundState = RoundState.OPEN,
    units: int = 6,
    classes: int = 2,
    rules: RuleSet | None = None,
    code: str = "2026",
    tokens: int = 3,
    questions: tuple[Question, ...] = QUESTIONS,
    **changes: Any,
) -> Made:
    """Make a round with units in classes, four groups, two questionnaires, links and tokens."""
    rules = rules or preset("default")
    made = Round(
        **{
            "code": code,
            "name": "2026年度社会评议",
            "name_en": "Appraisal 2026",
            "office": "市绩效办",
            "office_en": "Performance Office",
            "state": state,
            "created_at": NOW,
            "unit_digits": 2,
            "item_count": len(rules.items),
            **changes,
        }
    )
    session.add(made)
    session.flush()
    session.add(RuleSetRow(round_id=made.id, document=rules.to_json(), sha256=rules.sha256))
    papers = _questionnaires(session, made, questions)
    unit_rows = _units(session, made, units, classes)
    groups = _groups(session, made, papers)
    links = {
        "citizens": _link(session, made, groups["citizens"], Channel.OPEN),
        "window": _link(session, made, groups["citizens"], Channel.WINDOW, unit=unit_rows[1]),
        "enterprises": _link(session, made, groups["enterprises"], Channel.OPEN),
        "npc": _link(session, made, groups["npc"], Channel.TOKEN),
        "cppcc": _link(session, made, groups["cppcc"], Channel.TOKEN, excluded=unit_rows[0]),
    }
    secrets = {
        name: make_tokens(session, links[name], tokens) for name in ("npc", "cppcc") if tokens
    }
    for position, (code, full_marks) in enumerate((("FUNC-1", 40), ("LAW-1", 30)), start=1):
        session.add(
            Indicator(
                round_id=made.id,
                position=position,
                aspect=code.split("-")[0],
                aspect_name="职能工作" if position == 1 else "依法行政",
                aspect_name_en="Core functions" if position == 1 else "Law-based work",
                code=code,
                name=f"指标{position}",
                name_en=f"Indicator {position}",
                full_marks=Decimal(full_marks),
            )
        )
    session.flush()
    return Made(made, rules, groups, unit_rows, links, secrets)


def make_tokens(session: Session, link: Link, count: int) -> list[str]:
    """Make one-time tokens of a batch; return them as a person would type them."""
    made = [make_token() for _ in range(count)]
    session.add_all(Token(digest=token_digest(text), link_id=link.id) for text in made)
    return made


def make_submission(made: Made, link: str = "citizens", **changes: Any) -> Submission:
    """Make a submission that passed the form; changes say what is special about it."""
    entrance = made.links[link]
    return Submission(
        **{
            "round_id": made.round.id,
            "group_id": entrance.group_id,
            "link_id": entrance.id,
            "channel": entrance.channel,
            "submission_id": "s" * 22,
            "ratings": (UnitRating(1, "AABBC"), UnitRating(2, "ABNNN")),
            "unit_digits": made.round.unit_digits,
            **changes,
        }
    )


def sign_in(app: Flask, client: FlaskClient, name: str = "绩效办") -> None:
    """Set an account up by its one-time link and sign in, as a person would."""
    with app.app_context(), web.transaction() as session:
        secret = accounts.add_account(session, name, Role.OFFICE, web.now())
    page = client.get(f"/console/setup/{secret}")
    fields = form_fields(page)
    fields.update({key: PASSWORD for key in fields if "password" in key or "repeat" in key})
    answer = client.post(f"/console/setup/{secret}", data=fields)
    assert answer.status_code == 303, answer.text


def _questionnaires(
    session: Session, made: Round, questions: tuple[Question, ...]
) -> dict[str, QuestionnaireRow]:
    texts = (
        QuestionnaireText(
            "public",
            "请您评价市级机关部门的工作",
            UnitChoice.CHOSEN,
            title_en="Please rate the city's departments",
            questions=questions,
        ),
        QuestionnaireText(
            "members", "代表委员评议表", UnitChoice.ALL, title_en="Members' appraisal form"
        ),
    )
    rows = {
        text.code: QuestionnaireRow(
            round_id=made.id, code=text.code, document=text.to_json(), sha256=text.sha256
        )
        for text in texts
    }
    session.add_all(rows.values())
    session.flush()
    return rows


def _units(session: Session, made: Round, count: int, classes: int) -> list[Unit]:
    kinds = [
        UnitClass(
            round_id=made.id,
            position=index + 1,
            code=f"class{index + 1}",
            name=f"第{index + 1}类",
            name_en=f"Class {index + 1}",
        )
        for index in range(classes)
    ]
    session.add_all(kinds)
    session.flush()
    rows = [
        Unit(
            round_id=made.id,
            class_id=kinds[(number - 1) * classes // count].id,
            number=number,
            code=f"U{number:02d}",
            name=f"市第{number}局",
            name_en=f"Bureau {number}",
            duties="负责有关工作。" if number == 1 else None,
            duties_en="Responsible for its work." if number == 1 else None,
        )
        for number in range(1, count + 1)
    ]
    session.add_all(rows)
    session.flush()
    return rows


def _groups(session: Session, made: Round, papers: dict[str, QuestionnaireRow]) -> dict[str, Group]:
    named = {
        "citizens": ("群众", "Citizens", "public", None),
        "enterprises": ("企业", "Enterprises", "public", None),
        "npc": ("人大代表", "People's congress deputies", "members", 40),
        "cppcc": ("政协委员", "CPPCC members", "members", 30),
    }
    rows = {
        code: Group(
            round_id=made.id,
            questionnaire_id=papers[paper].id,
            position=position,
            code=code,
            name=name,
            name_en=english,
            invited_count=invited,
        )
        for position, (code, (name, english, paper, invited)) in enumerate(named.items(), start=1)
    }
    session.add_all(rows.values())
    session.flush()
    return rows


def _link(
    session: Session,
    made: Round,
    group: Group,
    channel: Channel,
    unit: Unit | None = None,
    excluded: Unit | None = None,
) -> Link:
    window = "w" if unit else ""
    row = Link(
        round_id=made.id,
        group_id=group.id,
        code=f"{made.code}{group.code[:6]}{window}"[-20:],
        channel=channel,
        unit_id=unit.id if unit else None,
        excluded_unit_id=excluded.id if excluded else None,
    )
    session.add(row)
    session.flush()
    return row
