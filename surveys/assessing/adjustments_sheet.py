"""The sheet of bonuses, deductions and vetoes: one row each, with its reason."""

from decimal import Decimal

from analytics.faults import N_
from surveys.assessing import layout
from surveys.assessing.cells import Cell, Problems, Row, is_blank, named_unit
from surveys.assessing.scores import (
    MAX_DECIMALS,
    MAX_POINTS,
    MAX_REASON_CHARS,
    SheetAdjustment,
    WorkPlan,
)
from surveys.spreadsheet import Sheet


def read(sheet: Sheet, plan: WorkPlan, problems: Problems) -> tuple[SheetAdjustment, ...]:
    """Return every adjustment of the sheet; one without rows says that there are none."""
    header = next(
        (i for i, row in enumerate(sheet.rows) if row and layout.UNIT_CODE.fits(row[0])), None
    )
    if header is None:
        Cell(sheet.name).problem(
            problems,
            N_("There is no header row: column A must say “%(heading)s”."),
            heading=layout.UNIT_CODE.chinese,
        )
        return ()
    if not _has_headings(Row(sheet.name, header, sheet.rows[header]), problems):
        return ()
    units = {unit.code: unit for unit in plan.units}
    lines = []
    for index in range(header + 1, len(sheet.rows)):
        row = Row(sheet.name, index, sheet.rows[index])
        if is_blank(row.values):
            continue
        unit = named_unit(row, units, problems)
        line = _line(row, unit.code if unit else "", problems)
        if line is not None:
            lines.append(line)
    return tuple(lines)


def _has_headings(row: Row, problems: Problems) -> bool:
    """Refuse headings in another order: points and vetoes must not be mistaken for each other."""
    before = len(problems)
    for column, heading in enumerate(layout.ADJUSTMENT_HEADINGS):
        if not heading.fits(row.value(column)):
            row.cell(column, row.text(column)).problem(
                problems,
                N_("The heading “%(heading)s” is expected here."),
                heading=heading.chinese,
            )
    return len(problems) == before


def _line(row: Row, unit: str, problems: Problems) -> SheetAdjustment | None:
    before = len(problems)
    is_veto = _veto(row, problems)
    points = _points(row, is_veto, problems)
    reason = row.text(4)
    cell = row.cell(4, layout.REASON.chinese)
    if not reason:
        cell.problem(problems, N_("The reason is missing."))
    elif len(reason) > MAX_REASON_CHARS:
        cell.problem(
            problems, N_("The reason is longer than %(most)s signs."), most=MAX_REASON_CHARS
        )
    if not unit or len(problems) > before:
        return None
    return SheetAdjustment(unit, points, is_veto, reason)


def _veto(row: Row, problems: Problems) -> bool:
    value = row.value(3)
    if is_blank((value,)) or value is False or layout.NO.fits(value):
        return False
    if value is True or layout.YES.fits(value):
        return True
    row.cell(3, layout.VETO.chinese).problem(
        problems, N_("“%(text)s” is neither yes nor no."), text=row.text(3)
    )
    return False


def _points(row: Row, is_veto: bool, problems: Problems) -> Decimal:
    """Return the points; only a veto may stand without."""
    value = row.value(2)
    cell = row.cell(2, layout.POINTS.chinese)
    if is_blank((value,)):
        if not is_veto:
            cell.problem(problems, N_("The points are missing."))
        return Decimal(0)
    points = cell.number(value, problems)
    if points is None:
        return Decimal(0)
    if abs(points) > MAX_POINTS:
        cell.problem(
            problems,
            N_("%(points)s points are beyond anything plausible (±%(most)s)."),
            points=points,
            most=MAX_POINTS,
        )
    elif -int(points.normalize().as_tuple().exponent) > MAX_DECIMALS:
        cell.problem(
            problems,
            N_("%(score)s has more than %(most)s decimals. Please round it."),
            score=points,
            most=MAX_DECIMALS,
        )
    return points
