"""The arrays that statistics take, each of one stated shape; none knows where they came from.

Letters of the shapes: U units, G groups, K ballot scores, P patterns, J items, C cells, L options,
A appraisers (one for each ballot), N ratings (one unit on one ballot).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

_AT_ONCE = 1 << 18  # ratings; a million ballots' answers need not lie in memory as points
NOWHERE = -1  # the number of an item without an answer, of a place or a moment that nobody knows


@dataclass(frozen=True, eq=False, slots=True)
class ScoreCounts:
    """How many ballots of each group gave each unit each ballot score, and how they are weighted.

    What a unit's composite is: the sum over groups of share · (z · M + (1 - z) · mu).
    """

    units: tuple[str, ...]
    classes: tuple[str, ...]  # of each unit
    groups: tuple[str, ...]
    values: Floats  # (K,) ballot scores of 0 to 100, ascending
    counts: Integers  # (U, G, K)
    shares: Floats  # (U, G) weights in use: a row's sum is 1, or 0 for a unit without a score
    own_shares: Floats  # (U, G) z, how much the unit's own ballots count against mu
    mu: Floats  # (U, G) what padding or shrinkage mixes in; 0 where nothing is
    scale: float  # full marks per point of 0 to 100
    trims: Floats | None = None  # (U, G) what leaving out the ends moves each mean by

    @property
    def n(self) -> Integers:
        """Return the number of valid ballots (U, G)."""
        n: Integers = self.counts.sum(axis=2)
        return n

    @property
    def means(self) -> Floats:
        """Return the mean ballot score M that counts (U, G), NaN without ballots."""
        means = self._plain_means
        return means if self.trims is None else means + self.trims

    @property
    def _plain_means(self) -> Floats:
        return ratio_of(self.counts @ self.values, self.n)

    @property
    def variances(self) -> Floats:
        """Return the variance of ballot scores with divisor n - 1 (U, G), NaN below two ballots.

        It is that of all ballots, also where the ends are left out of the mean.
        """
        means = np.nan_to_num(self._plain_means)
        deviations = (self.values[None, None, :] - means[:, :, None]) ** 2
        return ratio_of((self.counts * deviations).sum(axis=2), self.n - 1)

    @property
    def counted_means(self) -> Floats:
        """Return the means that count, M' (U, G); 0 where the group has no share."""
        mixed = self.own_shares * np.nan_to_num(self.means) + (1 - self.own_shares) * self.mu
        return np.where(self.shares > 0, mixed, 0.0)

    @property
    def composites(self) -> Floats:
        """Return the composite R of 0 to 100 (U,), NaN for a unit without a score."""
        composites = (self.shares * self.counted_means).sum(axis=1)
        return np.where(self.shares.sum(axis=1) > 0, composites, np.nan)

    def members(self, unit_class: str) -> Integers:
        """Return the numbers of the units of a class."""
        return np.flatnonzero(np.array(self.classes) == unit_class)


@dataclass(frozen=True, eq=False, slots=True)
class PatternCounts:
    """How many ballots gave which pattern of answers: the tally's cells with what they say.

    Cells of one unit and group may stand apart by channel and by whether a check flagged them.
    """

    units: tuple[str, ...]
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    channels: tuple[str, ...]
    items: tuple[str, ...]
    points: Floats  # (P, J) points of each answer, NaN for "do not know" and no answer
    scores: Floats  # (P,) ballot score B, NaN where too few items are scored
    unit: Integers  # (C,)
    group: Integers  # (C,)
    channel: Integers  # (C,)
    pattern: Integers  # (C,)
    flagged: Bools  # (C,)
    count: Integers  # (C,) above 0

    def counts_of(self, cells: Bools | None = None) -> Integers:
        """Return how many ballots have each pattern (P,), over all cells or the chosen ones."""
        counts = np.zeros(len(self.scores), np.int64)
        chosen = slice(None) if cells is None else cells
        np.add.at(counts, self.pattern[chosen], self.count[chosen])
        return counts


@dataclass(frozen=True, eq=False, slots=True)
class RatingRows:
    """Who gave which unit which score: one row per rating, of one group.

    Appraisers are numbered from 0; one who rated nothing that is scored has no row but counts.
    """

    appraisers: int  # A
    units: int  # U
    appraiser: Integers  # (N,)
    unit: Integers  # (N,)
    value: Floats  # (N,) ballot score B, never NaN; no appraiser rates a unit twice


@dataclass(frozen=True, eq=False, slots=True)
class BallotRows:
    """Ballots one by one, with all that was answered and what is known of how they came.

    Levels are numbers in the rule set's options, `NOWHERE` for an item without an answer.
    """

    ballots: tuple[str, ...]  # (A,) their names
    units: tuple[str, ...]
    groups: tuple[str, ...]
    places: tuple[str, ...]  # entrances, windows, districts: whatever the votes are held against
    group: Integers  # (A,)
    place: Integers  # (A,) or NOWHERE
    seconds: Floats  # (A,) how long the form was open, NaN where not known
    day: Floats  # (A,) when it came, in days from any beginning, NaN where not known
    ballot: Integers  # (N,) ascending
    unit: Integers  # (N,)
    levels: NDArray[np.int8]  # (N, J)
    points: Floats  # (L,) points of each option, NaN where it has none
    weights: Floats  # (J,) of the items
    min_items_scored: int
    comments: tuple[tuple[int, int, str], ...] = ()  # ballot (or NOWHERE), unit, text

    @property
    def scores(self) -> Floats:
        """Return the ballot score B of each rating (N,), NaN where too few items are scored."""
        return self._scores_of(self.levels)

    def _scores_of(self, levels: NDArray[np.int8]) -> Floats:
        scores = np.empty(len(levels))
        for begin in range(0, scores.size, _AT_ONCE):
            part = levels[begin : begin + _AT_ONCE]
            points = np.append(self.points, np.nan)[part]  # NOWHERE is the last one
            scored = ~np.isnan(points)
            sums = np.where(scored, points, 0.0) @ self.weights
            enough = scored.sum(axis=1) >= max(self.min_items_scored, 1)
            means = np.where(enough, ratio_of(sums, scored @ self.weights), np.nan)
            scores[begin : begin + _AT_ONCE] = means
        return scores

    def chosen(self, kept: Bools) -> "BallotRows":
        """Return some of the ballots (A,), numbered anew, with their ratings and comments."""
        number = np.full(len(self.ballots), NOWHERE)
        number[kept] = np.arange(int(kept.sum()))
        rows = kept[self.ballot]
        return replace(
            self,
            ballots=tuple(
                name for name, is_kept in zip(self.ballots, kept, strict=True) if is_kept
            ),
            group=self.group[kept],
            place=self.place[kept],
            seconds=self.seconds[kept],
            day=self.day[kept],
            ballot=number[self.ballot[rows]],
            unit=self.unit[rows],
            levels=self.levels[rows],
            comments=tuple(
                (NOWHERE if ballot == NOWHERE else int(number[ballot]), unit, text)
                for ballot, unit, text in self.comments
                if ballot == NOWHERE or kept[ballot]
            ),
        )

    def ratings_of(self, group: int) -> RatingRows:
        """Return the scored ratings of one group, its appraisers numbered anew."""
        members = np.flatnonzero(self.group == group)
        renumbered = np.full(len(self.ballots), NOWHERE)
        renumbered[members] = np.arange(members.size)
        of_group = np.flatnonzero(renumbered[self.ballot] != NOWHERE)
        scores = self._scores_of(self.levels[of_group])
        rows = of_group[~np.isnan(scores)]
        return RatingRows(
            members.size,
            len(self.units),
            renumbered[self.ballot[rows]],
            self.unit[rows],
            scores[~np.isnan(scores)],
        )


def ratio_of(top: NDArray[Any], bottom: NDArray[Any]) -> Floats:
    """Return a quotient that is NaN where the divisor is not above 0."""
    allowed = bottom > 0
    return np.where(allowed, top / np.where(allowed, bottom, 1), np.nan)
