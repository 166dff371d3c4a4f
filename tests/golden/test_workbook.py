"""The official workbook of a small fixed round, cell by cell.

Run with PINGYI_TEST_GOLDEN=write after changing a sheet, and read the difference.
"""

import io
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from flask_babel import force_locale

from surveys.db import transaction
from surveys.scoring import queries
from surveys.scoring.workbook import build_workbook
from tests.surveys.scoring.scored import add_work, make_closed_round, score_round, verify

GOLDEN = Path(__file__).parent
MOMENT = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
# The digest of the program's sources changes with every line of them.
PROGRAM = re.compile(r"\d+\.\d+\.\d+ [0-9a-f]{64}")


@pytest.fixture
def run(app):
    database = app.extensions["installation"].database
    with transaction(database) as session:
        made = make_closed_round(session, is_demonstration=True)
        made.units[1].name = "=1+1 局"
        add_work(session, made)
    verify(database, made)
    with transaction(database) as session:
        score_round(session, made, MOMENT)
        yield queries.run_view(session, made.round.id)


def content(app, run, language: str) -> bytes:
    with app.app_context(), force_locale(language):
        return build_workbook(run)


def as_text(data: bytes) -> str:
    """Return every cell that holds anything: address, kind, value; formulas with their values."""
    formulas = openpyxl.load_workbook(io.BytesIO(data))
    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    lines = []
    for sheet in formulas:
        lines.append(f"== {sheet.title} ==")
        lines.append(f"header {sheet.oddHeader.left.text} | {sheet.oddHeader.right.text}")
        lines.append(f"footer {sheet.oddFooter.left.text} | {sheet.oddFooter.right.text}")
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is None:
                    continue
                text = PROGRAM.sub("<version>", str(cell.value))
                if cell.data_type == "f":
                    text += f" -> {values[sheet.title][cell.coordinate].value}"
                lines.append(f"{cell.coordinate} {cell.data_type} {text}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_is_the_golden_one(app, run, language):
    written = as_text(content(app, run, language))
    golden = GOLDEN / f"workbook.{language}.txt"
    if os.environ.get("PINGYI_TEST_GOLDEN") == "write":
        golden.write_text(written, encoding="utf-8")
    assert written == golden.read_text(encoding="utf-8")


def test_totals_are_formulas_that_give_the_printed_total(app, run):
    data = content(app, run, "zh")
    formulas = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True).worksheets[0]
    totals = {
        values.cell(cell.row, 2).value: cell for cell in formulas["G"] if cell.data_type == "f"
    }
    assert totals.keys() == {unit.code for unit in run.units}
    for unit in run.units:
        row = totals[unit.code].row
        parts = [values.cell(row, column).value for column in (4, 5, 6)]
        assert round(sum(parts), 2) == values.cell(row, 7).value == float(unit.printed.total)
        assert totals[unit.code].value == f"=ROUND(D{row}+E{row}+F{row},2)"


def test_the_parts_of_the_composite_are_formulas_that_add_up(app, run):
    data = content(app, run, "zh")
    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True).worksheets[1]
    composites = [row[14].value for row in values.iter_rows() if row[3].value == "综合得分 R"]
    assert composites == [pytest.approx(float(unit.composite)) for unit in run.units]


def test_text_from_people_never_becomes_a_formula(app, run):
    book = openpyxl.load_workbook(io.BytesIO(content(app, run, "zh")))
    formulas = [
        cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert all(text.startswith(("=ROUND(", "=SUM(", "=N")) for text in formulas)
    assert "=1+1 局" in [cell.value for cell in book.worksheets[0]["C"] if cell.data_type == "s"]


@pytest.mark.parametrize(("language", "mark"), [("zh", "演示数据"), ("en", "Demonstration data")])
def test_demonstration_data_say_so_on_every_sheet_and_page(app, run, language, mark):
    book = openpyxl.load_workbook(io.BytesIO(content(app, run, language)))
    assert len(book.worksheets) == 5
    for sheet in book:
        assert mark in sheet["A2"].value
        assert mark in sheet.oddHeader.left.text


def test_every_sheet_prints_on_a4_across(app, run):
    for sheet in openpyxl.load_workbook(io.BytesIO(content(app, run, "zh"))):
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert run.tally_sha256[:8] in sheet.oddFooter.left.text


def test_the_same_run_gives_the_same_file(app, run):
    assert content(app, run, "zh") == content(app, run, "zh")
