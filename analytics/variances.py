"""Variances of means that small and unanimous groups are given too, and how sure they are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.shapes import Bools, Floats, ScoreCounts, ratio_of

PEERS_WEIGH = 4  # as many degrees of freedom as the peers' variance counts for
COVERAGE = 0.95
SKEWNESS_HEARD = 0.4  # of an estimate; few ballots that show more do not know how much
AS_GOOD_AS_NORMAL = 1e9  # degrees of freedom
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False, slots=True)
class ClassSpread:
    """What a unit's class says of each group: the variance inside its units and between them.

    Where the class is too thin it is taken over all classes, and NaN where these are too.
    """

    within: Floats  # (U, G) mean variance of ballots; NaN where no unit has two
    between: Floats  # (U, G) how far a unit may be from the mean of its class, squared
    between_df: Floats  # (U, G)


def larger_variances(own: ArrayLike, n: ArrayLike, peers: ArrayLike) -> tuple[Floats, Floats]:
    """Return the variance of means by the larger-variance rule, and its degrees of freedom.

    `own` is the variance of n ballots with divisor n - 1 (whatever it says of one ballot is not
    read), `peers` the mean of such variances over the class. The smoothed variance counts the
    peers as `PEERS_WEIGH` ballots; the larger of it and the own one is taken, since smoothing
    alone claims too much for units that divide opinion among peers that do not. Ballots that all
    agree, as a single one does, say nothing of their variance and are given the peers' whole.
    """
    n, peers = np.asarray(n, np.float64), np.asarray(peers, np.float64)
    free = np.maximum(n - 1, 0)
    own = np.where(free > 0, own, 0.0)
    heard = np.where(own > 0, free, 0)
    smoothed = (PEERS_WEIGH * peers + heard * own) / (PEERS_WEIGH + heard)
    stands_out = own > peers * (1 + _ROUNDING)
    df = np.where((free > 0) & stands_out, free, free + PEERS_WEIGH)
    # Where the peers are NaN the larger of the two is not known either.
    return ratio_of(np.maximum(own, smoothed), n), df


def satterthwaite(variances: Floats, df: Floats, axis: int = -1) -> Floats:
    """Return the degrees of freedom of sums of variances (Satterthwaite 1946), NaN for 0."""
    total = variances.sum(axis=axis)
    return ratio_of(total**2, (variances**2 / df).sum(axis=axis))


def t_quantile(df: ArrayLike, coverage: float = COVERAGE) -> Floats:
    """Return the upper quantile of Student's t that leaves half of the rest above it."""
    # Here and not at the top: whoever only takes ballots in need not carry its 15 MB.
    from scipy.special import stdtrit

    quantile: Floats = stdtrit(np.minimum(df, AS_GOOD_AS_NORMAL), (1 + coverage) / 2)
    return quantile


def limits(
    estimate: Floats | float, se: Floats | float, df: ArrayLike, skewness: ArrayLike = 0.0
) -> tuple[Floats, Floats]:
    """Return the ends of the 95 % intervals of estimates, NaN where an error or its df is.

    Student's t in Hall's transformation (1992), for errors that are not symmetric: where few of
    many ballots dissent, the truth is more often far below the estimate than far above it.
    `skewness` is the third cumulant of the estimate over its standard error cubed; without any
    the interval is the estimate ± t · se.
    """
    t = t_quantile(df)
    heard = np.clip(skewness, -SKEWNESS_HEARD, SKEWNESS_HEARD)
    low: Floats = estimate - se * _untransformed(t, heard)
    high: Floats = estimate - se * _untransformed(-t, heard)
    return low, high


def _untransformed(x: Floats, skewness: Floats) -> Floats:
    """Return T of which Hall's transform T + aT²/3 + a²T³/27 + a/6 is x, for a skewness a."""
    beyond = x - skewness / 6
    root = np.cbrt(1 + skewness * beyond)
    found: Floats = 3 * beyond / (root**2 + root + 1)  # (root - 1) · 3/a, also where a is 0
    return found


def third_cumulants(scores: ScoreCounts) -> Floats:
    """Return the third cumulant of each mean (U, G), without bias; 0 below three ballots."""
    n = scores.n
    means = ratio_of(scores.counts @ scores.values, n)
    deviations = scores.values - np.nan_to_num(means)[:, :, None]
    # Two products cost a twentieth of a power of three.
    cubes = (scores.counts * (deviations * deviations * deviations)).sum(axis=2)
    return np.nan_to_num(ratio_of(cubes, n * (n - 1) * (n - 2)))


def own_variances(scores: ScoreCounts) -> Floats:
    """Return the variance of ballot scores (U, G), exactly 0 where all ballots agree."""
    agreed = (scores.counts > 0).sum(axis=2) == 1
    return np.where(agreed & (scores.n > 1), 0.0, scores.variances)


def class_spread(scores: ScoreCounts) -> ClassSpread:
    """Return what each unit's class says of each group, over units that have a score."""
    taking_part = scores.shares.sum(axis=1) > 0
    cells = _Cells(scores.n, np.nan_to_num(scores.means), np.nan_to_num(own_variances(scores)))
    everywhere = _spread(cells.of(taking_part))
    within, between, between_df = (np.empty(scores.n.shape) for _ in range(3))
    for unit_class in dict.fromkeys(scores.classes):
        members = scores.members(unit_class)
        here = _spread(cells.of(members[taking_part[members]]))
        within[members] = np.where(np.isnan(here.within), everywhere.within, here.within)
        thin = np.isnan(here.between)
        between[members] = np.where(thin, everywhere.between, here.between)
        between_df[members] = np.where(thin, everywhere.between_df, here.between_df)
    return ClassSpread(within, between, between_df)


@dataclass(frozen=True, eq=False, slots=True)
class _Cells:
    """Of some units (u) and all groups: ballots, their mean and variance, 0 where unknown."""

    n: NDArray[Any]  # (u, G)
    mean: Floats
    variance: Floats

    def of(self, units: NDArray[Any]) -> "_Cells":
        return _Cells(self.n[units], self.mean[units], self.variance[units])


def _spread(cells: _Cells) -> ClassSpread:
    """Return the spread of each group (G,) over some units, by moments.

    The variance between units is that of DerSimonian and Laird (1986), weights n / sigma2 with
    sigma2 pooled over the units; where all ballots of each unit agree it is that of the means.
    To it comes the error of the units' mean itself.
    """
    n, present = cells.n, cells.n > 0
    units = present.sum(axis=0)
    free = np.maximum(n - 1, 0)
    within = ratio_of(np.where(n > 1, cells.variance, 0.0).sum(axis=0), (n > 1).sum(axis=0))
    sigma2 = ratio_of((free * cells.variance).sum(axis=0), free.sum(axis=0))
    based = (units > 1) & (free.sum(axis=0) > 0)
    certain = based & (sigma2 == 0)
    weights = np.where(certain, present, n)  # sigma2 stands outside, where it may be 0
    tau2 = _tau2(weights, cells.mean, np.where(certain, 0.0, sigma2), present)
    errors = np.where(present, tau2 + sigma2 / np.maximum(n, 1), 0.0).sum(axis=0)
    between = np.where(based, tau2 + errors / np.maximum(units, 1) ** 2, np.nan)
    return ClassSpread(within, between, np.maximum(units - 1.0, 1.0))


def _tau2(weights: NDArray[Any], mean: Floats, sigma2: Floats, present: Bools) -> Floats:
    total = weights.sum(axis=0)
    centre = ratio_of((weights * mean).sum(axis=0), total)
    q = (weights * np.where(present, mean - centre, 0.0) ** 2).sum(axis=0)
    scale = total - ratio_of((weights**2).sum(axis=0), total)
    tau2 = np.nan_to_num(ratio_of(q - sigma2 * (present.sum(axis=0) - 1), scale))
    return np.where(tau2 > _ROUNDING, tau2, 0.0)  # of points, of which there are 100
