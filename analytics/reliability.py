"""Whether the items measure one thing: alpha, omega and item-rest correlations from patterns."""

from dataclasses import dataclass

import numpy as np

from analytics.shapes import Bools, Floats, Integers, ratio_of

_ROUNDING = 1e-24  # variance of an item against its squared mean: below it the item is constant
_LEAST_VARIANCE = 1e-12  # of a sum of items, against the sum of their variances
_SETTLED = 1e-12
_NO_SUM = 1e-9  # of loadings: less is what rounding leaves
_MOST_STEPS = 10_000
_COVERAGE = 0.95


@dataclass(frozen=True, eq=False, slots=True)
class ItemReliability:
    """How far the items of a questionnaire go together, over complete ballots only.

    An item on which all ballots agree is left out of everything but `means` and `deviations`;
    what cannot be told (fewer than two items that vary, for omega three) is NaN.
    """

    n: int  # complete ballots
    left_out: int  # ballots with an item that is not scored
    varies: Bools  # (J,)
    means: Floats  # (J,)
    deviations: Floats  # (J,) standard, divisor n - 1
    mean_correlation: float
    alpha: float
    alpha_low: float  # 95 % limits (Feldt 1965)
    alpha_high: float
    standard_alpha: float
    alpha_if_dropped: Floats  # (J,)
    item_rest: Floats  # (J,) correlation with the sum of the other items
    loadings: Floats  # (J,) on one factor, minimum residuals
    omega: float  # total, of that factor
    is_proper: bool  # whether no loading ran into its bound of 1


def item_statistics(points: Floats, counts: Integers) -> ItemReliability:
    """Return the reliability of items from patterns (P, J) and how many gave each (P,).

    Alpha: Cronbach (1951), raw and from correlations; omega total: McDonald (1999, ch. 6), one
    factor by minimum residuals (Harman and Jones 1966) on the correlations.
    """
    if points.ndim != 2 or counts.shape != points.shape[:1] or (counts < 0).any():
        raise ValueError("points must be patterns by items, with a count of each pattern")
    complete = ~np.isnan(points).any(axis=1)
    n = int(counts[complete].sum())
    means, covariance = _covariance(points[complete], counts[complete])
    variances = np.diag(covariance)
    varies = variances > _ROUNDING * means**2
    used = np.flatnonzero(varies)
    inner = covariance[np.ix_(used, used)]
    deviations = np.sqrt(np.diag(inner))
    correlations = inner / np.outer(deviations, deviations)
    alpha = _alpha(inner)
    low, high = _alpha_limits(alpha, n, used.size)
    loadings, is_proper = _one_factor(correlations)
    size = points.shape[1]
    return ItemReliability(
        n=n,
        left_out=int(counts.sum()) - n,
        varies=varies,
        means=means,
        deviations=np.sqrt(variances),
        mean_correlation=_mean_correlation(correlations),
        alpha=alpha,
        alpha_low=low,
        alpha_high=high,
        standard_alpha=_alpha(correlations),
        alpha_if_dropped=_spread(_alphas_without(inner), used, size),
        item_rest=_spread(_item_rest(inner), used, size),
        loadings=_spread(loadings, used, size),
        omega=_omega(loadings),
        is_proper=is_proper,
    )


def _covariance(points: Floats, counts: Integers) -> tuple[Floats, Floats]:
    """Return means and covariances, divisor n - 1; zeros below two ballots, NaN means below one."""
    n = counts.sum()
    if n == 0:
        items = points.shape[1]
        return np.full(items, np.nan), np.zeros((items, items))
    means: Floats = counts @ points / n
    apart = points - means
    covariance: Floats = (apart * counts[:, None]).T @ apart / max(n - 1, 1)
    return means, covariance


def _alpha(covariance: Floats) -> float:
    items, total = covariance.shape[0], covariance.sum()
    if items < 2 or total <= _LEAST_VARIANCE * np.trace(covariance):
        return float("nan")
    return float(items / (items - 1) * (1 - np.trace(covariance) / total))


def _alphas_without(covariance: Floats) -> Floats:
    """Return alpha without each item in turn, from sums of the whole table."""
    items = covariance.shape[0]
    own = np.diag(covariance)
    if items < 3:
        return np.full(items, np.nan)
    totals = covariance.sum() - 2 * covariance.sum(axis=1) + own
    traces = own.sum() - own
    usable = np.where(totals > _LEAST_VARIANCE * traces, totals, 0.0)
    alphas: Floats = (items - 1) / (items - 2) * (1 - ratio_of(traces, usable))
    return alphas


def _item_rest(covariance: Floats) -> Floats:
    own = np.diag(covariance)
    rest = covariance.sum(axis=1) - own
    variances = covariance.sum() - 2 * covariance.sum(axis=1) + own
    usable = np.where(variances > _LEAST_VARIANCE * own, own * variances, 0.0)
    return ratio_of(rest, np.sqrt(usable))


def _alpha_limits(alpha: float, n: int, items: int) -> tuple[float, float]:
    """Return the limits of alpha: (1 - alpha') / (1 - alpha) is F with n - 1 and (n-1)(q-1)."""
    if np.isnan(alpha) or n < 2:
        return float("nan"), float("nan")
    from scipy.special import fdtri

    free, tail = n - 1, (1 - _COVERAGE) / 2
    upper, lower = (float(fdtri(free, free * (items - 1), q)) for q in (1 - tail, tail))
    return 1 - (1 - alpha) * upper, 1 - (1 - alpha) * lower


def _mean_correlation(correlations: Floats) -> float:
    items = correlations.shape[0]
    if items < 2:
        return float("nan")
    return float((correlations.sum() - items) / (items * (items - 1)))


def _one_factor(correlations: Floats) -> tuple[Floats, bool]:
    """Return loadings that leave the least sum of squared residual correlations.

    Each loading in turn is set to its best value given the others, so that the sum never grows;
    none may pass 1, where an item's own variance would be negative (Heywood case).
    """
    items = correlations.shape[0]
    if items < 3:
        return np.full(items, np.nan), True
    sizes, axes = np.linalg.eigh(correlations)
    loadings = np.sqrt(sizes[-1]) * axes[:, -1]
    loadings = np.clip(_pointed(loadings), -1, 1)
    for _ in range(_MOST_STEPS):
        before = loadings.copy()
        for j in range(items):
            squares = loadings @ loadings - loadings[j] ** 2
            shared = correlations[j] @ loadings - loadings[j]
            loadings[j] = min(max(shared / squares, -1.0), 1.0) if squares > 0 else 0.0
        if np.abs(loadings - before).max() < _SETTLED:
            break
    return _pointed(loadings), bool((np.abs(loadings) < 1).all())


def _pointed(loadings: Floats) -> Floats:
    """Return loadings with a positive sum; where it is 0, the first that is not 0 is positive."""
    total = loadings.sum()
    if abs(total) <= _NO_SUM * np.abs(loadings).sum():
        total = next((one for one in loadings if abs(one) > _NO_SUM), 0.0)
    return -loadings if total < 0 else loadings


def _omega(loadings: Floats) -> float:
    """Return the share of the sum's variance that the factor makes: (Σλ)² / ((Σλ)² + Σ(1 - λ²))."""
    if loadings.size < 3:
        return float("nan")
    common = loadings.sum() ** 2
    whole = common + (1 - loadings**2).sum()
    # Items that cancel out and have nothing of their own leave no sum to speak of.
    return float(common / whole) if whole > _LEAST_VARIANCE else float("nan")


def _spread(values: Floats, used: Integers, size: int) -> Floats:
    """Return values of the items in use among all items, NaN for the others."""
    spread = np.full(size, np.nan)
    spread[used] = values
    return spread
