"""What pairs of units have in common: counts and sums over the appraisers who rated both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.shapes import Floats, Integers, RatingRows


@dataclass(frozen=True, eq=False, slots=True)
class PairTables:
    """Of units with appraisers in common: counts and sums, apart by how many each rated.

    An entry is a pair of units (u, v), both orders and u = v among them, and a size k: over the
    appraisers who rated k units and among these both u and v, `n` is their number, `a` the sum of
    what they gave u, and `s` the sum of products of what they gave u and v. Together they carry the
    covariance of all means and the likelihood of crossed effects; adding two is counting both.
    """

    units: int  # U
    appraisers: int  # all of them, those without a rating among them
    sizes: Integers  # (E,) k
    first: Integers  # (E,) u
    second: Integers  # (E,) v
    n: Integers  # (E,)
    a: Floats  # (E,)
    s: Floats  # (E,)

    def __add__(self, other: "PairTables") -> "PairTables":
        if self.units != other.units:
            raise ValueError("pair tables of different units cannot be added")
        return _summed(
            self.units,
            self.appraisers + other.appraisers,
            np.concatenate([_keys(self), _keys(other)]),
            [np.concatenate(both) for both in ((self.n, other.n), (self.a, other.a))],
            np.concatenate([self.s, other.s]),
        )

    def table(self, column: NDArray[Any], factor: NDArray[Any] | None = None) -> Floats:
        """Return a column as a table (U, U), summed over sizes, each entry times its factor."""
        worth = column if factor is None else column * factor
        place = self.first * self.units + self.second
        flat = np.bincount(place, worth, self.units**2).astype(np.float64)
        return flat.reshape(self.units, self.units)


def pair_tables(rows: RatingRows, at_once: int = 1 << 22) -> PairTables:
    """Return the pair tables of ratings; `at_once` limits the pairs held in memory."""
    order = np.lexsort((rows.unit, rows.appraiser))
    unit, value = rows.unit[order], rows.value[order]
    rated = np.bincount(rows.appraiser, minlength=rows.appraisers)
    starts = np.concatenate([[0], np.cumsum(rated)[:-1]])
    found = _empty_tables(rows.units, rows.appraisers)
    for size in np.unique(rated[rated > 0]).tolist():
        beginnings = starts[rated == size]
        step = max(1, at_once // size**2)
        for begin in range(0, beginnings.size, step):
            places = beginnings[begin : begin + step, None] + np.arange(size)
            found = found + _pairs(rows.units, size, unit[places], value[places])
    return found


def _pairs(units: int, size: int, unit: Integers, value: Floats) -> PairTables:
    """Return the pairs of appraisers who rated so many units each: units and values (a, k)."""
    first = np.repeat(unit, size, axis=1).ravel()
    second = np.tile(unit, (1, size)).ravel()
    of_first = np.repeat(value, size, axis=1).ravel()
    of_second = np.tile(value, (1, size)).ravel()
    keys = (size * units + first) * units + second
    ones = np.ones(keys.size, np.int64)
    return _summed(units, 0, keys, [ones, of_first], of_first * of_second)


def _summed(
    units: int, appraisers: int, keys: Integers, columns: Sequence[NDArray[Any]], products: Floats
) -> PairTables:
    found, inverse = np.unique(keys, return_inverse=True)
    n, a, s = (_sums(inverse, column, found.size) for column in (*columns, products))
    rest, second = np.divmod(found, units)
    sizes, first = np.divmod(rest, units)
    return PairTables(units, appraisers, sizes, first, second, np.rint(n).astype(np.int64), a, s)


def _sums(inverse: Integers, column: NDArray[Any], size: int) -> Floats:
    sums: Floats = np.bincount(inverse, column, size).astype(np.float64)
    return sums


def _keys(tables: PairTables) -> Integers:
    return (tables.sizes * tables.units + tables.first) * tables.units + tables.second


def _empty_tables(units: int, appraisers: int) -> PairTables:
    whole, real = np.zeros(0, np.int64), np.zeros(0)
    return PairTables(units, appraisers, whole, whole, whole, whole, real, real)
