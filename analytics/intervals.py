"""How far the direct score could be off: design-based errors and intervals from the counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from analytics.faults import N_, Fault
from analytics.histogram import squared_deviations
from analytics.rule_set import RuleSet
from analytics.shrinkage import Sample, prior_of
from analytics.social_result import GroupScore, SocialResult, UnitScore
from analytics.tally import Tally

PEERS_WEIGH = 4  # as many degrees of freedom as the peers' variance counts for
COVERAGE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """The error of a direct score, and the 95 % interval where one can be told.

    `se` takes each group's own variance, which equals a stratified survey estimate; `low` and
    `high` take the larger of the own variance and the one smoothed with the class's. They are
    None where the variance is 0 or unknown: a width of 0 would claim what nobody knows.
    """

    se: float
    low: float | None
    high: float | None
    df: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """One term of a variance with its degrees of freedom."""

    variance: float
    df: float

    def weighted(self, factor: float) -> "Part":
        """Return the term as it stands in a weighted sum, given the square of its weight."""
        return Part(factor * self.variance, self.df)


def social_intervals(tally: Tally, rules: RuleSet, result: SocialResult) -> dict[str, Interval]:
    """Return the interval of every unit's direct score whose groups all came as ballots.

    With padding or shrinkage it is the error of prediction: what a unit's own ballots leave
    open is as uncertain as units of the class differ. Trimmed groups are given the variance of
    all their ballots, which is on the wide side.
    """
    if tally is not result.tally and tally != result.tally:
        raise Fault(N_("the result was not made from this tally"), "intervals")
    samples = _samples(result)
    peers = _peers(result, samples)
    return {
        score.unit.code: interval
        for score in result.units
        if (interval := _interval(score, rules, samples, peers)) is not None
    }


def mean_variances(sample: Sample, peers_variance: float) -> tuple[Part, Part]:
    """Return the variance of a mean by its own ballots, and by the larger-variance rule."""
    free = sample.n - 1
    own = float(sample.within) / free if free else 0.0
    smoothed = (PEERS_WEIGH * peers_variance + free * own) / (PEERS_WEIGH + free)
    df = free if free and own > peers_variance else free + PEERS_WEIGH
    return Part(own / sample.n, max(free, 1)), Part(max(own, smoothed) / sample.n, df)


def _quantile(df: float) -> float:
    """Return the upper quantile of Student's t that leaves half of the rest above it."""
    # Here and not at the top: whoever only takes ballots in need not carry its 15 MB.
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + COVERAGE) / 2))


def interval_of(
    direct: float, plain: Sequence[Part], careful: Sequence[Part], rules: RuleSet
) -> Interval:
    """Return a direct score's interval from the terms of its variance, of 0 to 100 points."""
    scale = float(rules.full_marks) / 100
    se = scale * sqrt(sum(part.variance for part in plain))
    variance = sum(part.variance for part in careful)
    if variance == 0:
        return Interval(se, None, None, None)
    df = variance**2 / sum(part.variance**2 / part.df for part in careful)
    half = _quantile(df) * scale * sqrt(variance)
    points = [float(option.points) for option in rules.options if option.points is not None]
    return Interval(
        se=se,
        low=max(direct - half, scale * min(points)),
        high=min(direct + half, scale * max(points)),
        df=df,
    )


@dataclass(frozen=True, slots=True)
class _Peers:
    """What the other units of a class say of one group: variance inside and between units."""

    within: float | None
    between: float | None
    between_df: int


_Samples = Mapping[tuple[str, str], Sample]  # by unit and group


def _samples(result: SocialResult) -> _Samples:
    return {
        (score.unit.code, group.group): Sample(
            group.valid, group.mean, squared_deviations(group.scores)
        )
        for score in result.units
        for group in score.groups
        if group.scores and group.mean is not None
    }


def _peers(result: SocialResult, of_unit: _Samples) -> dict[tuple[str, str], _Peers]:
    samples: dict[tuple[str, str], list[Sample]] = {}
    everywhere: dict[str, list[Sample]] = {}
    for score in result.units:
        for group in score.groups:
            sample = of_unit.get((score.unit.code, group.group))
            if sample is not None and score.composite is not None:
                samples.setdefault((score.unit.unit_class, group.group), []).append(sample)
                everywhere.setdefault(group.group, []).append(sample)
    classes = {score.unit.unit_class for score in result.units}
    return {
        (unit_class, group): _facts(samples.get((unit_class, group), []), of_all)
        for group, of_all in everywhere.items()
        for unit_class in classes
    }


def _facts(of_class: Sequence[Sample], of_all: Sequence[Sample]) -> _Peers:
    """Return the facts of a class, each taken over all classes where the class is too thin."""
    prior, chosen = prior_of(of_class), of_class
    if prior is None:
        prior, chosen = prior_of(of_all), of_all
    between = None
    if prior is not None:
        tau2, sigma2 = float(prior.tau2), float(prior.sigma2)
        between = tau2 + sum(tau2 + sigma2 / s.n for s in chosen) / len(chosen) ** 2
    within = _mean_variance(of_class)
    return _Peers(
        within=_mean_variance(of_all) if within is None else within,
        between=between,
        between_df=max(1, len(chosen) - 1),
    )


def _mean_variance(samples: Sequence[Sample]) -> float | None:
    variances = [float(s.within) / (s.n - 1) for s in samples if s.n > 1]
    return sum(variances) / len(variances) if variances else None


def _interval(
    score: UnitScore,
    rules: RuleSet,
    samples: _Samples,
    peers: Mapping[tuple[str, str], _Peers],
) -> Interval | None:
    if score.direct is None:
        return None
    plain: list[Part] = []
    careful: list[Part] = []
    unknown = False
    for group in score.groups:
        if not group.weight_share:
            continue
        seen = peers.get((score.unit.unit_class, group.group))
        sample = samples.get((score.unit.code, group.group))
        parts = None if seen is None else _group_parts(group, sample, seen)
        if parts is None:
            return None
        plain += [own for own, _ in parts]
        careful += [larger for _, larger in parts]
        unknown = unknown or seen is None or seen.within is None
    return interval_of(float(score.direct), plain, () if unknown else careful, rules)


def _group_parts(
    group: GroupScore, sample: Sample | None, seen: _Peers
) -> list[tuple[Part, Part]] | None:
    """Return the terms of one group: its own ballots', and what they leave to the class."""
    if group.valid and not group.scores:
        return None  # it arrived as ready-made scores, without their variance
    weight = float(group.weight_share or 0)
    own_share = float(1 if group.own_share is None else group.own_share)
    parts = []
    if sample is not None:
        own, larger = mean_variances(sample, seen.within or 0.0)
        factor = (weight * own_share) ** 2
        parts.append((own.weighted(factor), larger.weighted(factor)))
    if own_share < 1:
        if seen.between is None:
            return None
        rest = Part((weight * (1 - own_share)) ** 2 * seen.between, seen.between_df)
        parts.append((rest, rest))
    return parts
