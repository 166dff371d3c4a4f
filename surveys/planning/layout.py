"""The sheets of a round's workbook: names, headings and kinds of cells, for reading and writing."""

from dataclasses import dataclass
from enum import IntEnum

from analytics.faults import N_
from surveys import spreadsheet
from surveys.planning import cells


class Tongue(IntEnum):
    """The language that a workbook is written in: the place of its words in every pair."""

    CHINESE = 0
    ENGLISH = 1


@dataclass(frozen=True)
class Column:
    """One column (or one line of a list): its field, its headings, what its cells hold."""

    field: str
    headings: tuple[str, str]
    read: cells.Read
    hint: str  # an English msgid
    is_required: bool = False
    width: int = 14


@dataclass(frozen=True)
class Table:
    """A sheet with a heading row and one row per thing."""

    names: tuple[str, str]
    columns: tuple[Column, ...]
    hint: str
    is_required: bool = True
    # Fields that together may stand only once.
    key: tuple[str, ...] = ("code",)


@dataclass(frozen=True)
class Listing:
    """A sheet with a heading and a value per line."""

    names: tuple[str, str]
    lines: tuple[Column, ...]
    hint: str

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return what is described line by line."""
        return self.lines


LISTING_HEADINGS = (("项目", "内容", "说明"), ("Item", "Value", "Note"))
NOTES = ("说明", "Notes")

_CODE = Column("code", ("代码", "code"), cells.code, N_("once in this sheet"), True, 14)
_NAME = Column("name", ("名称", "name"), cells.name, N_("as people know it"), True, 28)
_NAME_EN = Column("name_en", ("英文名称", "name_en"), cells.name, N_("for English pages"), width=34)

ROUND = Listing(
    ("轮次", "Round"),
    (
        Column("code", ("代码", "code"), cells.code, N_("short, for example 2026"), True),
        Column("name", ("名称", "name"), cells.name, N_("stands at the head of every page"), True),
        Column("name_en", ("英文名称", "name_en"), cells.name, N_("for English pages")),
        Column("office", ("主办单位", "office"), cells.name, N_("who asks"), True),
        Column("office_en", ("主办单位英文名称", "office_en"), cells.name, N_("for English pages")),
        Column("opens_at", ("开始时间", "opens_at"), cells.moment, N_("like 2026-11-22 09:00")),
        Column("closes_at", ("结束时间", "closes_at"), cells.moment, N_("like 2026-12-22 18:00")),
        Column(
            "contact",
            ("联系方式", "contact"),
            cells.line,
            N_("whom people ask about their information: office, telephone or address"),
        ),
        Column(
            "keep_months",
            ("保存月数", "keep_months"),
            cells.months,
            N_("how many months ballots are kept after the round; blank is 24"),
        ),
        Column(
            "results_on",
            ("结果公布日期", "results_on"),
            cells.day,
            N_("when people can learn the results, like 2027-01-31"),
        ),
        Column(
            "is_demonstration",
            ("演示数据", "demonstration"),
            cells.truth,
            N_("yes marks every page and file as made up"),
        ),
    ),
    N_("What the round is called, who asks, and when."),
)
CLASSES = Table(
    ("类别", "Classes"),
    (_CODE, _NAME, _NAME_EN),
    N_("Classes of units; units are ranked inside their class."),
)
UNITS = Table(
    ("单位", "Units"),
    (
        _CODE,
        _NAME,
        _NAME_EN,
        Column("class_code", ("类别", "class"), cells.code, N_("a code of the classes"), True),
        Column(
            "is_ranked",
            ("参加排名", "ranked"),
            cells.truth,
            N_("yes or no; blank is yes"),
            width=10,
        ),
        Column("duties", ("主要职责", "duties"), cells.long, N_("shown beside the unit"), width=40),
        Column(
            "duties_en",
            ("英文职责", "duties_en"),
            cells.long,
            N_("for English pages"),
            width=40,
        ),
    ),
    N_("The units that are appraised, in the order of the questionnaire."),
)
GROUPS = Table(
    ("主体", "Groups"),
    (
        Column("code", ("代码", "code"), cells.code, N_("a code of the rule set's groups"), True),
        _NAME,
        _NAME_EN,
        Column(
            "invited_count", ("邀请人数", "invited"), cells.count, N_("blank where open to all")
        ),
        Column("questionnaire", ("问卷", "questionnaire"), cells.code, N_("a code"), True, 16),
    ),
    N_("Who appraises. The weights stand in the rule set."),
)
INDICATORS = Table(
    ("指标", "Indicators"),
    (
        Column("aspect", ("方面代码", "aspect"), cells.code, N_("a first-level indicator"), True),
        Column("aspect_name", ("方面", "aspect_name"), cells.name, N_("its name"), True, 16),
        Column(
            "aspect_name_en",
            ("方面英文名称", "aspect_name_en"),
            cells.name,
            N_("for English pages"),
            width=26,
        ),
        _CODE,
        _NAME,
        _NAME_EN,
        Column("full_marks", ("满分", "full_marks"), cells.marks, N_("a number above 0"), True, 8),
        Column("basis", ("依据", "basis"), cells.long, N_("on what it rests"), width=34),
    ),
    N_("The second-level indicators of the work assessment; may be left out."),
    is_required=False,
)
QUESTIONNAIRES = Table(
    ("问卷", "Questionnaires"),
    (
        _CODE,
        Column("title", ("标题", "title"), cells.name, N_("the heading on the phone"), True, 28),
        Column("title_en", ("英文标题", "title_en"), cells.name, N_("for English pages"), width=34),
        Column(
            "unit_choice",
            ("评议单位", "unit_choice"),
            cells.unit_choice,
            N_("chosen: those that the person dealt with; all: every ranked unit"),
            True,
        ),
        Column(
            "has_comments",
            ("意见建议", "comments"),
            cells.truth,
            N_("whether a comment per unit is asked; blank is yes"),
            width=10,
        ),
        Column(
            "intro", ("开头语", "intro"), cells.long, N_("who asks and why, in two lines"), width=50
        ),
        Column(
            "intro_en", ("英文开头语", "intro_en"), cells.long, N_("for English pages"), width=50
        ),
        Column("closing", ("结束语", "closing"), cells.long, N_("what happens next"), width=40),
        Column(
            "closing_en",
            ("英文结束语", "closing_en"),
            cells.long,
            N_("for English pages"),
            width=40,
        ),
    ),
    N_("What is asked beside the ratings; each group has one of them."),
)
QUESTIONS = Table(
    ("问题", "Questions"),
    (
        Column("questionnaire", ("问卷", "questionnaire"), cells.code, N_("a code"), True, 14),
        Column(
            "code", ("代码", "code"), cells.question_code, N_("once in its questionnaire"), True
        ),
        Column(
            "kind", ("题型", "kind"), cells.kind, N_("single, several, text or number"), True, 10
        ),
        Column("words", ("题目", "words"), cells.name, N_("the question"), True, 36),
        Column("words_en", ("英文题目", "words_en"), cells.name, N_("for English pages"), width=36),
        Column("hint", ("提示", "hint"), cells.name, N_("one line under the question"), width=24),
        Column("hint_en", ("英文提示", "hint_en"), cells.name, N_("for English pages"), width=24),
        Column(
            "choices",
            ("选项", "choices"),
            cells.choices,
            N_("one per line: code=words|English words"),
            width=36,
        ),
        Column(
            "is_required", ("必答", "required"), cells.truth, N_("yes or no; blank is no"), width=8
        ),
        Column("lowest", ("最小值", "lowest"), cells.whole, N_("only for numbers"), width=8),
        Column("highest", ("最大值", "highest"), cells.whole, N_("only for numbers"), width=8),
        Column("max_chars", ("最多字数", "max_chars"), cells.count, N_("only for text"), width=10),
        Column(
            "shown_if",
            ("显示条件", "shown_if"),
            cells.pair,
            N_("question=choice of an earlier question"),
            width=16,
        ),
        Column(
            "reason",
            ("存疑原因", "reason"),
            cells.pair,
            N_("choice=coached marks the ballot when it is chosen"),
            width=16,
        ),
    ),
    N_("General questions after the ratings; may be left out."),
    is_required=False,
    key=("questionnaire", "code"),
)
RULES = Listing(
    ("规则", "Rules"),
    (
        Column("preset", ("预设规则", "preset"), cells.name, N_("the name of a shipped rule set")),
        Column(
            "document",
            ("规则文档", "document"),
            spreadsheet.text,
            N_("or a whole rule set as JSON text"),
        ),
    ),
    N_("The rule set: a shipped one by its name, or one's own."),
)
CLASS_WEIGHTS = Table(
    ("类别权重", "Class weights"),
    (
        Column("class_code", ("类别", "class"), cells.code, N_("a code of the classes"), True),
        Column("group", ("主体", "group"), cells.code, N_("a code of the groups"), True),
        Column(
            "weight", ("权重", "weight"), cells.weight, N_("adds up to 100 in each class"), True, 8
        ),
    ),
    N_("Weights that differ from the rule set's in some classes; may be left out."),
    is_required=False,
    key=("class_code", "group"),
)

SHEETS: tuple[Table | Listing, ...] = (
    ROUND,
    CLASSES,
    UNITS,
    GROUPS,
    INDICATORS,
    QUESTIONNAIRES,
    QUESTIONS,
    RULES,
    CLASS_WEIGHTS,
)
