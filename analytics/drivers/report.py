"""The map of importance and performance: where each item of a unit or class clearly stands."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analytics.drivers.importance import FEWEST, Importance, importance_of_rows
from analytics.faults import N_, Fault
from analytics.shapes import Bools, Floats, Integers, PatternCounts, ratio_of
from analytics.variances import larger_variances

_CLEARLY = 1.96  # standard errors from a cut, so that chance alone gets there 1 time in 20
_ON_THE_CUT = 1e-9  # a figure is on a median, whatever its last digit says
_ROUNDING = 1e-24  # variance of an item against its squared mean: below it all answers agree


class Quadrant(StrEnum):
    """Where an item stands against its class's medians of importance and performance."""

    KEEP_UP = "keep_up"  # important, high
    CONCENTRATE_HERE = "concentrate_here"  # important, low
    LOW_PRIORITY = "low_priority"  # less important, low
    POSSIBLE_OVERKILL = "possible_overkill"  # less important, high
    UNCLEAR = "unclear"  # too near to a median for its error


@dataclass(frozen=True, eq=False, slots=True)
class Drivers:
    """Importance and performance of items, per unit and per class.

    A unit with fewer complete ballots than `fewest`, or whose items explain nothing, is shown with
    its class's importance. Where there is no share or no mean, the quadrant is None; where either
    is not clearly on one side of its cut, or nobody tells how far it is off, it is UNCLEAR.
    """

    units: tuple[str, ...]
    classes: tuple[str, ...]  # in order of their first unit
    items: tuple[str, ...]  # (J-1,) all but the overall one
    of_units: Importance  # R = U, from each unit's own ballots
    of_classes: Importance  # R = classes, from all ballots of a class
    shares: Floats  # (U, J-1) of R², in use for the map
    share_se: Floats  # (U, J-1) of these; NaN where nobody tells
    uses_class: Bools  # (U,) whether they are the class's
    performance: Floats  # (U, J-1) mean points, 0 to 100
    performance_se: Floats  # (U, J-1) by the larger-variance rule
    class_performance: Floats  # (classes, J-1)
    class_performance_se: Floats  # (classes, J-1) NaN below two answers
    importance_cuts: Floats  # (classes,) median of the shares of its units' items
    performance_cuts: Floats  # (classes,)
    quadrants: tuple[tuple[Quadrant | None, ...], ...]  # (U, J-1)
    class_quadrants: tuple[tuple[Quadrant | None, ...], ...]  # (classes, J-1)


def drivers(
    patterns: PatternCounts,
    overall: str,
    cells: Bools | None = None,
    fewest: int = FEWEST,
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
    units = len(patterns.units)
    own = importance_of_rows(points, count, unit, units, place, fewest)
    common = importance_of_rows(points, count, of_unit[unit], len(classes), place, fewest)
    thin = (own.n < fewest) | ~(own.r2 > 0)
    items = np.delete(points, place, axis=1)
    answers = _answers(items, count, unit, units)
    of_class = _answers(items, count, of_unit[unit], len(classes))
    shares = np.where(thin[:, None], common.shares[of_unit], own.shares)
    share_se = np.where(thin[:, None], common.share_se[of_unit], own.share_se)
    performance_se = _careful_errors(answers, of_unit)
    class_performance_se = np.sqrt(ratio_of(of_class.variances, of_class.n))
    importance_cuts, performance_cuts = (
        _medians(table, of_unit, len(classes)) for table in (shares, answers.means)
    )
    return Drivers(
        units=patterns.units,
        classes=classes,
        items=tuple(item for item in patterns.items if item != overall),
        of_units=own,
        of_classes=common,
        shares=shares,
        share_se=share_se,
        uses_class=thin,
        performance=answers.means,
        performance_se=performance_se,
        class_performance=of_class.means,
        class_performance_se=class_performance_se,
        importance_cuts=importance_cuts,
        performance_cuts=performance_cuts,
        quadrants=_quadrants(
            _sides(shares - importance_cuts[of_unit, None], share_se),
            _sides(answers.means - performance_cuts[of_unit, None], performance_se),
        ),
        class_quadrants=_quadrants(
            _sides(common.shares - importance_cuts[:, None], common.share_se),
            _sides(of_class.means - performance_cuts[:, None], class_performance_se),
        ),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Answers:
    """All answers with points, of each row and item (R, items)."""

    n: Floats
    means: Floats
    variances: Floats  # with divisor n - 1, NaN below two answers


def _answers(points: Floats, counts: Integers, row: Integers, rows: int) -> _Answers:
    given = ~np.isnan(points)
    filled = np.where(given, points, 0.0)

    def sums(columns: Floats) -> Floats:
        weighted = (counts[:, None] * columns * given).T
        return np.column_stack([np.bincount(row, one, rows) for one in weighted]).astype(np.float64)

    n = sums(np.ones_like(filled))
    means = ratio_of(sums(filled), n)
    squares = sums((filled - np.nan_to_num(means)[row]) ** 2)
    varies = squares > _ROUNDING * n * np.nan_to_num(means) ** 2
    return _Answers(n, means, ratio_of(np.where(varies, squares, 0.0), n - 1))


def _careful_errors(answers: _Answers, of_unit: Integers) -> Floats:
    """Return standard errors of units' means (U, items): few or like answers hear their class."""
    peers = np.full(answers.n.shape, np.nan)
    for number in range(of_unit.max(initial=-1) + 1):
        members = of_unit == number
        known = answers.n[members] > 1
        summed = np.where(known, answers.variances[members], 0.0).sum(axis=0)
        peers[members] = ratio_of(summed, known.sum(axis=0))
    return np.sqrt(larger_variances(answers.variances, answers.n, peers)[0])


def _medians(table: Floats, of_unit: Integers, classes: int) -> Floats:
    """Return the median of a table's known values of each class, NaN without any."""
    medians = np.full(classes, np.nan)
    for number in range(classes):
        values = table[of_unit == number]
        if (known := values[~np.isnan(values)]).size:
            medians[number] = np.median(known)
    return medians


def _sides(distances: Floats, errors: Floats) -> Floats:
    """Return 1 clearly above a cut, -1 clearly below, 0 where it is not clear, NaN for no figure.

    An error that nobody tells makes nothing clear.
    """
    clear = np.abs(distances) > np.maximum(_CLEARLY * errors, _ON_THE_CUT)
    return np.where(np.isnan(distances), np.nan, np.where(clear, np.sign(distances), 0.0))


def _quadrants(importance: Floats, performance: Floats) -> tuple[tuple[Quadrant | None, ...], ...]:
    """Return the quadrants of the sides of both cuts (R, items)."""
    return tuple(
        tuple(
            None if np.isnan(one + other) else _QUADRANTS.get((one, other), Quadrant.UNCLEAR)
            for one, other in zip(*rows, strict=True)
        )
        for rows in zip(importance, performance, strict=True)
    )


_QUADRANTS = {
    (1, 1): Quadrant.KEEP_UP,
    (1, -1): Quadrant.CONCENTRATE_HERE,
    (-1, -1): Quadrant.LOW_PRIORITY,
    (-1, 1): Quadrant.POSSIBLE_OVERKILL,
}
