"""Means of weighted ballots, with errors that know what the weighting has taken out."""

from dataclasses import dataclass

import numpy as np

from analytics.shapes import NOWHERE, BallotRows, Floats, Integers, ratio_of
from analytics.weighting.weights import Weighted


@dataclass(frozen=True, slots=True)
class CalibratedMean:
    """A weighted mean and its standard error, NaN where a stratum has only one ballot."""

    mean: float
    se: float
    n: int


@dataclass(frozen=True, eq=False, slots=True)
class UnitMeans:
    """What weighted ballots gave each unit; NaN where nobody rated it, se NaN below two."""

    n: Integers  # (U,)
    effective_n: Floats  # (U,)
    base_means: Floats  # (U,) with the base weights
    means: Floats  # (U,)
    se: Floats  # (U,)


def calibrated_mean(
    values: Floats, base: Floats, weighted: Weighted, strata: Integers | None = None
) -> CalibratedMean:
    """Return the weighted mean of values (N,), NaN for those who gave none, and its error.

    Linearisation with the residuals of a regression on what was calibrated, weighted by the base
    weights (Deville and Särndal 1992, §3); strata (N,) are numbers from 0.
    """
    given = ~np.isnan(values)
    weights = weighted.weights
    whole = weights[given].sum()
    if whole <= 0:
        return CalibratedMean(float("nan"), float("nan"), 0)
    mean = float(weights[given] @ values[given] / whole)
    influence = np.where(given, values - mean, 0.0) / whole
    sums = np.bincount(weighted.cell, base * influence, len(weighted.cells)).astype(np.float64)
    fitted = _fitted(weighted, base, sums[:, None])[:, 0]
    residuals = weights * (influence - fitted[weighted.cell])
    stratum = np.zeros(values.size, np.int64) if strata is None else strata
    n = np.bincount(stratum)
    means = ratio_of(np.bincount(stratum, residuals), n)
    squares = np.bincount(stratum, (residuals - means[stratum]) ** 2)
    known = (n != 1).all()
    variance = float((ratio_of(n, n - 1)[n > 1] * squares[n > 1]).sum()) if known else np.nan
    return CalibratedMean(mean, float(np.sqrt(variance)), int(np.count_nonzero(given)))


def unit_means(
    ballot: Integers, unit: Integers, value: Floats, units: int, base: Floats, weighted: Weighted
) -> UnitMeans:
    """Return the weighted mean of every unit from ratings: ballot, unit and value (R,) each.

    The ballots of one group, numbered as their weights are; those who did not rate a unit are in
    its error too, since their weights were fitted together with the others.
    """
    shape = len(weighted.cells), units
    place = weighted.cell[ballot] * units + unit
    weights = weighted.weights[ballot]
    whole = np.bincount(unit, weights, units)
    means = ratio_of(np.bincount(unit, weights * value, units), whole)
    influence = np.nan_to_num(ratio_of(value - means[unit], whole[unit]))
    tables = [
        np.bincount(place, column, units * shape[0]).reshape(shape).astype(np.float64)
        for column in (base[ballot] * influence, weights * influence, weights**2 * influence)
    ]
    fitted = _fitted(weighted, base, tables[0])
    sizes, squares = (
        np.bincount(weighted.cell, column, shape[0])[:, None]
        for column in (weighted.weights, weighted.weights**2)
    )
    sums = (tables[1] - sizes * fitted).sum(axis=0)
    own = np.bincount(unit, (weights * influence) ** 2, units)
    square_sums = own + (squares * fitted**2 - 2 * tables[2] * fitted).sum(axis=0)
    ballots = weighted.weights.size
    raised = ratio_of(np.array(ballots), np.array(ballots - 1))
    variances = raised * np.maximum(square_sums - sums**2 / ballots, 0.0)
    n = np.bincount(unit, minlength=units)
    return UnitMeans(
        n=n,
        effective_n=ratio_of(whole**2, np.bincount(unit, weights**2, units)),
        base_means=ratio_of(
            np.bincount(unit, base[ballot] * value, units),
            np.bincount(unit, base[ballot], units),
        ),
        means=means,
        se=np.where(n > 1, np.sqrt(variances), np.nan),
    )


def rated_means(rows: BallotRows, ballots: Integers, base: Floats, weighted: Weighted) -> UnitMeans:
    """Return the weighted mean of every unit from the ballots of these numbers.

    Weights are in the order of `ballots`.
    """
    number = np.full(len(rows.ballots), NOWHERE)
    number[ballots] = np.arange(ballots.size)
    scores = rows.scores
    kept = (number[rows.ballot] != NOWHERE) & ~np.isnan(scores)
    return unit_means(
        number[rows.ballot[kept]], rows.unit[kept], scores[kept], len(rows.units), base, weighted
    )


def _fitted(weighted: Weighted, base: Floats, sums: Floats) -> Floats:
    """Return what a regression on the calibrated levels fits to each cell (C, columns).

    Sums (C, columns) are those of base weight times what is fitted.
    """
    sizes = np.bincount(weighted.cell, base, len(weighted.cells))
    if weighted.is_joint:
        return np.nan_to_num(ratio_of(sums, sizes[:, None]))
    levels = weighted.cells
    dummies = np.concatenate(
        [
            (levels[:, v, None] == np.arange(levels[:, v].max() + 1)).astype(np.float64)
            for v in range(levels.shape[1])
        ],
        axis=1,
    )
    cross = (dummies * sizes[:, None]).T @ dummies
    fitted: Floats = dummies @ (np.linalg.pinv(cross, hermitian=True) @ (dummies.T @ sums))
    return fitted
