"""Workbooks that people send: read in a limited child process into plain cells."""

import io
import json
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from surveys.refusals import FileEmpty, FileRefused, FileTooLarge
from surveys.spreadsheet_child import TOO_LARGE
from surveys.traditional import simplified

Value = str | Decimal | bool | None

FILE_BYTES_MAX = 10 * 1024 * 1024
ENTRIES_MAX = 2_000
UNPACKED_BYTES_MAX = 100 * 1024 * 1024
# Real workbooks shrink to about a tenth; what shrinks more than this was made to hurt.
RATIO_MAX = 200
RATIO_FROM_BYTES = 10 * 1024 * 1024
WALL_SECONDS = 20
NAME_CHARS_MAX = 80

_CHILD = Path(__file__).with_name("spreadsheet_child.py")
_NEEDED = ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels")
_MACROS = "xl/vbaProject.bin"
_ENCRYPTED = 0x1
# Zero widths, soft hyphens and marks of direction, which make two names look alike.
_INVISIBLE = dict.fromkeys(
    (0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
)
_KEPT_CONTROLS = "\n\t"


@dataclass(frozen=True)
class Sheet:
    """One worksheet: its name and its cells from A1 on, without empty ends."""

    name: str
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True)
class Workbook:
    """A workbook as it arrived: cleaned text, exact decimals, nothing computed."""

    file_name: str
    sheets: tuple[Sheet, ...]

    def sheet(self, names: Iterable[str]) -> Sheet | None:
        """Return the first sheet that has one of the names, letter case and script aside."""
        wanted = {name.casefold() for name in names}
        named = ((simplified(sheet.name.casefold()), sheet) for sheet in self.sheets)
        return next((sheet for name, sheet in named if name in wanted), None)


def read_workbook(content: bytes, file_name: str) -> Workbook:
    """Return the cells of an .xlsx file, or refuse it with a sentence."""
    file = shown_name(file_name)
    if not content:
        raise FileEmpty(file=file)
    if len(content) > FILE_BYTES_MAX:
        raise FileTooLarge(file=file)
    _check_archive(content, file)
    sheets = _parsed(content, file)
    return Workbook(
        file,
        tuple(
            Sheet(clean(name), tuple(tuple(_value(cell) for cell in row) for row in rows))
            for name, rows in sheets
        ),
    )


def number(value: Value) -> Decimal | None:
    """Return the number of a cell, or None where it holds text, a truth value or nothing.

    Text that looks like a number is text: who sees "33.5" left-aligned in a column of
    numbers should mend it in the file, where its author can see it.
    """
    return value if isinstance(value, Decimal) else None


def text(value: Value) -> str:
    """Return a cell as one would type it; nothing is an empty text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return value


def column_letters(index: int) -> str:
    """Return the letters of a column counted from 0.

    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def clean(words: str) -> str:
    """Return text without the signs that nobody sees: odd spaces, zero widths, controls."""
    visible = words.replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE)
    return "".join(
        " " if unicodedata.category(sign) == "Zs" else sign
        for sign in visible
        if sign in _KEPT_CONTROLS or unicodedata.category(sign) not in {"Cc", "Cs"}
    ).strip()


def shown_name(file_name: str) -> str:
    """Return a file's name as it may stand in a sentence: its last part, short, one line."""
    last = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return " ".join(clean(last).split())[:NAME_CHARS_MAX] or "?"


def _check_archive(content: bytes, file: str) -> None:
    """Refuse what is not a plain workbook before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
        raise FileRefused(file=file) from error
    if len(entries) > ENTRIES_MAX:
        raise FileTooLarge(file=file)
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names) or any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise FileRefused(file=file)
    if any(name not in names for name in _NEEDED) or _MACROS in names:
        raise FileRefused(file=file)
    unpacked = sum(entry.file_size for entry in entries)
    steep = unpacked > RATIO_FROM_BYTES and unpacked > RATIO_MAX * len(content)
    if unpacked > UNPACKED_BYTES_MAX or steep:
        raise FileTooLarge(file=file)


def _parsed(content: bytes, file: str) -> list[tuple[str, list[list[Any]]]]:
    """Return what the child read; its death is a refusal, not ours."""
    try:
        child = subprocess.run(  # noqa: S603 - our own file, no shell
            [sys.executable, "-I", str(_CHILD)],
            input=content,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise FileTooLarge(file=file) from expired
    if child.returncode < 0:  # killed by a limit, or aborted for want of memory
        raise FileTooLarge(file=file)
    if child.returncode > 0:
        raise FileRefused(file=file)
    answer = json.loads(child.stdout, parse_float=Decimal, parse_int=Decimal)
    if answer.get("refused") == TOO_LARGE:
        raise FileTooLarge(file=file)
    sheets: list[tuple[str, list[list[Any]]]] = answer["sheets"]
    return sheets


def _value(cell: Any) -> Value:
    """Return a cell with its text cleaned and its number in the shortest exact form."""
    if isinstance(cell, str):
        return clean(cell) or None
    if isinstance(cell, Decimal):
        whole = cell.to_integral_value()
        return whole if whole == cell else cell
    return bool(cell) if cell is not None else None
