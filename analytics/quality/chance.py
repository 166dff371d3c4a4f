"""How likely a count is by chance, and what a crowd of numbers looks like without its extremes."""

from math import ceil

import numpy as np

from analytics.shapes import Bools, Floats, Integers

MAD_SCALE = 1.4826  # makes the median absolute deviation a standard deviation for normal values


def poisson_tail(counts: Integers, expected: Floats) -> Floats:
    """Return the chance of at least so many where so many are expected."""
    from scipy.special import gammainc  # not at the top: who takes ballots in need not carry it

    some = np.maximum(counts, 1)
    return np.where(counts > 0, gammainc(some, np.maximum(expected, 0.0)), 1.0)


def binomial_tail(counts: Integers, trials: Integers, shares: Floats) -> Floats:
    """Return the chance of at least so many hits in so many trials."""
    from scipy.special import betainc

    some = np.clip(counts, 1, np.maximum(trials, 1))
    tail = betainc(some, np.maximum(trials, 1) - some + 1, shares)
    return np.where(counts > 0, tail, 1.0)


def poisson_threshold(expected: float, p: float, fewest: int, ratio: float) -> float:
    """Return the smallest count that is improbable enough, and large enough besides."""
    least = max(fewest, ceil(ratio * expected))
    low, high = least, 2 * least + 20
    while poisson_tail(np.array([high]), np.array([expected]))[0] > p:
        high *= 2
    while low < high:
        middle = (low + high) // 2
        if poisson_tail(np.array([middle]), np.array([expected]))[0] <= p:
            high = middle
        else:
            low = middle + 1
    return float(low)


def normal_tail(z: Floats) -> Floats:
    """Return the chance that a standard normal value lies above z."""
    from scipy.special import ndtr

    tail: Floats = ndtr(-z)
    return tail


def chi_square_tail(squares: Floats, freedom: Integers) -> Floats:
    """Return the chance of at least so large a sum of squares; NaN stays, 0 freedom gives 1."""
    from scipy.special import gammaincc

    some = np.maximum(freedom, 1)
    tail = gammaincc(some / 2, np.maximum(squares, 0.0) / 2)
    return np.where(freedom > 0, tail, np.where(np.isnan(squares), np.nan, 1.0))


def middle_and_spread(values: Floats) -> tuple[float, float]:
    """Return the median, and the scaled median absolute deviation from it."""
    middle = float(np.median(values))
    return middle, MAD_SCALE * float(np.median(np.abs(values - middle)))


def holm(p: Floats, alpha: float) -> Bools:
    """Tell which of several tests reject with one false rejection at most alpha (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    enough = p[order] <= alpha / np.arange(p.size, 0, -1)
    rejected = np.zeros(p.size, bool)
    rejected[order] = np.cumprod(enough).astype(bool)
    return rejected
