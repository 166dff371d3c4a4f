"""Writing sheets by their description, so that reading gives back what was written."""

import io
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from surveys.planning import cells
from surveys.planning.layout import LISTING_HEADINGS, NOTES, SHEETS, Column, Listing, Table, Tongue
from surveys.settings import CITY_CLOCK

Say = Callable[[str], str]
Row = Mapping[str, Any]
# The rows of each table, or the values of each listing.
Contents = Mapping[Table | Listing, Iterable[Row]]

ACCENT = "#1a5fb4"
GROUND = "#f6f7f9"
LINE = "#d9dee6"
MUTED = "#5c6675"
WARN = "#9a6700"
A4 = 9
VALIDATED_ROWS = 2000
PAGE_OF = ("第 &P 页，共 &N 页", "page &P of &N")
# Kinds of cells that hold one of a few words.
OFFERED: Mapping[cells.Read, Mapping[Any, tuple[str, str]]] = {
    cells.truth: cells.YES_NO,
    cells.kind: cells.KINDS,
    cells.unit_choice: cells.UNIT_CHOICES,
}


def write_workbook(contents: Contents, say: Say, tongue: Tongue, mark: str) -> bytes:
    """Return the .xlsx of all sheets; `mark` stands at the head of every printed page."""
    file = io.BytesIO()
    workbook = xlsxwriter.Workbook(file, {"in_memory": True})
    sheets = _Sheets(workbook, say, tongue, mark)
    for sheet in SHEETS:
        if isinstance(sheet, Listing):
            sheets.add_listing(sheet, next(iter(contents[sheet])))
        else:
            sheets.add_table(sheet, contents[sheet])
    sheets.add_notes()
    workbook.close()
    return file.getvalue()


class _Sheets:
    """The sheets of one workbook while they are written."""

    def __init__(self, workbook: Any, say: Say, tongue: Tongue, mark: str) -> None:
        self._workbook = workbook
        self._say = say
        self._tongue = tongue
        self._mark = mark
        look = {"valign": "top", "font_size": 11}
        boxed = {**look, "border": 1, "border_color": LINE}
        head = {**boxed, "bold": True, "bg_color": GROUND}
        self._plain = workbook.add_format({**boxed, "text_wrap": True})
        self._note = workbook.add_format({**look, "text_wrap": True, "font_color": MUTED})
        self._title = workbook.add_format({**look, "bold": True, "font_size": 13})
        self._warning = workbook.add_format({**look, "bold": True, "font_color": WARN})
        self._head = workbook.add_format(head)
        self._needed = workbook.add_format({**head, "font_color": ACCENT})

    def add_table(self, table: Table, rows: Iterable[Row]) -> None:
        """Write a heading row and the rows under it."""
        sheet = self._add(table.names)
        for index, column in enumerate(table.columns):
            sheet.set_column(index, index, column.width)
            self._write_heading(sheet, 0, index, column)
            words = OFFERED.get(column.read)
            if words:
                names = [named[self._tongue] for named in words.values()]
                offer = {"validate": "list", "source": names}
                sheet.data_validation(1, index, VALIDATED_ROWS, index, offer)
        for number, row in enumerate(rows, start=1):
            for index, column in enumerate(table.columns):
                self._write(sheet, number, index, column, row.get(column.field))
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)

    def add_listing(self, listing: Listing, values: Row) -> None:
        """Write a heading, a value and a note per line."""
        sheet = self._add(listing.names)
        for index, width in enumerate((22, 60, 46)):
            sheet.set_column(index, index, width)
            sheet.write_string(0, index, LISTING_HEADINGS[self._tongue][index], self._head)
        for number, line in enumerate(listing.lines, start=1):
            self._write_heading(sheet, number, 0, line)
            self._write(sheet, number, 1, line, values.get(line.field))
            sheet.write_string(number, 2, self._say(line.hint), self._note)

    def add_notes(self) -> None:
        """Write what each sheet is for and what its columns hold."""
        sheet = self._add(NOTES)
        for index, width in enumerate((24, 24, 64)):
            sheet.set_column(index, index, width)
        number = 0
        if self._mark:
            sheet.write_string(number, 0, self._mark, self._warning)
            number += 2
        for one in SHEETS:
            sheet.write_string(number, 0, one.names[self._tongue], self._title)
            sheet.write_string(number, 2, self._say(one.hint), self._note)
            for column in one.columns:
                number += 1
                self._write_heading(sheet, number, 1, column)
                sheet.write_string(number, 2, self._say(column.hint), self._note)
            number += 2

    def _add(self, names: tuple[str, str]) -> Any:
        sheet = self._workbook.add_worksheet(names[self._tongue])
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_header((f"&L{self._mark}" if self._mark else "") + "&R&A")
        sheet.set_footer(f"&R{PAGE_OF[self._tongue]}")
        if self._mark:
            sheet.set_tab_color(WARN)
        return sheet

    def _write_heading(self, sheet: Any, row: int, index: int, column: Column) -> None:
        star, look = ("*", self._needed) if column.is_required else ("", self._head)
        sheet.write_string(row, index, column.headings[self._tongue] + star, look)

    def _write(self, sheet: Any, row: int, index: int, column: Column, value: Any) -> None:
        """Write a value; text never becomes a formula."""
        words = OFFERED.get(column.read)
        if value is None or value == "":
            sheet.write_blank(row, index, None, self._plain)
        elif words:
            sheet.write_string(row, index, words[value][self._tongue], self._plain)
        elif isinstance(value, int | Decimal):
            sheet.write_number(row, index, value, self._plain)
        elif isinstance(value, datetime):
            local = value.astimezone(CITY_CLOCK)
            sheet.write_string(row, index, f"{local:%Y-%m-%d %H:%M}", self._plain)
        else:
            sheet.write_string(row, index, str(value), self._plain)
