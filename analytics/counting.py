"""From patterns to ballot scores: what each group gave each unit, as counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from analytics.faults import N_, Fault
from analytics.rule_set import RuleSet
from analytics.social_result import Unit
from analytics.tally import BLANK, OPEN_CHANNEL, Tally

TRIM_FROM = 20

Histogram = tuple[tuple[Fraction, int], ...]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """What one group gave one unit.

    `scores` is the histogram of ballot scores, ascending; `options` has a row per item and a
    column per option, then one for "not answered".
    """

    returned: int = 0
    left_out: int = 0
    scores: Histogram = ()
    options: tuple[tuple[int, ...], ...] = ()

    @property
    def valid(self) -> int:
        """Return the number of ballots with a score."""
        return sum(count for _, count in self.scores)


def count_ballots(
    tally: Tally, rules: RuleSet, units: Sequence[Unit]
) -> dict[tuple[str, str], Counts]:
    """Return the counts of every unit and group with a returned ballot, keyed by their codes."""
    groups = {group.code: place for place, group in enumerate(rules.groups)}
    rows = {unit.code: place * len(groups) for place, unit in enumerate(units)}
    slots, patterns, counts, left_out = _columns(tally, rules, rows, groups)
    keys = [(unit.code, group) for unit in units for group in groups]
    returned = _sums(slots, counts, len(keys))
    histograms = _histograms(slots, patterns, counts, rules)
    options = _option_counts(slots, patterns, counts, rules, len(keys))
    return {
        key: Counts(
            returned=int(returned[slot]),
            left_out=left_out.get(slot, 0),
            scores=histograms.get(slot, ()),
            options=tuple(tuple(row) for row in options[slot].tolist()),
        )
        for slot, key in enumerate(keys)
        if returned[slot] or slot in left_out
    }


def mean_score(scores: Histogram) -> Fraction:
    """Return the mean of a histogram that is not empty."""
    scale = lcm(*(score.denominator for score, _ in scores))
    total = sum(score.numerator * (scale // score.denominator) * count for score, count in scores)
    return Fraction(total, scale * sum(count for _, count in scores))


def squared_deviations(scores: Histogram) -> Fraction:
    """Return the sum of squared deviations of ballot scores from their mean."""
    scale = lcm(*(score.denominator for score, _ in scores))
    whole = [(score.numerator * (scale // score.denominator), count) for score, count in scores]
    n = sum(count for _, count in whole)
    total = sum(value * count for value, count in whole)
    squares = sum(value * value * count for value, count in whole)
    return Fraction(n * squares - total * total, n * scale * scale)


def trim_count(n: int, rules: RuleSet) -> int:
    """Return how many of n ballots are left out at each end."""
    return int(n * Fraction(rules.trim_percent) / 100) if n >= TRIM_FROM else 0


def trimmed(scores: Histogram, at_each_end: int) -> Histogram:
    """Return an ascending histogram without so many ballots at each end."""
    if not at_each_end:
        return scores
    upwards = _without_first(scores, at_each_end)
    return tuple(reversed(_without_first(tuple(reversed(upwards)), at_each_end)))


def _without_first(scores: Histogram, ballots: int) -> Histogram:
    kept = []
    for score, count in scores:
        dropped = min(count, ballots)
        ballots -= dropped
        if count > dropped:
            kept.append((score, count - dropped))
    return tuple(kept)


def _whole(numbers: list[Fraction]) -> tuple[list[int], int]:
    scale = lcm(*(number.denominator for number in numbers))
    return [number.numerator * (scale // number.denominator) for number in numbers], scale


@dataclass(frozen=True, slots=True)
class _Patterns:
    distinct: tuple[str, ...]
    index: Integers


def _ratio_of(rules: RuleSet) -> Callable[[str], tuple[int, int] | None]:
    """Return the function from a pattern to numerator and denominator of its ballot score.

    Weights and points are brought to whole numbers once, so that a pattern costs additions only.
    """
    weights, _ = _whole([Fraction(item.weight) for item in rules.items])
    scored = [option for option in rules.options if option.points is not None]
    points, scale = _whole([Fraction(option.points or 0) for option in scored])
    worth = {option.code: point for option, point in zip(scored, points, strict=True)}

    def ratio(pattern: str) -> tuple[int, int] | None:
        top = bottom = answered = 0
        for weight, code in zip(weights, pattern, strict=True):
            point = worth.get(code)
            if point is not None:
                top += weight * point
                bottom += weight
                answered += 1
        return (top, scale * bottom) if answered >= rules.min_items_scored else None

    return ratio


def _columns(
    tally: Tally, rules: RuleSet, rows: Mapping[str, int], groups: Mapping[str, int]
) -> tuple[Integers, _Patterns, Integers, dict[int, int]]:
    """Return the tally as columns: slot (unit and group), pattern and count of each cell."""
    closed = {group.code for group in rules.groups if not group.open_channel}
    slots, index, counts = [], [], []
    distinct: dict[str, int] = {}
    left_out: dict[int, int] = {}
    for (group, channel, unit, pattern, _), count in tally.items():
        if unit not in rows or group not in groups:
            raise Fault(
                N_("the tally speaks of unit “%(unit)s” and group “%(group)s”: one is not known"),
                "tally",
                unit=unit,
                group=group,
            )
        slot = rows[unit] + groups[group]
        if channel == OPEN_CHANNEL and group in closed:
            left_out[slot] = left_out.get(slot, 0) + count
            continue
        slots.append(slot)
        index.append(distinct.setdefault(pattern, len(distinct)))
        counts.append(count)
    _check_patterns(distinct, rules)
    patterns = _Patterns(tuple(distinct), np.array(index, np.int64))
    return np.array(slots, np.int64), patterns, np.array(counts, np.int64), left_out


def _check_patterns(patterns: Mapping[str, int], rules: RuleSet) -> None:
    codes = {option.code for option in rules.options} | {BLANK}
    for pattern in patterns:
        if len(pattern) != len(rules.items) or not codes.issuperset(pattern):
            raise Fault(
                N_("the pattern “%(pattern)s” does not fit the items and options"),
                "tally",
                pattern=pattern,
            )


def _sums(keys: Integers, counts: Integers, size: int) -> Integers:
    sums = np.zeros(size, np.int64)
    np.add.at(sums, keys, counts)
    return sums


def _histograms(
    slots: Integers, patterns: _Patterns, counts: Integers, rules: RuleSet
) -> dict[int, Histogram]:
    ratio = _ratio_of(rules)
    ratios = [ratio(pattern) for pattern in patterns.distinct]
    scores = {pair: Fraction(*pair) for pair in set(ratios) if pair is not None}
    values = sorted(set(scores.values()))
    number = {value: position for position, value in enumerate(values)}
    places = {pair: number[value] for pair, value in scores.items()}
    of_pattern = np.array([-1 if p is None else places[p] for p in ratios], np.int64)
    of_cell = of_pattern[patterns.index]
    scored = of_cell >= 0
    keys = slots[scored] * len(values) + of_cell[scored]
    distinct, inverse = np.unique(keys, return_inverse=True)
    found: dict[int, list[tuple[Fraction, int]]] = {}
    for key, count in zip(
        distinct.tolist(), _sums(inverse, counts[scored], distinct.size).tolist(), strict=True
    ):
        slot, position = divmod(key, len(values))
        found.setdefault(slot, []).append((values[position], count))
    return {slot: tuple(pairs) for slot, pairs in found.items()}


def _option_counts(
    slots: Integers, patterns: _Patterns, counts: Integers, rules: RuleSet, size: int
) -> Integers:
    column = {option.code: number for number, option in enumerate(rules.options)}
    column[BLANK] = len(column)
    items = len(rules.items)
    of_pattern = np.array(
        [[column[code] for code in pattern] for pattern in patterns.distinct], np.int64
    ).reshape(-1, items)
    table = np.zeros((size * items, len(column)), np.int64)
    for item in range(items):
        codes = of_pattern[patterns.index, item]
        keys = (slots * items + item) * len(column) + codes
        table += _sums(keys, counts, table.size).reshape(table.shape)
    return table.reshape(size, items, len(column))
