"""Whether ballots of the open link say of a unit what the other channels say."""

from dataclasses import dataclass

import numpy as np

from analytics.shapes import Bools, Floats, Integers, PatternCounts, ratio_of
from analytics.tally import OPEN_CHANNEL

_ROUNDING = 1e-24  # of squares of scores: less is what rounding leaves where all agree
_LEAST_EIGENVALUE = 1e-9  # of the largest; below it a level share cannot vary


@dataclass(frozen=True, eq=False, slots=True)
class ChannelComparison:
    """Open link (first) and the other channels (second) side by side, per unit and group.

    Differences are open minus the others; NaN where a channel has no ballots, errors and limits
    where one has fewer than two or nobody differs. The test is one per unit over its groups.
    """

    units: tuple[str, ...]
    groups: tuple[str, ...]
    n: Integers  # (2, U, G)
    means: Floats  # (2, U, G) of ballot scores, 0 to 100
    differences: Floats  # (U, G)
    se: Floats  # (U, G)
    low: Floats  # (U, G)
    high: Floats  # (U, G)
    excess: Floats  # (U, G) difference above the median of all units in that group
    statistic: Floats  # (U,)
    df: Integers  # (U,) 0 where there is nothing to compare
    p: Floats  # (U,)
    holm_p: Floats  # (U,) after Holm's correction over the units that have a test
    differs: Bools  # (U,)


def channel_comparison(
    patterns: PatternCounts,
    channel: str = OPEN_CHANNEL,
    cells: Bools | None = None,
    coverage: float = 0.95,
    fewest: int = 5,
) -> ChannelComparison:
    """Return how ballots of one channel differ from all others, over all cells or chosen ones.

    Intervals are Welch's (1947). The test compares the shares of levels on a ballot, groups as
    strata, with the covariance of a random assignment of ballots to channels: the general
    Cochran-Mantel-Haenszel statistic (Landis, Heyman, Koch 1978), which stays right when one
    ballot answers several items; it leaves out groups with fewer ballots than `fewest` in either
    channel. Holm (1979) over units at 1 - coverage.
    """
    if not 0 < coverage < 1:
        raise ValueError("coverage lies between 0 and 1")
    chosen = np.ones(patterns.count.size, bool) if cells is None else cells
    is_open = np.array([name == channel for name in patterns.channels], bool)
    of_channel = np.where(is_open[patterns.channel], 0, 1) if is_open.size else patterns.channel
    n, means, variances = _moments(patterns, chosen, of_channel)
    differences = means[0] - means[1]
    se, half = _welch(n, variances, coverage)
    statistic, df = _statistics(patterns, chosen, of_channel, max(fewest, 1))
    p = _tail(statistic, df)
    holm_p = _holm(p)
    return ChannelComparison(
        units=patterns.units,
        groups=patterns.groups,
        n=n,
        means=means,
        differences=differences,
        se=se,
        low=differences - half,
        high=differences + half,
        excess=differences - _medians(differences),
        statistic=statistic,
        df=df,
        p=p,
        holm_p=holm_p,
        differs=np.nan_to_num(holm_p, nan=1.0) <= 1 - coverage,
    )


def _moments(
    patterns: PatternCounts, chosen: Bools, of_channel: Integers
) -> tuple[Integers, Floats, Floats]:
    """Return n, means and variances of ballot scores (2, U, G)."""
    shape = 2, len(patterns.units), len(patterns.groups)
    scores = patterns.scores[patterns.pattern]
    kept = chosen & ~np.isnan(scores)
    value, count = scores[kept], patterns.count[kept]
    place = np.ravel_multi_index(
        (of_channel[kept], patterns.unit[kept], patterns.group[kept]), shape
    )
    size = shape[0] * shape[1] * shape[2]
    n = np.bincount(place, count, size).astype(np.int64)
    means = ratio_of(np.bincount(place, count * value, size), n)
    squares = np.bincount(place, count * (value - means[place]) ** 2, size)
    squares = np.where(squares > _ROUNDING * n * np.nan_to_num(means) ** 2, squares, 0.0)
    return n.reshape(shape), means.reshape(shape), ratio_of(squares, n - 1).reshape(shape)


def _welch(n: Integers, variances: Floats, coverage: float) -> tuple[Floats, Floats]:
    """Return the error of the difference and half the width of its interval (U, G)."""
    from scipy.special import stdtrit

    parts = ratio_of(variances, n)
    variance = parts.sum(axis=0)
    known = variance > 0
    df = ratio_of(variance**2, ratio_of(parts**2, n - 1).sum(axis=0))
    quantile = stdtrit(np.where(known, df, 1.0), (1 + coverage) / 2)
    se = np.where(known, np.sqrt(np.where(known, variance, 0.0)), np.nan)
    return se, quantile * se


def _statistics(
    patterns: PatternCounts, chosen: Bools, of_channel: Integers, fewest: int
) -> tuple[Floats, Integers]:
    """Return the statistic and its degrees of freedom for each unit (U,)."""
    shares = _level_shares(patterns.points)
    units, groups, levels = len(patterns.units), len(patterns.groups), shares.shape[1]
    statistic, df = np.full(units, np.nan), np.zeros(units, np.int64)
    shift = np.zeros((units, levels))
    covariance = np.zeros((units, levels, levels))
    for g in range(groups):
        kept = chosen & (patterns.group == g)
        unit, count = patterns.unit[kept], patterns.count[kept]
        share, first = shares[patterns.pattern[kept]], of_channel[kept] == 0
        sizes = np.bincount(unit, count, units)
        open_sizes = np.bincount(unit[first], count[first], units)
        sums = _sums(unit, count[:, None] * share, units)
        open_sums = _sums(unit[first], count[first, None] * share[first], units)
        means = np.nan_to_num(ratio_of(sums, sizes[:, None]))
        apart = share - means[unit]
        products = count[:, None, None] * apart[:, :, None] * apart[:, None, :]
        scatter = _sums(unit, products.reshape(-1, levels**2), units)
        enough = np.minimum(open_sizes, sizes - open_sizes) >= fewest
        factor = ratio_of(open_sizes * (sizes - open_sizes), sizes * (sizes - 1))
        factor = np.where(enough, factor, 0.0)
        shift += enough[:, None] * (open_sums - open_sizes[:, None] * means)
        covariance += factor[:, None, None] * scatter.reshape(units, levels, levels)
    for u in range(units):
        inverse, df[u] = _inverse(covariance[u])
        if df[u]:
            statistic[u] = shift[u] @ inverse @ shift[u]
    return statistic, df


def _level_shares(points: Floats) -> Floats:
    """Return which share of a pattern's items each level has (P, L); no points are a level too."""
    levels = np.unique(points[~np.isnan(points)])
    shares = [(points == level).mean(axis=1) for level in levels]
    return np.column_stack([*shares, np.isnan(points).mean(axis=1)])


def _sums(unit: Integers, columns: Floats, units: int) -> Floats:
    sums = [np.bincount(unit, column, units) for column in columns.T]
    return np.column_stack(sums).astype(np.float64)


def _inverse(covariance: Floats) -> tuple[Floats, int]:
    """Return the inverse where there is variance, and the rank."""
    sizes, axes = np.linalg.eigh(covariance)
    used = sizes > _LEAST_EIGENVALUE * max(float(sizes[-1]), 1e-12)
    axes = axes[:, used]
    inverse: Floats = (axes / sizes[used]) @ axes.T
    return inverse, int(np.count_nonzero(used))


def _tail(statistic: Floats, df: Integers) -> Floats:
    from scipy.special import chdtrc

    tested = df > 0
    return np.where(
        tested, chdtrc(np.where(tested, df, 1), np.where(tested, statistic, 0.0)), np.nan
    )


def _holm(p: Floats) -> Floats:
    adjusted = np.full(p.size, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted


def _medians(differences: Floats) -> Floats:
    """Return the median difference of each group over its units (G,), NaN without any."""
    return np.array(
        [
            np.median(known) if (known := column[~np.isnan(column)]).size else np.nan
            for column in differences.T
        ]
    )
