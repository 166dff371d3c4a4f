"""CSV files as people have them: plain or gzipped, UTF-8 or GB18030, columns in any order."""

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, cast

from analytics.faults import N_, Fault, Faults, FileFault

MAX_FAULTS: Final = 50
_CHUNK: Final = 1 << 16
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"

Cells = list[str]


class FaultList:
    """The faults of one input so far; too many of them end the reading."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Keep a fault, or raise all of them when there are too many to be read."""
        self._faults.append(fault)
        if len(self._faults) >= MAX_FAULTS:
            self.check()

    def check(self) -> None:
        """Raise what was found: nothing, the one fault, or all together."""
        if len(self._faults) == 1:
            raise self._faults[0]
        if self._faults:
            raise Faults(self._faults)


def read_table(
    path: Path, faults: FaultList, columns: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int, Cells]]:
    """Yield the number and the stripped cells of every row that is not empty.

    Cells come in the order asked for, an absent optional column as empty text. Rows are counted
    as a spreadsheet counts them, the header being row 1. A row of another length than the header
    goes to the faults, which the caller checks when the reading has ended.
    """
    found = False
    with _readable(path) as lines:
        rows = _numbered(csv.reader(lines, strict=True), path)
        header = _header(rows, path)
        places = _places(header, columns, optional, path)
        for number, cells in rows:
            if not any(cells):
                continue
            found = True
            if len(cells) < len(header) or any(cells[len(header) :]):
                faults.add(_wrong_length(path, number, len(cells), len(header)))
                continue
            yield number, [cells[place].strip() if place >= 0 else "" for place in places]
    if not found:
        raise FileFault(N_("the file has no rows below its header"), path.name)


def read_text(path: Path) -> str:
    """Return the whole text of a small file."""
    with _readable(path) as lines:
        return lines.read()


def _numbered(reader: Iterator[Cells], path: Path) -> Iterator[tuple[int, Cells]]:
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, cells
    except csv.Error as fault:
        raise FileFault(
            N_("the row is not CSV: %(reason)s"), path.name, number + 1, reason=str(fault)
        ) from fault


def _header(rows: Iterator[tuple[int, Cells]], path: Path) -> Cells:
    header = [cell.strip() for cell in next(rows, (1, []))[1]]
    if not any(header):
        raise FileFault(N_("the file is empty"), path.name)
    for name in header:
        if name and header.count(name) > 1:
            raise FileFault(N_("the column stands here twice"), path.name, 1, name)
    return header


def _places(
    header: Cells, columns: Sequence[str], optional: Sequence[str], path: Path
) -> list[int]:
    faults = FaultList()
    for name in columns:
        if name not in header:
            faults.add(FileFault(N_("the column is missing"), path.name, 1, name))
    faults.check()
    return [header.index(name) if name in header else -1 for name in (*columns, *optional)]


def _wrong_length(path: Path, row: int, count: int, expected: int) -> FileFault:
    return FileFault(
        N_("the row has %(count)d cells, the header %(expected)d"),
        path.name,
        row,
        count=count,
        expected=expected,
    )


@contextmanager
def _readable(path: Path) -> Iterator[TextIOWrapper]:
    """Open a file as text; what its bytes or the system refuse becomes a fault."""
    try:
        encoding = _encoding(path)
        with _opened(path) as raw, TextIOWrapper(raw, encoding, newline="") as lines:
            yield lines
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise FileFault(N_("the gzip file is damaged"), path.name) from fault
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise FileFault(
            N_("the file cannot be read: %(reason)s"), path.name, reason=reason
        ) from fault


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as raw:
        beginning = raw.read(len(_ZIP))
    if beginning == _ZIP:
        raise FileFault(N_("this is a workbook; save its sheet as CSV"), path.name)
    if beginning.startswith(_GZIP):
        return cast(BinaryIO, gzip.open(path))
    return path.open("rb")


def _encoding(path: Path) -> str:
    """Return the encoding of a file, having read it once in small pieces."""
    row = None
    for encoding in ("utf-8-sig", "gb18030"):
        row = _undecodable_row(path, encoding)
        if row is None:
            return encoding
    raise FileFault(N_("the file is neither UTF-8 nor GB18030"), path.name, row)


def _undecodable_row(path: Path, encoding: str) -> int | None:
    """Return the line where an encoding ends to make sense, or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    row = 1
    with _opened(path) as raw:
        try:
            while chunk := raw.read(_CHUNK):
                decoder.decode(chunk)
                row += chunk.count(b"\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as fault:
            return row + fault.object[: fault.start].count(b"\n")
    return None
