"""The child process that parses one workbook and can be killed without harm.

It stands alone (standard library and python-calamine), reads the file from standard input
and writes JSON: a list of sheets, or the name of the limit that the file went over.
"""

import io
import json
import math
import posixpath
import re
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from xml.etree import ElementTree as Xml

from python_calamine import CalamineWorkbook, SheetTypeEnum

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10
SHEETS_MAX = 30
ROWS_MAX = 20_000
COLUMNS_MAX = 200
CELLS_MAX = 500_000
CHARS_MAX = 10_000_000
TOO_LARGE = "too large"

Plain = str | int | float | bool | None
Grid = list[list[Plain]]

_SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ERROR_CELL = re.compile(
    rb'<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})(\d{1,7})"[^>]*>'
    rb"(?:(?!</(?:\w+:)?c>).){0,9000}?<(?:\w+:)?v>([^<]{1,20})</",
    re.DOTALL,
)


class TooLarge(Exception):
    """The file goes over a limit."""


def main() -> None:
    """Parse standard input within limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        answer: object = {"sheets": read_sheets(content)}
    except (TooLarge, MemoryError):
        answer = {"refused": TOO_LARGE}
    sys.stdout.write(json.dumps(answer))


def read_sheets(content: bytes) -> list[tuple[str, Grid]]:
    """Return the name and the filled rectangle of every worksheet."""
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    names = [
        sheet.name for sheet in workbook.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet
    ]
    if len(names) > SHEETS_MAX:
        raise TooLarge
    sheets = []
    cells = 0
    for name in names:
        rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        grid = _trimmed([[_plain(cell) for cell in row] for row in rows])
        cells += len(grid) * (len(grid[0]) if grid else 0)
        if cells > CELLS_MAX:
            raise TooLarge
        sheets.append((name, grid))
    _check_chars(sheets)
    _restore_errors(content, dict(sheets))
    return sheets


def _plain(cell: object) -> Plain:
    """Return a cell as JSON can carry it; moments as text, figures that are none as text."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool | int | str):
        return cell
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else str(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def _trimmed(grid: Grid) -> Grid:
    """Return the grid without empty rows and columns at its ends; refuse too many."""
    while grid and all(cell is None for cell in grid[-1]):
        grid.pop()
    width = max(
        (index + 1 for row in grid for index, cell in enumerate(row) if cell is not None),
        default=0,
    )
    if len(grid) > ROWS_MAX or width > COLUMNS_MAX:
        raise TooLarge
    return [row[:width] for row in grid]


def _check_chars(sheets: list[tuple[str, Grid]]) -> None:
    texts = (cell for _, grid in sheets for row in grid for cell in row if isinstance(cell, str))
    if sum(map(len, texts)) > CHARS_MAX:
        raise TooLarge


def _restore_errors(content: bytes, grids: dict[str, Grid]) -> None:
    """Write `#REF!` and its like back, which the parser gives as empty cells."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name, path in _sheet_paths(archive):
            grid = grids.get(name)
            if not grid or path not in archive.namelist():
                continue
            xml = archive.read(path)
            if b't="e"' not in xml:
                continue
            for letters, row, error in _ERROR_CELL.findall(xml):
                _put(
                    grid, int(row) - 1, _column(letters.decode()), error.decode("utf-8", "replace")
                )


def _put(grid: Grid, row: int, column: int, error: str) -> None:
    if row < len(grid) and column < len(grid[row]) and grid[row][column] is None:
        grid[row][column] = error


def _sheet_paths(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    relations = Xml.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - limited
    targets = {
        relation.get("Id"): posixpath.normpath(posixpath.join("/xl", relation.get("Target", "")))
        for relation in relations
    }
    book = Xml.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - limited
    return [
        (sheet.get("name", ""), targets.get(sheet.get(_RELATION), "").lstrip("/"))
        for sheet in book.iter(f"{_SPREADSHEET}sheet")
    ]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


if __name__ == "__main__":
    main()
