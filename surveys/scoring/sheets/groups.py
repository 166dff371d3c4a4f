"""The second sheet: what each group gave each unit, from ballots to its part of the composite."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from xlsxwriter.utility import xl_rowcol_to_cell

from analytics.rules import Method, RuleSet
from surveys.scoring.run import GroupFigures, RunView, UnitFigures
from surveys.scoring.sheets.paper import Cell, Paper, add_sheet, fitting, heading, put, write_head
from surveys.scoring.words import said
from surveys.web import named

HEAD_ROW = 3
PADDED, SHARE, PART = 12, 13, 14


def write_sheet(paper: Paper, run: RunView) -> None:
    """Write a row per unit and group, and the composite under each unit."""
    title = _("%(round)s: groups", round=heading(run))
    sheet = add_sheet(paper, run, _("By group"), title, HEAD_ROW)
    has_standard = run.rules.conversion.method is Method.STANDARD
    columns = [
        (_("Class"), fitting((named(facts) for facts in run.summary.classes), 12)),
        (_("Unit code"), 9),
        (_("Unit"), fitting((named(unit) for unit in run.units), 20)),
        (_("Group"), fitting((named(group) for group in run.summary.groups), 14)),
        (_("Weight"), 8),
        (_("Returned"), 9),
        (_("Valid"), 8),
        (_("Abstained"), 10),
        (_("Flagged among them"), 9),
        (_("Mean M"), 10),
        (_("Floor"), 7),
        (_("Class mean μ"), 10),
        (_("Counted M′"), 10),
        (_("Share of weight"), 9),
        (_("Part of R"), 10),
        (_("Remarks"), 24),
    ]
    if has_standard:
        columns.append((_("Standard score A"), 10))
    write_head(paper, sheet, HEAD_ROW, columns)
    row = HEAD_ROW + 1
    for unit in run.units:
        row = _unit(paper, sheet, row, run, unit, has_standard)
    sheet.freeze_panes(HEAD_ROW + 1, 4)


def _unit(
    paper: Paper, sheet: Any, row: int, run: RunView, unit: UnitFigures, has_standard: bool
) -> int:
    first = row
    for group in unit.groups:
        for column, (value, style) in enumerate(_cells(paper, run, unit, group)):
            put(sheet, row, column, value, style)
        if group.contribution is not None:
            product = f"={xl_rowcol_to_cell(row, SHARE)}*{xl_rowcol_to_cell(row, PADDED)}"
            sheet.write_formula(row, PART, product, paper.exact, group.contribution)
        if has_standard:
            put(sheet, row, PART + 2, group.standardised, paper.exact)
        row += 1
    for column in range(PART + (3 if has_standard else 2)):
        put(sheet, row, column, None, paper.band)
    sheet.write_string(row, 2, named(unit), paper.band)
    sheet.write_string(row, 3, _("Composite R"), paper.band)
    if unit.composite is not None:
        ends = f"{xl_rowcol_to_cell(first, PART)}:{xl_rowcol_to_cell(row - 1, PART)}"
        sheet.write_formula(row, PART, f"=SUM({ends})", paper.band_exact, unit.composite)
    return row + 1


def _cells(
    paper: Paper, run: RunView, unit: UnitFigures, group: GroupFigures
) -> list[tuple[Cell, Any]]:
    rule = run.rules.group(group.group)
    return [
        (named(run.class_of(unit)), paper.text),
        (unit.code, paper.centre),
        (named(unit), paper.text),
        (group_name(run, run.rules, group.group), paper.text),
        (group.weight, paper.weight),
        (group.returned, paper.count),
        (group.valid, paper.count),
        (group.abstained, paper.count),
        (group.flagged, paper.count),
        (_short(group.mean), paper.exact),
        (rule.floor, paper.count),
        (_short(group.mu), paper.exact),
        (_short(group.padded), paper.exact),
        (_short(group.weight_share), paper.share),
        (None, paper.exact),
        (_("; ").join(said(flag) for flag in group.flags), paper.text),
    ]


def group_name(run: RunView, rules: RuleSet, code: str) -> str:
    """Return a group's name as the round has it, else as the rule set has it."""
    facts = run.summary.group(code)
    return named(facts) if facts else named(rules.group(code), "words")


def _short(value: Decimal | None) -> Decimal | None:
    """Cut a figure to what a cell of a spreadsheet can hold."""
    return None if value is None else round(value, 12)
