"""The first sheet: the official table, class by class in order of rank."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from xlsxwriter.utility import xl_rowcol_to_cell

from surveys.scoring.run import RunView, UnitFigures
from surveys.scoring.sheets.paper import Paper, add_sheet, fitting, heading, put, write_head
from surveys.scoring.tables import Column, Kind, official_columns
from surveys.web import named

HEAD_ROW = 3
SUMMED = ("work", "social", "adjustment")


def write_sheet(paper: Paper, run: RunView) -> None:
    """Write the table of ranks and the units that are listed apart."""
    title = _("%(round)s: results", round=heading(run))
    sheet = add_sheet(paper, run, _("Official table"), title, HEAD_ROW)
    columns = official_columns(run)
    write_head(paper, sheet, HEAD_ROW, [(c.heading, _width(c, run.units)) for c in columns])
    row = HEAD_ROW + 1
    for facts, members in run.by_class():
        counted = ngettext("%(num)s unit", "%(num)s units", len(members))
        band = _("%(class_name)s (%(units)s)", class_name=named(facts), units=counted)
        row = _section(paper, sheet, row, band, columns, members)
    apart = run.listed_apart()
    if apart:
        row = _section(paper, sheet, row, _("Scored, not ranked"), columns, apart)
    _signatures(paper, sheet, row + 1)
    sheet.freeze_panes(HEAD_ROW + 1, 3)


def _width(column: Column, units: Sequence[UnitFigures]) -> int:
    if column.key not in {"name", "flags"}:
        return column.width
    return fitting((str(column.value(unit)) for unit in units), column.width)


def _section(
    paper: Paper,
    sheet: Any,
    row: int,
    band: str,
    columns: Sequence[Column],
    units: Sequence[UnitFigures],
) -> int:
    for index in range(len(columns)):
        put(sheet, row, index, band if index == 0 else None, paper.band)
    for place, unit in enumerate(units, start=row + 1):
        for index, column in enumerate(columns):
            if column.key == "total" and unit.total is not None:
                _total(paper, sheet, (place, index), columns, unit)
            else:
                put(sheet, place, index, column.value(unit), _style(paper, column))
    return row + 1 + len(units)


def _total(
    paper: Paper, sheet: Any, place: tuple[int, int], columns: Sequence[Column], unit: UnitFigures
) -> None:
    """Write the total as the sum of its cells, so that everybody can see it add up."""
    row, index = place
    cells = [xl_rowcol_to_cell(row, c) for c, column in enumerate(columns) if column.key in SUMMED]
    # Rounded, because the sum of binary fractions may end in …9999.
    formula = f"=ROUND({'+'.join(cells)},{paper.decimals})"
    sheet.write_formula(row, index, formula, paper.bold_points, unit.total)


def _style(paper: Paper, column: Column) -> Any:
    if column.key == "adjustment":
        return paper.signed
    if column.key == "social":
        return paper.bold_points
    if column.key in {"rank", "code", "grade"}:
        return paper.centre
    return {Kind.TEXT: paper.text, Kind.COUNT: paper.count, Kind.POINTS: paper.points}[column.kind]


def _signatures(paper: Paper, sheet: Any, row: int) -> None:
    for column, words in ((2, _("Prepared by:")), (6, _("Checked by:")), (11, _("Date:"))):
        sheet.write_string(row, column, words, paper.note)
