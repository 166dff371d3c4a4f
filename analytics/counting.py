"""From patterns to ballot scores: what each group gave each unit, as counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.faults import N_, Fault
from analytics.figures import whole
from analytics.histogram import NO_BALLOTS, Histogram
from analytics.rules.rule_set import RuleSet
from analytics.social_result import Unit
from analytics.tally import BLANK, OPEN_CHANNEL, Columns, Integers, Tally

TRIM_FROM = 20
ELSEWHERE = -1  # the slot of cells that are not counted, the score of patterns without one

Signs = NDArray[np.uint8]
Whole = NDArray[Any]  # of int64, or of Python's own where those would not fit


@dataclass(frozen=True, slots=True)
class Counts:
    """What one group gave one unit.

    `options` has a row per item and a column per option, then one for "not answered".
    """

    returned: int = 0
    left_out: int = 0
    scores: Histogram = NO_BALLOTS
    options: tuple[tuple[int, ...], ...] = ()

    @property
    def valid(self) -> int:
        """Return the number of ballots with a score."""
        return self.scores.ballots


def count_ballots(
    tally: Tally, rules: RuleSet, units: Sequence[Unit]
) -> dict[tuple[str, str], Counts]:
    """Return the counts of every unit and group with a returned ballot, keyed by their codes."""
    keys = [(unit.code, group.code) for unit in units for group in rules.groups]
    counted, left_out = _counted_cells(
        tally.columns, rules, {key: slot for slot, key in enumerate(keys)}
    )
    returned = _sums(counted.slots, counted.counts, len(keys))
    histograms = _histograms(counted, rules)
    options = _option_counts(counted, rules, len(keys))
    return {
        key: Counts(
            returned=int(returned[slot]),
            left_out=left_out.get(slot, 0),
            scores=histograms.get(slot, NO_BALLOTS),
            options=tuple(map(tuple, options[slot].tolist())),
        )
        for slot, key in enumerate(keys)
        if returned[slot] or slot in left_out
    }


def trim_count(n: int, rules: RuleSet) -> int:
    """Return how many of n ballots are left out at each end."""
    if n < TRIM_FROM or not rules.trim_percent:
        return 0
    return int(n * Fraction(rules.trim_percent) / 100)


@dataclass(frozen=True, eq=False, slots=True)
class _Counted:
    """The cells that count: slot (unit and group), pattern and count; patterns by their signs."""

    slots: Integers
    patterns: Integers
    counts: Integers
    signs: Signs  # a row per pattern, a column per item


def _counted_cells(
    columns: Columns, rules: RuleSet, slots: Mapping[tuple[str, str], int]
) -> tuple[_Counted, dict[int, int]]:
    """Return the cells that count, and per slot how many ballots the rules leave out."""
    closed = {group.code for group in rules.groups if not group.open_channel}
    of_place = _sums(columns.place, columns.count, len(columns.places)).tolist()
    slot_of = np.full(len(columns.places), ELSEWHERE)
    left_out: dict[int, int] = {}
    for number, (place, count) in enumerate(zip(columns.places, of_place, strict=True)):
        if not count:
            continue
        slot = slots.get((place.unit, place.group))
        if slot is None:
            raise Fault(
                N_("the tally speaks of unit “%(unit)s” and group “%(group)s”: one is not known"),
                "tally",
                unit=place.unit,
                group=place.group,
            )
        if place.channel == OPEN_CHANNEL and place.group in closed:
            left_out[slot] = left_out.get(slot, 0) + count
        else:
            slot_of[number] = slot
    of_cell = slot_of[columns.place]
    kept = of_cell != ELSEWHERE
    is_seen = np.zeros(len(columns.patterns), bool)
    is_seen[columns.pattern[kept]] = True
    signs = signs_of([columns.patterns[number] for number in np.flatnonzero(is_seen)], rules)
    patterns = (np.cumsum(is_seen) - 1)[columns.pattern[kept]]
    return _Counted(of_cell[kept], patterns, columns.count[kept], signs), left_out


def signs_of(patterns: Sequence[str], rules: RuleSet) -> Signs:
    """Return the option codes of patterns that fit the rules, or refuse."""
    codes = {option.code for option in rules.options} | {BLANK}
    for pattern in patterns:
        if len(pattern) != len(rules.items) or not codes.issuperset(pattern):
            raise Fault(
                N_("the pattern “%(pattern)s” does not fit the items and options"),
                "tally",
                pattern=pattern,
            )
    return np.frombuffer("".join(patterns).encode(), np.uint8).reshape(-1, len(rules.items))


def _sums(keys: Integers, counts: Integers, size: int) -> Integers:
    sums = np.zeros(size, np.int64)
    np.add.at(sums, keys, counts)
    return sums


def _scores(signs: Signs, rules: RuleSet) -> tuple[Integers, list[int], int]:
    """Return the place of each pattern's score in a list, and the list as numbers over a scale.

    The list ascends; the place of a pattern without a score is `ELSEWHERE`.
    """
    top, bottom, is_scored = _ratios(signs, rules)
    ratios = list(zip(top[is_scored].tolist(), bottom[is_scored].tolist(), strict=True))
    scores = {ratio: Fraction(*ratio) for ratio in set(ratios)}
    distinct = sorted(set(scores.values()))
    number = {score: place for place, score in enumerate(distinct)}
    places = {ratio: number[score] for ratio, score in scores.items()}
    of_pattern = np.full(len(signs), ELSEWHERE)
    of_pattern[is_scored] = [places[ratio] for ratio in ratios]
    return of_pattern, *whole(distinct)


def _ratios(signs: Signs, rules: RuleSet) -> tuple[Whole, Whole, NDArray[np.bool_]]:
    """Return each pattern's score as numerator and denominator, and whether it has one."""
    weights, _ = whole([Fraction(item.weight) for item in rules.items])
    scored = [option for option in rules.options if option.points is not None]
    points, scale = whole([Fraction(option.points or 0) for option in scored])
    fits = sum(weights) * max(scale, *map(abs, points)) < np.iinfo(np.int64).max
    kind: type[Any] = np.int64 if fits else np.object_
    worth, is_answer = np.zeros(256, kind), np.zeros(256, np.int64)
    for option, point in zip(scored, points, strict=True):
        worth[ord(option.code)], is_answer[ord(option.code)] = point, 1
    answers = is_answer[signs]
    factors: Whole = np.array(weights, kind)
    enough = answers.sum(axis=1) >= rules.min_items_scored
    return worth[signs] @ factors, answers @ (factors * scale), enough


def _histograms(cells: _Counted, rules: RuleSet) -> dict[int, Histogram]:
    """Return the histogram of ballot scores of every slot that has any."""
    of_pattern, values, scale = _scores(cells.signs, rules)
    of_cell = of_pattern[cells.patterns]
    scored = of_cell != ELSEWHERE
    keys = cells.slots[scored] * len(values) + of_cell[scored]
    found, inverse = np.unique(keys, return_inverse=True)
    if not found.size:
        return {}
    counts = _sums(inverse, cells.counts[scored], found.size).tolist()
    slots, places = np.divmod(found, len(values))
    scores = [values[place] for place in places.tolist()]
    starts = np.flatnonzero(np.diff(slots, prepend=ELSEWHERE))
    ends = np.append(starts[1:], slots.size)
    return {
        slot: Histogram(scale, tuple(scores[start:end]), tuple(counts[start:end]))
        for slot, start, end in zip(
            slots[starts].tolist(), starts.tolist(), ends.tolist(), strict=True
        )
    }


def _option_counts(cells: _Counted, rules: RuleSet, size: int) -> Integers:
    """Return how often each slot has each option of each item: slot × item × option."""
    column = np.zeros(256, np.int64)
    for number, option in enumerate(rules.options):
        column[ord(option.code)] = number
    column[ord(BLANK)] = len(rules.options)
    items, options = len(rules.items), len(rules.options) + 1
    of_pattern = column[cells.signs] + np.arange(items) * options
    keys = of_pattern[cells.patterns] + (cells.slots * items * options)[:, None]
    repeated = np.repeat(cells.counts, items)
    return _sums(keys.ravel(), repeated, size * items * options).reshape(size, items, options)
