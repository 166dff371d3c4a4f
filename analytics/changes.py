"""Whether a unit's score changed from one year to the next, and whether the years compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from analytics.rules.rule_set import METHOD_PARAMETERS, RuleSet, SmallSamples
from analytics.shapes import Floats, ratio_of
from analytics.variances import COVERAGE, t_quantile


class Verdict(StrEnum):
    """What can be said of a change."""

    UP = "up"
    DOWN = "down"
    NOT_TOLD_APART = "not_told_apart"


class Incomparable(StrEnum):
    """What was decided differently, so that scores of two years are not of the same thing."""

    LEVELS = "levels_changed"  # options or their points
    ITEMS = "items_changed"  # items, their weights, or how many must be scored
    GROUPS = "groups_changed"  # groups or their weights, in any class
    CONVERSION = "conversion_changed"  # no matter for direct scores
    FULL_MARKS = "full_marks_changed"
    SMALL_SAMPLES = "small_samples_changed"  # what is done with them, or what is one
    TRIMMING = "trimming_changed"
    WORDS = "words_changed"  # of levels or items: people may have understood something else


@dataclass(frozen=True, eq=False, slots=True)
class YearScores:
    """Scores of units in one year with their errors, NaN where there is none."""

    score: Floats  # (U,)
    se: Floats  # (U,) the careful one
    df: Floats  # (U,)


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """How much each score changed, with an interval; all but the verdicts NaN where unknown."""

    difference: Floats  # (U,) now less before
    se: Floats  # (U,)
    df: Floats  # (U,)
    low: Floats  # (U,)
    high: Floats  # (U,)
    verdicts: tuple[Verdict, ...]  # (U,)


def change(now: YearScores, before: YearScores, coverage: float = COVERAGE) -> Change:
    """Return how scores of the same units changed (Welch 1947).

    The ballots of the two years count as independent. Where the same people rated in both
    years the errors partly cancel, and the interval is too wide rather than too narrow.
    """
    if now.score.shape != before.score.shape:
        raise ValueError("two years are compared unit by unit")
    difference = now.score - before.score
    variances = now.se**2, before.se**2
    total = variances[0] + variances[1]
    parts = _part(variances[0], now.df) + _part(variances[1], before.df)
    df = ratio_of(total**2, parts)
    se = np.sqrt(total)
    half = np.where(total == 0, 0.0, t_quantile(df, coverage) * se)  # nothing left open: no width
    low, high = difference - half, difference + half
    verdicts = np.select([low > 0, high < 0], [Verdict.UP, Verdict.DOWN], Verdict.NOT_TOLD_APART)
    return Change(difference, se, df, low, high, tuple(Verdict(each) for each in verdicts))


def comparability(rules_now: RuleSet, rules_before: RuleSet) -> tuple[Incomparable, ...]:
    """Return what makes the scores of two years incomparable; nothing where they compare."""
    return tuple(code for code, changed in _CHANGED.items() if changed(rules_now, rules_before))


def _part(variance: Floats, df: Floats) -> Floats:
    return np.where(variance == 0, 0.0, ratio_of(variance**2, df))


def _levels(rules: RuleSet) -> Any:
    return {option.code: option.points for option in rules.options}


def _items(rules: RuleSet) -> Any:
    return {item.code: item.weight for item in rules.items}, rules.min_items_scored


def _groups(rules: RuleSet) -> Any:
    """Return the weights that count, apart from classes that weigh as all others do."""
    general = {group.code: group.weight for group in rules.groups}
    named = {one.unit_class: rules.weights_for(one.unit_class) for one in rules.class_weights}
    own = {unit_class: weights for unit_class, weights in named.items() if weights != general}
    open_channels = {group.code: group.open_channel for group in rules.groups}
    return general, own, open_channels


def _conversion(rules: RuleSet) -> Any:
    method = rules.conversion.method
    return method, [getattr(rules.conversion, name) for name in METHOD_PARAMETERS[method]]


def _small_samples(now: RuleSet, before: RuleSet) -> bool:
    floors = [{group.code: max(group.floor, 1) for group in year.groups} for year in (now, before)]
    padded = now.small_samples is SmallSamples.PAD
    return now.small_samples is not before.small_samples or (padded and _differ(*floors))


def _words(now: RuleSet, before: RuleSet) -> bool:
    options = [{one.code: one.words for one in year.options} for year in (now, before)]
    items = [{one.code: one.words for one in year.items} for year in (now, before)]
    return _differ(*options) or _differ(*items)


def _differ(now: Mapping[Any, Any], before: Mapping[Any, Any]) -> bool:
    """Tell whether something in both years differs; what is new stands under another code."""
    return any(now[key] != before[key] for key in now.keys() & before.keys())


def _unlike(decided: Callable[[RuleSet], Any]) -> Callable[[RuleSet, RuleSet], bool]:
    return lambda now, before: bool(decided(now) != decided(before))


_CHANGED: Mapping[Incomparable, Callable[[RuleSet, RuleSet], bool]] = {
    Incomparable.LEVELS: _unlike(_levels),
    Incomparable.ITEMS: _unlike(_items),
    Incomparable.GROUPS: _unlike(_groups),
    Incomparable.CONVERSION: _unlike(_conversion),
    Incomparable.FULL_MARKS: _unlike(lambda rules: rules.full_marks),
    Incomparable.SMALL_SAMPLES: _small_samples,
    Incomparable.TRIMMING: _unlike(lambda rules: rules.trim_percent),
    Incomparable.WORDS: _words,
}
