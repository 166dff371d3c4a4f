"""The workbook in which the 70 points are filled in: units by indicators, adjustments, notes."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from flask_babel import gettext as _

from surveys.assessing import layout
from surveys.assessing.scores import MAX_POINTS, MAX_REASON_CHARS, SheetIndicator, WorkPlan
from surveys.spreadsheet import column_letters
from surveys.web import is_english, named

FONT = "Microsoft YaHei"
ACCENT = "#1A5FB4"
GROUND = "#F1F4F9"
LINE = "#C9D0DB"
ADJUSTMENT_ROWS = 200
A4 = 9


@dataclass(frozen=True)
class Pen:
    """An open workbook with its formats."""

    book: Any
    title: Any
    head: Any
    code: Any
    fixed: Any
    score: Any
    text: Any
    note: Any


def build_work_workbook(plan: WorkPlan) -> bytes:
    """Return the workbook of a round with the scores in force, ready to be filled in."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    pen = _pen(book)
    _work_sheet(pen, plan)
    _adjustment_sheet(pen, plan)
    _notes_sheet(pen, plan)
    book.close()
    return stream.getvalue()


def _pen(book: Any) -> Pen:
    plain = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
    cell = {**plain, "border": 1, "border_color": LINE}
    head = {**cell, "bold": True, "bg_color": GROUND, "align": "center", "text_wrap": True}
    return Pen(
        book,
        title=book.add_format({**plain, "font_size": 14, "bold": True}),
        head=book.add_format(head),
        code=book.add_format({**head, "font_color": "#FFFFFF", "bg_color": ACCENT}),
        fixed=book.add_format({**cell, "bg_color": GROUND}),
        score=book.add_format({**cell, "locked": False, "num_format": "0.00##", "align": "right"}),
        text=book.add_format({**cell, "locked": False, "text_wrap": True}),
        note=book.add_format({**plain, "text_wrap": True, "valign": "top"}),
    )


def _title(plan: WorkPlan, words: str) -> str:
    mark = _("[Demonstration data] ") if plan.is_demonstration else ""
    return f"{mark}{named(plan, 'round_name')} · {words}"


def _said(heading: layout.Heading) -> str:
    return heading.said(is_english())


def _work_sheet(pen: Pen, plan: WorkPlan) -> None:
    sheet = pen.book.add_worksheet(_said(layout.WORK))
    _page_setup(sheet, plan)
    sheet.write_string(layout.TITLE_ROW, 0, _title(plan, _said(layout.WORK)), pen.title)
    for row, heading, colour in (
        (layout.ASPECT_ROW, layout.ASPECT, pen.head),
        (layout.NAME_ROW, layout.INDICATOR, pen.head),
        (layout.FULL_MARKS_ROW, layout.FULL_MARKS, pen.head),
        (layout.CODE_ROW, layout.UNIT_CODE, pen.code),
    ):
        sheet.write_string(row, 0, _said(heading), colour)
        sheet.write_string(row, 1, "", colour)
        sheet.write_string(row, 2, "", colour)
    sheet.write_string(layout.CODE_ROW, 1, _said(layout.UNIT_NAME), pen.code)
    sheet.write_string(layout.CODE_ROW, 2, _said(layout.UNIT_CLASS), pen.code)
    _indicator_heads(pen, sheet, plan)
    _unit_rows(pen, sheet, plan)
    sheet.set_row(layout.TITLE_ROW, 26)
    sheet.set_row(layout.NAME_ROW, 64 if is_english() else 44)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 1, 50 if is_english() else 24)
    sheet.set_column(2, 2, 30 if is_english() else 16)
    sheet.set_column(3, 2 + len(plan.indicators), 14)
    sheet.freeze_panes(layout.CODE_ROW + 1, layout.FIRST_INDICATOR_COLUMN)
    sheet.repeat_rows(layout.ASPECT_ROW, layout.CODE_ROW)


def _indicator_heads(pen: Pen, sheet: Any, plan: WorkPlan) -> None:
    for column, indicator in enumerate(plan.indicators, start=layout.FIRST_INDICATOR_COLUMN):
        sheet.write_string(layout.NAME_ROW, column, named(indicator), pen.head)
        sheet.write_number(layout.FULL_MARKS_ROW, column, indicator.full_marks, pen.head)
        sheet.write_string(layout.CODE_ROW, column, indicator.code, pen.code)
    for first, last, indicator in _aspects(plan.indicators):
        words = named(indicator, "aspect_name")
        if first == last:
            sheet.write_string(layout.ASPECT_ROW, first, words, pen.head)
        else:
            sheet.merge_range(layout.ASPECT_ROW, first, layout.ASPECT_ROW, last, words, pen.head)


def _aspects(
    indicators: tuple[SheetIndicator, ...],
) -> Iterator[tuple[int, int, SheetIndicator]]:
    """Yield the first and last column of each run of indicators of one aspect."""
    first = 0
    for index, indicator in enumerate(indicators):
        is_last = index + 1 == len(indicators) or indicators[index + 1].aspect != indicator.aspect
        if is_last:
            shift = layout.FIRST_INDICATOR_COLUMN
            yield first + shift, index + shift, indicator
            first = index + 1


def _unit_rows(pen: Pen, sheet: Any, plan: WorkPlan) -> None:
    given = {} if plan.in_force is None else {u.unit: u.scores for u in plan.in_force.units}
    top = layout.CODE_ROW + 1
    for row, unit in enumerate(plan.units, start=top):
        sheet.write_string(row, 0, unit.code, pen.fixed)
        sheet.write_string(row, 1, named(unit), pen.fixed)
        sheet.write_string(row, 2, named(unit, "class_name"), pen.fixed)
        scores = given.get(unit.code)
        for column in range(len(plan.indicators)):
            place = (row, column + layout.FIRST_INDICATOR_COLUMN)
            if scores is None:
                sheet.write_blank(*place, None, pen.score)
            elif (score := scores[column]) is None:
                sheet.write_string(*place, layout.DOES_NOT_APPLY, pen.score)
            else:
                sheet.write_number(*place, score, pen.score)
    for column, indicator in enumerate(plan.indicators, start=layout.FIRST_INDICATOR_COLUMN):
        cell = f"{column_letters(column)}{top + 1}"
        full_marks = format(indicator.full_marks.normalize(), "f")
        rule = (
            f'=OR({cell}="{layout.DOES_NOT_APPLY}",'
            f"AND(ISNUMBER({cell}),{cell}>=0,{cell}<={full_marks}))"
        )
        sheet.data_validation(
            top,
            column,
            max(top, top + len(plan.units) - 1),
            column,
            {
                "validate": "custom",
                "value": rule,
                "ignore_blank": True,
                "error_title": _("Score"),
                "error_message": _(
                    "A number from 0 to %(full)s, or “/” if the indicator does not apply.",
                    full=full_marks,
                ),
            },
        )


def _adjustment_sheet(pen: Pen, plan: WorkPlan) -> None:
    sheet = pen.book.add_worksheet(_said(layout.ADJUSTMENTS))
    _page_setup(sheet, plan)
    sheet.write_string(0, 0, _title(plan, _said(layout.ADJUSTMENTS)), pen.title)
    for column, heading in enumerate(layout.ADJUSTMENT_HEADINGS):
        sheet.write_string(1, column, _said(heading), pen.code)
    names = {unit.code: named(unit) for unit in plan.units}
    lines = () if plan.in_force is None else plan.in_force.adjustments
    for row, line in enumerate(lines, start=2):
        sheet.write_string(row, 0, line.unit, pen.text)
        sheet.write_string(row, 1, names[line.unit], pen.text)
        sheet.write_number(row, 2, line.points, pen.score)
        sheet.write_string(row, 3, _said(layout.YES if line.is_veto else layout.NO), pen.text)
        sheet.write_string(row, 4, line.reason, pen.text)
    last = 1 + max(ADJUSTMENT_ROWS, len(lines))
    for row in range(2 + len(lines), last + 1):
        for column in range(len(layout.ADJUSTMENT_HEADINGS)):
            sheet.write_blank(row, column, None, pen.score if column == 2 else pen.text)
    _adjustment_checks(sheet, plan, last)
    for column, width in enumerate((12, 50 if is_english() else 24, 10, 12, 60)):
        sheet.set_column(column, column, width)
    sheet.set_row(0, 26)
    sheet.freeze_panes(2, 0)
    sheet.repeat_rows(1)


def _adjustment_checks(sheet: Any, plan: WorkPlan, last: int) -> None:
    top = layout.CODE_ROW + 2
    codes = f"='{_said(layout.WORK)}'!$A${top}:$A${max(top, top + len(plan.units) - 1)}"
    sheet.data_validation(2, 0, last, 0, {"validate": "list", "source": codes})
    sheet.data_validation(
        2,
        2,
        last,
        2,
        {
            "validate": "decimal",
            "criteria": "between",
            "minimum": -MAX_POINTS,
            "maximum": MAX_POINTS,
            "error_title": _said(layout.POINTS),
            "error_message": _("Points as a number; deductions with a minus sign."),
        },
    )
    choices = [_said(layout.YES), _said(layout.NO)]
    sheet.data_validation(2, 3, last, 3, {"validate": "list", "source": choices})
    sheet.data_validation(
        2,
        4,
        last,
        4,
        {"validate": "length", "criteria": "<=", "value": MAX_REASON_CHARS},
    )


def _notes_sheet(pen: Pen, plan: WorkPlan) -> None:
    sheet = pen.book.add_worksheet(_said(layout.NOTES))
    _page_setup(sheet, plan)
    sheet.write_string(0, 0, _title(plan, _said(layout.NOTES)), pen.title)
    notes = (
        _("Fill in the white cells only; headings, units and full marks are fixed."),
        _("Every cell needs a score from 0 to the full marks, with at most 4 decimals."),
        _("If an indicator does not apply to a unit, write “/”: it leaves the unit's full marks."),
        _("Every ranked unit needs its row; units that are not ranked may stay blank."),
        _(
            "Bonuses and deductions stand in the second sheet, one per row, deductions with a "
            "minus sign, each with its reason. Their sum is cut to the limit of the rule set."
        ),
        _("A veto is “yes” in the second sheet; its points may stay blank."),
        _("The import replaces everything that was imported before; earlier imports are kept."),
    )
    for row, words in enumerate(notes, start=2):
        sheet.write_string(row, 0, f"{row - 1}. {words}", pen.note)
        sheet.set_row(row, 34)
    sheet.set_column(0, 0, 90)


def _page_setup(sheet: Any, plan: WorkPlan) -> None:
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.79, right=0.79, top=0.98, bottom=0.79)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    # In header texts `&` begins a code; twice it is the sign itself.
    sheet.set_footer(f"&L{named(plan, 'round_name').replace('&', '&&')}&R&P / &N")
    sheet.protect(
        "",
        {
            "format_cells": True,
            "format_columns": True,
            "format_rows": True,
            "sort": True,
            "autofilter": True,
        },
    )
