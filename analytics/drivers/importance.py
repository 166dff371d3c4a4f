"""How important each item is for the overall answer, and how far its share could be off."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analytics.drivers.division import inflation, relative_weights, subset_importance
from analytics.shapes import Bools, Floats, Integers, ratio_of

MOST_FOR_SUBSETS = 12
FEWEST = 30  # complete ballots, below which nobody tells how far a share is off
FEWEST_APART = 10  # of them that give another overall answer than most do
_LEFT_OUT = 1 << 17  # subsets of items whose R² without a ballot are computed, for each row
_LEAST_LEFT_OUT = 256
_AT_ONCE = 1 << 18  # of these subsets
_ROUNDING = 1e-24  # variance of an item against its squared mean: below it the item is constant
_CONSTANT = 1e-9  # of a variance of 1: what adding up leaves of an item that is constant


class Method(StrEnum):
    """How R² is divided among items."""

    SUBSETS = "subsets"
    RELATIVE_WEIGHTS = "relative_weights"


@dataclass(frozen=True, eq=False, slots=True)
class Importance:
    """How R² of the overall answer divides among the items, for each row of ballots.

    An item on which all ballots agree has importance 0, and NaN for correlation and VIF.
    """

    n: Integers  # (R,) ballots complete on all items
    left_out: Integers  # (R,)
    r2: Floats  # (R,) NaN where the overall answer does not vary
    importance: Floats  # (R, J-1) sums to R²
    share_se: Floats  # (R, J-1) of the shares, NaN where too few ballots tell
    correlations: Floats  # (R, J-1) with the overall answer
    vif: Floats  # (R, J-1) infinite where the other items say it all
    method: Method

    @property
    def shares(self) -> Floats:
        """Return each item's share of R² (R, J-1), NaN where there is none."""
        return ratio_of(self.importance, np.nan_to_num(self.r2)[:, None])


def item_importance(
    points: Floats, counts: Integers, overall: int, fewest: int = FEWEST
) -> Importance:
    """Return the importance of all items but the overall one, from patterns (P, J) and counts (P,).

    The result has one row.
    """
    row = np.zeros(counts.size, np.int64)
    return importance_of_rows(points, counts, row, 1, overall, fewest)


def importance_of_rows(
    points: Floats,
    counts: Integers,
    row: Integers,
    rows: int,
    overall: int,
    fewest: int = FEWEST,
) -> Importance:
    """Return the importance of all items but the overall one for each row of ballots.

    Patterns (P, J) with counts (P,) belong to rows (P,). Errors of shares are told from `fewest`
    complete ballots on, of which `FEWEST_APART` give another overall answer than most do. Neither
    the order of patterns nor merging equal ones changes a figure.
    """
    items = points.shape[1]
    everybody = np.bincount(row, counts, rows).astype(np.int64)
    cells = _merged(points, counts, row)
    n = np.bincount(cells.row, cells.counts, rows).astype(np.int64)
    standard, varies = _standardised(cells, n)
    table = _correlations(standard, cells, n)
    told = (n >= max(fewest, 2)) & (_apart(cells, n, overall) >= FEWEST_APART)
    importance, r2 = _divided(table, varies, overall)
    others = np.delete(np.arange(items), overall)
    known = varies[:, overall, None] & varies[:, others]
    return Importance(
        n=n,
        left_out=everybody - n,
        r2=r2,
        importance=importance,
        share_se=_share_errors(standard, table, cells, n, told, overall),
        correlations=np.where(known, table[:, others, overall], np.nan),
        vif=np.where(varies[:, others], inflation(table[:, others[:, None], others]), np.nan),
        method=_method(items),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Cells:
    """Different patterns of complete ballots, each once in its row, in the order of rows."""

    points: Floats  # (C, J)
    counts: Integers  # (C,)
    row: Integers  # (C,)


def _merged(points: Floats, counts: Integers, row: Integers) -> _Cells:
    """Return the complete patterns in an order of their own, whatever order they came in."""
    kept = np.flatnonzero(~np.isnan(points).any(axis=1) & (counts > 0))
    order = kept[np.lexsort((*points[kept].T, row[kept]))]
    points, counts, row = points[order], counts[order], row[order]
    first = np.ones(row.size, bool)
    first[1:] = (np.diff(row) != 0) | (np.diff(points, axis=0) != 0).any(axis=1)
    starts = np.flatnonzero(first)
    return _Cells(points[starts], np.add.reduceat(counts, starts), row[starts])


def _standardised(cells: _Cells, n: Integers) -> tuple[Floats, Bools]:
    """Return points with mean 0 and variance 1 in each row (C, J), and what varies (R, J).

    An item that does not vary in a row is 0 there.
    """
    means = np.nan_to_num(
        ratio_of(_sums(cells.points, cells.counts, cells.row, n.size), n[:, None])
    )
    apart = cells.points - means[cells.row]
    squares = _sums(apart**2, cells.counts, cells.row, n.size)
    variances = np.nan_to_num(ratio_of(squares, n[:, None]))
    varies = variances > _ROUNDING * means**2
    scale = np.sqrt(np.where(varies, variances, np.inf))
    return apart / scale[cells.row], varies


def _sums(columns: Floats, counts: Integers | Floats, row: Integers, rows: int) -> Floats:
    """Return the sums of columns (C, M), counted so often, in each row (R, M)."""
    sums = np.zeros((rows, columns.shape[1]))
    for j, column in enumerate(columns.T):
        sums[:, j] = np.bincount(row, counts * column, rows)
    return sums


def _correlations(standard: Floats, cells: _Cells, n: Integers) -> Floats:
    """Return correlations (R, J, J), 0 for an item that does not vary."""
    items = standard.shape[1]
    table = np.zeros((n.size, items, items))
    for j in range(items):
        columns = standard[:, j:] * standard[:, j, None]
        products = _sums(columns, cells.counts, cells.row, n.size)
        table[:, j, j:] = table[:, j:, j] = products / np.maximum(n, 1)[:, None]
    ones = np.arange(items)
    table[:, ones, ones] = 1.0
    return table


def _method(items: int) -> Method:
    return Method.SUBSETS if items - 1 <= MOST_FOR_SUBSETS else Method.RELATIVE_WEIGHTS


def _divided(table: Floats, varies: Bools, overall: int) -> tuple[Floats, Floats]:
    """Return the importance of all items but one (R, J-1), and R² (R,), NaN without one."""
    items = varies.shape[1]
    others = np.delete(np.arange(items), overall)
    divide = subset_importance if _method(items) is Method.SUBSETS else relative_weights
    importance = divide(table[:, others[:, None], others], table[:, others, overall])
    importance = np.where(varies[:, others], importance, 0.0)
    return importance, np.where(varies[:, overall], importance.sum(axis=1), np.nan)


def _apart(cells: _Cells, n: Integers, overall: int) -> Integers:
    """Return how many ballots of each row (R,) give another overall answer than most do."""
    levels, level = np.unique(cells.points[:, overall], return_inverse=True)
    of_level = np.zeros((n.size, levels.size), np.int64)
    np.add.at(of_level, (cells.row, level), cells.counts)
    apart: Integers = n - of_level.max(axis=1, initial=0)
    return apart


def _share_errors(
    standard: Floats, table: Floats, cells: _Cells, n: Integers, told: Bools, overall: int
) -> Floats:
    """Return standard errors of the shares of R² (R, J-1) by the jackknife, NaN where not told.

    The shares without one ballot are the same for all ballots of a pattern, so each pattern is
    left out once and counts as often as it stands (Efron and Tibshirani 1993, chapter 11).
    """
    left_out, weights = _left_out(cells, n, told, standard.shape[1])
    row = cells.row[left_out]
    shares = np.zeros((left_out.size, standard.shape[1] - 1))
    step = max(1, _AT_ONCE >> min(standard.shape[1] - 1, MOST_FOR_SUBSETS))
    for begin in range(0, left_out.size, step):
        part = slice(begin, begin + step)
        without = _without_one(standard[left_out[part]], table[row[part]], n[row[part]])
        importance, r2 = _divided(*without, overall)
        shares[part] = ratio_of(importance, np.nan_to_num(r2)[:, None])
    means = ratio_of(_sums(shares, weights, row, n.size), n[:, None])
    squares = _sums((shares - means[row]) ** 2, weights, row, n.size)
    errors = np.sqrt(squares * ratio_of(n - 1, n)[:, None])
    return np.where(told[:, None], errors, np.nan)


def _left_out(cells: _Cells, n: Integers, told: Bools, items: int) -> tuple[Integers, Floats]:
    """Return the patterns that are left out (L,), and for how many ballots each stands (L,).

    Where a row has too many patterns, ballots are taken at even distances through their order.
    """
    most = max(_LEAST_LEFT_OUT, _LEFT_OUT >> (items - 1))
    ends = np.searchsorted(cells.row, np.arange(n.size + 1))
    chosen, weights = [np.zeros(0, np.int64)], [np.zeros(0)]
    for row in np.flatnonzero(told):
        mine = np.arange(ends[row], ends[row + 1])
        stands_for = cells.counts[mine].astype(np.float64)
        if mine.size > most:
            places = (np.arange(most) + 0.5) * n[row] / most
            mine = mine[np.searchsorted(np.cumsum(stands_for), places)]
            stands_for = np.full(most, n[row] / most)
        chosen.append(mine)
        weights.append(stands_for)
    return np.concatenate(chosen), np.concatenate(weights)


def _without_one(standard: Floats, table: Floats, n: Integers) -> tuple[Floats, Bools]:
    """Return correlations (L, J, J) without a ballot that says `standard` (L, J), and what varies.

    `table` are those of all n (L,) ballots, among whom items have mean 0 and variance 1.
    """
    items = np.arange(standard.shape[1])
    products = standard[:, :, None] * standard[:, None, :]
    left = table - products / (n - 1)[:, None, None]
    varies = left[:, items, items] > _CONSTANT
    scale = np.sqrt(np.where(varies, left[:, items, items], 1.0))
    left = left / scale[:, :, None] / scale[:, None, :]
    left *= varies[:, :, None] & varies[:, None, :]
    left[:, items, items] = 1.0
    return left, varies
