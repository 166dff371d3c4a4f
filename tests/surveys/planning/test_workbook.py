"""A round's workbook: what is written is read back, and every problem is named with its place."""

import io
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest

from analytics.rules import parse_rules, preset
from surveys.planning.cells import KINDS, UNIT_CHOICES
from surveys.planning.demonstration import demonstration_plan, example_plan
from surveys.planning.layout import SHEETS, Tongue
from surveys.planning.workbook import build_round_workbook, read_round
from surveys.refusals import FileProblems
from surveys.spreadsheet import read_workbook
from surveys.traditional import traditional

BEGIN = datetime.fromisoformat("2026-11-22T09:00+08:00")
END = datetime.fromisoformat("2026-12-22T18:00+08:00")
RESULTS = date(2027, 1, 31)
PLAN = demonstration_plan("2026", "2026年度社会评议", "Appraisal 2026", BEGIN, END, RESULTS)
OWN_RULES = parse_rules(
    {
        **preset("stars").document(),
        "name": "自定规则",
        "full_marks": "40",
        "class_weights": {"vertical": {"citizens": "100"}},
    }
)


WRITTEN = build_round_workbook(PLAN)


def read(content: bytes):
    return read_round(read_workbook(content, "轮次.xlsx"))


@pytest.mark.parametrize("tongue", Tongue)
@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN, id="the demonstration"),
        pytest.param(example_plan(), id="the template's example"),
        pytest.param(replace(PLAN, rules=OWN_RULES), id="own rules as a document"),
        pytest.param(replace(PLAN, indicators=()), id="no indicators"),
        pytest.param(replace(PLAN, contact=None, results_on=None), id="nobody to ask, no day"),
        pytest.param(replace(PLAN, contact="=1+1", keep_months=120), id="a contact like a formula"),
        pytest.param(
            replace(
                PLAN,
                indicators=(replace(PLAN.indicators[0], full_marks=Decimal("12.5")),),
                units=(replace(PLAN.units[0], is_ranked=False, duties="=1+1\n二"), *PLAN.units[1:]),
            ),
            id="halves, duties of two lines that begin like a formula",
        ),
    ],
)
def test_what_is_written_is_read_back(plan, tongue):
    assert read(build_round_workbook(plan, tongue=tongue)) == plan


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("2027-01-31", id="as we write it"),
        pytest.param("2027/1/31", id="with strokes"),
        pytest.param("2027年1月31日", id="as one says it"),
        pytest.param(date(2027, 1, 31), id="a date of Excel's"),
        pytest.param(datetime(2027, 1, 31), id="a moment of Excel's"),  # noqa: DTZ001
    ],
)
def test_a_day_may_be_written_as_people_do(cell):
    assert read(changed(("轮次", "B11", cell))) == PLAN


def test_what_is_left_out_of_the_notice_has_its_default():
    blank = read(changed(("轮次", "B9", None), ("轮次", "B10", None), ("轮次", "B11", None)))
    assert (blank.contact, blank.keep_months, blank.results_on) == (None, 24, None)
    gone = read(changed(("轮次", "A9", None), ("轮次", "A10", None), ("轮次", "A11", None)))
    assert gone == blank


def test_names_and_kinds_are_read_in_traditional_characters_too():
    """A reader in Taiwan writes 單位 over a sheet and 單選 into a cell."""
    book = openpyxl.load_workbook(io.BytesIO(WRITTEN))
    changed = set()
    words = {name for one in SHEETS for name in one.names}
    words |= {name for one in SHEETS for column in one.columns for name in column.headings}
    words |= {name for names in (*KINDS.values(), *UNIT_CHOICES.values()) for name in names}
    for sheet in book:
        sheet.title = traditional(sheet.title)
        for cell in (cell for row in sheet for cell in row):
            said = str(cell.value or "")
            if said.rstrip("*") in words and traditional(said) != said:
                cell.value = traditional(said)
                changed.add(cell.value)
    assert {"單選", "主要職責", "代碼*"} <= changed
    file = io.BytesIO()
    book.save(file)
    assert read(file.getvalue()) == PLAN


def test_the_demonstration_is_the_round_of_the_city():
    sizes = [len(PLAN.units_of(one.code)) for one in PLAN.classes]
    assert sizes == [18, 15, 14, 8, 7]
    assert sum(one.full_marks for one in PLAN.indicators) == 70
    assert PLAN.is_demonstration
    assert PLAN.contact == "0515-0000 0000, jixiao@example.org"
    named = (*PLAN.classes, *PLAN.units, *PLAN.groups, *PLAN.indicators)
    assert [one.code for one in named if not one.name_en] == []


@pytest.mark.parametrize(
    ("tongue", "mark"), [(Tongue.CHINESE, "演示数据"), (Tongue.ENGLISH, "Demonstration data")]
)
def test_demonstration_data_is_marked_on_every_sheet(tongue, mark):
    book = openpyxl.load_workbook(io.BytesIO(build_round_workbook(PLAN, tongue=tongue)))
    assert {sheet.oddHeader.left.text for sheet in book} == {mark}
    real = build_round_workbook(replace(PLAN, is_demonstration=False), tongue=tongue)
    book = openpyxl.load_workbook(io.BytesIO(real))
    assert {sheet.oddHeader.left.text for sheet in book} == {None}


def changed(*changes: tuple[str, str, object], drop: str = "") -> bytes:
    """Return the demonstration's workbook with some cells changed."""
    book = openpyxl.load_workbook(io.BytesIO(WRITTEN))
    for sheet, cell, value in changes:
        (book[sheet] if sheet in book.sheetnames else book.create_sheet(sheet))[cell] = value
    if drop:
        del book[drop]
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def problems_of(content: bytes) -> list[tuple[str, int | None, str | None, str]]:
    with pytest.raises(FileProblems) as refused:
        read(content)
    return [
        (it.sheet, it.row, it.column, it.message % dict(it.values)) for it in refused.value.problems
    ]


@pytest.mark.parametrize(
    ("change", "row", "column", "words"),
    [
        pytest.param(("轮次", "B2", None), 2, "B 代码", "must be filled in", id="no code"),
        pytest.param(("轮次", "B7", "明天"), 7, "B 开始时间", "A date like", id="no date"),
        pytest.param(
            ("轮次", "B8", "2026-11-01"), None, "B 结束时间", "ends before", id="ends first"
        ),
        pytest.param(
            ("轮次", "B9", "电" * 201), 9, "B 联系方式", "At most 200", id="all the phones"
        ),
        pytest.param(("轮次", "B10", 0), 10, "B 保存月数", "1 to 120", id="kept for no time"),
        pytest.param(("轮次", "B10", 121), 10, "B 保存月数", "1 to 120", id="kept too long"),
        pytest.param(("轮次", "B10", 1.5), 10, "B 保存月数", "1 to 120", id="half a month"),
        pytest.param(
            ("轮次", "B10", "两年"), 10, "B 保存月数", "text “两年”", id="months in words"
        ),
        pytest.param(("轮次", "B11", "年底"), 11, "B 结果公布日期", "A date like", id="no day"),
        pytest.param(
            ("轮次", "B11", "2027-01-31 09:00"), 11, "B 结果公布日期", "A date like", id="an hour"
        ),
        pytest.param(
            ("轮次", "B11", "2026-12-21"),
            None,
            "B 结果公布日期",
            "before the round",
            id="too early",
        ),
        pytest.param(("轮次", "A3", "色彩"), 3, "A", "not known", id="an unknown line"),
        pytest.param(("类别", "A3", "party"), 3, "A 代码", "row 2", id="a doubled class"),
        pytest.param(("单位", "A5", "U01"), 5, "A 代码", "row 2", id="a doubled unit"),
        pytest.param(("单位", "B5", "市委办公室"), 5, "B 名称", "row 3", id="a doubled name"),
        pytest.param(("单位", "A5", "甲 乙"), 5, "A 代码", "A code has", id="a code with a space"),
        pytest.param(("单位", "D7", "nobody"), 7, "D 类别", "no “nobody”", id="an unknown class"),
        pytest.param(("单位", "E9", "maybe"), 9, "E 参加排名", "是 / yes", id="neither yes nor no"),
        pytest.param(("单位", "B9", "x" * 121), 9, "B 名称", "At most 120", id="a name too long"),
        pytest.param(("单位", "C1", "颜色"), 1, "C 颜色", "not known", id="an unknown heading"),
        pytest.param(("单位", "F1", "名称"), 1, "F 名称", "twice", id="a doubled heading"),
        pytest.param(("单位", "B1", "颜色"), 1, None, "名称 / name", id="a missing heading"),
        pytest.param(("单位", "H3", "x"), 1, "H", "no heading", id="a column without heading"),
        pytest.param(("主体", "D2", "400"), 2, "D 邀请人数", "text “400”", id="text for a number"),
        pytest.param(("主体", "D2", 1.5), 2, "D 邀请人数", "whole number", id="half a person"),
        pytest.param(
            ("主体", "E2", "none"), 2, "E 问卷", "no “none”", id="an unknown questionnaire"
        ),
        pytest.param(("指标", "G3", "20"), 3, "G 满分", "text “20”", id="text for full marks"),
        pytest.param(("指标", "G3", 0), 3, "G 满分", "above 0", id="no marks at all"),
        pytest.param(
            ("问卷", "D2", "some"), 2, "D 评议单位", "自选单位", id="an unknown choice of units"
        ),
        pytest.param(("问题", "C2", "画图"), 2, "C 题型", "单选", id="an unknown kind"),
        pytest.param(("问题", "H2", None), 2, "H 选项", "missing", id="a choice without choices"),
        pytest.param(("问题", "H2", "甲"), 2, "H 选项", "code=words", id="choices without codes"),
        pytest.param(
            ("问题", "H4", "a=甲"), 4, "H 选项", "does not go with", id="a text with choices"
        ),
        pytest.param(("问题", "K5", -1), 5, "K 最大值", "below the lowest", id="an empty range"),
        pytest.param(("问题", "L4", 5000), 4, "L 最多字数", "1 to 1000", id="a text too long"),
        pytest.param(
            ("问题", "M4", "ways=x"), 4, "M 显示条件", "no earlier", id="an unknown condition"
        ),
        pytest.param(
            ("问题", "M2", "ways=online"), 2, "M 显示条件", "no earlier", id="a later one"
        ),
        pytest.param(("问题", "N6", "yes=bad"), 6, "N 存疑原因", "coached", id="an unknown reason"),
        pytest.param(("问题", "B3", "role"), 3, "B 代码", "row 2", id="a doubled question"),
        pytest.param(
            ("规则", "B2", "best"), None, "B 预设规则", "no shipped", id="an unknown preset"
        ),
        pytest.param(("规则", "B3", "{}"), None, None, "not both", id="preset and document"),
        pytest.param(
            ("类别权重", "C2", 60), None, "class_weights.enforcement", "110", id="110 percent"
        ),
        pytest.param(("类别权重", "A2", "x"), 2, "A 类别", "no “x”", id="weights of no class"),
        pytest.param(("别的", "A1", "x"), None, None, "not known", id="an unknown sheet"),
    ],
)
def test_a_problem_is_named_with_its_place(change, row, column, words):
    sheet = change[0]
    found = problems_of(changed(change))
    assert any(it[0] == sheet and it[1:3] == (row, column) and words in it[3] for it in found), (
        found
    )


def test_a_group_that_the_rules_do_not_know_and_a_weight_without_group():
    found = problems_of(changed(("主体", "A4", "farmers")))
    assert [(it[1], it[3]) for it in found] == [
        (None, "The rule set gives the group “npc” a weight, but this sheet does not name it."),
        (4, "The rule set has no group “farmers”."),
    ]


def test_a_rule_document_that_does_not_add_up_names_its_path():
    document = OWN_RULES.to_json().replace('"weight": "40"', '"weight": "41"')
    found = problems_of(changed(("规则", "B2", None), ("规则", "B3", document), drop="类别权重"))
    assert [(it[0], it[2], it[3]) for it in found] == [
        ("规则", "groups", "the weights must add up to 100, not 101")
    ]


def test_a_rule_document_may_only_name_classes_that_there_are():
    document = OWN_RULES.to_json().replace('"vertical"', '"horizontal"')
    found = problems_of(changed(("规则", "B2", None), ("规则", "B3", document), drop="类别权重"))
    assert ["horizontal" in it[3] for it in found] == [True]


@pytest.mark.parametrize("sheet", ["轮次", "类别", "单位", "主体", "问卷", "规则"])
def test_a_missing_sheet_is_named(sheet):
    found = problems_of(changed(drop=sheet))
    assert any(it[0].startswith(sheet) and "missing" in it[3] for it in found)


def test_all_problems_come_at_once_from_top_to_bottom_and_not_more_than_a_hundred():
    three = problems_of(changed(("单位", "A9", "? ?"), ("单位", "D3", "x"), ("轮次", "B2", None)))
    assert [(it[0], it[1]) for it in three] == [("轮次", 2), ("单位", 3), ("单位", 9)]
    many = [("单位", f"{column}{row}", None) for column in "ABD" for row in range(2, 64)]
    assert len(problems_of(changed(*many, ("单位", "E2", "否"), ("单位", "E63", "否")))) <= 100


def test_a_bad_cell_is_not_reported_twice():
    assert len(problems_of(changed(("问题", "H6", "x")))) == 1
    assert len(problems_of(changed(("问题", "C2", "x")))) == 1
    assert len(problems_of(changed(("问卷", "D2", "x")))) == 1


def test_spaces_case_and_empty_rows_do_no_harm():
    content = changed(
        ("单位", "B5", " 市委宣传部\u200b "),
        ("单位", "A1", " Code "),
        ("单位", "E5", "YES"),
        ("单位", "A80", "  "),
    )
    assert read(content) == PLAN
