"""Counts of answer patterns per unit and group: all that official figures are made of."""

import hashlib
from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping
from typing import NamedTuple

OPEN_CHANNEL = "open"
BLANK = "-"  # in a pattern, an item that was not answered


class Cell(NamedTuple):
    """What is counted: one pattern that one group gave one unit through one channel.

    The pattern is one option code per item in item order, `-` where an item was not answered.
    """

    group: str
    channel: str
    unit: str
    pattern: str
    flagged: bool = False


class Tally(Mapping[Cell, int]):
    """An immutable count of counted ballots per cell; adding two is counting both together."""

    __slots__ = ("_counts", "_digest")

    def __init__(self, counts: Mapping[Cell, int] | Iterable[tuple[Cell, int]] = ()) -> None:
        pairs = counts.items() if isinstance(counts, Mapping) else counts
        summed: dict[Cell, int] = {}
        for cell, count in pairs:
            if count < 0:
                raise ValueError("a count of ballots cannot be negative")
            if count:
                summed[cell] = summed.get(cell, 0) + count
        self._counts = summed
        self._digest: str | None = None

    @classmethod
    def empty(cls) -> "Tally":
        """Return the tally of no ballots."""
        return cls()

    def __getitem__(self, cell: Cell) -> int:
        return self._counts[cell]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def items(self) -> ItemsView[Cell, int]:
        """Return the cells with their counts."""
        return self._counts.items()  # the inherited view would look up every cell again

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Tally):
            return self._counts == other._counts
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(frozenset(self._counts.items()))

    def __repr__(self) -> str:
        return f"Tally({len(self)} cells, {self.total} ratings)"

    def __add__(self, other: "Tally") -> "Tally":
        merged = Counter(self._counts)
        merged.update(other._counts)
        return Tally(merged)

    @property
    def total(self) -> int:
        """Return the number of ratings of all cells together."""
        return sum(self._counts.values())

    def cells(self) -> tuple[Cell, ...]:
        """Return the cells in order."""
        return tuple(sorted(self._counts))

    def without_flagged(self) -> "Tally":
        """Return the tally of those ballots that no check has flagged."""
        return Tally((cell, count) for cell, count in self._counts.items() if not cell.flagged)

    def digest(self) -> str:
        """Return the SHA-256 of the canonical text.

        The text is one line per cell with a count above 0, in the order of its bytes:
        group, channel, unit, pattern, `1` for flagged or `0`, and the count, separated by tabs
        and ended by a line feed, in UTF-8.
        """
        if self._digest is None:
            lines = [
                f"{group}\t{channel}\t{unit}\t{pattern}\t{flagged:d}\t{count}\n"
                for (group, channel, unit, pattern, flagged), count in self._counts.items()
            ]
            lines.sort()  # by code point, which is the order of UTF-8 bytes
            self._digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        return self._digest


def tally_of_ballots(ratings: Iterable[Cell]) -> Tally:
    """Return the tally of ratings given one by one, one cell for each unit on each ballot."""
    return Tally(Counter(ratings))
