"""What a class's ranking would be under other rules: other points, conversions, no padding."""

from collections.abc import Mapping

import numpy as np

from analytics.rankings import ROUNDING, Alternative, alternative, composites_of, ranks_of
from analytics.rules.rule_set import Conversion, Method
from analytics.shapes import Floats, Integers, PatternCounts, ScoreCounts, ratio_of


def other_conversions(
    means: Floats, shares: Floats, conversion: Conversion, full_marks: float, decimals: int = 2
) -> tuple[Alternative, ...]:
    """Return scores and ranks of a class's M' (U, G) under each method, and under rounding first.

    Direct, ratio and rank keep the order of composites, but for the ties that the least score of
    `rank` makes; standard scores may change it. Rounding makes ties.
    """
    composites = composites_of(means, shares)
    scored = ~np.isnan(composites)
    direct = full_marks * composites / 100
    best = float(np.max(composites, initial=0.0, where=scored))
    loss = float(conversion.step_percent) / 100 * (ranks_of(composites) - 1)
    kept = np.maximum(float(conversion.floor_percent) / 100, 1 - loss)
    few = scored.sum() < conversion.min_units
    made = {
        Method.DIRECT: direct,
        Method.RATIO: full_marks * composites / best if best > 0 else composites * 0,
        Method.RANK: np.where(scored, full_marks * kept, np.nan),
        Method.STANDARD: direct if few else _standard(means, shares, conversion, full_marks),
        "rounded": _half_up(direct, decimals),
    }
    return tuple(alternative(str(name), composites, one) for name, one in made.items())


def usual_points(official: Floats) -> dict[str, Floats]:
    """Return points that options (L,) are often given instead, by name; NaN stays NaN.

    Equal steps from 100 to 0, all for the best option, and 100/80/60/30/0 where there are five.
    """
    levels = np.unique(official[~np.isnan(official)])
    if levels.size < 2:
        return {}
    made = {
        "equal_steps": np.linspace(0, 100, levels.size),
        "top_box": np.where(levels == levels[-1], 100.0, 0.0),
    }
    if levels.size == 5:
        made["100/80/60/30/0"] = np.array([0.0, 30.0, 60.0, 80.0, 100.0])
    return {name: _translated(official, levels, worth) for name, worth in made.items()}


def other_points(
    cells: PatternCounts,
    scores: ScoreCounts,
    unit_class: str,
    official: Floats,
    points: Mapping[str, Floats],
    item_weights: Floats,
) -> tuple[Alternative, ...]:
    """Return a class's composites and ranks if options had other points (L,) than the official.

    `item_weights` (J,) are those of the cells' items. Padding and shrinkage keep each unit's own
    share, and what they mix in moves as the units do that decide alone, or else by their shares;
    so trimmed rules and priors of other classes are answered nearly, all else exactly.
    """
    members = scores.members(unit_class)
    before = scores.composites[members]
    known = _cell_means(cells, scores, cells.scores)
    made = []
    for name, other in points.items():
        levels, worth = _levels(official, other)
        translated = _translated(cells.points, levels, worth)
        means = _cell_means(cells, scores, _ballot_scores(translated, item_weights))
        counted = _counted(scores, means - known, members)
        made.append(alternative(name, before, composites_of(counted, scores.shares[members])))
    return tuple(made)


def without_padding(scores: ScoreCounts, unit_class: str) -> Alternative:
    """Return a class's composites and ranks from own ballots alone, groups without any left out.

    Groups that arrived as ready-made scores, and so have no ballots at all, stay as they are.
    """
    members = scores.members(unit_class)
    ready = scores.n.sum(axis=0) == 0
    shares = np.where((scores.n > 0) | ready, scores.shares, 0.0)[members]
    shares = np.nan_to_num(ratio_of(shares, shares.sum(axis=1, keepdims=True)))
    means = np.where(ready, scores.counted_means, scores.means)[members]
    official = scores.composites[members]
    return alternative("without_padding", official, composites_of(means, shares))


def _standard(means: Floats, shares: Floats, conversion: Conversion, full_marks: float) -> Floats:
    """Return standard scores: each group's deviation from the class, cut, around a centre."""
    taking_part = shares > 0
    units = np.maximum(1, taking_part.sum(axis=0))
    known = np.where(taking_part, means, 0.0)
    deviations = np.where(taking_part, known - known.sum(axis=0) / units, 0.0)
    spread = np.sqrt((deviations**2).sum(axis=0) / units)
    least = max(float(conversion.min_deviation), ROUNDING)
    limit = float(conversion.limit)
    z = np.clip(deviations / np.maximum(spread, least), -limit, limit)
    points = float(conversion.centre) + float(conversion.spread) * z
    return full_marks * composites_of(points, shares) / 100


def _half_up(values: Floats, decimals: int) -> Floats:
    """Return values of at least 0 rounded half up; binary noise does not pull a half down."""
    step = 10.0**decimals
    rounded: Floats = np.floor(values * step * (1 + ROUNDING) + 0.5) / step
    return rounded


def _levels(official: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Return the official points that occur, ascending, and what each becomes."""
    if official.shape != other.shape:
        raise ValueError("every option needs its other points")
    scored = ~np.isnan(official)
    levels, first, place = np.unique(official[scored], return_index=True, return_inverse=True)
    worth = other[scored][first]
    if not np.array_equal(worth[place], other[scored]):
        raise ValueError("options with the same points need the same other points")
    return levels, worth


def _translated(points: Floats, levels: Floats, worth: Floats) -> Floats:
    """Return points of any shape with each level replaced; NaN stays."""
    unscored = np.isnan(points)
    place = np.searchsorted(levels, np.where(unscored, levels[0], points))
    if not np.array_equal(levels[np.minimum(place, levels.size - 1)][~unscored], points[~unscored]):
        raise ValueError("there are answers with points that no option has")
    return np.where(unscored, np.nan, worth[place])


def _ballot_scores(points: Floats, item_weights: Floats) -> Floats:
    scored = ~np.isnan(points)
    return ratio_of(np.where(scored, points, 0.0) @ item_weights, scored @ item_weights)


def _cell_means(cells: PatternCounts, scores: ScoreCounts, worth: Floats) -> Floats:
    """Return each unit's and group's mean (U, G) with these scores of patterns, NaN without any."""
    units = np.array([scores.units.index(code) for code in cells.units], np.int64)
    groups = np.array([_place(code, scores.groups) for code in cells.groups], np.int64)
    valid = ~np.isnan(cells.scores[cells.pattern]) & (groups[cells.group] < len(scores.groups))
    place = units[cells.unit[valid]] * len(scores.groups) + groups[cells.group[valid]]
    count = cells.count[valid]
    size = len(scores.units) * len(scores.groups)
    sums = np.bincount(place, count * worth[cells.pattern[valid]], size)
    means = ratio_of(sums, np.bincount(place, count, size))
    return means.reshape(len(scores.units), len(scores.groups))


def _place(code: str, codes: tuple[str, ...]) -> int:
    return codes.index(code) if code in codes else len(codes)


def _counted(scores: ScoreCounts, moved: Floats, members: Integers) -> Floats:
    """Return M' (U, G) of a class after its means have moved, and what they are mixed with too."""
    taking_part = scores.shares.sum(axis=1) > 0
    n, own = np.where(taking_part[:, None], scores.n, 0), scores.own_shares
    mu = scores.mu[members].copy()
    for g in range(len(scores.groups)):
        rows = members if n[members, g].any() else np.arange(len(scores.units))
        weights = _weights(n[rows, g], own[rows, g])
        if weights.sum() > 0:
            mu[:, g] += (weights * np.nan_to_num(moved[rows, g])).sum() / weights.sum()
    z = own[members]
    counted: Floats = z * np.nan_to_num(scores.means + moved)[members] + (1 - z) * mu
    return counted


def _weights(n: Integers, own: Floats) -> Floats:
    """Return how much each unit counts in what is mixed in: alone, by its share, by its ballots."""
    alone: Floats = ((own == 1) & (n > 0)).astype(np.float64)
    if alone.any():
        return alone
    by_share: Floats = np.where(n > 0, own, 0.0)
    by_ballots: Floats = n.astype(np.float64)
    return by_share if by_share.any() else by_ballots
