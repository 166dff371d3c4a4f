"""Means and official scores drawn again and again, so that any conversion gets an error."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from analytics.rules.rule_set import Conversion, Method
from analytics.shapes import Bools, Floats, Integers, ScoreCounts, ratio_of
from analytics.variances import class_spread, larger_variances, own_variances

NORMAL_ABOVE = 200  # ballots of a cell, from which on a mean is drawn and not its ballots
_TABLE = 1 << 16  # sums, as many as numbers of two bytes
_TIED = 1e-11  # composites that differ by less are equal but for rounding


def bootstrap_composites(
    scores: ScoreCounts,
    replicates: int,
    seed: int,
    pairs_covariance: Mapping[str, Floats] | None = None,
    *,
    careful: bool = False,
) -> Floats:
    """Return replicates of the composites (R, U), NaN for units without a score."""
    means = bootstrap_means(scores, replicates, seed, pairs_covariance, careful=careful)
    return _composites(means, scores)


def bootstrap_means(
    scores: ScoreCounts,
    replicates: int,
    seed: int,
    pairs_covariance: Mapping[str, Floats] | None = None,
    *,
    careful: bool = False,
) -> Floats:
    """Return replicates of the means that count, M' (R, U, G), drawn from counts alone.

    The n ballots of a cell are drawn n - 1 times with replacement, so that the variance of the
    mean is s²/n (Rao and Wu 1988, section 2). Cells with more than `NORMAL_ABOVE` ballots are
    drawn from the normal distribution with that variance, single ballots with that of their
    class. A group in `pairs_covariance` (U, U) is drawn jointly: people who rated several units.
    `careful` stretches all that to the variances of the larger-variance rule.

    What padding or shrinkage mixes in is held fixed, and a unit is drawn around it as units of
    the class differ: replicates of mu alone would make a unit without ballots look certain.
    """
    if replicates < 2:
        raise ValueError("one replicate does not show how scores vary")
    generator = np.random.default_rng(seed)
    spread = class_spread(scores)
    drawn = np.zeros((len(scores.groups), len(scores.units), replicates))
    for g, group in enumerate(scores.groups):
        cells = _Cells.of(scores, g, spread.within[:, g], careful)
        joint = (pairs_covariance or {}).get(group)
        deviations = (
            _single_deviations(cells, generator, replicates)
            if joint is None
            else _joint_deviations(cells, joint, generator, replicates)
        )
        own, counts = scores.own_shares[:, g], scores.shares[:, g] > 0
        drawn[g] = scores.counted_means[:, g, None] + own[:, None] * deviations
        rest = np.flatnonzero(counts & (own < 1))
        scale = (1 - own[rest]) * np.sqrt(spread.between[rest, g])
        drawn[g, rest] += scale[:, None] * generator.standard_normal((rest.size, replicates))
    return drawn.transpose(2, 1, 0)


def social_replicates(means: Floats, scores: ScoreCounts, conversion: Conversion) -> Floats:
    """Return the official scores (R, U) that means M' (R, U, G) come to, class by class.

    Of `scores` only classes, shares and full marks are read. NaN in a class makes NaN of all
    its scores, except where they are converted directly.
    """
    composites = _composites(means, scores)
    full_marks = 100 * scores.scale
    social = np.full(composites.shape, np.nan)
    for members, method in converted_classes(scores, conversion):
        of_class = _Class(composites[:, members], means[:, members], scores.shares[members])
        social[:, members] = full_marks * _SHARES[method](of_class, conversion)
    return social


def converted_classes(
    scores: ScoreCounts, conversion: Conversion
) -> Iterator[tuple[Integers, Method]]:
    """Yield the units of each class that have a score, and the method that the class gets."""
    scored = scores.shares.sum(axis=1) > 0
    for unit_class in dict.fromkeys(scores.classes):
        members = scores.members(unit_class)
        members = members[scored[members]]
        few = members.size < conversion.min_units
        small = conversion.method is Method.STANDARD and few
        if members.size:
            yield members, Method.DIRECT if small else conversion.method


def conversion_limits(
    scores: ScoreCounts, conversion: Conversion, least: float = 0.0, most: float = 100.0
) -> tuple[Floats, Floats]:
    """Return the lowest and highest official score (U,) that composites within bounds can get."""
    low, high = (np.full(len(scores.units), np.nan) for _ in range(2))
    full_marks = 100 * scores.scale
    for members, method in converted_classes(scores, conversion):
        shares = {
            Method.DIRECT: (least / 100, most / 100),
            Method.RATIO: (least / most if most else 0.0, 1.0),
            Method.RANK: (float(place_shares(np.array(float(members.size)), conversion)), 1.0),
            Method.STANDARD: _standard_limits(conversion),
        }[method]
        low[members], high[members] = full_marks * shares[0], full_marks * shares[1]
    return low, high


def place_shares(places: Floats | Integers, conversion: Conversion) -> Floats:
    """Return what share of full marks places from 1 on are worth."""
    step, least = float(conversion.step_percent) / 100, float(conversion.floor_percent) / 100
    return np.maximum(least, 1 - step * (places - 1))


@dataclass(frozen=True, eq=False, slots=True)
class _Cells:
    """One group's ballots, the variance of its means, and the variance to draw them with."""

    values: Floats  # (K,)
    counts: Integers  # (U, K)
    own: Floats  # (U,) 0 where the group does not count
    wanted: Floats  # (U,)
    stretched: bool

    @staticmethod
    def of(scores: ScoreCounts, group: int, within: Floats, careful: bool) -> "_Cells":
        n = scores.n[:, group]
        counted = (scores.shares[:, group] > 0) & (n > 0)
        variances = np.where(n > 1, own_variances(scores)[:, group], 0.0)
        own = variances / np.maximum(n, 1)
        wanted = np.where(n == 1, within, own)
        if careful:
            wanted = larger_variances(variances, n, within)[0]
        return _Cells(
            values=scores.values,
            counts=scores.counts[:, group],
            own=np.where(counted, own, 0.0),
            wanted=np.where(counted, wanted, 0.0),
            stretched=careful,
        )


def _single_deviations(cells: _Cells, generator: Generator, replicates: int) -> Floats:
    """Return deviations of a group's means (U, R), each unit rated by other people."""
    n = cells.counts.sum(axis=1)
    deviations = np.zeros((n.size, replicates))
    resampled = (n <= NORMAL_ABOVE) & (cells.own > 0)
    for unit in np.flatnonzero(resampled):
        ballots = np.repeat(cells.values, cells.counts[unit])
        ballots -= ballots.mean()
        stretched = np.sqrt(cells.wanted[unit] / cells.own[unit])
        deviations[unit] = stretched * _resampled(ballots, generator, replicates)
    return _with_normal(deviations, cells, ~resampled, generator)


def _resampled(ballots: Floats, generator: Generator, replicates: int) -> Floats:
    """Return means (R,) of n - 1 draws from n ballots.

    Sums of several draws are drawn at once, from a table of all sums that they can come to.
    """
    left = ballots.size - 1
    sums = np.zeros(replicates)
    together = int(np.log(_TABLE) / np.log(ballots.size))
    while left:
        together = min(together, left)
        table = ballots
        for _ in range(together - 1):
            table = np.add.outer(table, ballots).ravel()
        draws = generator.integers(0, table.size, (left // together, replicates), np.uint16)
        for row in draws:
            sums += table[row]
        left %= together
    return sums / (ballots.size - 1)


def _joint_deviations(
    cells: _Cells, covariance: Floats, generator: Generator, replicates: int
) -> Floats:
    """Return deviations of a group's means (U, R) whose units were rated by the same people."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    normal = generator.standard_normal((values.size, replicates))
    deviations = (vectors * np.sqrt(np.maximum(values, 0.0))) @ normal
    seen = np.diag(covariance) * (cells.own > 0)
    # Unstretched, the variance is the covariance's own: it counts all appraisers of the group.
    wanted = cells.wanted if cells.stretched else seen
    deviations *= np.sqrt(np.nan_to_num(ratio_of(wanted, seen)))[:, None]
    return _with_normal(deviations, cells, seen == 0, generator)


def _with_normal(deviations: Floats, cells: _Cells, chosen: Bools, generator: Generator) -> Floats:
    """Return deviations with normal ones in the rows (U,) that are chosen and vary."""
    units = np.flatnonzero(chosen & (cells.wanted != 0))  # NaN, nobody knows, stays NaN
    normal = generator.standard_normal((units.size, deviations.shape[1]))
    deviations[units] = np.sqrt(cells.wanted[units])[:, None] * normal
    return deviations


def _composites(means: Floats, scores: ScoreCounts) -> Floats:
    composites = (means * scores.shares).sum(axis=2)
    return np.where(scores.shares.sum(axis=1) > 0, composites, np.nan)


@dataclass(frozen=True, eq=False, slots=True)
class _Class:
    """Replicates of the units of one class (m) with the weights of their groups."""

    composites: Floats  # (R, m)
    means: Floats  # (R, m, G)
    shares: Floats  # (m, G)


def _direct_shares(of_class: _Class, _conversion: Conversion) -> Floats:
    return of_class.composites / 100


def _ratio_shares(of_class: _Class, _conversion: Conversion) -> Floats:
    best = of_class.composites.max(axis=1, keepdims=True)
    return np.where(best == 0, 0.0, of_class.composites / np.where(best == 0, 1.0, best))


def _rank_shares(of_class: _Class, conversion: Conversion) -> Floats:
    """Return the share of each place; the first is that of the highest composite."""
    downwards = np.argsort(-of_class.composites, axis=1, kind="stable")
    ordered = np.take_along_axis(of_class.composites, downwards, axis=1)
    falls = np.ones(ordered.shape, bool)
    falls[:, 1:] = ordered[:, :-1] - ordered[:, 1:] > _TIED
    first = np.where(falls, np.arange(1, ordered.shape[1] + 1), 0)
    places = np.empty(ordered.shape)
    np.put_along_axis(places, downwards, np.maximum.accumulate(first, axis=1), axis=1)
    unknown = np.isnan(of_class.composites).any(axis=1, keepdims=True)
    return np.where(unknown, np.nan, place_shares(places, conversion))


def _standard_shares(of_class: _Class, conversion: Conversion) -> Floats:
    shares = np.zeros(of_class.composites.shape)
    for g, weights in enumerate(of_class.shares.T):
        units = np.flatnonzero(weights > 0)
        if units.size:
            points = _standardised(of_class.means[:, units, g], conversion)
            shares[:, units] += weights[units] * points / 100
    return shares


def _standardised(means: Floats, conversion: Conversion) -> Floats:
    spread = means.std(axis=1, keepdims=True)
    deviation = np.maximum(spread, float(conversion.min_deviation))
    limit = float(conversion.limit)
    z = np.clip((means - means.mean(axis=1, keepdims=True)) / deviation, -limit, limit)
    points: Floats = float(conversion.centre) + float(conversion.spread) * z
    return points


def _standard_limits(conversion: Conversion) -> tuple[float, float]:
    reach = float(conversion.spread) * float(conversion.limit)
    return (float(conversion.centre) - reach) / 100, (float(conversion.centre) + reach) / 100


_SHARES: Mapping[Method, Callable[[_Class, Conversion], Floats]] = {
    Method.DIRECT: _direct_shares,
    Method.RATIO: _ratio_shares,
    Method.RANK: _rank_shares,
    Method.STANDARD: _standard_shares,
}
