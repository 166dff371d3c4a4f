"""The workbook that is handed out is the workbook that is taken back."""

import io
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
from flask_babel import force_locale

from surveys.assessing.reading import read_work
from surveys.assessing.scores import SheetAdjustment, UnitScores, WorkScores
from surveys.assessing.template import build_work_workbook
from surveys.refusals import FileProblems
from surveys.spreadsheet import read_workbook
from tests.surveys.assessing.test_reading import PLAN

SCORES = WorkScores(
    (
        UnitScores("U01", (Decimal("38.5"), Decimal("28.1234"))),
        UnitScores("U02", (None, Decimal("30"))),
        UnitScores("U03", (Decimal("1"), Decimal("0"))),
    ),
    (
        SheetAdjustment("U01", Decimal("-1.5"), is_veto=False, reason="=HYPERLINK(1)"),
        SheetAdjustment("U02", Decimal("0"), is_veto=True, reason="重大责任事故"),
    ),
)
ROUND = replace(PLAN, round_name_en="Appraisal 2026 & more")


@pytest.fixture(params=["zh", "en"])
def language(app, request):
    with app.app_context(), force_locale(request.param):
        yield request.param


def test_scores_in_force_survive_the_way_out_and_back(language):
    content = build_work_workbook(replace(ROUND, in_force=SCORES))
    assert read_work(read_workbook(content, "x.xlsx"), PLAN) == SCORES


def test_an_untouched_template_is_refused_cell_by_cell(language):
    content = build_work_workbook(ROUND)
    with pytest.raises(FileProblems) as refused:
        read_work(read_workbook(content, "x.xlsx"), PLAN)
    assert [(problem.row, problem.column) for problem in refused.value.problems] == [
        (6, "D FUNC-1"),
        (6, "E LAW-1"),
        (7, "D FUNC-1"),
        (7, "E LAW-1"),
    ]


def test_headings_are_locked_and_scores_are_not(language):
    sheet = openpyxl.load_workbook(io.BytesIO(build_work_workbook(ROUND))).worksheets[0]
    assert sheet.protection.sheet
    assert sheet["D5"].protection.locked
    assert sheet["A6"].protection.locked
    assert not sheet["D6"].protection.locked


def test_the_sheet_itself_knows_the_full_marks(language):
    sheet = openpyxl.load_workbook(io.BytesIO(build_work_workbook(ROUND))).worksheets[0]
    rules = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert rules == {
        "D6:D8": 'OR(D6="/",AND(ISNUMBER(D6),D6>=0,D6<=40))',
        "E6:E8": 'OR(E6="/",AND(ISNUMBER(E6),E6>=0,E6<=30))',
    }


def test_text_never_becomes_a_formula(language):
    book = openpyxl.load_workbook(io.BytesIO(build_work_workbook(replace(ROUND, in_force=SCORES))))
    assert [
        cell.coordinate
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ] == []


def test_demonstration_data_say_so_on_every_sheet(language):
    content = build_work_workbook(replace(ROUND, is_demonstration=True))
    mark = {"zh": "演示数据", "en": "Demonstration data"}[language]
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        assert mark in str(sheet["A1"].value)
