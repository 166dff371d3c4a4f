"""The arithmetic of one unit written out, from counted ballots to points."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from analytics.figures import round_half_up
from analytics.rules import Group, Method, RuleSet, SmallSamples
from surveys.scoring.run import ClassFacts, ClassGroupFacts, GroupFigures, RunView, UnitFigures

PLACES = 4
TERMS_WRITTEN_OUT = 6


@dataclass(frozen=True)
class GroupSteps:
    """How one group's ballots become what it adds to the composite; None where it adds nothing."""

    figures: GroupFigures
    mean: str | None
    padded: str | None
    standardised: str | None


@dataclass(frozen=True)
class Derivation:
    """Every step of one unit's figure, each as one line of arithmetic."""

    groups: tuple[GroupSteps, ...]
    composite: str | None
    composite_unpadded: str | None
    social: str | None
    direct: str | None
    work: str | None
    adjustment: str | None
    total: str | None


def derivation(run: RunView, unit: UnitFigures) -> Derivation:
    """Return the steps of one unit's figures."""
    rules, facts = run.rules, run.class_of(unit)
    return Derivation(
        groups=tuple(_group_steps(group, facts, rules) for group in unit.groups),
        composite=_composite(unit),
        composite_unpadded=_composite_unpadded(unit),
        social=_CONVERSIONS[Method(facts.method)](unit, facts, rules)
        if unit.social is not None
        else None,
        direct=_direct(unit, facts, rules) if unit.direct is not None else None,
        work=_work(unit, rules),
        adjustment=_adjustment(unit, rules),
        total=_total(unit),
    )


def shown(value: Decimal, places: int = PLACES) -> str:
    """Return a figure with at most so many decimals and a true minus sign.

    >>> shown(Decimal("79.6000")), shown(Decimal("-1.5")), shown(Decimal("2") / 3)
    ('79.6', '−1.5', '0.6667')
    """
    rounded = _rounded(value, places)
    text = format(rounded, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def equals(value: Decimal, places: int = PLACES) -> str:
    """Return a result with `=`, or with `≈` where decimals are left out."""
    sign = "=" if _rounded(value, places) == value else "≈"
    return f"{sign} {shown(value, places)}"


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _decimal(value: Fraction) -> Decimal:
    return round_half_up(value, 20)


def _printed(exact: Decimal, printed: Decimal | None) -> str:
    """Return the result and, after an arrow, how it is printed."""
    text = equals(exact)
    return text if printed is None else f"{text} → {printed}"


def _group_steps(group: GroupFigures, facts: ClassFacts, rules: RuleSet) -> GroupSteps:
    in_class = facts.group(group.group)
    return GroupSteps(
        group,
        mean=_mean(group),
        padded=_padded(group, rules.group(group.group), rules) if group.weight_share else None,
        standardised=_standardised(group, in_class, rules) if in_class else None,
    )


def _mean(group: GroupFigures) -> str | None:
    """Write M as the mean of ballot scores; many different ones are given as their sum."""
    if group.mean is None or not group.scores:
        return None
    if group.trimmed:
        return f"M {equals(group.mean)}"
    scores = [(Fraction(score), count) for score, count in reversed(group.scores)]
    if len(scores) <= TERMS_WRITTEN_OUT:
        top = " + ".join(f"{shown(_decimal(score))} × {count}" for score, count in scores)
        top = f"({top})"
    else:
        total = sum((score * count for score, count in scores), Fraction(0))
        top = shown(_decimal(total))
    return f"M = {top} / {group.valid} {equals(group.mean)}"


def _padded(group: GroupFigures, rule: Group, rules: RuleSet) -> str | None:
    if group.padded is None:
        return None
    if group.own_share is None or group.own_share == 1 or group.mu is None:
        return f"M′ = M {equals(group.padded)}" if group.mean is not None else None
    if group.mean is None:
        return f"M′ = μ {equals(group.padded)}"
    mean, mu = shown(group.mean), shown(group.mu)
    if rules.small_samples is SmallSamples.PAD:
        n, floor = group.valid, rule.floor
        top = f"{n} × {mean} + ({floor} − {n}) × {mu}"
        return f"M′ = [{top}] / {floor} {equals(group.padded)}"
    z = shown(group.own_share)
    return f"M′ = {z} × {mean} + (1 − {z}) × {mu} {equals(group.padded)}"


def _standardised(group: GroupFigures, facts: ClassGroupFacts, rules: RuleSet) -> str | None:
    if group.standardised is None or group.padded is None:
        return None
    if facts.mean is None or facts.deviation is None:
        return None
    to = rules.conversion
    spread = max(facts.deviation, to.min_deviation)
    z = (group.padded - facts.mean) / spread
    cut = max(-to.limit, min(to.limit, z))
    written = f"Z = ({shown(group.padded)} − {shown(facts.mean)}) / {shown(spread)} {equals(z)}"
    if cut != z:
        written += f" → {shown(cut)}"
    sign = "−" if cut < 0 else "+"
    return (
        f"{written}; A = {shown(to.centre)} {sign} {shown(to.spread)} × {shown(abs(cut))} "
        f"{equals(group.standardised)}"
    )


def _composite(unit: UnitFigures) -> str | None:
    parts = [
        (group.weight, group.padded)
        for group in unit.groups
        if group.weight_share and group.padded is not None
    ]
    return _weighted("R", parts, unit.composite)


def _composite_unpadded(unit: UnitFigures) -> str | None:
    parts = [
        (group.weight, group.mean)
        for group in unit.groups
        if group.weight and group.mean is not None
    ]
    return _weighted("R₀", parts, unit.composite_unpadded)


def _weighted(
    name: str, parts: list[tuple[Decimal, Decimal]], result: Decimal | None
) -> str | None:
    if result is None or not parts:
        return None
    top = " + ".join(f"{shown(weight)} × {shown(value)}" for weight, value in parts)
    total = sum((weight for weight, _ in parts), Decimal(0))
    return f"{name} = ({top}) / {shown(total)} {equals(result)}"


def _direct(unit: UnitFigures, _facts: ClassFacts, rules: RuleSet) -> str:
    direct, composite = unit.direct or Decimal(0), unit.composite or Decimal(0)
    written = f"S = {shown(rules.full_marks)} × {shown(composite)} / 100"
    return f"{written} {_printed(direct, unit.printed.direct)}"


def _ratio(unit: UnitFigures, facts: ClassFacts, rules: RuleSet) -> str:
    social, composite = unit.social or Decimal(0), unit.composite or Decimal(0)
    best = shown(facts.best or Decimal(0))
    written = f"S = {shown(rules.full_marks)} × {shown(composite)} / {best}"
    return f"{written} {_printed(social, unit.printed.social)}"


def _rank(unit: UnitFigures, _facts: ClassFacts, rules: RuleSet) -> str:
    social, place = unit.social or Decimal(0), unit.place or 1
    full, to = shown(rules.full_marks), rules.conversion
    written = (
        f"S = max({shown(to.floor_percent)} % × {full}, "
        f"{full} − {place - 1} × {shown(to.step_percent)} % × {full})"
    )
    return f"{written} {_printed(social, unit.printed.social)}"


def _standard(unit: UnitFigures, _facts: ClassFacts, rules: RuleSet) -> str:
    social = unit.social or Decimal(0)
    parts = [
        (group.weight, group.standardised)
        for group in unit.groups
        if group.weight_share and group.standardised is not None
    ]
    top = " + ".join(f"{shown(weight)} × {shown(value)}" for weight, value in parts)
    total = sum((weight for weight, _ in parts), Decimal(0))
    written = f"S = {shown(rules.full_marks)} × ({top}) / (100 × {shown(total)})"
    return f"{written} {_printed(social, unit.printed.social)}"


_CONVERSIONS = {
    Method.DIRECT: _direct,
    Method.RATIO: _ratio,
    Method.RANK: _rank,
    Method.STANDARD: _standard,
}


def _work(unit: UnitFigures, rules: RuleSet) -> str | None:
    if unit.work is None:
        return None
    aspects = rules.work_aspects
    applying = [
        indicator
        for indicator in unit.indicators
        if indicator.score is not None and (aspects is None or indicator.aspect in aspects)
    ]
    scored = sum((indicator.score or Decimal(0) for indicator in applying), Decimal(0))
    full = sum((indicator.full_marks for indicator in applying), Decimal(0))
    written = f"W = {shown(rules.work_full_marks)} × {shown(scored)} / {shown(full)}"
    return f"{written} {_printed(unit.work, unit.printed.work)}"


def _adjustment(unit: UnitFigures, rules: RuleSet) -> str | None:
    points = [line.points for line in unit.adjustments if line.points]
    if not points:
        return None
    written = " ".join(signed(point) for point in points)
    text = f"J = {written}"
    if len(points) > 1 or unit.adjustment != unit.adjustment_asked:
        text += f" = {signed(unit.adjustment_asked)}"
    if unit.adjustment != unit.adjustment_asked:
        text += f" → {signed(unit.adjustment)} (± {shown(rules.adjustment_limit)})"
    return text


def signed(value: Decimal) -> str:
    """Return a figure with its sign."""
    return shown(value) if value < 0 else f"+{shown(value)}"


def _total(unit: UnitFigures) -> str | None:
    printed = unit.printed
    if printed.total is None:
        return None
    sign = "−" if printed.adjustment < 0 else "+"
    return (
        f"T = W + S + J = {printed.work} + {printed.social} {sign} {abs(printed.adjustment)}"
        f" = {printed.total}"
    )
