"""What can be wrong with a row of any table: a cell empty or too long, a code unknown or twice."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from analytics.faults import N_, FileFault

MOST_SIGNS: Final = 100
_SHOWN: Final = 40


def empty_cell(path: Path, row: int, cells: Mapping[str, str]) -> FileFault | None:
    """Return the fault of the first cell that is empty or too long, by its column."""
    for column, cell in cells.items():
        if not cell:
            return FileFault(N_("the cell is empty"), path.name, row, column)
        if len(cell) > MOST_SIGNS:
            message = N_("at most %(most)d characters are allowed")
            return FileFault(message, path.name, row, column, most=MOST_SIGNS)
    return None


def unknown_code(
    path: Path, row: int, column: str, code: str, known: Collection[str]
) -> FileFault | None:
    """Return the fault of a code that is none of those known."""
    if code in known:
        return None
    message = N_("“%(code)s” is not known")
    return FileFault(message, path.name, row, column, code=shown(code))


def seen_before(
    path: Path, row: int, column: str, key: object, seen: Collection[object]
) -> FileFault | None:
    """Return the fault of a key that an earlier row has."""
    if key not in seen:
        return None
    return FileFault(N_("this stands in an earlier row already"), path.name, row, column)


def no_people(path: Path, row: int, column: str, cell: str) -> FileFault:
    """Return the fault of a cell that should be a number of people."""
    message = N_("“%(value)s” is not a number of people")
    return FileFault(message, path.name, row, column, value=shown(cell))


def shown(cell: str) -> str:
    """Return a cell as a sentence about it may quote it."""
    return cell if len(cell) <= _SHOWN else cell[:_SHOWN] + "…"
