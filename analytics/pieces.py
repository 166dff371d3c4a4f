"""Counts equal pieces in long runs of fixed-width rating text."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from analytics.tally import BLANK

DIGITS = "0123456789"
# What starts a ballot in headed text; no rating holds it.
MARK = "#"
KEY_SIGNS = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
HEAD_WIDTH = 3
MOST_KEYS = len(KEY_SIGNS) ** 2
# Up to so many cells a plain table of counts is faster than sorting.
DENSE_CELLS = 1 << 22
# Codes stay below this; one sign out of place takes more away than all others can add.
MOST_CODES = 1 << 54
OUT_OF_PLACE = -(1 << 55)
SPARSE_ROWS = 1 << 21

Codes = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Piece = tuple[int, bytes]
Block = tuple[Codes, Codes]  # codes in order, each once, and how often it was seen


@dataclass(frozen=True, slots=True)
class Shape:
    """How one unit's piece of a ballot is written: its number, then one option code per item."""

    unit_digits: int
    item_count: int
    options: str  # their codes, one sign each

    @property
    def width(self) -> int:
        """Return the number of signs of a piece."""
        return self.unit_digits + self.item_count

    @property
    def alphabets(self) -> tuple[str, ...]:
        """Return the signs that may stand in each place."""
        options = self.options + BLANK
        return (DIGITS,) * self.unit_digits + (options,) * self.item_count


def head_of(key: int, width: int) -> str:
    """Return what announces a ballot of a key in headed text: as wide as a piece."""
    high, low = divmod(key, len(KEY_SIGNS))
    return f"{MARK}{KEY_SIGNS[high]}{KEY_SIGNS[low]}".ljust(width, ".")


def pieces_of(text: bytes, width: int) -> Iterator[bytes]:
    """Cut one ballot's text into pieces; the last one is shorter where the text is damaged."""
    return (text[start : start + width] for start in range(0, len(text), width))


@dataclass(frozen=True, eq=False)
class Pieces:
    """How often each piece was seen with each key, as numbers; counts of parts can be added.

    A piece with a sign out of place has no number and stands among `odd` as it was written.
    """

    shape: Shape
    blocks: tuple[Block, ...] = ()
    odd: Mapping[Piece, int] = field(default_factory=dict)

    def __add__(self, other: "Pieces") -> "Pieces":
        blocks = self.blocks + other.blocks
        if sum(codes.size for codes, _ in blocks) > SPARSE_ROWS:
            blocks = (_merged(blocks),)
        return Pieces(self.shape, blocks, Counter(self.odd) + Counter(other.odd))

    def counts(self) -> Iterator[tuple[int, str, int]]:
        """Return the key, the text and the number of each piece that has no sign out of place."""
        codes, numbers = _merged(self.blocks)
        if not codes.size:  # as where pieces are too long for a number: then all are odd
            return iter(())
        keys, rest = np.divmod(codes, prod(len(signs) for signs in self.shape.alphabets))
        written = np.zeros((codes.size, self.shape.width), np.uint8)
        for place, signs in reversed(list(enumerate(self.shape.alphabets))):
            rest, value = np.divmod(rest, len(signs))
            written[:, place] = np.frombuffer(signs.encode(), np.uint8)[value]
        text, width = written.tobytes().decode(), self.shape.width
        pieces = (text[start : start + width] for start in range(0, len(text), width))
        return zip(keys.tolist(), pieces, numbers.tolist(), strict=True)


class PieceCounter:
    """Counts pieces by key; a key stands for all that a ballot's pieces have in common."""

    def __init__(self, shape: Shape, keys: int) -> None:
        if keys > MOST_KEYS:
            raise ValueError(f"at most {MOST_KEYS} keys")
        self._shape = shape
        self._space = prod(len(signs) for signs in shape.alphabets)
        self._is_coded = self._space * keys < MOST_CODES
        self._is_headed = self._is_coded and shape.width >= HEAD_WIDTH
        self._is_dense = self._space * keys <= DENSE_CELLS
        self._table = np.zeros(self._space * keys if self._is_dense else 0, np.int64)
        self._sparse: list[Block] = []
        self._sparse_rows = 0
        self._odd: Counter[Piece] = Counter()
        self._steps = _steps(shape) if self._is_coded else []

    def add(self, key: int, text: bytes) -> None:
        """Count the pieces of whole ballots that have one key."""
        width = self._shape.width
        if not text or not self._is_coded or len(text) % width:
            self.add_odd(key, text)
            return
        rows = np.frombuffer(text, np.uint8).reshape(-1, width)
        codes = self._codes(rows)
        codes += key * self._space
        if self._count(codes):
            odd = np.flatnonzero(codes < 0).tolist()
            self._odd.update((key, rows[place].tobytes()) for place in odd)

    def add_odd(self, key: int, text: bytes) -> None:
        """Count the pieces of one ballot whose text may be damaged."""
        self._odd.update((key, piece) for piece in pieces_of(text, self._shape.width))

    def add_headed(self, text: bytes, ballots: int) -> NDArray[np.int64] | None:
        """Count ballots that each follow their head; return the ballots per key.

        Return None and count nothing where a ballot's length is not that of whole pieces: then
        its neighbours cannot be told apart either, and each has to be looked at by itself.
        """
        width = self._shape.width
        if not self._is_headed or len(text) % width or text.count(MARK.encode()) != ballots:
            return None
        rows = np.frombuffer(text, np.uint8).reshape(-1, width)
        heads = np.flatnonzero(rows[:, 0] == ord(MARK))
        if not ballots or heads.size != ballots or heads[0] != 0:
            return None
        keys = _KEY_VALUES[rows[heads, 1]] * len(KEY_SIGNS) + _KEY_VALUES[rows[heads, 2]]
        codes = self._codes(rows)
        codes += np.repeat(keys * self._space, np.diff(heads, append=rows.shape[0]))
        if self._count(codes) > heads.size:
            odd = np.setdiff1d(np.flatnonzero(codes < 0), heads, assume_unique=True)
            of_odd = keys[np.searchsorted(heads, odd) - 1].tolist()
            self._odd.update(
                (key, rows[place].tobytes())
                for key, place in zip(of_odd, odd.tolist(), strict=True)
            )
        return np.bincount(keys)

    def found(self) -> "Pieces":
        """Return what was counted up to now."""
        if self._is_dense:
            codes = np.flatnonzero(self._table)
            blocks: tuple[Block, ...] = ((codes, self._table[codes]),)
        else:
            blocks = tuple(self._sparse)
        return Pieces(self._shape, blocks, dict(self._odd))

    def _codes(self, rows: Bytes) -> Codes:
        """Return each piece as one number, negative where it has a sign that cannot stand there."""
        codes = np.zeros(rows.shape[0], np.int64)
        for place, pairs, values in self._steps:
            column = _pairs(rows, place) if pairs else rows[:, place]
            codes += values[column]
        return codes

    def _count(self, codes: Codes) -> int:
        """Count the numbers of pieces; return how many are negative, which are not counted."""
        shifted = np.maximum(codes, -1)
        shifted += 1
        if self._is_dense:
            counts = np.bincount(shifted, minlength=self._table.size + 1)
            self._table += counts[1:]
            return int(counts[0])
        found, numbers = np.unique(shifted, return_counts=True)
        first = int(found.size > 0 and found[0] == 0)
        self._sparse.append((found[first:] - 1, numbers[first:].astype(np.int64)))
        self._sparse_rows += found.size
        if self._sparse_rows > SPARSE_ROWS:
            self._sparse = [_merged(self._sparse)]
            self._sparse_rows = 0  # what is merged already does not bring the next merge nearer
        return int(numbers[0]) if first else 0


def _merged(parts: Sequence[Block]) -> Block:
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if len(parts) == 1:
        return parts[0]
    codes, inverse = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    numbers = np.zeros(codes.size, np.int64)
    np.add.at(numbers, inverse, np.concatenate([part[1] for part in parts]))
    return codes, numbers


def _pairs(rows: Bytes, place: int) -> NDArray[np.uint16]:
    """Return two neighbouring signs of every row as one number, without copying them."""
    return np.ndarray(rows.shape[:1], "<u2", rows.data, place, rows.strides[:1])


def _steps(shape: Shape) -> list[tuple[int, bool, Codes]]:
    """Return the tables that turn signs into numbers: two neighbouring signs at a time."""
    tables = _sign_tables(shape)
    steps: list[tuple[int, bool, Codes]] = []
    for place in range(0, shape.width - 1, 2):
        pair = tables[place + 1][:, None] + tables[place][None, :]
        steps.append((place, True, np.ascontiguousarray(pair).reshape(-1)))
    if shape.width % 2:
        steps.append((shape.width - 1, False, tables[-1]))
    return steps


def _sign_tables(shape: Shape) -> list[Codes]:
    """Return per place what each byte adds to the code; a sign out of place outweighs the rest."""
    tables = []
    worth = 1
    for alphabet in reversed(shape.alphabets):
        table = np.full(256, OUT_OF_PLACE, np.int64)
        table[list(alphabet.encode())] = np.arange(len(alphabet)) * worth
        tables.append(table)
        worth *= len(alphabet)
    return list(reversed(tables))


_KEY_VALUES = np.zeros(256, np.int64)
_KEY_VALUES[list(KEY_SIGNS.encode())] = np.arange(len(KEY_SIGNS))
