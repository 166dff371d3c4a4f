"""Intervals of shares, such as the share of ballots in the top box."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.shapes import Bools, Floats, ratio_of

COVERAGE = 0.95
Bounds = tuple[Floats, Floats]


def wilson(x: ArrayLike, n: ArrayLike, coverage: float = COVERAGE) -> Bounds:
    """Return the interval of the score test (Wilson 1927), the one to print by default.

    As in all four, x of n trials succeeded, `low` and `high` have the shape of both together,
    and without a trial both are NaN.
    """
    x, n = _checked(x, n, coverage)
    z = _normal_quantile(coverage)
    share = ratio_of(x, n)
    middle = ratio_of(x + z**2 / 2, n + z**2)
    half = z * np.sqrt(n * share * (1 - share) + z**2 / 4) / (n + z**2)
    # At the ends the difference of two equal numbers is 0 but for rounding.
    low = np.where(x == 0, 0.0, middle - half)
    return _where_tried(n, low, np.where(x == n, 1.0, middle + half))


def agresti_coull(x: ArrayLike, n: ArrayLike, coverage: float = COVERAGE) -> Bounds:
    """Return the plain interval after adding z²/2 successes and failures (Agresti, Coull 1998).

    It is not cut: near the ends it reaches below 0 or above 1.
    """
    x, n = _checked(x, n, coverage)
    z = _normal_quantile(coverage)
    share = (x + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(share * (1 - share) / (n + z**2))
    return _where_tried(n, share - half, share + half)


def clopper_pearson(x: ArrayLike, n: ArrayLike, coverage: float = COVERAGE) -> Bounds:
    """Return the interval of the exact test (Clopper and Pearson 1934), never too narrow."""
    x, n = _checked(x, n, coverage)
    tail = (1 - coverage) / 2
    low = _beta_quantile(x, n - x + 1, tail, x > 0)
    high = _beta_quantile(x + 1, n - x, 1 - tail, x < n)
    return _where_tried(n, low, np.where(x < n, high, 1.0))


def jeffreys(x: ArrayLike, n: ArrayLike, coverage: float = COVERAGE) -> Bounds:
    """Return the equal-tailed interval after Jeffreys' prior (Brown, Cai and DasGupta 2001).

    It is not stretched to 0 or 1 where all trials ended alike.
    """
    x, n = _checked(x, n, coverage)
    tail = (1 - coverage) / 2
    everywhere = np.ones(x.shape, bool)
    low = _beta_quantile(x + 0.5, n - x + 0.5, tail, everywhere)
    return _where_tried(n, low, _beta_quantile(x + 0.5, n - x + 0.5, 1 - tail, everywhere))


INTERVALS: dict[str, Callable[[ArrayLike, ArrayLike, float], Bounds]] = {
    "wilson": wilson,
    "agresti_coull": agresti_coull,
    "clopper_pearson": clopper_pearson,
    "jeffreys": jeffreys,
}


def _checked(x: ArrayLike, n: ArrayLike, coverage: float) -> tuple[Floats, Floats]:
    if not 0 < coverage < 1:
        raise ValueError("a coverage lies between 0 and 1")
    successes, trials = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(n, np.float64))
    if not ((successes >= 0) & (successes <= trials)).all():
        raise ValueError("successes are 0 to as many as there are trials")
    return successes, trials


def _where_tried(n: Floats, low: NDArray[Any], high: NDArray[Any]) -> Bounds:
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def _normal_quantile(coverage: float) -> float:
    # Here and not at the top: whoever only takes ballots in need not carry its 15 MB.
    from scipy.special import ndtri

    return float(ndtri((1 + coverage) / 2))


def _beta_quantile(a: Floats, b: Floats, share: float, asked: Bools) -> Floats:
    """Return quantiles of the beta distribution where they are asked for, 0 elsewhere."""
    from scipy.special import betaincinv

    return np.where(asked, betaincinv(np.where(asked, a, 1.0), np.where(asked, b, 1.0), share), 0.0)
