"""From composites of 0 to 100 to social scores of 0 to full marks, class by class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from analytics.figures import mean, root, settled, variance
from analytics.rules.rule_set import Conversion, Method


@dataclass(frozen=True, slots=True)
class GroupMean:
    """A group's mean that counts for a unit, and the group's weight there."""

    padded: Fraction
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Convertible:
    """One unit that takes part: its composite R and the group means it is made of."""

    composite: Fraction
    groups: Mapping[str, GroupMean]


@dataclass(frozen=True, slots=True)
class Converted:
    """One unit's social score; `place` and `standardised` where the method makes them."""

    social: Fraction
    place: int | None = None
    standardised: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spread:
    """Plain mean and population standard deviation of a group's M' over a class."""

    units: int
    mean: Fraction
    deviation: Fraction


Class = Mapping[str, Convertible]


def method_for(members: Class, conversion: Conversion) -> Method:
    """Return the method that a class gets: standard scores need enough units."""
    if conversion.method is Method.STANDARD and len(members) < conversion.min_units:
        return Method.DIRECT
    return conversion.method


def convert(members: Class, conversion: Conversion, full_marks: Fraction) -> dict[str, Converted]:
    """Return the social score of every unit of one class."""
    return METHODS[method_for(members, conversion)](members, conversion, full_marks)


def spreads(members: Class) -> dict[str, Spread]:
    """Return each group's spread over the units of a class."""
    values: dict[str, list[Fraction]] = {}
    for member in members.values():
        for group, view in member.groups.items():
            values.setdefault(group, []).append(view.padded)
    return {group: _spread(means) for group, means in values.items()}


def _spread(means: list[Fraction]) -> Spread:
    return Spread(len(means), mean(means), root(variance(means)))


def _direct(members: Class, _conversion: Conversion, full_marks: Fraction) -> dict[str, Converted]:
    return {
        code: Converted(full_marks * member.composite / 100) for code, member in members.items()
    }


def _ratio(members: Class, _conversion: Conversion, full_marks: Fraction) -> dict[str, Converted]:
    best = max(member.composite for member in members.values())
    return {
        code: Converted(full_marks * member.composite / best if best else Fraction(0))
        for code, member in members.items()
    }


def _rank(members: Class, conversion: Conversion, full_marks: Fraction) -> dict[str, Converted]:
    composites = [member.composite for member in members.values()]
    step = Fraction(conversion.step_percent) / 100
    least = Fraction(conversion.floor_percent) / 100
    converted = {}
    for code, member in members.items():
        place = 1 + sum(other > member.composite for other in composites)
        converted[code] = Converted(full_marks * max(least, 1 - step * (place - 1)), place)
    return converted


def _standard(members: Class, conversion: Conversion, full_marks: Fraction) -> dict[str, Converted]:
    of_group = spreads(members)
    converted = {}
    for code, member in members.items():
        points = {
            group: _standardised(view.padded, of_group[group], conversion)
            for group, view in member.groups.items()
        }
        weights = {group: Fraction(view.weight) for group, view in member.groups.items()}
        total = sum((weights[group] * points[group] for group in points), Fraction(0))
        social = full_marks * total / (100 * sum(weights.values(), Fraction(0)))
        converted[code] = Converted(settled(social), standardised=points)
    return converted


def _standardised(padded: Fraction, spread: Spread, conversion: Conversion) -> Fraction:
    deviation = max(spread.deviation, Fraction(conversion.min_deviation))
    limit = Fraction(conversion.limit)
    z = max(-limit, min(limit, (padded - spread.mean) / deviation))
    return Fraction(conversion.centre) + Fraction(conversion.spread) * z


METHODS: Mapping[Method, Callable[[Class, Conversion, Fraction], dict[str, Converted]]] = {
    Method.DIRECT: _direct,
    Method.RATIO: _ratio,
    Method.RANK: _rank,
    Method.STANDARD: _standard,
}
