"""How far the direct score could be off: design-based errors and intervals from the counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Protocol

from analytics.faults import N_, Fault
from analytics.histogram import Histogram, cubed_deviations, squared_deviations
from analytics.rules.rule_set import RuleSet
from analytics.shrinkage import Sample, prior_of
from analytics.social_result import GroupScore, SocialResult, UnitScore
from analytics.tally import Tally
from analytics.variances import larger_variances, limits


@dataclass(frozen=True, slots=True)
class Interval:
    """The error of a direct score, and the 95 % interval where one can be told.

    `se` takes each group's own variance, which equals a stratified survey estimate; `low` and
    `high` take the larger of the own variance and the one smoothed with the class's, and reach
    further to the side on which the ballots are skewed. They are None where the variance is 0
    or unknown: a width of 0 would claim what nobody knows.
    `listed` is the same as against everybody on the lists answering, where lists were given.
    """

    se: float
    low: float | None
    high: float | None
    df: float | None
    listed: "Interval | None" = None


class Lists(Protocol):
    """How many people are on the list of those who may rate a unit, None where nobody knows."""

    def of(self, group: str, unit: str) -> int | None:
        """Return the number of a group who were invited to rate a unit."""


@dataclass(frozen=True, slots=True)
class Part:
    """One term of a score's error: its variance with degrees of freedom, and third cumulant."""

    variance: float
    df: float
    third: float = 0.0

    def weighted(self, weight: float) -> "Part":
        """Return the term as it stands in a weighted sum."""
        return Part(weight**2 * self.variance, self.df, weight**3 * self.third)

    def unlisted(self, share: float) -> "Part":
        """Return the term where this share 1 - f of a list has not answered.

        Of a mean drawn without replacement the variance has the factor 1 - f (Cochran 1977,
        section 2.6), the third cumulant (1 - f)(1 - 2f) but for terms of one over the list.
        """
        return Part(share * self.variance, self.df, share * (2 * share - 1) * self.third)


def social_intervals(
    tally: Tally, rules: RuleSet, result: SocialResult, invited: Lists | None = None
) -> dict[str, Interval]:
    """Return the interval of every unit's direct score whose groups all came as ballots.

    With padding or shrinkage it is the error of prediction: what a unit's own ballots leave
    open is as uncertain as units of the class differ. Trimmed groups are given the variance of
    all their ballots, which is on the wide side. Given how many were `invited`, each interval
    also says how far the score is from that of everybody on the list answering: a group's
    variance times 1 - n/N (Cochran 1977, section 2.6), which is nothing once all have answered.
    """
    if tally is not result.tally and tally != result.tally:
        raise Fault(N_("the result was not made from this tally"), "intervals")
    samples = _samples(result)
    peers = _peers(result, samples)
    variances = _variances(result, samples, peers)
    return {
        score.unit.code: interval
        for score in result.units
        if (interval := _interval(score, rules, variances, peers, invited)) is not None
    }


def mean_variances(sample: Sample, peers_variance: float) -> tuple[Part, Part]:
    """Return the variance of a mean by its own ballots, and by the larger-variance rule."""
    return _all_variances([sample], [peers_variance], [0.0])[0]


def _all_variances(
    samples: Sequence[Sample], peers: Sequence[float], thirds: Sequence[float]
) -> list[tuple[Part, Part]]:
    own = [float(s.within) / (s.n - 1) if s.n > 1 else 0.0 for s in samples]
    larger, df = larger_variances(own, [sample.n for sample in samples], peers)
    return [
        (Part(variance / sample.n, max(sample.n - 1, 1)), Part(careful, free, third))
        for sample, variance, careful, free, third in zip(
            samples, own, larger.tolist(), df.tolist(), thirds, strict=True
        )
    ]


def _third_cumulant(scores: Histogram) -> float:
    """Return that of the mean of ballots, without bias; 0 below three ballots."""
    n = scores.ballots
    return float(cubed_deviations(scores)) / (n * (n - 1) * (n - 2)) if n > 2 else 0.0


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
    skewness = sum(part.third for part in careful) / variance**1.5
    low, high = limits(direct, scale * sqrt(variance), df, skewness)
    points = [float(option.points) for option in rules.options if option.points is not None]
    return Interval(
        se=se,
        low=max(float(low), scale * min(points)),
        high=min(float(high), scale * max(points)),
        df=df,
    )


@dataclass(frozen=True, slots=True)
class _Peers:
    """What the other units of a class say of one group: variance inside and between units."""

    within: float | None
    between: float | None
    between_df: int


_Samples = Mapping[tuple[str, str], Sample]  # by unit and group
_Variances = Mapping[tuple[str, str], tuple[Part, Part]]  # plain and careful


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


def _variances(
    result: SocialResult, samples: _Samples, peers: Mapping[tuple[str, str], _Peers]
) -> _Variances:
    within = {
        (score.unit.code, group.group): seen.within or 0.0
        for score in result.units
        for group in score.groups
        if (seen := peers.get((score.unit.unit_class, group.group))) is not None
    }
    thirds = {
        (score.unit.code, group.group): _third_cumulant(group.scores)
        for score in result.units
        for group in score.groups
    }
    chosen = [key for key in samples if key in within]
    parts = _all_variances(
        [samples[key] for key in chosen],
        [within[key] for key in chosen],
        [thirds[key] for key in chosen],
    )
    return dict(zip(chosen, parts, strict=True))


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


@dataclass(frozen=True, slots=True)
class _Term:
    """One group's ballots in a unit's score: the variance, and how much of it a list leaves."""

    plain: Part
    careful: Part
    unlisted: float


def _interval(
    score: UnitScore,
    rules: RuleSet,
    variances: _Variances,
    peers: Mapping[tuple[str, str], _Peers],
    invited: Lists | None,
) -> Interval | None:
    if score.direct is None:
        return None
    terms: list[_Term] = []
    unknown = False
    for group in score.groups:
        if not group.weight_share:
            continue
        seen = peers.get((score.unit.unit_class, group.group))
        own = variances.get((score.unit.code, group.group))
        left = _unlisted(group, score.unit.code, invited)
        of_group = None if seen is None else _group_terms(group, own, seen, left)
        if of_group is None:
            return None
        terms += of_group
        unknown = unknown or seen is None or seen.within is None
    plain = [term.plain for term in terms]
    careful = [] if unknown else [term.careful for term in terms]
    found = interval_of(float(score.direct), plain, careful, rules)
    if invited is None:
        return found
    return replace(found, listed=_listed(float(score.direct), terms, unknown, rules))


def _listed(direct: float, terms: Sequence[_Term], unknown: bool, rules: RuleSet) -> Interval:
    """Return the interval as against everybody on the lists answering."""
    left = [term for term in terms if term.unlisted > 0]
    if not left:
        return Interval(0.0, direct, direct, None)
    plain = [term.plain.unlisted(term.unlisted) for term in left]
    careful = [] if unknown else [term.careful.unlisted(term.unlisted) for term in left]
    return interval_of(direct, plain, careful, rules)


def _unlisted(group: GroupScore, unit: str, invited: Lists | None) -> float:
    """Return the share of a list that has not answered, 1 where there is no list."""
    number = None if invited is None else invited.of(group.group, unit)
    return 1.0 if not number else max(0.0, 1 - group.valid / number)


def _group_terms(
    group: GroupScore, own: tuple[Part, Part] | None, seen: _Peers, unlisted: float
) -> list[_Term] | None:
    """Return the terms of one group: its own ballots', and what they leave to the class."""
    if group.valid and not group.scores:
        return None  # it arrived as ready-made scores, without their variance
    weight = float(group.weight_share or 0)
    own_share = float(1 if group.own_share is None else group.own_share)
    terms = []
    if own is not None:
        plain, careful = (part.weighted(weight * own_share) for part in own)
        terms.append(_Term(plain, careful, unlisted))
    if own_share < 1:
        if seen.between is None:
            return None
        rest = Part((weight * (1 - own_share)) ** 2 * seen.between, seen.between_df)
        terms.append(_Term(rest, rest, 1.0))  # no list says how the class differs
    return terms
