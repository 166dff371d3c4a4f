"""Which items go with the overall answer, and how units do on them: importance and performance."""

from dataclasses import dataclass
from enum import StrEnum
from math import factorial

import numpy as np

from analytics.faults import N_, Fault
from analytics.shapes import Bools, Floats, Integers, PatternCounts, ratio_of

MOST_FOR_SUBSETS = 12
_NOTHING = 1e-10  # of a variance of 1: less is left of an item that the others already say
_ON_THE_CUT = 1e-9  # a figure is on a median, whatever its last digit says
_ROUNDING = 1e-24  # variance of an item against its squared mean: below it the item is constant


class Method(StrEnum):
    """How R² is divided among items."""

    SUBSETS = "subsets"
    RELATIVE_WEIGHTS = "relative_weights"


class Quadrant(StrEnum):
    """Where an item stands against its class's medians of importance and performance."""

    KEEP_UP = "keep_up"  # important, high
    CONCENTRATE_HERE = "concentrate_here"  # important, low
    LOW_PRIORITY = "low_priority"  # less important, low
    POSSIBLE_OVERKILL = "possible_overkill"  # less important, high


@dataclass(frozen=True, eq=False, slots=True)
class Importance:
    """How R² of the overall answer divides among the items, for each row of ballots.

    An item on which all ballots agree has importance 0, and NaN for correlation and VIF.
    """

    n: Integers  # (R,) ballots complete on all items
    left_out: Integers  # (R,)
    r2: Floats  # (R,) NaN where the overall answer does not vary
    importance: Floats  # (R, J-1) sums to R²
    correlations: Floats  # (R, J-1) with the overall answer
    vif: Floats  # (R, J-1) infinite where the other items say it all
    method: Method


@dataclass(frozen=True, eq=False, slots=True)
class Drivers:
    """Importance and performance of items, per unit and per class.

    A unit with fewer complete ballots than `fewest`, or whose items explain nothing, is shown with
    its class's importance. Where there is no share or no mean, the quadrant is None.
    """

    units: tuple[str, ...]
    classes: tuple[str, ...]  # in order of their first unit
    items: tuple[str, ...]  # (J-1,) all but the overall one
    of_units: Importance  # R = U, from each unit's own ballots
    of_classes: Importance  # R = classes, from all ballots of a class
    shares: Floats  # (U, J-1) of R², in use for the map
    uses_class: Bools  # (U,) whether they are the class's
    performance: Floats  # (U, J-1) mean points, 0 to 100
    performance_se: Floats  # (U, J-1) NaN below two answers
    class_performance: Floats  # (classes, J-1)
    class_performance_se: Floats  # (classes, J-1)
    importance_cuts: Floats  # (classes,) median of the shares of its units' items
    performance_cuts: Floats  # (classes,)
    quadrants: tuple[tuple[Quadrant | None, ...], ...]  # (U, J-1)


def item_importance(points: Floats, counts: Integers, overall: int) -> Importance:
    """Return the importance of all items but the overall one, from patterns (P, J) and counts (P,).

    The result has one row.
    """
    row = np.zeros(counts.size, np.int64)
    return _importance(points, counts, row, 1, overall)


def drivers(
    patterns: PatternCounts,
    overall: str,
    cells: Bools | None = None,
    fewest: int = 30,
) -> Drivers:
    """Return importance against performance of every unit and class, over all or chosen cells.

    Importance from ballots that scored all items, performance from all answers with points.
    """
    if overall not in patterns.items:
        raise Fault(N_("there is no item “%(item)s”"), "drivers", item=overall)
    place = patterns.items.index(overall)
    chosen = np.ones(patterns.count.size, bool) if cells is None else cells
    unit, count = patterns.unit[chosen], patterns.count[chosen]
    points = patterns.points[patterns.pattern[chosen]]
    classes = tuple(dict.fromkeys(patterns.classes))
    of_unit = np.array([classes.index(one) for one in patterns.classes], np.int64)
    own = _importance(points, count, unit, len(patterns.units), place)
    common = _importance(points, count, of_unit[unit], len(classes), place)
    thin = (own.n < fewest) | ~(own.r2 > 0)
    shares = np.where(thin[:, None], _shares(common)[of_unit], _shares(own))
    items = np.delete(points, place, axis=1)
    performance, se = _performance(items, count, unit, len(patterns.units))
    of_class = _performance(items, count, of_unit[unit], len(classes))
    importance_cuts, performance_cuts = (
        _medians(table, of_unit, len(classes)) for table in (shares, performance)
    )
    return Drivers(
        units=patterns.units,
        classes=classes,
        items=tuple(item for item in patterns.items if item != overall),
        of_units=own,
        of_classes=common,
        shares=shares,
        uses_class=thin,
        performance=performance,
        performance_se=se,
        class_performance=of_class[0],
        class_performance_se=of_class[1],
        importance_cuts=importance_cuts,
        performance_cuts=performance_cuts,
        quadrants=_quadrants(
            shares - importance_cuts[of_unit, None], performance - performance_cuts[of_unit, None]
        ),
    )


def subset_importance(correlations: Floats, outcome: Floats) -> Floats:
    """Return what each predictor adds to R² on average over all orders (R, p).

    Correlations (R, p, p) of predictors, outcome (R, p) with the overall answer. Lindeman, Merenda
    and Gold (1980), from R² of all subsets (Grömping 2006); a predictor that the others already
    say adds nothing to them.
    """
    rows, size = outcome.shape
    explained = _subset_r2(correlations, outcome)
    subsets = np.arange(2**size)
    members = (subsets[:, None] >> np.arange(size)) & 1
    sizes = members.sum(axis=1)
    weights = np.array(
        [factorial(s) * factorial(size - s - 1) / factorial(size) for s in range(size)]
    )
    importance = np.zeros((rows, size))
    for j in range(size):
        without = subsets[members[:, j] == 0]
        gains = explained[:, without | (1 << j)] - explained[:, without]
        importance[:, j] = np.maximum(gains, 0.0) @ weights[sizes[without]]
    return importance


def relative_weights(correlations: Floats, outcome: Floats) -> Floats:
    """Return Johnson's (2000) relative weights (R, p), shapes as of `subset_importance`.

    R² of the nearest orthogonal variables, given back to the predictors by what each of them
    shares with these: Λ = R^½, weights Λ² (Λ⁻¹ r)². With linear dependence the inverse is the
    pseudo-inverse.
    """
    sizes, axes = np.linalg.eigh(correlations)
    roots = np.sqrt(np.maximum(sizes, 0.0))
    inverse = ratio_of(np.ones_like(roots), np.where(sizes > _NOTHING, roots, 0.0))
    turned = np.swapaxes(axes, 1, 2)
    shared = (axes * roots[:, None, :]) @ turned
    betas = ((axes * np.nan_to_num(inverse)[:, None, :]) @ turned) @ outcome[:, :, None]
    weights: Floats = (shared**2 @ betas**2)[:, :, 0]
    return weights


def _importance(
    points: Floats, counts: Integers, row: Integers, rows: int, overall: int
) -> Importance:
    complete = ~np.isnan(points).any(axis=1)
    n = np.bincount(row[complete], counts[complete], rows).astype(np.int64)
    everybody = np.bincount(row, counts, rows).astype(np.int64)
    table, varies = _correlations(points[complete], counts[complete], row[complete], rows)
    others = np.delete(np.arange(points.shape[1]), overall)
    inner = table[:, others[:, None], others]
    outcome = table[:, others, overall]
    few = others.size <= MOST_FOR_SUBSETS
    method = Method.SUBSETS if few else Method.RELATIVE_WEIGHTS
    importance = (subset_importance if few else relative_weights)(inner, outcome)
    importance = np.where(varies[:, others], importance, 0.0)
    known = varies[:, overall]
    return Importance(
        n=n,
        left_out=everybody - n,
        r2=np.where(known, importance.sum(axis=1), np.nan),
        importance=importance,
        correlations=np.where(known[:, None] & varies[:, others], outcome, np.nan),
        vif=np.where(varies[:, others], _inflation(inner), np.nan),
        method=method,
    )


def _correlations(
    points: Floats, counts: Integers, row: Integers, rows: int
) -> tuple[Floats, Bools]:
    """Return correlations (R, J, J), 0 for an item that does not vary, and which vary (R, J)."""
    items = points.shape[1]
    n = np.bincount(row, counts, rows)
    sums = np.column_stack([np.bincount(row, counts * one, rows) for one in points.T])
    means = np.nan_to_num(ratio_of(sums, n[:, None]))
    apart = points - means[row]
    products = np.zeros((rows, items, items))
    for j in range(items):
        for k in range(j, items):
            column = np.bincount(row, counts * apart[:, j] * apart[:, k], rows)
            products[:, j, k] = products[:, k, j] = column
    squares = np.diagonal(products, axis1=1, axis2=2)
    varies = squares > _ROUNDING * n[:, None] * means**2
    scale = np.where(varies, np.sqrt(np.where(varies, squares, 1.0)), 1.0)
    table = products / scale[:, :, None] / scale[:, None, :]
    table *= varies[:, :, None] & varies[:, None, :]
    ones = np.arange(items)
    table[:, ones, ones] = 1.0
    return table, varies


def _subset_r2(correlations: Floats, outcome: Floats) -> Floats:
    """Return R² of every subset of predictors (R, 2^p); bit j of a subset's number is predictor j.

    Predictors are eliminated one by one from the table bordered by the outcome; at each the tables
    double: without it, and with it taken out of all that follow.
    """
    rows, size = outcome.shape
    left = np.zeros((rows, 1, size + 1, size + 1))
    left[:, 0, :size, :size] = correlations
    left[:, 0, :size, size] = left[:, 0, size, :size] = outcome
    left[:, 0, size, size] = 1.0
    for _ in range(size):
        pivot = left[:, :, 0, 0]
        usable = pivot > _NOTHING
        factor = np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0)
        first = left[:, :, 0, 1:]
        rest = left[:, :, 1:, 1:]
        taken = factor[:, :, None, None] * first[:, :, :, None] * first[:, :, None, :]
        left = np.concatenate([rest, rest - taken], axis=1)
    explained: Floats = np.clip(1 - left[:, :, 0, 0], 0.0, 1.0)
    return explained


def _inflation(correlations: Floats) -> Floats:
    """Return the variance inflation factors (R, p): 1 / (1 - R² on the other items)."""
    rows, size = correlations.shape[:2]
    left = np.ones((rows, size))
    for j in range(size):
        others = np.delete(np.arange(size), j)
        outcome = correlations[:, others, j]
        inverse = np.linalg.pinv(
            correlations[:, others[:, None], others], rcond=_NOTHING, hermitian=True
        )
        left[:, j] -= np.einsum("rj,rjk,rk->r", outcome, inverse, outcome)
    known = left > _NOTHING
    return np.where(known, 1 / np.where(known, left, 1.0), np.inf)


def _shares(found: Importance) -> Floats:
    return ratio_of(found.importance, np.nan_to_num(found.r2)[:, None])


def _performance(
    points: Floats, counts: Integers, row: Integers, rows: int
) -> tuple[Floats, Floats]:
    """Return mean points and their standard errors (R, items) over all answers with points."""
    given = ~np.isnan(points)
    filled = np.where(given, points, 0.0)

    def sums(columns: Floats) -> Floats:
        weighted = (counts[:, None] * columns * given).T
        return np.column_stack([np.bincount(row, one, rows) for one in weighted]).astype(np.float64)

    n = sums(np.ones_like(filled))
    means = ratio_of(sums(filled), n)
    squares = sums((filled - np.nan_to_num(means)[row]) ** 2)
    return means, np.sqrt(ratio_of(ratio_of(squares, n - 1), n))


def _medians(table: Floats, of_unit: Integers, classes: int) -> Floats:
    """Return the median of a table's known values of each class, NaN without any."""
    medians = np.full(classes, np.nan)
    for number in range(classes):
        values = table[of_unit == number]
        if (known := values[~np.isnan(values)]).size:
            medians[number] = np.median(known)
    return medians


def _quadrants(importance: Floats, performance: Floats) -> tuple[tuple[Quadrant | None, ...], ...]:
    """Return the quadrant of distances to both cuts; on a cut is high."""
    return tuple(
        tuple(
            None
            if np.isnan(one + other)
            else _QUADRANTS[bool(one >= -_ON_THE_CUT), bool(other >= -_ON_THE_CUT)]
            for one, other in zip(*rows, strict=True)
        )
        for rows in zip(importance, performance, strict=True)
    )


_QUADRANTS = {
    (True, True): Quadrant.KEEP_UP,
    (True, False): Quadrant.CONCENTRATE_HERE,
    (False, False): Quadrant.LOW_PRIORITY,
    (False, True): Quadrant.POSSIBLE_OVERKILL,
}
