"""From a tally and a rule set to each unit's social score, with every figure in between."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from analytics.conversion import (
    Class,
    Converted,
    Convertible,
    GroupMean,
    convert,
    method_for,
    spreads,
)
from analytics.figures import weighted_mean
from analytics.rules.rule_set import Method, RuleSet
from analytics.small_samples import Means, Treated, View, treat
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

_UNASKED = Treated(None)  # nobody asked this group about this unit
_SUSPENDED = Treated(None, flags=(Flag.GROUP_SUSPENDED,))
_NO_SHARE = Fraction(0)

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
    shown = tuple(dict.fromkeys(code for of_unit in views.values() for code in of_unit))
    taking_part = [unit for unit in units if _takes_part(views[unit.code].values())]
    treated = _treat_groups(rules, shown, views, taking_part)
    scores = {
        unit.code: _unit_score(unit, views[unit.code].values(), treated) for unit in taking_part
    }
    facts: list[ClassFacts] = []
    for unit_class in dict.fromkeys(unit.unit_class for unit in units):
        members = [scores[unit.code] for unit in taking_part if unit.unit_class == unit_class]
        of_class = _members(members)
        facts.append(_class_facts(unit_class, of_class, rules, treated))
        scores.update(_converted_class(members, of_class, rules))
    return SocialResult(
        rules_sha256=rules.sha256,
        tally=tally,
        units=tuple(
            scores.get(unit.code) or _without_score(unit, views[unit.code]) for unit in units
        ),
        classes=tuple(facts),
        suspended_groups=tuple(code for code in shown if code not in treated),
        small_groups=tuple(code for code, means in treated.items() if _is_small(means)),
    )


def _takes_part(views: Iterable[GroupScore]) -> bool:
    return any(view.weight > 0 and view.valid for view in views)


def _treat_groups(
    rules: RuleSet,
    shown: Sequence[str],
    views: Mapping[str, UnitViews],
    taking_part: Sequence[Unit],
) -> dict[str, Means]:
    """Return M' of every unit in every group that is not suspended."""
    treated = {}
    for code in shown:
        seen = [_seen(unit, views[unit.code][code]) for unit in taking_part]
        if any(view.n for view in seen):
            treated[code] = treat(rules.small_samples, rules.group(code).floor, seen)
    return treated


def _seen(unit: Unit, view: GroupScore) -> View:
    scores = None if Flag.READY_SCORES in view.flags else view.scores
    return View(unit.code, unit.unit_class, view.valid, view.mean, scores)


def _is_small(means: Means) -> bool:
    return all(Flag.GROUP_SMALL in made.flags for made in means.values())


def _unit_score(unit: Unit, views: Iterable[GroupScore], treated: Mapping[str, Means]) -> UnitScore:
    """Return a unit with M' of every group, the weights in use and both composites."""
    made = [(view, _treated(unit, view, treated)) for view in views]
    padded = [(v.weight, t.padded) for v, t in made if v.weight and t.padded is not None]
    own = [(v.weight, v.mean) for v, _ in made if v.weight and v.mean is not None]
    total = sum((weight for weight, _ in padded), Decimal(0))
    groups = tuple(_treated_view(view, treatment, total) for view, treatment in made)
    composite = _weighted_mean(padded)
    return UnitScore(
        unit=unit,
        groups=groups,
        composite=composite,
        composite_unpadded=composite if own == padded else _weighted_mean(own),
        flags=tuple(
            flag for flag in _TAKEN_OVER if any(flag in g.flags and g.weight for g in groups)
        ),
    )


def _treated(unit: Unit, view: GroupScore, treated: Mapping[str, Means]) -> Treated:
    if not view.weight and not view.valid:
        return _UNASKED
    if view.group not in treated:
        return _SUSPENDED
    return treated[view.group][unit.code]


def _treated_view(view: GroupScore, made: Treated, total: Decimal) -> GroupScore:
    counts = view.weight and made.padded is not None
    return replace(
        view,
        padded=made.padded,
        mu=made.mu,
        own_share=made.own_share,
        weight_share=_share(view.weight, total) if counts else _NO_SHARE,
        flags=(*view.flags, *made.flags),
    )


@lru_cache(1024)  # units of a class share their weights
def _share(weight: Decimal, total: Decimal) -> Fraction:
    return Fraction(weight) / Fraction(total)


def _weighted_mean(parts: Sequence[tuple[Decimal, Fraction]]) -> Fraction:
    return weighted_mean([weight for weight, _ in parts], [mean for _, mean in parts])


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


def _converted_class(
    scores: Sequence[UnitScore], members: Class, rules: RuleSet
) -> dict[str, UnitScore]:
    """Return the units of one class with their direct and their official scores."""
    if not members:
        return {}
    full_marks = Fraction(rules.full_marks)
    made = convert(members, rules.conversion, full_marks)
    fell_back = method_for(members, rules.conversion) is not rules.conversion.method
    flags = (Flag.CLASS_DIRECT,) if fell_back else ()
    return {
        score.unit.code: replace(
            score,
            groups=_standardised(score.groups, made[score.unit.code]),
            direct=full_marks * members[score.unit.code].composite / 100,
            social=made[score.unit.code].social,
            place=made[score.unit.code].place,
            flags=(*score.flags, *flags),
        )
        for score in scores
    }


def _standardised(groups: tuple[GroupScore, ...], made: Converted) -> tuple[GroupScore, ...]:
    if not made.standardised:
        return groups
    return tuple(replace(g, standardised=made.standardised.get(g.group)) for g in groups)


def _class_facts(
    unit_class: str, members: Class, rules: RuleSet, treated: Mapping[str, Means]
) -> ClassFacts:
    of_group = spreads(members)
    weights = rules.weights_for(unit_class)
    mu = {code: next((means[unit].mu for unit in members), None) for code, means in treated.items()}
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


def _without_score(unit: Unit, views: UnitViews) -> UnitScore:
    return UnitScore(unit, tuple(views.values()), flags=(Flag.NO_VALID_BALLOTS,))
