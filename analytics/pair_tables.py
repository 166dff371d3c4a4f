"""What pairs of units have in common: counts and sums over the appraisers who rated both."""

from collections.abc import Iterable, Sequence
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
        return _summed(self.units, self.appraisers + other.appraisers, [self, other])

    def table(self, column: NDArray[Any], factor: NDArray[Any] | None = None) -> Floats:
        """Return a column as a table (U, U), summed over sizes, each entry times its factor."""
        worth = column if factor is None else column * factor
        place = self.first * self.units + self.second
        flat = np.bincount(place, worth, self.units**2).astype(np.float64)
        return flat.reshape(self.units, self.units)


def pair_tables(rows: RatingRows, at_once: int = 1 << 22) -> PairTables:
    """Return the pair tables of ratings; `at_once` limits the pairs held in memory."""
    rated = np.bincount(rows.appraiser, minlength=rows.appraisers)
    starts = np.concatenate([[0], np.cumsum(rated)[:-1]])
    unit, value = _by_appraiser(rows)
    found: list[PairTables] = []
    few: list[PairTables] = []  # not yet summed: sizes that fill a small part of their table
    for size in np.unique(rated[rated > 0]).tolist():
        beginnings = starts[rated == size]
        is_many = beginnings.size * size**2 >= rows.units**2
        step = max(1, at_once // size**2)
        parts = [
            beginnings[begin : begin + step] + np.arange(size)[:, None]
            for begin in range(0, beginnings.size, step)
        ]
        if is_many:
            found.append(_whole_table(rows.units, size, ((unit[p], value[p]) for p in parts)))
            continue
        for places in parts:
            few.append(_pairs(rows.units, size, unit[places], value[places]))
            if sum(part.n.size for part in few) >= at_once:
                found.append(_summed(rows.units, 0, few))
                few = []
    return _summed(rows.units, rows.appraisers, [*found, _summed(rows.units, 0, few)])


def _by_appraiser(rows: RatingRows) -> tuple[Integers, Floats]:
    """Return units and values with the ratings of each appraiser side by side."""
    if (rows.appraiser[1:] >= rows.appraiser[:-1]).all():
        return rows.unit, rows.value
    order = np.argsort(rows.appraiser, kind="stable")
    return rows.unit[order], rows.value[order]


def _whole_table(units: int, size: int, parts: Iterable[tuple[Integers, Floats]]) -> PairTables:
    """Return the pairs of many appraisers of one size: units and values (k, a) in parts.

    Each pair is counted in one order into a whole table, and the other order is its mirror image.
    """
    left, right = np.triu_indices(size, 1)
    places = units**2
    n, own_n = np.zeros(places, np.int64), np.zeros(units, np.int64)
    a, b, s = np.zeros(places), np.zeros(places), np.zeros(places)
    own_a, own_s = np.zeros(units), np.zeros(units)
    for unit, value in parts:
        place = (unit[left] * units + unit[right]).ravel()
        of_left, of_right = value[left].ravel(), value[right].ravel()
        n += np.bincount(place, minlength=places)
        a += np.bincount(place, of_left, places)
        b += np.bincount(place, of_right, places)
        s += np.bincount(place, of_left * of_right, places)
        own, of_own = unit.ravel(), value.ravel()
        own_n += np.bincount(own, minlength=units)
        own_a += np.bincount(own, of_own, units)
        own_s += np.bincount(own, of_own**2, units)
    mirrored = np.arange(places).reshape(units, units).T.ravel()
    n, a, s = n + n[mirrored], a + b[mirrored], s + s[mirrored]
    diagonal = np.arange(units) * (units + 1)
    n[diagonal], a[diagonal], s[diagonal] = own_n, own_a, own_s
    filled = np.flatnonzero(n)
    first, second = np.divmod(filled, units)
    sizes = np.full(filled.size, size)
    return PairTables(units, 0, sizes, first, second, n[filled], a[filled], s[filled])


def _pairs(units: int, size: int, unit: Integers, value: Floats) -> PairTables:
    """Return the pairs of appraisers of one size one by one: units and values (k, a)."""
    left, right = (grid.ravel() for grid in np.indices((size, size)))
    of_left, of_right = value[left].ravel(), value[right].ravel()
    first, second = unit[left].ravel(), unit[right].ravel()
    sizes, ones = np.full(first.size, size), np.ones(first.size, np.int64)
    return PairTables(units, 0, sizes, first, second, ones, of_left, of_left * of_right)


def _summed(units: int, appraisers: int, parts: Sequence[PairTables]) -> PairTables:
    """Return the sum of entries of the same pair and size, in their order."""
    parts = [part for part in parts if part.n.size]
    if not parts:
        whole, real = np.zeros(0, np.int64), np.zeros(0)
        return PairTables(units, appraisers, whole, whole, whole, whole, real, real)
    keys = np.concatenate([_keys(part) for part in parts])
    n = np.concatenate([part.n for part in parts])
    a = np.concatenate([part.a for part in parts])
    s = np.concatenate([part.s for part in parts])
    if not (keys[1:] > keys[:-1]).all():
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        begins = np.flatnonzero(np.diff(keys, prepend=-1))
        keys = keys[begins]
        n = np.add.reduceat(n[order], begins)
        a, s = np.add.reduceat(a[order], begins), np.add.reduceat(s[order], begins)
    rest, second = np.divmod(keys, units)
    sizes, first = np.divmod(rest, units)
    return PairTables(units, appraisers, sizes, first, second, n, a, s)


def _keys(tables: PairTables) -> Integers:
    return (tables.sizes * tables.units + tables.first) * tables.units + tables.second
