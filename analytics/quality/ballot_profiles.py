"""What is known of each ballot by itself, taken once from its ratings in bounded memory."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.hashing import Hashes, mixed, numbered, row_hashes
from analytics.quality.careless import irv, longstring, mahalanobis
from analytics.quality.chance import chi_square_tail
from analytics.shapes import NOWHERE, BallotRows, Bools, Floats, Integers, ratio_of

_AT_ONCE = 1 << 22  # answers laid side by side
_FAR = 0.025  # by chi-square, as usual in a reweighting step (Rousseeuw and Leroy 1987)


@dataclass(frozen=True, eq=False, slots=True)
class DistinctRatings:
    """The different ratings there are: a unit, a group and what each item was given.

    D of them stand for all N ratings. Every figure of a rating is taken once for each.
    """

    unit: Integers  # (D,)
    group: Integers  # (D,)
    levels: NDArray[np.int8]  # (D, J)
    points: Floats  # (D, J) NaN where nothing is scored
    scores: Floats  # (D,) ballot score B, NaN where too few items are scored
    pattern: Hashes  # (D,) equal where the levels are equal
    mixture: Hashes  # (D,) equal where the levels are, in whatever order of items
    counts: Integers  # (D,) how many ratings
    spread: Floats  # (D,) IRV over the items
    distance: Floats  # (D,) squared Mahalanobis distance from the group's mean of the unit
    freedom: Integers  # (D,)


@dataclass(frozen=True, eq=False, slots=True)
class BallotProfiles:
    """Each ballot (A,) as a whole, and which distinct rating each of its ratings is.

    A ballot on several units has its answers side by side in order of unit for runs; its IRV is the
    root mean square of its units' and its distance their sum, so that units which differ do not
    make the appraiser look erratic.
    """

    rows: BallotRows  # ratings in order of ballot and unit
    distinct: DistinctRatings
    which: Integers  # (N,)
    starts: Integers  # (A,) where a ballot's ratings begin
    rated: Integers  # (A,) units
    answered: Integers  # (A,) items
    longest: Integers  # (A,) longest run of one level
    spread: Floats  # (A,) NaN without two scored items about one unit
    distance: Floats  # (A,) NaN without a scored item
    freedom: Integers  # (A,)
    vector: Hashes  # (A,) equal where the same units were given the same
    mixture: Hashes  # (A,) equal where the same units were given the same mixtures

    @property
    def scores(self) -> Floats:
        """Return the ballot score of each rating (N,)."""
        return self.distinct.scores[self.which]


def ballot_profiles(rows: BallotRows) -> BallotProfiles:
    """Return the profiles of ballots, whatever the order of their ratings."""
    rows = _in_order(rows)
    ballots = len(rows.ballots)
    distinct, which = _distinct_ratings(rows)
    rated = np.bincount(rows.ballot, minlength=ballots)
    starts = np.cumsum(rated) - rated

    def summed(figures: NDArray[np.generic]) -> Floats:
        sums: Floats = np.bincount(rows.ballot, figures[which], ballots).astype(np.float64)
        return sums

    def averaged(figures: Floats) -> Floats:
        known = ~np.isnan(figures)
        return ratio_of(summed(np.where(known, figures, 0.0)), summed(known))

    units = numbered(len(rows.units), 2)
    freedom = summed(distinct.freedom).astype(np.int64)
    distance = summed(np.nan_to_num(distinct.distance))
    return BallotProfiles(
        rows=rows,
        distinct=distinct,
        which=which,
        starts=starts,
        rated=rated,
        answered=summed((distinct.levels != NOWHERE).sum(axis=1)).astype(np.int64),
        longest=_longest_runs(rows, starts, rated),
        spread=np.sqrt(averaged(distinct.spread**2)),
        distance=np.where(freedom > 0, distance, np.nan),
        freedom=freedom,
        vector=_sums(mixed(units[distinct.unit] ^ distinct.pattern)[which], starts, rated),
        mixture=_sums(mixed(units[distinct.unit] ^ distinct.mixture)[which], starts, rated),
    )


def _in_order(rows: BallotRows) -> BallotRows:
    """Return rows whose ratings stand in order of ballot and unit."""
    place = rows.ballot * max(len(rows.units), 1) + rows.unit
    if (np.diff(place) > 0).all():
        return rows
    order = np.argsort(place, kind="stable")
    ballot, unit, levels = rows.ballot[order], rows.unit[order], rows.levels[order]
    return replace(rows, ballot=ballot, unit=unit, levels=levels)


def _distinct_ratings(rows: BallotRows) -> tuple[DistinctRatings, Integers]:
    groups = max(len(rows.groups), 1)
    group = rows.group[rows.ballot]
    cell = (rows.unit * groups + group).astype(np.uint64)
    keys = row_hashes(rows.levels) ^ mixed(cell + np.uint64(1))
    _, first, which, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    unit, group, levels = rows.unit[first], group[first], rows.levels[first]
    points = np.append(rows.points, np.nan)[levels]
    small = replace(
        rows, ballot=np.zeros(first.size, np.int64), unit=unit, levels=levels, comments=()
    )
    distance, freedom = _distances(points, unit * groups + group, group, counts)
    found = DistinctRatings(
        unit=unit,
        group=group,
        levels=levels,
        points=points,
        scores=small.scores,
        pattern=row_hashes(levels),
        mixture=row_hashes(np.sort(levels, axis=1)),
        counts=counts,
        spread=irv(points),
        distance=distance,
        freedom=freedom,
    )
    return found, which


def _distances(
    points: Floats, cell: Integers, group: Integers, counts: Integers
) -> tuple[Floats, Integers]:
    """Return distances from the cell's mean by the group's covariance inside cells.

    Taken twice: the second time the ratings that lay far out the first time no longer shape mean
    and covariance, or a crowd of random clickers would hide itself. A group with fewer spare
    complete ratings than three for each item has none: NaN and 0.
    """
    distance, freedom = _distances_once(points, cell, group, counts)
    far = np.nan_to_num(chi_square_tail(distance, freedom), nan=1.0) < _FAR
    return _distances_once(points, cell, group, np.where(far, 0, counts))


def _distances_once(
    points: Floats, cell: Integers, group: Integers, counts: Integers
) -> tuple[Floats, Integers]:
    means = _cell_means(points, cell, counts)
    distance, freedom = np.full(len(points), np.nan), np.zeros(len(points), np.int64)
    complete = ~np.isnan(points).any(axis=1)
    for number in np.unique(group):
        chosen = group == number
        basis = chosen & complete
        spare = int(counts[basis].sum()) - np.unique(cell[basis & (counts > 0)]).size
        if spare < 3 * points.shape[1] or not points.shape[1]:
            continue
        deviations = points[basis] - means[basis]
        covariance = (deviations * counts[basis, None]).T @ deviations / spare
        distance[chosen], freedom[chosen] = mahalanobis(points[chosen], means[chosen], covariance)
    return distance, freedom


def _cell_means(points: Floats, cell: Integers, counts: Integers) -> Floats:
    """Return the mean points of each item in each rating's cell (D, J), NaN passed over."""
    means = np.empty_like(points)
    for item, column in enumerate(points.T):
        weights = np.where(np.isnan(column), 0, counts)
        sums = np.bincount(cell, weights * np.nan_to_num(column))
        means[:, item] = ratio_of(sums, np.bincount(cell, weights))[cell]
    return np.nan_to_num(means)


def _longest_runs(rows: BallotRows, starts: Integers, rated: Integers) -> Integers:
    """Return the longest run of one level over all answers of each ballot."""
    longest = np.zeros(rated.size, np.int64)
    items = rows.levels.shape[1]
    for size in np.unique(rated[rated > 0]).tolist():
        ballots = np.flatnonzero(rated == size)
        step = max(1, _AT_ONCE // max(size * items, 1))
        for begin in range(0, ballots.size, step):
            part = ballots[begin : begin + step]
            levels = rows.levels[starts[part][:, None] + np.arange(size)]
            longest[part] = longstring(levels.reshape(part.size, size * items))
    return longest


def _sums(values: Hashes, starts: Integers, rated: Integers) -> Hashes:
    """Return the sum of each ballot's values, modulo 2^64: the same in any order."""
    sums = np.zeros(rated.size, np.uint64)
    some: Bools = rated > 0
    if some.any():
        sums[some] = np.add.reduceat(values, starts[some])
    return sums
