"""From a tally, rules and work scores to every figure of a run."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np

from analytics.figures import plain_text, round_half_up
from analytics.intervals import Interval, social_intervals
from analytics.merge import Adjustment, UnitResult, WorkEntry, combine, work_scores
from analytics.rules import RuleSet
from analytics.social import ClassFacts as SocialClass
from analytics.social import GroupScore, SocialResult, Unit, score
from analytics.tally import Tally
from surveys.scoring import run
from surveys.scoring.run import UnitFigures

PLACES = 26
INTERVAL_PLACES = 6


@dataclass(frozen=True)
class Named:
    """A class or unit with its names."""

    code: str
    name: str
    name_en: str | None


@dataclass(frozen=True)
class Inputs:
    """Everything that a run is computed from."""

    tally: Tally
    rules: RuleSet
    units: tuple[Unit, ...]
    english: Mapping[str, str | None]  # names of units by code
    classes: tuple[Named, ...]
    work: tuple[WorkEntry, ...] | None
    indicators: Mapping[str, tuple[run.IndicatorScore, ...]] = field(default_factory=dict)
    lines: Mapping[str, tuple[run.AdjustmentLine, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Computed:
    """All figures of a run; units by class, then rank."""

    units: tuple[UnitFigures, ...]
    classes: tuple[run.ClassFacts, ...]
    suspended_groups: tuple[str, ...]
    small_groups: tuple[str, ...]


def compute(inputs: Inputs) -> Computed:
    """Return every figure, with and without flagged ballots."""
    work = None if inputs.work is None else work_scores(inputs.work, inputs.rules)
    social, results = _results(inputs, inputs.tally, work)
    _, without = _results(inputs, inputs.tally.without_flagged(), work)
    intervals = social_intervals(inputs.tally, inputs.rules, social)
    flagged = _flagged(inputs.tally)
    others = {result.unit.code: result for result in without}
    units = [
        _unit_figures(result, others[result.unit.code], inputs, intervals, flagged)
        for result in results
    ]
    order = {named.code: place for place, named in enumerate(inputs.classes)}
    last = len(units) + 1
    units.sort(key=lambda unit: (order[unit.unit_class], unit.rank or last))
    return Computed(
        tuple(units),
        tuple(_class_facts(named, social) for named in inputs.classes),
        social.suspended_groups,
        social.small_groups,
    )


def _results(
    inputs: Inputs, tally: Tally, work: Mapping[str, Fraction] | None
) -> tuple[SocialResult, tuple[UnitResult, ...]]:
    social = score(tally, inputs.rules, inputs.units)
    adjustments = [
        Adjustment(unit, line.points, line.reason)
        for unit, lines in inputs.lines.items()
        for line in lines
        if line.points
    ]
    vetoed = {unit for unit, lines in inputs.lines.items() if any(line.is_veto for line in lines)}
    return social, combine(social, work, inputs.rules, adjustments, vetoed)


def _flagged(tally: Tally) -> dict[tuple[str, str], int]:
    """Return how many flagged ballots each unit has from each group."""
    columns = tally.columns
    sums = np.zeros(len(columns.places), np.int64)
    np.add.at(sums, columns.place, columns.count)
    counts: Counter[tuple[str, str]] = Counter()
    for place, count in zip(columns.places, sums.tolist(), strict=True):
        if place.flagged and count:
            counts[place.unit, place.group] += count
    return counts


def _unit_figures(
    result: UnitResult,
    without: UnitResult,
    inputs: Inputs,
    intervals: Mapping[str, Interval],
    flagged: Mapping[tuple[str, str], int],
) -> UnitFigures:
    unit, social = result.unit, result.score
    return UnitFigures(
        code=unit.code,
        name=unit.name,
        name_en=inputs.english.get(unit.code),
        unit_class=unit.unit_class,
        is_ranked=unit.ranked,
        groups=tuple(
            _group_figures(group, flagged.get((unit.code, group.group), 0))
            for group in _shown(social.groups)
        ),
        composite_unpadded=_exact(social.composite_unpadded),
        composite=_exact(social.composite),
        place=social.place,
        direct=_exact(result.direct),
        social=_exact(result.social),
        work=_exact(result.work),
        adjustment_asked=_digits(result.adjustment_asked),
        adjustment=_digits(result.adjustment),
        total=result.total,
        printed=run.Printed(
            result.rounded.direct,
            result.rounded.social,
            result.rounded.work,
            result.rounded.adjustment,
            result.rounded.total,
        ),
        rank=result.rank,
        grade=result.grade,
        grade_reasons=tuple(str(reason) for reason in result.grade_reasons),
        is_vetoed=result.vetoed,
        flags=tuple(str(flag) for flag in result.flags),
        interval=_interval(intervals.get(unit.code)),
        without_flagged=run.Without(
            _exact(without.composite),
            without.rounded.social,
            without.rounded.total,
            without.rank,
            without.grade,
        ),
        indicators=inputs.indicators.get(unit.code, ()),
        adjustments=inputs.lines.get(unit.code, ()),
    )


def _shown(groups: Iterable[GroupScore]) -> Iterable[GroupScore]:
    """Leave out the groups that have neither weight nor ballots for the unit."""
    return (group for group in groups if group.weight or group.returned or group.left_out)


def _group_figures(group: GroupScore, flagged: int) -> run.GroupFigures:
    mean = _exact(group.mean)
    return run.GroupFigures(
        group=group.group,
        returned=group.returned,
        valid=group.valid,
        flagged=flagged,
        weight=group.weight,
        weight_share=_exact(group.weight_share),
        mean=mean,
        padded=mean if group.padded is group.mean else _exact(group.padded),
        standardised=_exact(group.standardised),
        mu=_exact(group.mu),
        own_share=_exact(group.own_share),
        trimmed=group.trimmed,
        left_out=group.left_out,
        scores=tuple(zip(group.scores.texts(), group.scores.counts, strict=True)),
        option_counts=group.option_counts,
        flags=tuple(str(flag) for flag in group.flags),
    )


def _class_facts(named: Named, social: SocialResult) -> run.ClassFacts:
    facts: SocialClass | None = next(
        (found for found in social.classes if found.unit_class == named.code), None
    )
    return run.ClassFacts(
        code=named.code,
        name=named.name,
        name_en=named.name_en,
        units=facts.units if facts else 0,
        best=_exact(facts.best) if facts else None,
        method=str(facts.method) if facts else "",
        groups=tuple(
            run.ClassGroupFacts(
                group.group,
                group.weight,
                group.units,
                _exact(group.mu),
                _exact(group.mean),
                _exact(group.deviation),
            )
            for group in (facts.groups if facts else ())
        ),
    )


def _interval(interval: Interval | None) -> run.IntervalFigures | None:
    if interval is None:
        return None
    return run.IntervalFigures(
        _six(interval.se),
        None if interval.low is None else _six(interval.low),
        None if interval.high is None else _six(interval.high),
        None if interval.df is None else _six(interval.df),
    )


def _six(value: float) -> Decimal:
    return round_half_up(Fraction(value), INTERVAL_PLACES)


def _exact(value: Fraction | None) -> Decimal | None:
    """Return a figure with 26 decimals, shorter where it ends earlier."""
    return None if value is None else _digits(value)


def _digits(value: Fraction) -> Decimal:
    return Decimal(plain_text(value, PLACES))
