"""Empirical Bayes: thin means drawn towards their class as far as the data themselves ask."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction

import numpy as np

from analytics.figures import settled
from analytics.shapes import Bools, Floats, Integers, ScoreCounts

_context = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Sample:
    """One unit's ballots of one group: how many, their mean, their sum of squared deviations."""

    n: int
    mean: Fraction
    within: Fraction


@dataclass(frozen=True, slots=True)
class Prior:
    """What a class says of a unit before its own ballots: mean, and variances.

    `strength` is sigma2/tau2, the number of ballots that the prior counts as; None where tau2
    is 0 and the prior decides alone.
    """

    mean: Fraction
    tau2: Fraction
    sigma2: Fraction
    strength: Fraction | None

    def own_share(self, n: int) -> Fraction:
        """Return how much n ballots count against the prior."""
        if n == 0 or self.strength is None:
            return Fraction(0)
        return n / (n + self.strength)


@dataclass(frozen=True, eq=False, slots=True)
class Shrunken:
    """What shrinkage would make of each unit and group, beside what the rules make of them.

    All (U, G) but the composites. The prior is that of the unit's class, or of all classes where
    the class has no basis for one; NaN where neither has, and the mean then stands as it is.
    """

    n: Integers
    means: Floats  # M, NaN without ballots
    own_share: Floats  # Z = n / (n + strength); beside it `ScoreCounts.own_shares` of the rules
    counted: Floats  # Z·M + (1 - Z)·prior, 0 where the group has no share
    prior_mean: Floats
    tau2: Floats  # variance between the units of the class
    sigma2: Floats  # variance of ballots inside a unit, pooled
    strength: Floats  # sigma2/tau2, the ballots that the prior counts as; infinite where tau2 is 0
    composites: Floats  # (U,) NaN for a unit without a score


def shrunken(scores: ScoreCounts) -> Shrunken:
    """Return every unit's means drawn towards its class as far as the ballots themselves ask.

    It is what the rule `shrink` does, from any tally; groups without a share in use stay out, so
    under the rule `none` a missing group stays missing. Ready-made groups stay as they are.
    """
    n, means = scores.n, scores.means
    taking_part = scores.shares.sum(axis=1) > 0
    shape = n.shape
    # What the rules have stands where nothing can be shrunken: ready-made scores among them.
    own, prior_mean = np.where(n > 0, 1.0, scores.own_shares), scores.mu.copy()
    tau2, sigma2, strength = (np.full(shape, np.nan) for _ in range(3))
    for rows, g, prior in _priors(scores, n, means, taking_part):
        prior_mean[rows, g] = float(prior.mean)
        tau2[rows, g], sigma2[rows, g] = float(prior.tau2), float(prior.sigma2)
        ballots = np.inf if prior.strength is None else float(prior.strength)
        strength[rows, g] = ballots
        own[rows, g] = _own_shares(n[rows, g], ballots)
    mixed = own * np.nan_to_num(means) + (1 - own) * prior_mean
    counted = np.where(scores.shares > 0, mixed, 0.0)
    composites = np.where(taking_part, (scores.shares * counted).sum(axis=1), np.nan)
    prior_mean = np.where(np.isnan(tau2), np.nan, prior_mean)
    return Shrunken(
        n, means, own, counted, prior_mean, tau2, sigma2, strength, composites=composites
    )


def prior_of(samples: Sequence[Sample]) -> Prior | None:
    """Return the prior by moments (DerSimonian and Laird 1986), or None where it has no basis.

    It needs two units and one unit with two ballots. The within variance is pooled over units,
    and the mean weights each unit by 1 / (tau2 + sigma2 / n).
    """
    spare = sum(sample.n - 1 for sample in samples)
    if len(samples) < 2 or spare == 0:
        return None
    with localcontext(_context):
        sigma2 = sum((_decimal(sample.within) for sample in samples), Decimal(0)) / spare
        if sigma2 == 0:
            return _certain(samples)
        weights = [sample.n / sigma2 for sample in samples]
        means = [_decimal(sample.mean) for sample in samples]
        tau2 = _tau2(weights, means)
        mean = _weighted([1 / (tau2 + 1 / weight) for weight in weights], means)
        strength = None if tau2 == 0 else settled(Fraction(sigma2 / tau2))
    return Prior(settled(Fraction(mean)), Fraction(tau2), Fraction(sigma2), strength)


def _tau2(weights: list[Decimal], means: list[Decimal]) -> Decimal:
    centre = _weighted(weights, means)
    total = sum(weights, Decimal(0))
    q = sum((w * (m - centre) ** 2 for w, m in zip(weights, means, strict=True)), Decimal(0))
    scale = total - sum((w * w for w in weights), Decimal(0)) / total
    return max(Decimal(0), (q - (len(means) - 1)) / scale)


def _weighted(weights: list[Decimal], means: list[Decimal]) -> Decimal:
    total = sum((w * m for w, m in zip(weights, means, strict=True)), Decimal(0))
    return total / sum(weights, Decimal(0))


def _certain(samples: Sequence[Sample]) -> Prior:
    """Return the prior of units whose ballots all agree: own ballots decide alone."""
    means = [sample.mean for sample in samples]
    centre = sum(means, Fraction(0)) / len(means)
    spread = sum(((m - centre) ** 2 for m in means), Fraction(0)) / (len(means) - 1)
    return Prior(centre, spread, Fraction(0), Fraction(0))


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _priors(
    scores: ScoreCounts, n: Integers, means: Floats, taking_part: Bools
) -> Iterator[tuple[Integers, int, Prior]]:
    """Return the units of each class and group with the prior that they have, if they have one."""
    for g in range(len(scores.groups)):
        of_all = prior_of(_samples(scores, np.flatnonzero(taking_part & (n[:, g] > 0)), g))
        for unit_class in dict.fromkeys(scores.classes):
            rows = scores.members(unit_class)
            rows = rows[taking_part[rows]]
            prior = prior_of(_samples(scores, rows[n[rows, g] > 0], g)) or of_all
            if prior is not None:
                yield rows, g, prior


def _samples(scores: ScoreCounts, rows: Integers, group: int) -> list[Sample]:
    trims = np.zeros(scores.n.shape) if scores.trims is None else scores.trims
    return [
        _sample(scores.values, scores.counts[row, group], float(trims[row, group]))
        for row in rows.tolist()
    ]


def _sample(values: Floats, counts: Integers, trim: float) -> Sample:
    """Return one unit's ballots, a spread of binary noise taken as none."""
    n = int(counts.sum())
    if np.count_nonzero(counts) == 1:
        return Sample(n, Fraction(float(values[counts.argmax()]) + trim), Fraction(0))
    mean = float(counts @ values) / n
    within = float(counts @ (values - mean) ** 2)
    return Sample(n, Fraction(mean + trim), Fraction(within))


def _own_shares(n: Integers, strength: float) -> Floats:
    total = n + strength
    return np.where(total > 0, n / np.where(total > 0, total, 1.0), 0.0)
