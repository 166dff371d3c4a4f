"""Reading sheets by their description, with every problem found and none raised too early."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from analytics.faults import N_
from surveys.planning.cells import CellFault
from surveys.planning.layout import LISTING_HEADINGS, NOTES, Column, Listing, Table
from surveys.refusals import FileProblem, FileProblems
from surveys.spreadsheet import Sheet, Value, Workbook, column_letters, text
from surveys.traditional import simplified

PROBLEMS_MAX = 100


@dataclass
class Problems:
    """What was found so far."""

    found: list[FileProblem] = field(default_factory=list)

    def add(
        self, sheet: str, row: int | None, column: str | None, message: str, /, **values: object
    ) -> None:
        """Note one problem with its place."""
        if len(self.found) < PROBLEMS_MAX:
            self.found.append(FileProblem(sheet, row, column, message, tuple(values.items())))

    def refuse_if_any(self) -> None:
        """Raise all problems together, sheet by sheet from top to bottom."""
        if self.found:
            sheets = list(dict.fromkeys(problem.sheet for problem in self.found))
            raise FileProblems(
                tuple(sorted(self.found, key=lambda it: (sheets.index(it.sheet), it.row or 0)))
            )


@dataclass(frozen=True)
class Row:
    """One line of a sheet: the values that could be read, by field, and where it stands."""

    sheet: str
    number: int
    values: dict[str, Any]
    places: dict[str, str]

    def __getitem__(self, name: str) -> Any:
        """Return a field's value, None where it is blank or could not be read."""
        return self.values.get(name)

    def place(self, name: str) -> str | None:
        """Return the words for a field's column."""
        return self.places.get(name)


def read_table(workbook: Workbook, table: Table, problems: Problems) -> tuple[Row, ...]:
    """Return the rows of a table, without those that lack what they need."""
    sheet = workbook.sheet(table.names)
    if sheet is None or not sheet.rows:
        if table.is_required:
            name = sheet.name if sheet else _both(table.names)
            problems.add(name, None, None, N_("This sheet is missing or empty."))
        return ()
    columns = _columns(sheet, table, problems)
    missing = [one for one in table.columns if one.is_required and one not in columns.values()]
    for column in missing:
        problems.add(
            sheet.name,
            1,
            None,
            N_("The column “%(name)s” is missing."),
            name=_both(column.headings),
        )
    if missing:
        return ()
    rows = tuple(_rows(sheet, columns, problems))
    if table.is_required and not rows:
        problems.add(sheet.name, None, None, N_("This sheet has no rows."))
    return tuple(_without_doubles(rows, table, problems))


def read_listing(workbook: Workbook, listing: Listing, problems: Problems) -> Row | None:
    """Return the values of a listing as one row, or None when the sheet is missing."""
    sheet = workbook.sheet(listing.names)
    if sheet is None or not sheet.rows:
        name = sheet.name if sheet else _both(listing.names)
        problems.add(name, None, None, N_("This sheet is missing or empty."))
        return None
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for number, row in enumerate(sheet.rows, start=1):
        heading = _heading(row[0])
        if not heading or heading in {_heading(words[0]) for words in LISTING_HEADINGS}:
            continue
        line = _found(listing.lines, heading)
        cell = row[1] if len(row) > 1 else None
        if line is None:
            problems.add(
                sheet.name, number, "A", N_("“%(name)s” is not known here."), name=text(row[0])
            )
        elif line.field in places:
            problems.add(
                sheet.name, number, "A", N_("“%(name)s” stands here twice."), name=text(row[0])
            )
        else:
            places[line.field] = f"B {_shown(row[0])}"
            _read_cell(values, line, cell, (sheet.name, number, f"B {_shown(row[0])}"), problems)
    for line in listing.lines:
        if line.is_required and line.field not in places:
            problems.add(
                sheet.name,
                None,
                None,
                N_("The line “%(name)s” is missing."),
                name=_both(line.headings),
            )
    return Row(sheet.name, 1, values, places)


def check_sheets(
    workbook: Workbook, known: tuple[Table | Listing, ...], problems: Problems
) -> None:
    """Note sheets that nobody asked for; notes may stand in the file."""
    names = {name.casefold() for one in known for name in one.names}
    notes = {name.casefold() for name in NOTES}
    for sheet in workbook.sheets:
        if sheet.rows and simplified(sheet.name.casefold()) not in names | notes:
            problems.add(
                sheet.name,
                None,
                None,
                N_("A sheet of this name is not known. Please rename or delete it."),
            )


def _columns(sheet: Sheet, table: Table, problems: Problems) -> dict[int, Column]:
    """Return which described column stands where; note what is unknown or doubled."""
    columns: dict[int, Column] = {}
    for index, cell in enumerate(sheet.rows[0]):
        heading = _heading(cell)
        if not heading:
            if any(len(row) > index and row[index] is not None for row in sheet.rows):
                problems.add(
                    sheet.name, 1, column_letters(index), N_("This column has no heading.")
                )
            continue
        column = _found(table.columns, heading)
        place = f"{column_letters(index)} {_shown(cell)}"
        if column is None:
            problems.add(sheet.name, 1, place, N_("This heading is not known."))
        elif column in columns.values():
            problems.add(sheet.name, 1, place, N_("This heading stands here twice."))
        else:
            columns[index] = column
    return columns


def _rows(sheet: Sheet, columns: dict[int, Column], problems: Problems) -> Iterator[Row]:
    places = {
        column.field: f"{column_letters(index)} {_shown(sheet.rows[0][index])}"
        for index, column in columns.items()
    }
    for number, cells in enumerate(sheet.rows[1:], start=2):
        if all(cell is None for cell in cells):
            continue
        values: dict[str, Any] = {}
        for index, column in columns.items():
            place = (sheet.name, number, places[column.field])
            _read_cell(values, column, cells[index], place, problems)
        yield Row(sheet.name, number, values, places)


def _read_cell(
    values: dict[str, Any],
    column: Column,
    cell: Value,
    place: tuple[str, int, str],
    problems: Problems,
) -> None:
    """Read one cell into the values: a blank one is left out, an unreadable one is None."""
    if cell is None:
        if column.is_required:
            problems.add(place[0], place[1], place[2], N_("This must be filled in."))
        return
    try:
        values[column.field] = column.read(cell)
    except CellFault as fault:
        values[column.field] = None
        problems.add(place[0], place[1], place[2], fault.message, **fault.values)


def _without_doubles(rows: tuple[Row, ...], table: Table, problems: Problems) -> Iterator[Row]:
    first: dict[tuple[Any, ...], int] = {}
    for row in rows:
        key = tuple(row[name] for name in table.key)
        if None in key:
            continue
        if key in first:
            problems.add(
                row.sheet,
                row.number,
                row.place(table.key[-1]),
                N_("“%(code)s” already stands in row %(row)s."),
                code=key[-1],
                row=first[key],
            )
            continue
        first[key] = row.number
        yield row


def _both(names: tuple[str, str]) -> str:
    return " / ".join(names)


def _found(columns: tuple[Column, ...], heading: str) -> Column | None:
    return next(
        (one for one in columns if heading in {_heading(words) for words in one.headings}), None
    )


def _shown(cell: Value) -> str:
    """Return a heading as a problem names it, without its asterisk."""
    return " ".join(text(cell).split()).rstrip("*＊")


def _heading(cell: Value) -> str:
    """Return a heading without what people add to it: spaces, case, script, an asterisk."""
    return simplified("".join(text(cell).split()).rstrip("*＊").casefold())
