"""Tables of any length as files: CSV in a zip archive, or one workbook, written row by row."""

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol
from xml.sax.saxutils import escape

Cell = str | int | None
# What a spreadsheet may take for a formula when it opens plain text (OWASP, CSV injection).
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
SHEET_ROWS_MAX = 1_048_576
# Above this a zip entry needs an extension that makes Excel offer a repair.
SHEET_BYTES_MAX = 1_900_000_000
SHEET_NAME_MAX = 31
CHARS_MAX = 32_767
ROWS_AT_A_TIME = 500
FAST = 1
# No time of making stands in a file: it could be compared with when somebody answered.
NO_TIME = (1980, 1, 1, 0, 0, 0)
_KEPT_CHARS = 16
_KEPT_CELLS = 50_000
# Widths of columns, in signs of Latin text; an id has 22.
_ID_WIDTH, _WIDTH_MIN, _WIDTH_MAX = 25, 12, 40
# A table of few columns has room for them.
_FEW_COLUMNS, _ROOMY_WIDTH = 6, 30


class Add(Protocol):
    """Adds a row: its first cell, its next cells, then (place, words) of cells further right."""

    def __call__(
        self, first: str, cells: Sequence[Cell], far: Sequence[tuple[int, str]] = ()
    ) -> None:
        """Add one row."""


class Tables(Protocol):
    """A file that takes one table after the other."""

    def table(self, name: str, headings: Sequence[str]) -> AbstractContextManager[Add]:
        """Begin a table: `with tables.table(…) as add: add(first, cells)`."""


def guarded_text(words: str) -> str:
    """Return text that a spreadsheet might compute with a quote in front; other text as it is."""
    is_risky = words.lstrip(" \"'").startswith(FORMULA_SIGNS) or words.startswith(FORMULA_SIGNS)
    return f"'{words}" if is_risky else words


class _Written:
    """Rows as they are written; short cells come again and again, so their text is kept."""

    def __init__(self, write: Callable[[Cell], str], keep: Callable[[Cell], str]) -> None:
        self._write, self._keep = write, keep
        self._kept: dict[Cell, str] = {}

    def row(self, first: str, cells: Sequence[Cell]) -> list[str]:
        """Return the first cells of a row; the very first one differs from row to row."""
        kept = self._kept
        return [self._write(first), *(kept.get(cell) or self.cell(cell) for cell in cells)]

    def cell(self, cell: Cell) -> str:
        """Return one cell."""
        written = self._kept.get(cell)
        if written is None:
            is_short = not isinstance(cell, str) or len(cell) <= _KEPT_CHARS
            if not is_short or len(self._kept) >= _KEPT_CELLS:
                return self._write(cell)
            written = self._kept[cell] = self._keep(cell)
        return written


# --- CSV ------------------------------------------------------------------------------------------


class CsvTables:
    """A zip archive with a CSV file per table, each with the mark that Excel needs."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._written = _Written(_csv_cell, _csv_cell)

    @contextmanager
    def table(self, name: str, headings: Sequence[str]) -> Iterator[Add]:
        """Write one file of the archive."""
        written, width = self._written, len(headings)
        with self._archive.open(_entry(f"{name}.csv"), "w", force_zip64=True) as file:
            lines = ["\ufeff" + ",".join(map(_csv_cell, headings)) + "\r\n"]

            def add(first: str, cells: Sequence[Cell], far: Sequence[tuple[int, str]] = ()) -> None:
                line = ",".join(written.row(first, cells))
                at = len(cells)
                for place, words in far:
                    line += "," * (place - at) + written.cell(words)
                    at = place
                lines.append(line + "," * (width - 1 - at) + "\r\n")
                if len(lines) >= ROWS_AT_A_TIME:
                    file.write("".join(lines).encode())
                    lines.clear()

            yield add
            file.write("".join(lines).encode())


@contextmanager
def csv_tables(path: Path) -> Iterator[CsvTables]:
    """Open a zip archive of CSV files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        yield CsvTables(archive)


_QUOTED = re.compile(r'[",\r\n]')


def _csv_cell(cell: Cell) -> str:
    if not isinstance(cell, str):
        return "" if cell is None else str(cell)
    return quoted(guarded_text(cell))


def quoted(words: str) -> str:
    """Return words as they stand in a CSV file."""
    return '"' + words.replace('"', '""') + '"' if _QUOTED.search(words) else words


# --- workbook -------------------------------------------------------------------------------------

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_HEAD = (
    f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>'
    "</sheetViews>"
)
_NOTHING = "<c/>"
_SHEET_END = "</sheetData></worksheet>"
_FONT = '<sz val="11"/><name val="Calibri"/>'
_STYLES = (
    f'{_DECLARATION}<styleSheet xmlns="{_MAIN}">'
    f'<fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
# XML cannot hold these at all, whichever way they are written.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# A workbook's reader takes _x0041_ for the sign of that number.
_NUMBERED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FORBIDDEN_IN_NAME = re.compile(r"[\[\]:*?/\\]")


class XlsxTables:
    """A workbook with a sheet per table; a table too long for one sheet goes on in the next."""

    def __init__(self, archive: zipfile.ZipFile, rows_max: int) -> None:
        self._archive = archive
        self._rows_max = rows_max
        self._shared: list[str] = []
        self._written = _Written(_xlsx_cell, self._share)
        self._names: list[str] = []

    @contextmanager
    def table(self, name: str, headings: Sequence[str]) -> Iterator[Add]:
        """Write the sheets of one table."""
        head = [_xlsx_cell(words).replace("<c", '<c s="1"', 1) for words in headings]
        written = self._written
        opening = f"{_columns(headings)}<sheetData><row>{''.join(head)}</row>"
        sheet = _Sheet(self, name, opening)
        lines: list[str] = []

        def add(first: str, cells: Sequence[Cell], far: Sequence[tuple[int, str]] = ()) -> None:
            line = "".join(written.row(first, cells))
            at = len(cells)
            for place, words in far:
                line += _NOTHING * (place - at - 1) + written.cell(words)
                at = place
            lines.append(f"<row>{line}</row>")
            if len(lines) >= ROWS_AT_A_TIME:
                sheet.write(lines)
                lines.clear()

        yield add
        sheet.write(lines)
        sheet.end()

    def _share(self, cell: Cell) -> str:
        """Return a cell that points to words which many cells share."""
        if not isinstance(cell, str) or not cell:
            return _xlsx_cell(cell)
        self._shared.append(_xml_text(cell))
        return f'<c t="s"><v>{len(self._shared) - 1}</v></c>'

    def begin_sheet(self, name: str) -> IO[bytes]:
        """Open the next sheet; the name gets a number when it is taken."""
        plain = _FORBIDDEN_IN_NAME.sub(" ", name).strip("'")[: SHEET_NAME_MAX - 4]
        self._names.append(plain if plain not in self._names else f"{plain} {len(self._names) + 1}")
        return self._archive.open(_entry(f"xl/worksheets/sheet{len(self._names)}.xml"), "w")

    @property
    def rows_max(self) -> int:
        """Return how many rows a sheet may hold, its headings included."""
        return self._rows_max

    def end(self) -> None:
        """Write the parts that name the sheets."""
        numbers = range(1, len(self._names) + 1)
        for path, xml in _parts(self._names, numbers).items():
            self._archive.writestr(_entry(path), _DECLARATION + xml)
        self._archive.writestr(_entry("xl/styles.xml"), _STYLES)
        shared = "".join(f"<si>{words}</si>" for words in self._shared)
        shared = f'{_DECLARATION}<sst xmlns="{_MAIN}">{shared}</sst>'
        self._archive.writestr(_entry("xl/sharedStrings.xml"), shared)


class _Sheet:
    """The sheet that a table is being written to."""

    def __init__(self, tables: XlsxTables, name: str, head: str) -> None:
        self._tables, self._name, self._head = tables, name, head
        self._begin()

    def write(self, lines: Sequence[str]) -> None:
        """Write rows; begin another sheet where this one is full."""
        start = 0
        while start < len(lines):
            room = self._tables.rows_max - self._rows
            if room <= 0 or self._bytes > SHEET_BYTES_MAX:
                self.end()
                self._begin()
                continue
            part = lines[start : start + room]
            self._put("".join(part))
            self._rows += len(part)
            start += room

    def end(self) -> None:
        """Close the sheet."""
        self._put(_SHEET_END)
        self._file.close()

    def _begin(self) -> None:
        self._file = self._tables.begin_sheet(self._name)
        self._rows, self._bytes = 1, 0
        self._put(_SHEET_HEAD + self._head)

    def _put(self, text: str) -> None:
        raw = text.encode()
        self._file.write(raw)
        self._bytes += len(raw)


@contextmanager
def xlsx_tables(path: Path, rows_max: int = SHEET_ROWS_MAX) -> Iterator[XlsxTables]:
    """Open a workbook; it names neither an author nor a time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        tables = XlsxTables(archive, rows_max)
        yield tables
        tables.end()


def _columns(headings: Sequence[str]) -> str:
    """Return how wide each column is: as its heading asks, within limits."""
    least = _ROOMY_WIDTH if len(headings) <= _FEW_COLUMNS else _WIDTH_MIN
    asked = [len(words) + sum(not sign.isascii() for sign in words) + 2 for words in headings]
    widths = [_ID_WIDTH, *(min(max(least, width), _WIDTH_MAX) for width in asked[1:])]
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(widths, start=1)
    )
    return f"<cols>{columns}</cols>"


def _xlsx_cell(cell: Cell) -> str:
    """Return a cell; text is always text, whatever it begins with."""
    if cell is None or cell == "":
        return _NOTHING
    if isinstance(cell, int):
        return f"<c><v>{cell}</v></c>"
    return f'<c t="inlineStr"><is>{_xml_text(cell)}</is></c>'


def _xml_text(words: str) -> str:
    text = escape(_NUMBERED.sub("_x005F_", _UNWRITABLE.sub("", words[:CHARS_MAX])))
    space = "" if text == text.strip() else ' xml:space="preserve"'
    return f"<t{space}>{text}</t>"


def _parts(names: Sequence[str], numbers: range) -> dict[str, str]:
    sheets = "".join(
        f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="{number}" r:id="r{number}"/>'
        for name, number in zip(names, numbers, strict=True)
    )
    relations = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml"'
        f' ContentType="{_SHEET_TYPE}.worksheet+xml"/>'
        for number in numbers
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml"'
        f' ContentType="{_SHEET_TYPE}.sharedStrings+xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1"'
        f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'{relations}<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="w" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
    }


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = FAST  # type: ignore[attr-defined]  # noqa: SLF001 - no public name in 3.11
    return entry
