"""Cells and rows of a sheet that is being read, and how a problem with one is written down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from analytics.faults import N_
from surveys.assessing.layout import UNIT_CODE, UNIT_NAME
from surveys.assessing.scores import SheetUnit
from surveys.refusals import FileProblem
from surveys.spreadsheet import column_letters
from surveys.traditional import simplified

Problems = list[FileProblem]


def is_blank(values: Iterable[object]) -> bool:
    """Tell whether no cell holds anything."""
    return all(value is None or not str(value).strip() for value in values)


@dataclass(frozen=True)
class Cell:
    """Where something stands: sheet, row from 0, column from 0 with its heading."""

    sheet: str
    row: int | None = None
    column: int | None = None
    heading: str = ""

    def problem(self, problems: Problems, message: str, **values: object) -> None:
        """Write down what is wrong here."""
        column = None
        if self.column is not None:
            column = f"{column_letters(self.column)} {self.heading}".strip()
        problems.append(
            FileProblem(
                self.sheet,
                None if self.row is None else self.row + 1,
                column,
                message,
                tuple((name, shown(value)) for name, value in values.items()),
            )
        )

    def number(self, value: object, problems: Problems) -> Decimal | None:
        """Return the cell's number; text that looks like one is refused, never guessed."""
        if isinstance(value, Decimal):
            return value
        text = str(value).strip()
        if text.startswith("#"):
            self.problem(problems, N_("The cell shows the formula error %(text)s."), text=text)
        else:
            self.problem(
                problems,
                N_("“%(text)s” is text. Please type it again as a number."),
                text=text,
            )
        return None


@dataclass(frozen=True)
class Row:
    """One row of a sheet, counted from 0."""

    sheet: str
    index: int
    values: tuple[object, ...]

    def value(self, column: int) -> object:
        """Return what a cell holds; a row may be shorter than others."""
        return self.values[column] if column < len(self.values) else None

    def text(self, column: int) -> str:
        """Return what a cell says."""
        value = self.value(column)
        return "" if value is None else str(value).strip()

    def cell(self, column: int, heading: str = "") -> Cell:
        """Return the place of a cell."""
        return Cell(self.sheet, self.index, column, heading)


def shown(value: object) -> object:
    """Return a value as a reader would type it."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def named_unit(row: Row, units: Mapping[str, SheetUnit], problems: Problems) -> SheetUnit | None:
    """Return the unit whose code and name stand in columns A and B."""
    code, name = row.text(0), row.text(1)
    cell = row.cell(0, UNIT_CODE.chinese)
    if not code:
        cell.problem(problems, N_("The unit code is missing."))
        return None
    unit = units.get(code)
    if unit is None:
        cell.problem(problems, N_("There is no unit %(code)s in this round."), code=code)
        return None
    if name and _squeezed(name) not in {_squeezed(unit.name), _squeezed(unit.name_en or "")}:
        row.cell(1, UNIT_NAME.chinese).problem(
            problems,
            N_("The unit %(code)s is called “%(expected)s”, not “%(given)s”."),
            code=code,
            expected=unit.name,
            given=name,
        )
    return unit


def _squeezed(name: str) -> str:
    """Return what makes two names the same, whatever their script."""
    return simplified("".join(name.split()).lower())
