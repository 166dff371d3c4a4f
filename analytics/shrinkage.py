"""Empirical Bayes: thin means drawn towards their class as far as the data themselves ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction

from analytics.figures import settled

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
