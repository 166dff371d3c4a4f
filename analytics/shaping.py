"""From a tally and its result to the arrays that statistics take."""

from collections.abc import Sequence

import numpy as np

from analytics.counting import signs_of
from analytics.histogram import mean_score
from analytics.rules.rule_set import RuleSet
from analytics.shapes import NOWHERE, Floats, PatternCounts, ScoreCounts
from analytics.social_result import SocialResult, Unit
from analytics.tally import BLANK, OPEN_CHANNEL, Tally


def score_counts(result: SocialResult, rules: RuleSet) -> ScoreCounts:
    """Return the ballot scores of a result as arrays; groups without weight in it have no share.

    A group that arrived as ready-made scores has a mean but no ballots: its mean stands as mu with
    an own share of 0, so that the composites are right and nobody takes it for a sample.
    """
    groups = tuple(
        group.code
        for group in rules.groups
        if any(view.group == group.code for score in result.units for view in score.groups)
    )
    numbers: dict[tuple[int, int], float] = {}
    for score in result.units:
        for view in score.groups:
            of_scale = view.scores.scale
            numbers.update({(v, of_scale): v / of_scale for v in view.scores.values})
    values = np.unique(np.fromiter(numbers.values(), np.float64, len(numbers)))
    place = {key: int(np.searchsorted(values, value)) for key, value in numbers.items()}
    shape = len(result.units), len(groups)
    counts = np.zeros((*shape, values.size), np.int64)
    shares, own_shares, mu = np.zeros(shape), np.ones(shape), np.zeros(shape)
    trims = np.zeros(shape)
    for u, score in enumerate(result.units):
        for view in score.groups:
            g = groups.index(view.group)
            scores = view.scores
            places = [place[value, scores.scale] for value in scores.values]
            counts[u, g, places] = scores.counts
            shares[u, g] = view.weight_share or 0
            if view.trimmed and view.mean is not None:
                trims[u, g] = view.mean - mean_score(scores)
            if view.valid and not scores:
                own_shares[u, g], mu[u, g] = 0.0, float(view.padded or 0)
            else:
                own_shares[u, g] = 1 if view.own_share is None else view.own_share
                mu[u, g] = view.mu or 0
    return ScoreCounts(
        units=tuple(score.unit.code for score in result.units),
        classes=tuple(score.unit.unit_class for score in result.units),
        groups=groups,
        values=values,
        counts=counts,
        shares=shares,
        own_shares=own_shares,
        mu=mu,
        scale=float(rules.full_marks) / 100,
        trims=trims if trims.any() else None,
    )


def pattern_counts(tally: Tally, rules: RuleSet, units: Sequence[Unit]) -> PatternCounts:
    """Return the cells of a tally as arrays, without those that the rules leave out.

    An unknown unit or group is a KeyError: the official computation has refused it before.
    """
    columns = tally.columns
    unit_of = {unit.code: number for number, unit in enumerate(units)}
    group_of = {group.code: number for number, group in enumerate(rules.groups)}
    closed = {group.code for group in rules.groups if not group.open_channel}
    channels = tuple(dict.fromkeys(place.channel for place in columns.places))
    counted = np.array(
        [not (p.channel == OPEN_CHANNEL and p.group in closed) for p in columns.places], bool
    )
    kept = counted[columns.place]
    place, count = columns.place[kept], columns.count[kept]
    used, pattern = np.unique(columns.pattern[kept], return_inverse=True)
    points = pattern_points([columns.patterns[number] for number in used], rules)
    return PatternCounts(
        units=tuple(unit.code for unit in units),
        classes=tuple(unit.unit_class for unit in units),
        groups=tuple(group.code for group in rules.groups),
        channels=channels,
        items=tuple(item.code for item in rules.items),
        points=points,
        scores=pattern_scores(points, rules),
        unit=np.array([unit_of[p.unit] for p in columns.places], np.int64)[place],
        group=np.array([group_of[p.group] for p in columns.places], np.int64)[place],
        channel=np.array([channels.index(p.channel) for p in columns.places], np.int64)[place],
        pattern=pattern,
        flagged=np.array([p.flagged for p in columns.places], bool)[place],
        count=count,
    )


def option_points(rules: RuleSet) -> Floats:
    """Return the points of each option (L,), NaN where it has none."""
    return np.array([np.nan if one.points is None else float(one.points) for one in rules.options])


def pattern_points(patterns: Sequence[str], rules: RuleSet) -> Floats:
    """Return the points of each item of each pattern (P, J), NaN where it is not scored."""
    numbers = np.full(256, NOWHERE)
    for number, option in enumerate(rules.options):
        numbers[ord(option.code)] = number
    numbers[ord(BLANK)] = NOWHERE
    signs = signs_of(patterns, rules)
    points: Floats = np.append(option_points(rules), np.nan)[numbers[signs]]
    return points


def pattern_scores(points: Floats, rules: RuleSet) -> Floats:
    """Return the ballot score B of patterns given by their points (P,), NaN without one."""
    weights = np.array([float(item.weight) for item in rules.items])
    scored = ~np.isnan(points)
    divisors = scored @ weights
    enough = scored.sum(axis=1) >= max(rules.min_items_scored, 1)
    sums = np.where(scored, points, 0.0) @ weights
    return np.where(enough, sums / np.where(divisors > 0, divisors, 1), np.nan)
