"""Grades of one class: thresholds, the share of the best, vetoes and the composite's floor."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from analytics.merge_result import GradeReason
from analytics.rules.rule_set import RuleSet, TieBreak

Key = tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """One unit's figures as ranks and grades see them."""

    unit: str
    total: Decimal | None
    social: Fraction | None
    composite: Fraction | None
    adjustment: Fraction
    rounded_work: Decimal | None
    rounded_social: Decimal | None
    rounded_direct: Decimal | None
    rounded_adjustment: Decimal
    vetoed: bool


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade code and why; None where a unit has no total."""

    grade: str | None
    reasons: tuple[GradeReason, ...]


def grade_class(members: Sequence[Standing], rules: RuleSet) -> dict[str, Graded]:
    """Return the grade of every ranked unit of a class that has a total."""
    present = [member for member in members if member.total is not None]
    best = _best(present, rules)
    return {member.unit: _graded(member, best, rules) for member in present}


@dataclass(frozen=True, slots=True)
class _Best:
    """Who has the best grade: the places, and the key that the last place asks for."""

    units: frozenset[str]
    last: Key | None  # None where places are left
    shared: bool  # more than one unit holds the last place


def _best(present: Sequence[Standing], rules: RuleSet) -> _Best:
    """Return the holders of the best grade; units that a veto or a floor caps use no place."""
    top = rules.grades[0]
    able = sorted(
        (m for m in present if _total(m) >= top.threshold and not _caps(m, rules)),
        key=lambda member: _key(member, rules),
        reverse=True,
    )
    places = len(able)
    if top.share_percent is not None:
        share = Fraction(top.share_percent) / 100
        places = max(1, int(share * len(present)))
    if len(able) <= places:
        return _Best(frozenset(member.unit for member in able), None, shared=False)
    last = _key(able[places - 1], rules)
    chosen = [member for member in able if _key(member, rules) >= last]
    shared = len(chosen) > places
    return _Best(frozenset(member.unit for member in chosen), last, shared)


def _total(member: Standing) -> Decimal:
    return Decimal(0) if member.total is None else member.total


def _key(member: Standing, rules: RuleSet) -> Key:
    """Return what decides at the last place: the total, then the printed tie-breaks."""
    figures = {
        TieBreak.SOCIAL: member.rounded_social,
        TieBreak.DIRECT: member.rounded_direct,
        TieBreak.WORK: member.rounded_work,
    }
    return (_total(member), *(figures[tie] or Decimal(0) for tie in rules.ties))


def _caps(member: Standing, rules: RuleSet) -> dict[GradeReason, int]:
    """Return the best grade, as a place in the list, that each cap leaves to a unit."""
    position = {grade.code: place for place, grade in enumerate(rules.grades)}
    caps = {}
    if member.vetoed:
        caps[GradeReason.VETO] = position[rules.vetoes.cap]
    if member.composite is not None and member.composite < Fraction(rules.composite_floor.below):
        caps[GradeReason.COMPOSITE_FLOOR] = position[rules.composite_floor.cap]
    return {reason: place for reason, place in caps.items() if place > 0}


def _graded(member: Standing, best: _Best, rules: RuleSet) -> Graded:
    total = _total(member)
    by_total = next(
        (place for place, grade in enumerate(rules.grades) if total >= grade.threshold),
        len(rules.grades) - 1,
    )
    caps = _caps(member, rules)
    place = max([by_total, *caps.values()])
    reasons = [reason for reason, cap in caps.items() if cap > by_total and cap == place]
    if place == 0 and member.unit not in best.units:
        place = 1
        tied = best.last is not None and total == best.last[0]
        reasons = [GradeReason.TIE_LOST if tied else GradeReason.SHARE_FULL]
    elif place == 0 and best.shared and _key(member, rules) == best.last:
        reasons = [GradeReason.TIE_SHARED]
    return Graded(rules.grades[place].code, tuple(reasons) or (GradeReason.TOTAL,))
