"""The sheet of scores: one row per unit, one column per indicator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from analytics.faults import N_
from surveys.assessing import layout
from surveys.assessing.cells import Cell, Problems, Row, is_blank, named_unit
from surveys.assessing.scores import MAX_DECIMALS, SheetIndicator, SheetUnit, UnitScores, WorkPlan
from surveys.spreadsheet import Sheet, column_letters


@dataclass(frozen=True)
class Columns:
    """Where the header row is, and which column holds which indicator."""

    header: int
    by_indicator: Mapping[str, int]


def read(sheet: Sheet, plan: WorkPlan, problems: Problems) -> tuple[UnitScores, ...]:
    """Return the scores of every unit that has a row."""
    columns = _columns(sheet, plan, problems)
    if columns is None:
        return ()
    read_units = []
    rows = _rows_of_units(sheet, columns.header, plan, problems)
    for unit, row in rows:
        scores = _scores_of_row(row, unit, plan.indicators, columns, problems)
        if scores is not None:
            read_units.append(scores)
    named = {unit.code for unit, _ in rows}
    for unit in plan.units:
        if unit.is_ranked and unit.code not in named:
            Cell(sheet.name).problem(
                problems,
                N_("The row of the unit %(code)s %(name)s is missing."),
                code=unit.code,
                name=unit.name,
            )
    return tuple(read_units)


def _rows_of_units(
    sheet: Sheet, header: int, plan: WorkPlan, problems: Problems
) -> tuple[tuple[SheetUnit, Row], ...]:
    """Return each unit with its one row."""
    units = {unit.code: unit for unit in plan.units}
    found: dict[str, tuple[SheetUnit, Row]] = {}
    for index in range(header + 1, len(sheet.rows)):
        row = Row(sheet.name, index, sheet.rows[index])
        unit = None if is_blank(row.values) else named_unit(row, units, problems)
        if unit is None:
            continue
        if unit.code in found:
            row.cell(0, layout.UNIT_CODE.chinese).problem(
                problems,
                N_("The unit %(code)s has two rows; the first is row %(first)s."),
                code=unit.code,
                first=found[unit.code][1].index + 1,
            )
        else:
            found[unit.code] = (unit, row)
    return tuple(found.values())


def _columns(sheet: Sheet, plan: WorkPlan, problems: Problems) -> Columns | None:
    """Find the row of codes and in it every indicator once."""
    header = next(
        (i for i, row in enumerate(sheet.rows) if row and layout.UNIT_CODE.fits(row[0])), None
    )
    if header is None:
        Cell(sheet.name).problem(
            problems,
            N_("There is no header row: column A must say “%(heading)s”."),
            heading=layout.UNIT_CODE.chinese,
        )
        return None
    known = {indicator.code: indicator for indicator in plan.indicators}
    found: dict[str, int] = {}
    headings = Row(sheet.name, header, sheet.rows[header])
    for column in range(layout.FIRST_INDICATOR_COLUMN, _width(sheet, header)):
        _place_column(headings, column, known, found, problems)
    for code, indicator in known.items():
        if code not in found:
            Cell(sheet.name, header).problem(
                problems,
                N_("The column of the indicator %(code)s %(name)s is missing."),
                code=code,
                name=indicator.name,
            )
    _check_full_marks(sheet, header, found, known, problems)
    return Columns(header, found)


def _width(sheet: Sheet, header: int) -> int:
    """Return how many columns hold anything from the header row down."""
    return max(
        (
            index + 1
            for row in sheet.rows[header:]
            for index, value in enumerate(row)
            if not is_blank((value,))
        ),
        default=0,
    )


def _place_column(
    headings: Row,
    column: int,
    known: Mapping[str, SheetIndicator],
    found: dict[str, int],
    problems: Problems,
) -> None:
    code = headings.text(column)
    cell = headings.cell(column, code)
    if not code:
        cell.problem(problems, N_("There are figures in a column without an indicator code."))
    elif code not in known:
        cell.problem(problems, N_("There is no indicator %(code)s in this round."), code=code)
    elif code in found:
        cell.problem(
            problems,
            N_("The indicator %(code)s has two columns; the first is column %(first)s."),
            code=code,
            first=column_letters(found[code]),
        )
    else:
        found[code] = column


def _check_full_marks(
    sheet: Sheet,
    header: int,
    found: Mapping[str, int],
    known: Mapping[str, SheetIndicator],
    problems: Problems,
) -> None:
    """Refuse a workbook that was made for other full marks than the round has."""
    for index, values in enumerate(sheet.rows[:header]):
        row = Row(sheet.name, index, values)
        if not (values and layout.FULL_MARKS.fits(values[0])):
            continue
        for code, column in found.items():
            given = row.value(column)
            if given != known[code].full_marks:
                row.cell(column, code).problem(
                    problems,
                    N_("Full marks are “%(given)s” here, but %(expected)s in the round."),
                    given="" if given is None else given,
                    expected=known[code].full_marks,
                )


def _scores_of_row(
    row: Row,
    unit: SheetUnit,
    indicators: Iterable[SheetIndicator],
    columns: Columns,
    problems: Problems,
) -> UnitScores | None:
    """Return a unit's scores; a unit that is not ranked may be left wholly blank."""
    placed = [
        (indicator, columns.by_indicator[indicator.code])
        for indicator in indicators
        if indicator.code in columns.by_indicator
    ]
    if not unit.is_ranked and is_blank(tuple(row.value(column) for _, column in placed)):
        return None
    before = len(problems)
    scores = tuple(_score(row, column, indicator, problems) for indicator, column in placed)
    if len(problems) == before and all(score is None for score in scores):
        row.cell(0, layout.UNIT_CODE.chinese).problem(
            problems, N_("No indicator applies to this unit, so it cannot have a work score.")
        )
    return UnitScores(unit.code, scores)


def _score(row: Row, column: int, indicator: SheetIndicator, problems: Problems) -> Decimal | None:
    value = row.value(column)
    cell = row.cell(column, indicator.code)
    if is_blank((value,)):
        cell.problem(
            problems, N_("The score is missing. If the indicator does not apply, write “/”.")
        )
        return None
    if isinstance(value, str) and value.strip().lower() in layout.DOES_NOT_APPLY_WORDS:
        return None
    score = cell.number(value, problems)
    if score is None:
        return None
    _check_score(score, indicator, cell, problems)
    return score


def _check_score(score: Decimal, indicator: SheetIndicator, cell: Cell, problems: Problems) -> None:
    if score < 0:
        cell.problem(problems, N_("The score %(score)s is below 0."), score=score)
    elif score > indicator.full_marks:
        cell.problem(
            problems,
            N_("The score %(score)s is over the full marks of %(full)s."),
            score=score,
            full=indicator.full_marks,
        )
    elif -int(score.normalize().as_tuple().exponent) > MAX_DECIMALS:
        cell.problem(
            problems,
            N_("%(score)s has more than %(most)s decimals. Please round it."),
            score=score,
            most=MAX_DECIMALS,
        )
