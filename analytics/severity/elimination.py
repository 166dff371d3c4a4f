"""Unit effects with the appraisers' effects eliminated, from pair tables alone.

An appraiser's effect touches only the appraiser's own ratings, so taking it out of the normal
equations leaves one row per unit (absorption: Searle, Casella & McCulloch 1992, ch. 7). The
equations need of an appraiser nothing but the number k of units rated.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.faults import N_, Fault
from analytics.pair_tables import PairTables
from analytics.shapes import NOWHERE, Floats, Integers

ROUNDING = 1e-11  # share of the squared deviations
TINY = 1e-13  # share of the squares of the values themselves

# From so many units on the triangular inverse pays. Below, LAPACK would start threads for matrices
# of six rows, which costs ten times as much where the processors are busy.
MANY = 256


@dataclass(frozen=True, eq=False, slots=True)
class Equations:
    """Normal equations of unit effects: `matrix` · effects = `right`, and y'Wy as `square`."""

    matrix: Floats  # (U, U)
    right: Floats  # (U,)
    square: float


@dataclass(frozen=True, eq=False, slots=True)
class Elimination:
    """Pair tables summed up for elimination; values are deviations from the mean of all ratings.

    S stands for the sizes that occur. An appraiser of k ratings who is eliminated weighs them by
    W = I - c · 11', c depending on k.
    """

    tables: PairTables
    center: float  # the mean of all ratings
    sizes: Integers  # (S,) k, ascending
    appraisers: Floats  # (S,) how many appraisers rated k units
    counts: Floats  # (U,) ratings of each unit
    sums: Floats  # (U,) of its deviations
    square: float  # of all deviations
    rounding: float  # a sum of squares up to here is nothing but rounding
    shared_sums: Floats  # (S, U) of all deviations by those who rated the unit, among others
    shared_squares: Floats  # (S,) of each appraiser's sum of deviations
    _size: Integers = field(repr=False)  # (E,) number of each entry's size
    _place: Integers = field(repr=False)  # (E,) its place in a flat table (U, U)

    @property
    def ratings(self) -> int:
        """Return the number of ratings."""
        return int(self.counts.sum())

    @property
    def rating_appraisers(self) -> int:
        """Return the number of appraisers who rated at least one unit."""
        return round(float(self.appraisers.sum()))

    def common(self, factors: Floats) -> Floats:
        """Return the appraisers whom two units share (U, U), each times the factor of its size."""
        units = self.tables.units
        worth = factors[self._size] * self.tables.n
        return totals(self._place, worth, units**2).reshape(units, units)

    def equations(self, factors: Floats) -> Equations:
        """Return the normal equations where the weights' c by size is given (S,)."""
        return Equations(
            np.diag(self.counts) - self.common(factors),
            self.sums - factors @ self.shared_sums,
            float(self.square - factors @ self.shared_squares),
        )

    def shared_levels(self, levels: Floats) -> Floats:
        """Return the sums of levels (U,) like `shared_sums`, as if they had been given (S, U)."""
        units, worth = self.tables.units, self.tables.n * levels[self.tables.second]
        key = self._size * units + self.tables.first
        return totals(key, worth, self.sizes.size * units).reshape(-1, units)

    def left_over(self, levels: Floats) -> tuple[Floats, Floats]:
        """Return what is left when levels (U,) are taken off the ratings.

        The first (S, U) is like `shared_sums`, the second (S,) like `shared_squares`.
        """
        off = self.shared_levels(levels)
        return self.shared_sums - off, self.shared_squares + (off - 2 * self.shared_sums) @ levels


def eliminated(tables: PairTables) -> Elimination:
    """Sum up pair tables for elimination, or refuse where nobody rated anything."""
    if tables.n.size == 0:
        raise Fault(N_("nobody has rated any unit"), "ratings")
    units = tables.units
    sizes, size = np.unique(tables.sizes, return_inverse=True)
    own = tables.first == tables.second
    counts = totals(tables.first[own], tables.n[own], units)
    sums = totals(tables.first[own], tables.a[own], units)
    center = float(sums.sum() / counts.sum())
    deviations = tables.a - center * tables.n
    key = size * units + tables.second
    shared_sums = totals(key, deviations, sizes.size * units).reshape(-1, units)
    # Σ (x - c)(y - c) = Σ xy - c Σ x - c Σ y + c² n, where the sums over both orders are the same
    squares = tables.s - 2 * center * tables.a + center**2 * tables.n
    square = max(0.0, float(squares[own].sum()))
    return Elimination(
        tables,
        center,
        sizes,
        totals(size[own], tables.n[own], sizes.size) / sizes,
        counts,
        sums - center * counts,
        square,
        ROUNDING * square + TINY * float(tables.s[own].sum()),
        shared_sums,
        totals(size, squares, sizes.size),
        size,
        tables.first * units + tables.second,
    )


def connected_parts(tables: PairTables) -> Integers:
    """Return the part of the appraiser-unit graph each unit is in (U,), `NOWHERE` without ratings.

    Only units of one part can be compared: no chain of appraisers leads from one to another part.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    shape = tables.units, tables.units
    links = coo_array((tables.n, (tables.first, tables.second)), shape=shape)
    _, found = connected_components(links, directed=False)
    parts = np.full(tables.units, NOWHERE, np.int64)
    rated = np.unique(tables.first)
    parts[rated] = np.unique(found[rated], return_inverse=True)[1]
    return parts


@dataclass(frozen=True, eq=False, slots=True)
class AdditiveFit:
    """Least squares with an effect of its own for every unit and every appraiser."""

    effects: Floats  # (U,) of units; weighted by ratings their sum is 0 in each part
    inverse: Floats  # (U, U) their covariance over the residual variance
    rest: float  # sum of squared residuals; 0 where it is nothing but rounding
    spare: int  # ratings left over when each unit and appraiser has its effect


def additive_fit(of: Elimination, parts: Integers) -> AdditiveFit:
    """Return the two-way fit by the equations with c = 1/k, each connected part by itself.

    With w the units' shares in the ratings of their part and t > 0, A + t·ww' has an inverse K
    although A has none; K·right is the solution with w'effects = 0, K - 11'/t its covariance.
    """
    equations = of.equations(1 / of.sizes)
    rated = parts != NOWHERE
    same = (parts[:, None] == parts) & rated
    share = of.counts / np.where(rated, same @ of.counts, 1.0)
    t = of.ratings
    bordered = equations.matrix + t * same * np.outer(share, share) + np.diag(~rated)
    inverse, _ = inverted(bordered)
    effects = inverse @ equations.right
    effects -= same @ (share * effects)
    rest = float(equations.square - equations.right @ effects)
    rank = int(rated.sum()) + of.rating_appraisers - int(parts.max()) - 1
    return AdditiveFit(
        effects,
        np.where(same, inverse - 1 / t, 0.0),
        rest if rest > of.rounding else 0.0,
        of.ratings - rank,
    )


def inverted(matrix: Floats) -> tuple[Floats, float]:
    """Return the inverse of a positive definite matrix and the logarithm of its determinant."""
    if len(matrix) < MANY:
        factor = np.linalg.cholesky(matrix)
        log_determinant = 2 * float(np.log(np.diag(factor)).sum())
        inverse = np.linalg.inv(matrix)
        return (inverse + inverse.T) / 2, log_determinant
    from scipy.linalg.lapack import dpotrf, dpotri

    factor, _ = dpotrf(matrix.T, lower=1, overwrite_a=1)
    log_determinant = 2 * float(np.log(np.diag(factor)).sum())
    lower: Floats = np.tril(dpotri(factor, lower=1, overwrite_c=1)[0])
    return lower + np.tril(lower, -1).T, log_determinant


def totals(place: Integers, worth: NDArray[Any], places: int) -> Floats:
    """Return the sums of what stands at each place (places,)."""
    return np.bincount(place, worth, places).astype(np.float64, copy=False)
