"""From a tally and a rule set to each unit's social score, with every figure in between."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from analytics.conversion import (
    Converted,
    Convertible,
    GroupMean,
    convert,
    method_for,
    spreads,
)
from analytics.rule_set import Method, RuleSet
from analytics.small_samples import Means, View, treat
from analytics.social_result import (
    ClassFacts,
    ClassGroup,
    Flag,
    GroupScore,
    ReadyScore,
    SocialResult,
    Unit,
    UnitScore,
)
from analytics.tally import Tally
from analytics.views import Ready, UnitViews, unit_views

__all__ = [
    "ClassFacts",
    "ClassGroup",
    "Flag",
    "GroupScore",
    "ReadyScore",
    "SocialResult",
    "Unit",
    "UnitScore",
    "score",
]

# What a reader of a unit must know at once, taken over from its groups with weight.
_TAKEN_OVER = (
    Flag.SMALL_SAMPLE,
    Flag.GROUP_SMALL,
    Flag.GROUP_SUSPENDED,
    Flag.MISSING_GROUP,
    Flag.OPEN_LEFT_OUT,
)


def score(
    tally: Tally, rules: RuleSet, units: Sequence[Unit], ready: Ready | None = None
) -> SocialResult:
    """Return every unit's social score and each figure that leads to it.

    `ready` holds, per group and unit, the means of groups that arrive as ready-made scores.
    A unit without any valid ballot in a group with weight takes part in nothing.
    """
    views = unit_views(tally, rules, units, ready or {})
    taking_part = [unit for unit in units if _takes_part(views[unit.code].values())]
    treated = _treat_groups(rules, views, taking_part)
    scores = {
        unit.code: _unit_score(unit, views[unit.code].values(), treated) for unit in taking_part
    }
    facts: list[ClassFacts] = []
    for unit_class in dict.fromkeys(unit.unit_class for unit in units):
        members = [scores[unit.code] for unit in taking_part if unit.unit_class == unit_class]
        facts.append(_class_facts(unit_class, members, rules, treated))
        scores.update(_converted_class(members, rules))
    shown = _shown_groups(rules, views)
    return SocialResult(
        rules_sha256=rules.sha256,
        tally_sha256=tally.digest(),
        units=tuple(
            _with_groups(scores.get(unit.code) or _without_score(unit, views[unit.code]), shown)
            for unit in units
        ),
        classes=tuple(facts),
        suspended_groups=tuple(code for code in shown if code not in treated),
        small_groups=tuple(code for code, means in treated.items() if _is_small(means)),
    )


def _takes_part(views: Iterable[GroupScore]) -> bool:
    return any(view.weight > 0 and view.valid for view in views)


def _treat_groups(
    rules: RuleSet, views: Mapping[str, UnitViews], taking_part: Sequence[Unit]
) -> dict[str, Means]:
    """Return M' of every unit in every group that is not suspended."""
    treated = {}
    for group in rules.groups:
        seen = [_seen(unit, views[unit.code][group.code]) for unit in taking_part]
        if any(view.n for view in seen):
            treated[group.code] = treat(rules.small_samples, group.floor, seen)
    return treated


def _seen(unit: Unit, view: GroupScore) -> View:
    scores = None if Flag.READY_SCORES in view.flags else view.scores
    return View(unit.code, unit.unit_class, view.valid, view.mean, scores)


def _is_small(means: Means) -> bool:
    return all(Flag.GROUP_SMALL in made.flags for made in means.values())


def _unit_score(unit: Unit, views: Iterable[GroupScore], treated: Mapping[str, Means]) -> UnitScore:
    """Return a unit with M' of every group, the weights in use and both composites."""
    groups = [_treated_view(unit, view, treated) for view in views]
    padded = {g.group: (g.weight, g.padded) for g in groups if g.weight and g.padded is not None}
    own = {g.group: (g.weight, g.mean) for g in groups if g.weight and g.mean is not None}
    total = sum((weight for weight, _ in padded.values()), Decimal(0))
    return UnitScore(
        unit=unit,
        groups=tuple(
            replace(g, weight_share=_share(g.weight, total))
            if g.group in padded
            else replace(g, weight_share=Fraction(0))
            for g in groups
        ),
        composite=_weighted_mean(padded.values()),
        composite_unpadded=_weighted_mean(own.values()),
        flags=tuple(
            flag for flag in _TAKEN_OVER if any(flag in g.flags and g.weight for g in groups)
        ),
    )


@lru_cache(1024)  # units of a class share their weights
def _share(weight: Decimal, total: Decimal) -> Fraction:
    return Fraction(weight) / Fraction(total)


def _treated_view(unit: Unit, view: GroupScore, treated: Mapping[str, Means]) -> GroupScore:
    if not view.weight and not view.valid:
        return view  # nobody asked this group about this unit
    if view.group not in treated:
        return replace(view, flags=(*view.flags, Flag.GROUP_SUSPENDED))
    made = treated[view.group][unit.code]
    return replace(
        view,
        padded=made.padded,
        mu=made.mu,
        own_share=made.own_share,
        flags=(*view.flags, *made.flags),
    )


def _weighted_mean(parts: Iterable[tuple[Decimal, Fraction]]) -> Fraction:
    weighted = [(Fraction(weight), mean) for weight, mean in parts]
    total = sum((weight for weight, _ in weighted), Fraction(0))
    return sum((weight * mean for weight, mean in weighted), Fraction(0)) / total


def _members(scores: Iterable[UnitScore]) -> dict[str, Convertible]:
    """Return the units of one class as the conversion sees them."""
    return {
        score.unit.code: Convertible(
            score.composite,
            {
                g.group: GroupMean(g.padded, g.weight)
                for g in score.groups
                if g.weight and g.padded is not None
            },
        )
        for score in scores
        if score.composite is not None
    }


def _converted_class(scores: Sequence[UnitScore], rules: RuleSet) -> dict[str, UnitScore]:
    """Return the units of one class with their direct and their official scores."""
    members = _members(scores)
    if not members:
        return {}
    full_marks = Fraction(rules.full_marks)
    made = convert(members, rules.conversion, full_marks)
    fell_back = method_for(members, rules.conversion) is not rules.conversion.method
    flags = (Flag.CLASS_DIRECT,) if fell_back else ()
    return {
        score.unit.code: replace(
            _with_standardised(score, made[score.unit.code]),
            direct=full_marks * members[score.unit.code].composite / 100,
            social=made[score.unit.code].social,
            place=made[score.unit.code].place,
            flags=(*score.flags, *flags),
        )
        for score in scores
    }


def _with_standardised(score: UnitScore, made: Converted) -> UnitScore:
    groups = tuple(replace(g, standardised=made.standardised.get(g.group)) for g in score.groups)
    return replace(score, groups=groups)


def _class_facts(
    unit_class: str, scores: Sequence[UnitScore], rules: RuleSet, treated: Mapping[str, Means]
) -> ClassFacts:
    members = _members(scores)
    of_group = spreads(members)
    weights = rules.weights_for(unit_class)
    mu = {
        code: next((means[score.unit.code].mu for score in scores), None)
        for code, means in treated.items()
    }
    return ClassFacts(
        unit_class=unit_class,
        units=len(members),
        best=max((member.composite for member in members.values()), default=None),
        method=method_for(members, rules.conversion) if members else Method.DIRECT,
        groups=tuple(
            ClassGroup(
                group=code,
                weight=weights[code],
                units=spread.units,
                mu=mu[code],
                mean=spread.mean,
                deviation=spread.deviation,
            )
            for code, spread in of_group.items()
        ),
    )


def _shown_groups(rules: RuleSet, views: Mapping[str, UnitViews]) -> tuple[str, ...]:
    """Return the groups worth a column: those with weight in a class or with any ballot."""
    return tuple(
        group.code
        for group in rules.groups
        if any(
            view.weight or view.returned or view.left_out
            for view in (of_unit[group.code] for of_unit in views.values())
        )
    )


def _with_groups(score: UnitScore, shown: tuple[str, ...]) -> UnitScore:
    return replace(score, groups=tuple(g for g in score.groups if g.group in shown))


def _without_score(unit: Unit, views: UnitViews) -> UnitScore:
    return UnitScore(unit, tuple(views.values()), flags=(Flag.NO_VALID_BALLOTS,))
