"""Indices of careless answering, one number per row of answers: runs, variability, distance."""

import numpy as np
from numpy.typing import NDArray

from analytics.shapes import NOWHERE, Floats, Integers, ratio_of

_Chosen = Integers | slice
_AT_ONCE = 1 << 11  # rows that stay in the processor's cache


def longstring(levels: NDArray[np.integer]) -> Integers:
    """Return the length of the longest run of one level in each row (Johnson 2005).

    Items without an answer (`NOWHERE`) are passed over: a run goes on behind them. 0 is a row
    without any answer.
    """
    longest, _ = _runs(levels)
    return longest


def average_string(levels: NDArray[np.integer]) -> Floats:
    """Return the average length of runs of one level in each row, NaN without an answer."""
    _, runs = _runs(levels)
    return ratio_of((levels != NOWHERE).sum(axis=1), runs)


def irv(points: Floats) -> Floats:
    """Return the standard deviation of each row (Dunn and others 2018), divisor n - 1.

    NaN are passed over; a row with fewer than two values has none, NaN.
    """
    scored = ~np.isnan(points)
    n = scored.sum(axis=1)
    means = np.where(scored, points, 0.0).sum(axis=1) / np.maximum(n, 1)
    deviations = np.where(scored, points - means[:, None], 0.0)
    return np.sqrt(ratio_of(np.einsum("ij,ij->i", deviations, deviations), n - 1))


def mahalanobis(points: Floats, mean: Floats, covariance: Floats) -> tuple[Floats, Integers]:
    """Return each row's squared distance from the mean and its degrees of freedom.

    points (N, J); mean (J,) for all or (N, J) for each row; covariance (J, J). NaN are passed over:
    the row is held against the items it has. Where the covariance is singular the directions
    without variance say nothing and count no freedom.
    """
    scored = ~np.isnan(points)
    distances, freedom = np.zeros(len(points)), np.zeros(len(points), np.int64)
    for items, rows in _by_items(scored):
        whitening = _whitening(covariance[items][:, items])
        centre = mean if mean.ndim == 1 else mean[rows]
        distances[rows] = _squares(points[rows][:, items], centre[..., items], whitening)
        freedom[rows] = whitening.shape[1]
    return np.where(freedom > 0, distances, np.nan), freedom


def _squares(points: Floats, mean: Floats, whitening: Floats) -> Floats:
    """Return the squared lengths of whitened deviations, a block of rows at a time."""
    squares = np.empty(len(points))
    for begin in range(0, len(points), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        white = (points[part] - (mean if mean.ndim == 1 else mean[part])) @ whitening
        np.einsum("ij,ij->i", white, white, out=squares[part])
    return squares


def _runs(levels: NDArray[np.integer]) -> tuple[Integers, Integers]:
    """Return the longest run and the number of runs of each row."""
    rows = len(levels)
    last = np.full(rows, NOWHERE, levels.dtype)
    length, longest, runs = (np.zeros(rows, np.int32) for _ in range(3))
    for column in levels.T:
        answered = column != NOWHERE
        same = answered & (column == last)
        started = answered & ~same
        length += same
        length[started] = 1
        runs += started
        np.maximum(longest, length, out=longest)
        np.copyto(last, column, where=answered)
    return longest.astype(np.int64), runs.astype(np.int64)


def _by_items(scored: NDArray[np.bool_]) -> list[tuple[_Chosen, _Chosen]]:
    """Return the rows that have the same items, with these items."""
    if scored.all():
        return [(slice(None), slice(None))]
    signs = np.packbits(scored, axis=1)
    _, first, which = np.unique(signs, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(which, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(which))[:-1])
    return [(np.flatnonzero(scored[one]), rows) for one, rows in zip(first, parts, strict=True)]


def _whitening(covariance: Floats) -> Floats:
    """Return the matrix (J, rank) after which all directions have variance 1."""
    variances, directions = np.linalg.eigh(covariance)
    kept = variances > 1e-10 * max(float(variances.max(initial=0.0)), 1e-300)
    white: Floats = np.ascontiguousarray(directions[:, kept] / np.sqrt(variances[kept]))
    return white
