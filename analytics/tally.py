"""Counts of answer patterns per unit and group: all that official figures are made of."""

import hashlib
from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OPEN_CHANNEL = "open"
BLANK = "-"  # in a pattern, an item that was not answered

Integers = NDArray[np.int64]


class Cell(NamedTuple):
    """What is counted: one pattern that one group gave one unit through one channel.

    The pattern is one option code per item in item order, `-` where an item was not answered.
    """

    group: str
    channel: str
    unit: str
    pattern: str
    flagged: bool = False


class Place(NamedTuple):
    """Where patterns are counted: all of a cell but its pattern."""

    group: str
    channel: str
    unit: str
    flagged: bool


@dataclass(frozen=True, eq=False, slots=True)
class Columns:
    """A tally as arrays: the place, the pattern and the count of each cell.

    Places and patterns are numbers in their lists, where each stands once; some may have no cell.
    No cell is there twice, and no count is below 1.
    """

    places: tuple[Place, ...]
    patterns: tuple[str, ...]
    place: Integers
    pattern: Integers
    count: Integers


class Tally(Mapping[Cell, int]):
    """An immutable count of counted ballots per cell; adding two is counting both together.

    It is made from cells or from columns and makes the other only when somebody asks.
    """

    __slots__ = ("_columns", "_counts", "_digest")

    def __init__(self, counts: Mapping[Cell, int] | Iterable[tuple[Cell, int]] = ()) -> None:
        pairs = counts.items() if isinstance(counts, Mapping) else counts
        summed: dict[Cell, int] = {}
        for cell, count in pairs:
            if count < 0:
                raise ValueError("a count of ballots cannot be negative")
            if count:
                summed[cell] = summed.get(cell, 0) + count
        self._counts: dict[Cell, int] | None = summed
        self._columns: Columns | None = None
        self._digest: str | None = None

    @classmethod
    def empty(cls) -> "Tally":
        """Return the tally of no ballots."""
        return cls()

    @classmethod
    def of_columns(cls, columns: Columns) -> "Tally":
        """Return the tally of columns that keep their promises."""
        made = cls()
        made._counts, made._columns = None, columns
        return made

    @property
    def columns(self) -> Columns:
        """Return the tally as arrays."""
        if self._columns is None:
            self._columns = _columns_of(self._cells)
        return self._columns

    @property
    def _cells(self) -> dict[Cell, int]:
        if self._counts is None:
            self._counts = _cells_of(self.columns)
        return self._counts

    def __getitem__(self, cell: Cell) -> int:
        return self._cells[cell]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells)

    def __len__(self) -> int:
        return self.columns.count.size if self._counts is None else len(self._counts)

    def items(self) -> ItemsView[Cell, int]:
        """Return the cells with their counts."""
        return self._cells.items()  # the inherited view would look up every cell again

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Tally):
            return self._cells == other._cells
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(frozenset(self._cells.items()))

    def __repr__(self) -> str:
        return f"Tally({len(self)} cells, {self.total} ratings)"

    def __add__(self, other: "Tally") -> "Tally":
        merged = Counter(self._cells)
        merged.update(other._cells)
        return Tally(merged)

    @property
    def total(self) -> int:
        """Return the number of ratings of all cells together."""
        return int(self.columns.count.sum())

    def cells(self) -> tuple[Cell, ...]:
        """Return the cells in order."""
        return tuple(sorted(self._cells))

    def without_flagged(self) -> "Tally":
        """Return the tally of those ballots that no check has flagged."""
        columns = self.columns
        flagged = np.array([place.flagged for place in columns.places], bool)
        kept = ~flagged[columns.place]
        return Tally.of_columns(
            replace(
                columns,
                place=columns.place[kept],
                pattern=columns.pattern[kept],
                count=columns.count[kept],
            )
        )

    def digest(self) -> str:
        """Return the SHA-256 of the canonical text.

        The text is one line per cell with a count above 0, in the order of its bytes:
        group, channel, unit, pattern, `1` for flagged or `0`, and the count, separated by tabs
        and ended by a line feed, in UTF-8.
        """
        if self._digest is None:
            lines = _lines_of(self.columns)
            lines.sort()  # by code point, which is the order of UTF-8 bytes
            self._digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        return self._digest


def tally_of_ballots(ratings: Iterable[Cell]) -> Tally:
    """Return the tally of ratings given one by one, one cell for each unit on each ballot."""
    return Tally(Counter(ratings))


def _columns_of(cells: Mapping[Cell, int]) -> Columns:
    places: dict[Place, int] = {}
    patterns: dict[str, int] = {}
    where = [
        places.setdefault(Place(group, channel, unit, bool(flagged)), len(places))
        for group, channel, unit, _, flagged in cells
    ]
    index = [patterns.setdefault(cell.pattern, len(patterns)) for cell in cells]
    return Columns(
        tuple(places),
        tuple(patterns),
        np.array(where, np.int64),
        np.array(index, np.int64),
        np.fromiter(cells.values(), np.int64, len(cells)),
    )


def _cells_of(columns: Columns) -> dict[Cell, int]:
    rows = zip(
        columns.place.tolist(), columns.pattern.tolist(), columns.count.tolist(), strict=True
    )
    cells = {}
    for place, pattern, count in rows:
        group, channel, unit, flagged = columns.places[place]
        cells[Cell(group, channel, unit, columns.patterns[pattern], flagged)] = count
    return cells


def _lines_of(columns: Columns) -> list[str]:
    """Return the lines of the canonical text, almost in order."""
    patterns = columns.patterns
    heads = [f"{group}\t{channel}\t{unit}\t" for group, channel, unit, _ in columns.places]
    order = np.lexsort((_ranks(patterns)[columns.pattern], _ranks(heads)[columns.place]))
    flagged = np.array([place.flagged for place in columns.places], np.int64)
    ends, end_of = np.unique(2 * columns.count + flagged[columns.place], return_inverse=True)
    tails = [f"\t{end % 2}\t{end // 2}\n" for end in ends.tolist()]
    return [
        heads[place] + patterns[pattern] + tails[end]
        for place, pattern, end in zip(
            columns.place[order].tolist(),
            columns.pattern[order].tolist(),
            end_of[order].tolist(),
            strict=True,
        )
    ]


def _ranks(texts: Sequence[str]) -> Integers:
    """Return the place of each text in the order of all."""
    ranks = np.empty(len(texts), np.int64)
    ranks[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return ranks
