"""Intervals of official scores: what each conversion makes of what is known of the composites."""

from dataclasses import dataclass

import numpy as np

from analytics.bootstraps import (
    conversion_limits,
    converted_classes,
    place_shares,
    social_replicates,
)
from analytics.covariances import ScoreCovariance
from analytics.ranks import rank_sets
from analytics.rules.rule_set import Conversion, Method
from analytics.shapes import Bools, Floats, Integers, ScoreCounts
from analytics.variances import t_quantile

Ends = tuple[Floats, Floats]  # the lower and the upper ones


@dataclass(frozen=True, eq=False, slots=True)
class OfficialIntervals:
    """The error of official scores and their intervals, NaN where nobody can tell."""

    se: Floats  # (U,) how restless the score is when ballots are drawn again
    low: Floats  # (U,)
    high: Floats  # (U,)


def official_intervals(
    scores: ScoreCounts,
    conversion: Conversion,
    errors: ScoreCovariance,
    direct: Ends,
    means: Floats,
    seed: int,
) -> OfficialIntervals:
    """Return intervals that hold the true official score in at least about 95 of 100 cases.

    `errors` are those of the direct scores by the larger-variance rule, `direct` their intervals,
    `means` replicates of the means that count (R, U, G) by the same rule.
    A score by ratio is a share of the best unit, and who that is is not known either: it is held
    against each that could be the best. A score by rank is worth what the unit's rank set is
    worth. For a standard score ballots are drawn again in a class that is as spread out as the
    truth. Intervals are cut to what the conversion can give.
    """
    drawn = social_replicates(means, scores, conversion)
    low, high = (np.full(len(scores.units), np.nan) for _ in range(2))
    for members, method in converted_classes(scores, conversion):
        if method is Method.DIRECT:
            ends = direct[0][members], direct[1][members]
        elif method is Method.STANDARD:
            ends = _standard_ends(means, scores, conversion, errors.df, members)
        else:
            ends = _ends_by_place(scores, conversion, errors, members, len(means), seed)
        low[members], high[members] = ends
    least, most = conversion_limits(scores, conversion)
    return OfficialIntervals(
        drawn.std(axis=0, ddof=1), np.maximum(low, least), np.minimum(high, most)
    )


def _ends_by_place(
    scores: ScoreCounts,
    conversion: Conversion,
    errors: ScoreCovariance,
    members: Integers,
    replicates: int,
    seed: int,
) -> Ends:
    """Return the ends of scores that hang on the order of the class, NaN if an error is unknown."""
    composites = scores.composites[members]
    covariance = errors.careful[np.ix_(members, members)] / scores.scale**2
    if not np.isfinite(covariance).all():
        unknown = np.full(members.size, np.nan)
        return unknown, unknown
    df = errors.df[members]
    sets = rank_sets(composites, covariance, replicates=replicates, seed=seed, df=df)
    full_marks = 100 * scores.scale
    if conversion.method is Method.RANK:
        return (
            full_marks * place_shares(sets.marginal_high, conversion),
            full_marks * place_shares(sets.marginal_low, conversion),
        )
    could_be_best = sets.marginal_low == 1
    low, high = _ratio_ends(composites, covariance, df, could_be_best)
    return full_marks * low, full_marks * high


def _ratio_ends(composites: Floats, covariance: Floats, df: Floats, best: Bools) -> Ends:
    """Return the ends of shares of the best (m,), over all pairs with one that could be it.

    The variance of a ratio is that of the delta method (Casella and Berger 2002, section 5.5.4),
    the degrees of freedom the smaller of the two.
    """
    if (composites[best] <= 0).any():
        return np.zeros(best.size), np.ones(best.size)
    divisors = composites[best]
    ratios = composites[:, None] / divisors
    own, of_best = covariance.diagonal()[:, None], covariance.diagonal()[best]
    squares = own - 2 * ratios * covariance[:, best] + ratios**2 * of_best
    freedom = np.minimum.outer(df, df[best])
    half = t_quantile(freedom) * np.sqrt(np.maximum(squares, 0)) / divisors
    half = np.where(squares > 0, half, 0.0)  # a unit against itself
    return (ratios - half).min(axis=1), (ratios + half).max(axis=1)


def _standard_ends(
    means: Floats, scores: ScoreCounts, conversion: Conversion, df: Floats, members: Integers
) -> Ends:
    """Return the ends of standard scores (m,) from replicates of means that count (R, U, G).

    What is seen of a class is wider spread than the truth, and replicates are wider still. The
    ballots are therefore drawn in a class drawn together to the spread of the truth; how far the
    scores there are off, as a root mean square, is how far the official ones are.
    """
    point = scores.counted_means
    truth = point.copy()
    for g in range(len(scores.groups)):
        units = members[scores.shares[members, g] > 0]
        if units.size:
            truth[units, g] = _drawn_together(point[units, g], means[:, units, g])
    errors = social_replicates(truth + (means - point), scores, conversion)
    errors -= social_replicates(truth[None], scores, conversion)
    half = t_quantile(df[members]) * np.sqrt((errors[:, members] ** 2).mean(axis=0))
    official = social_replicates(point[None], scores, conversion)[0, members]
    return official - half, official + half


def _drawn_together(point: Floats, replicates: Floats) -> Floats:
    """Return means of a class (m,) with the part of their spread that is noise taken away."""
    seen, noise = point.var(), (replicates - point).var(axis=1).mean()
    kept = max(0.0, 1 - noise / seen) if seen else 0.0
    centre = point.mean()
    drawn: Floats = centre + np.sqrt(kept) * (point - centre)
    return drawn
