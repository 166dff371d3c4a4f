"""The plan of a demonstration round: a city's units, four groups, two questionnaires."""

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from analytics.rules import RuleSet, parse_rules, preset
from surveys.planning.plan import (
    PlannedClass,
    PlannedGroup,
    PlannedIndicator,
    PlannedUnit,
    RoundPlan,
)
from surveys.questionnaire import Choice, Kind, Question, QuestionnaireText, UnitChoice

FOLDER = Path(__file__).parent.parent / "demonstration"
CONTACT = "0515-0000 0000, jixiao@example.org"  # the same in every language
CLASS_WEIGHTS = {
    "enforcement": {"citizens": "50", "enterprises": "30", "npc": "10", "cppcc": "10"},
}
GROUPS = (
    PlannedGroup("citizens", "群众", "public", "Citizens"),
    PlannedGroup("enterprises", "企业", "public", "Enterprises"),
    PlannedGroup("npc", "人大代表", "members", "NPC deputies", 420),
    PlannedGroup("cppcc", "政协委员", "members", "CPPCC members", 380),
)
COACHED = Question(
    "coached",
    Kind.SINGLE,
    "有没有人告诉您应该怎么填？",
    "Did anybody tell you how to answer?",
    choices=(
        Choice("no", "没有", "No"),
        Choice("yes", "有", "Yes", reason="coached"),
    ),
)
PUBLIC = QuestionnaireText(
    code="public",
    title="请您评价市级机关部门的工作",
    title_en="Please rate the work of the city's departments",
    unit_choice=UnitChoice.CHOSEN,
    intro="请选择这一年里您打过交道的单位，并如实评价。\n不用填写姓名，单位看不到是谁填写的。",
    intro_en=(
        "Please choose the units that you dealt with this year and rate them as you found them.\n"
        "No name is asked, and no unit can see who answered."
    ),
    closing="您的意见会汇总转交有关单位，整改情况将向社会公布。",
    closing_en="What you wrote goes to the units in summary; what they mend will be made public.",
    questions=(
        Question(
            "role",
            Kind.SINGLE,
            "您主要以什么身份和这些单位打交道？",
            "In which role did you mainly deal with these units?",
            choices=(
                Choice("resident", "居民", "Resident"),
                Choice("business", "企业或个体工商户", "Business"),
                Choice("organisation", "机关事业单位或社会组织", "Public body or association"),
                Choice("other", "其他", "Other"),
            ),
            is_required=True,
        ),
        Question(
            "ways",
            Kind.SEVERAL,
            "您通过哪些方式办事？",
            "Which ways did you use?",
            choices=(
                Choice("window", "现场窗口", "At the counter"),
                Choice("online", "网站或手机应用", "Website or app"),
                Choice("telephone", "电话", "Telephone"),
                Choice("other", "其他", "Other"),
            ),
        ),
        Question(
            "online_problem",
            Kind.TEXT,
            "网上办事哪里最不方便？",
            "What was most inconvenient online?",
            max_chars=200,
            shown_if=("ways", "online"),
        ),
        Question(
            "visits",
            Kind.NUMBER,
            "这一年您大约去过几次办事窗口？",
            "About how many times did you go to a counter this year?",
            hint="填整数，没有去过填 0",
            hint_en="A whole number; 0 if you did not go",
            lowest=0,
            highest=200,
        ),
        COACHED,
    ),
)
MEMBERS = QuestionnaireText(
    code="members",
    title="人大代表、政协委员评议表",
    title_en="Appraisal form for deputies and members",
    unit_choice=UnitChoice.ALL,
    intro="请对各单位全年的工作作出评价，不了解的单位请选“不了解”。\n一次性评议码与您的姓名没有关联。",
    intro_en=(
        "Please rate each unit's work of this year; choose “Do not know” where you cannot say.\n"
        "The one-time code is not connected with your name."
    ),
    closing="感谢您履职。评议结果将按规定公布。",
    closing_en="Thank you for your service. The results will be published as the rules say.",
    questions=(COACHED,),
)


def demonstration_plan(
    code: str,
    name: str,
    name_en: str | None = None,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    results_on: date | None = None,
) -> RoundPlan:
    """Return a whole round of 62 units, marked as demonstration data."""
    rows = _rows("units.csv")
    classes = {row["class"]: (row["class_name"], row["class_name_en"]) for row in rows}
    return RoundPlan(
        code=code,
        name=name,
        name_en=name_en,
        office="市绩效管理办公室",
        office_en="Municipal Performance Management Office",
        opens_at=opens_at,
        closes_at=closes_at,
        is_demonstration=True,
        contact=CONTACT,
        results_on=results_on,
        classes=tuple(PlannedClass(key, *names) for key, names in classes.items()),
        units=tuple(
            PlannedUnit(
                row["code"],
                row["name"],
                row["class"],
                row["name_en"],
                is_ranked=row["ranked"] == "yes",
                duties=row["duties"],
                duties_en=row["duties_en"],
            )
            for row in rows
        ),
        groups=GROUPS,
        indicators=_indicators(),
        questionnaires=(PUBLIC, MEMBERS),
        rules=_rules(),
    )


def example_plan() -> RoundPlan:
    """Return the small round that stands in the blank template."""
    whole = demonstration_plan(
        "2027", "2027年度市级机关社会评议", "Appraisal of the city's departments 2027"
    )
    classes = whole.classes[:2]
    return RoundPlan(
        code=whole.code,
        name=whole.name,
        name_en=whole.name_en,
        office=whole.office,
        office_en=whole.office_en,
        contact=whole.contact,
        results_on=date(2028, 1, 31),
        classes=classes,
        units=tuple(unit for one in classes for unit in whole.units_of(one.code)[:1]),
        groups=whole.groups,
        indicators=whole.indicators[:2],
        questionnaires=whole.questionnaires,
        rules=preset("default"),
    )


def _indicators() -> tuple[PlannedIndicator, ...]:
    return tuple(
        PlannedIndicator(
            aspect=row["aspect"],
            aspect_name=row["aspect_name"],
            aspect_name_en=row["aspect_name_en"],
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            full_marks=Decimal(row["full_marks"]),
            basis=row["basis"],
        )
        for row in _rows("indicators.csv")
    )


def _rules() -> RuleSet:
    return parse_rules({**preset("default").document(), "class_weights": CLASS_WEIGHTS})


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
