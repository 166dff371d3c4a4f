"""Every fault of a workbook of work scores is named with its sheet, row and column."""

from decimal import Decimal

import pytest

from surveys.assessing.reading import read_work
from surveys.assessing.scores import (
    SheetAdjustment,
    SheetIndicator,
    SheetUnit,
    UnitScores,
    WorkPlan,
    WorkScores,
)
from surveys.refusals import FileProblems
from surveys.spreadsheet import Sheet, Workbook
from surveys.traditional import traditional

D = Decimal
INDICATORS = (
    SheetIndicator(1, "FUNC-1", "重点目标", None, "FUNC", "职能工作", None, D(40)),
    SheetIndicator(2, "LAW-1", "决策程序", None, "LAW", "依法行政", None, D(30)),
)
UNITS = (
    SheetUnit(1, "U01", "市财政局", "Finance Bureau", "经济部门", None, is_ranked=True),
    SheetUnit(2, "U02", "市教育局", None, "服务部门", None, is_ranked=True),
    SheetUnit(3, "U03", "市气象局", None, "服务部门", None, is_ranked=False),
)
PLAN = WorkPlan(
    "2026年度",
    None,
    is_demonstration=False,
    indicators=INDICATORS,
    units=UNITS,
    in_force=None,
)
HEAD = [
    ["2026年度 · 工作考评"],
    ["一级指标", None, None, "职能工作", "依法行政"],
    ["指标名称", None, None, "重点目标", "决策程序"],
    ["满分", None, None, D(40), D(30)],
    ["单位代码", "单位名称", "单位类别", "FUNC-1", "LAW-1"],
]
GOOD = [
    ["U01", "市财政局", "经济部门", D("38.5"), D(28)],
    ["U02", "市教育局", "服务部门", D("36.25"), "/"],
]
TITLE = ["加扣分"]
ADJUSTMENT_HEAD = ["单位代码", "单位名称", "加扣分", "一票否决", "事由"]


def workbook(rows, adjustments=(), head=HEAD, sheets=()):
    work = Sheet("工作考评", tuple(tuple(row) for row in (*head, *rows)))
    added = Sheet("加扣分", tuple(tuple(row) for row in (TITLE, ADJUSTMENT_HEAD, *adjustments)))
    return Workbook("分数.xlsx", (work, added, *sheets))


def problems_of(read):
    with pytest.raises(FileProblems) as refused:
        read_work(read, PLAN)
    return [
        (found.sheet, found.row, found.column, found.message % dict(found.values))
        for found in refused.value.problems
    ]


def test_a_good_workbook_gives_scores_in_the_order_of_the_indicators():
    read = read_work(
        workbook(GOOD, [["U01", "市财政局", D("1.5"), "否", "获省级表彰"]]),
        PLAN,
    )
    assert read == WorkScores(
        (UnitScores("U01", (D("38.5"), D(28))), UnitScores("U02", (D("36.25"), None))),
        (SheetAdjustment("U01", D("1.5"), is_veto=False, reason="获省级表彰"),),
    )


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([*GOOD, ["U03", "市气象局", "", None, None]], id="blank for an unranked unit"),
        pytest.param([GOOD[1], GOOD[0]], id="rows in any order"),
        pytest.param([GOOD[0], [None], GOOD[1]], id="an empty row between"),
        pytest.param([["U01", "市 财政局", "", D(1), D(1)], GOOD[1]], id="a space in a name"),
        pytest.param([["U01", "finance bureau", "", D(1), D(1)], GOOD[1]], id="the English name"),
        pytest.param([GOOD[0], ["U02", None, None, D(1), "不适用"]], id="不适用 in words"),
        pytest.param([["U01", "市财政局", "", D(0), D(30)], GOOD[1]], id="0 and full marks"),
        pytest.param([["U01", "市财政局", "", D("1.1234"), D(1)], GOOD[1]], id="four decimals"),
    ],
)
def test_what_is_plain_is_taken(rows):
    assert [unit.unit for unit in read_work(workbook(rows), PLAN).units] == [
        row[0] for row in rows if row[0] and row[0] != "U03"
    ]


def test_the_columns_may_stand_in_any_order():
    head = [["单位代码", "单位名称", "单位类别", "LAW-1", "FUNC-1"]]
    rows = [["U01", "", "", D(28), D(38)], ["U02", "", "", D(27), D(37)]]
    assert read_work(workbook(rows, head=head), PLAN).units[0].scores == (D(38), D(28))


@pytest.mark.parametrize(
    ("value", "row_and_column", "sentence"),
    [
        pytest.param(
            D("40.01"),
            (6, "D FUNC-1"),
            "The score 40.01 is over the full marks of 40.",
            id="over full marks",
        ),
        pytest.param(D(-1), (6, "D FUNC-1"), "The score -1 is below 0.", id="below 0"),
        pytest.param(
            "38.5",
            (6, "D FUNC-1"),
            "“38.5” is text. Please type it again as a number.",
            id="a number as text",
        ),
        pytest.param(
            "优秀",
            (6, "D FUNC-1"),
            "“优秀” is text. Please type it again as a number.",
            id="text for a number",
        ),
        pytest.param(
            True,
            (6, "D FUNC-1"),
            "“True” is text. Please type it again as a number.",
            id="a truth value",
        ),
        pytest.param(
            "#REF!",
            (6, "D FUNC-1"),
            "The cell shows the formula error #REF!.",
            id="a formula that broke",
        ),
        pytest.param(
            D("33.19999999"),
            (6, "D FUNC-1"),
            "33.19999999 has more than 4 decimals. Please round it.",
            id="too many decimals",
        ),
        pytest.param(
            None,
            (6, "D FUNC-1"),
            "The score is missing. If the indicator does not apply, write “/”.",
            id="a blank cell",
        ),
        pytest.param(
            " ",
            (6, "D FUNC-1"),
            "The score is missing. If the indicator does not apply, write “/”.",
            id="a cell with a space",
        ),
    ],
)
def test_a_bad_score_is_named_with_its_cell(value, row_and_column, sentence):
    rows = [["U01", "市财政局", "", value, D(1)], GOOD[1]]
    assert problems_of(workbook(rows)) == [("工作考评", *row_and_column, sentence)]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        pytest.param(
            [*GOOD, ["U99", "", "", D(1), D(1)]],
            ("工作考评", 8, "A 单位代码", "There is no unit U99 in this round."),
            id="an unknown unit",
        ),
        pytest.param(
            [*GOOD, ["", "市财政局", "", D(1), D(1)]],
            ("工作考评", 8, "A 单位代码", "The unit code is missing."),
            id="a row without a code",
        ),
        pytest.param(
            [*GOOD, GOOD[0]],
            ("工作考评", 8, "A 单位代码", "The unit U01 has two rows; the first is row 6."),
            id="a doubled row",
        ),
        pytest.param(
            [GOOD[0]],
            ("工作考评", None, None, "The row of the unit U02 市教育局 is missing."),
            id="a missing row of a ranked unit",
        ),
        pytest.param(
            [["U01", "市教育局", "", D(1), D(1)], GOOD[1]],
            ("工作考评", 6, "B 单位名称", "The unit U01 is called “市财政局”, not “市教育局”."),
            id="code and name of different units",
        ),
        pytest.param(
            [["U01", "", "", "/", "不适用"], GOOD[1]],
            (
                "工作考评",
                6,
                "A 单位代码",
                "No indicator applies to this unit, so it cannot have a work score.",
            ),
            id="nothing applies",
        ),
        pytest.param(
            [*GOOD, ["U03", "", "", D(1), None]],
            (
                "工作考评",
                8,
                "E LAW-1",
                "The score is missing. If the indicator does not apply, write “/”.",
            ),
            id="an unranked unit half filled",
        ),
    ],
)
def test_a_bad_row_is_named(rows, problem):
    assert problems_of(workbook(rows)) == [problem]


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        pytest.param(
            ["FUNC-1", "LAW-1", "LAW-9"],
            ("工作考评", 5, "F LAW-9", "There is no indicator LAW-9 in this round."),
            id="an unknown column",
        ),
        pytest.param(
            ["FUNC-1", "LAW-1", "FUNC-1"],
            (
                "工作考评",
                5,
                "F FUNC-1",
                "The indicator FUNC-1 has two columns; the first is column D.",
            ),
            id="a doubled column",
        ),
        pytest.param(
            ["FUNC-1", "LAW-1", None],
            ("工作考评", 5, "F", "There are figures in a column without an indicator code."),
            id="a column without a code",
        ),
    ],
)
def test_a_bad_column_is_named(codes, problem):
    head = [*HEAD[:4], ["单位代码", "单位名称", "单位类别", *codes]]
    rows = [[*row, D(1)] for row in GOOD]
    assert problems_of(workbook(rows, head=head)) == [problem]


def test_a_missing_column_is_named():
    head = [*HEAD[:4], ["单位代码", "单位名称", "单位类别", "FUNC-1"]]
    assert problems_of(workbook([row[:4] for row in GOOD], head=head)) == [
        ("工作考评", 5, None, "The column of the indicator LAW-1 决策程序 is missing.")
    ]


def test_other_full_marks_than_the_round_has_are_refused():
    head = [*HEAD[:3], ["满分", None, None, D(35), D(30)], HEAD[4]]
    assert problems_of(workbook(GOOD, head=head)) == [
        ("工作考评", 4, "D FUNC-1", "Full marks are “35” here, but 40 in the round.")
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        pytest.param(
            ["U99", "", D(1), "", "理由"],
            ("加扣分", 3, "A 单位代码", "There is no unit U99 in this round."),
            id="an unknown unit",
        ),
        pytest.param(
            ["U01", "", "1.5", "", "理由"],
            ("加扣分", 3, "C 加扣分", "“1.5” is text. Please type it again as a number."),
            id="points as text",
        ),
        pytest.param(
            ["U01", "", None, "", "理由"],
            ("加扣分", 3, "C 加扣分", "The points are missing."),
            id="no points and no veto",
        ),
        pytest.param(
            ["U01", "", D(1), "", None],
            ("加扣分", 3, "E 事由", "The reason is missing."),
            id="no reason",
        ),
        pytest.param(
            ["U01", "", D(1), "也许", "理由"],
            ("加扣分", 3, "D 一票否决", "“也许” is neither yes nor no."),
            id="a veto that is neither yes nor no",
        ),
        pytest.param(
            ["U01", "", D(1), "", "长" * 401],
            ("加扣分", 3, "E 事由", "The reason is longer than 400 signs."),
            id="a reason without end",
        ),
        pytest.param(
            ["U01", "", D(1000), "", "理由"],
            ("加扣分", 3, "C 加扣分", "1000 points are beyond anything plausible (±100)."),
            id="points of another scale",
        ),
    ],
)
def test_a_bad_adjustment_is_named(row, problem):
    assert problems_of(workbook(GOOD, [row])) == [problem]


def test_a_veto_needs_a_reason_but_no_points():
    read = read_work(workbook(GOOD, [["U02", "", None, "是", "发生重大责任事故"]]), PLAN)
    assert read.adjustments == (
        SheetAdjustment("U02", D(0), is_veto=True, reason="发生重大责任事故"),
    )


def test_adjustments_in_other_columns_are_not_guessed():
    added = Sheet("加扣分", (("单位代码", "单位名称", "一票否决", "加扣分", "事由"),))
    read = Workbook("x.xlsx", (workbook(GOOD).sheets[0], added))
    assert problems_of(read) == [
        ("加扣分", 1, "C 一票否决", "The heading “加扣分” is expected here."),
        ("加扣分", 1, "D 加扣分", "The heading “一票否决” is expected here."),
    ]


def test_a_wrong_sheet_and_the_missing_ones_are_named():
    assert problems_of(Workbook("x.xlsx", (Sheet("Sheet1", (("财政局",),)),))) == [
        ("Sheet1", None, None, "This sheet is not known. Move its figures or delete the sheet."),
        ("工作考评", None, None, "This sheet is missing; the file has: Sheet1."),
        ("加扣分", None, None, "This sheet is missing; the file has: Sheet1."),
    ]


def test_an_empty_sheet_beside_harms_nobody():
    read = workbook(GOOD, sheets=[Sheet("Sheet3", ())])
    assert len(read_work(read, PLAN).units) == 2


def test_a_sheet_without_its_header_row_is_named():
    assert problems_of(workbook(GOOD, head=[])) == [
        ("工作考评", None, None, "There is no header row: column A must say “单位代码”.")
    ]


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    rows = [["U01", "市财政局", "", D(41), "无"], ["U99", "", "", D(1), D(1)]]
    told = problems_of(workbook(rows, [["U01", "", D(1), "", ""]]))
    assert [problem[:3] for problem in told] == [
        ("工作考评", 6, "D FUNC-1"),
        ("工作考评", 6, "E LAW-1"),
        ("工作考评", 7, "A 单位代码"),
        ("工作考评", None, None),
        ("加扣分", 3, "E 事由"),
    ]


def test_a_workbook_in_traditional_characters_is_read_as_the_same():
    """So is written what the template says to a reader in Taiwan, and what is typed there."""
    adjustments = [["U01", "市财政局", D(1), "否", "获表彰"]]
    given = workbook([*GOOD, ["U03", "市气象局", None, "不适用", D(3)]], adjustments)
    sheets = tuple(
        Sheet(traditional(sheet.name), tuple(tuple(map(written, row)) for row in sheet.rows))
        for sheet in given.sheets
    )
    assert sheets[0].rows[-1][3] == "不適用"
    assert sheets[0].rows[5][1] == "市財政局"
    found, expected = read_work(Workbook("分數.xlsx", sheets), PLAN), read_work(given, PLAN)
    assert found.units == expected.units
    assert found.adjustments[0].reason == "獲表彰"


def written(value):
    return traditional(value) if isinstance(value, str) else value
