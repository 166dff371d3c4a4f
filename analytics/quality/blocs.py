"""Crowds that take sides: best for one unit and worst for its rivals, or unlike other voters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.quality.ballot_profiles import BallotProfiles
from analytics.quality.chance import binomial_tail, poisson_tail, poisson_threshold
from analytics.quality.reasons import (
    Crowd,
    Evidence,
    Obstacle,
    QualityBounds,
    Reason,
    crowd_evidence,
    nothing_found,
)
from analytics.shapes import NOWHERE, Bools, Floats, Integers, ratio_of


@dataclass(frozen=True, eq=False, slots=True)
class _Sides:
    """Which ratings (N,) are best and worst ones, and in which unit and group (cell) they are."""

    best: Bools
    worst: Bools
    scored: Bools
    cell: Integers
    cells: int

    def share(self, hits: Bools, among: Bools) -> Floats:
        """Return the share of hits among ratings of each cell, a hit and a rating added."""
        n = np.bincount(self.cell[among], minlength=self.cells)
        return (np.bincount(self.cell[hits & among], minlength=self.cells) + 1) / (n + 1)


def favoured(profiles: BallotProfiles, classes: Sequence[str], bounds: QualityBounds) -> Evidence:
    """Find units with too many ballots that are best for them and worst for all their rivals.

    Of ballots that rate at least two units of a class. The number expected is what the unit's own
    share of best ratings and its rivals' shares of worst ones give if they are independent; they
    are not, a strict appraiser is strict to all, which makes such ballots rarer still. Poisson tail
    with Bonferroni's correction over units.
    """
    sides = _sides(profiles, bounds)
    class_of = np.unique(np.array(classes, str), return_inverse=True)[1].astype(np.int64)
    rows = profiles.rows
    among = sides.scored
    pair = rows.ballot * (int(class_of.max(initial=0)) + 1) + class_of[rows.unit]
    slots = int(pair.max(initial=-1)) + 1
    rivals = np.bincount(pair[among], minlength=slots)[pair] - 1
    tried = among & (rivals >= 1)
    if not tried.any():
        return nothing_found(Reason.FAVOURED, Obstacle.NO_RIVALS)
    others_worst = np.bincount(pair[sides.worst], minlength=slots)[pair] - sides.worst
    taken = tried & sides.best & ~sides.worst & (others_worst == rivals)
    expected = _by_chance(sides, pair, slots, rows.unit, tried, len(rows.units))
    counts = np.bincount(rows.unit[taken], minlength=len(rows.units))
    limit = bounds.alpha / max(len(rows.units), 1)
    p = poisson_tail(counts, expected)
    found = (p <= limit) & (counts >= bounds.favour_ratio * expected) & (counts >= bounds.copies)
    crowds = tuple(
        Crowd(
            reason=Reason.FAVOURED,
            ballots=np.sort(rows.ballot[taken & (rows.unit == unit)]),
            count=int(counts[unit]),
            expected=float(expected[unit]),
            threshold=poisson_threshold(
                float(expected[unit]), limit, bounds.copies, bounds.favour_ratio
            ),
            p=float(p[unit]),
            unit=unit,
        )
        for unit in np.flatnonzero(found).tolist()
    )
    return crowd_evidence(Reason.FAVOURED, int(np.unique(rows.ballot[tried]).size), crowds)


def one_sided(
    profiles: BallotProfiles, suspects: Iterable[Crowd], bounds: QualityBounds
) -> Evidence:
    """Find crowds (bursts, places) whose ratings of a unit are best or worst far too often.

    They are held against the unit's ratings of the same group outside all crowds, by the binomial
    tail with Bonferroni's correction over crowds, units and the two ends of the scale. What was
    answered is not what made the crowd, its time or its place: the two are separate evidence. Only
    the one-sided ballots of the crowd are doubted.
    """
    crowds = tuple(suspects)
    if not crowds:
        return nothing_found(Reason.ONE_SIDED, Obstacle.NO_CROWDS)
    sides = _sides(profiles, bounds)
    members = np.concatenate([crowd.ballots for crowd in crowds])
    outside = sides.scored & ~np.isin(profiles.rows.ballot, members)
    base = np.bincount(sides.cell[outside], minlength=sides.cells) >= bounds.peers
    ends = [(hits, sides.share(hits, outside)) for hits in (sides.best, sides.worst)]
    inside = [_ratings_of(profiles, crowd) for crowd in crowds]
    inside = [ratings[sides.scored[ratings]] for ratings in inside]
    inside = [ratings[base[sides.cell[ratings]]] for ratings in inside]
    tests = 2 * sum(np.unique(profiles.rows.unit[ratings]).size for ratings in inside)
    found = [
        taken
        for crowd, ratings in zip(crowds, inside, strict=True)
        for hits, shares in ends
        for taken in _taking_sides(
            profiles, crowd, ratings, hits[ratings], shares[sides.cell[ratings]], tests, bounds
        )
    ]
    obstacle = None if tests else Obstacle.FEW_PEERS
    return crowd_evidence(Reason.ONE_SIDED, int(np.unique(members).size), tuple(found), obstacle)


def _sides(profiles: BallotProfiles, bounds: QualityBounds) -> _Sides:
    rows = profiles.rows
    points = rows.points[~np.isnan(rows.points)]
    reach = float(np.ptp(points)) if points.size else 0.0
    # With one level only nothing is best or worst.
    height = (profiles.scores - points.min()) / reach if reach else profiles.scores + np.nan
    groups = max(len(rows.groups), 1)
    return _Sides(
        best=height >= bounds.top,
        worst=height <= bounds.bottom,
        scored=~np.isnan(height),
        cell=rows.unit * groups + rows.group[rows.ballot],
        cells=len(rows.units) * groups,
    )


def _by_chance(
    sides: _Sides, pair: Integers, slots: int, unit: Integers, tried: Bools, units: int
) -> Floats:
    """Return how many ballots favour each unit if its best and their worst are independent."""
    best = np.log(sides.share(sides.best, sides.scored))[sides.cell]
    worst = np.log(sides.share(sides.worst, sides.scored))[sides.cell]
    of_ballot = np.bincount(pair[sides.scored], worst[sides.scored], slots)
    chance = np.exp(best[tried] + of_ballot[pair[tried]] - worst[tried])
    expected: Floats = np.bincount(unit[tried], chance, units).astype(np.float64)
    return expected


def _ratings_of(profiles: BallotProfiles, crowd: Crowd) -> Integers:
    """Return the ratings on a crowd's ballots: of its unit, or of all where it has none."""
    rated = profiles.rated[crowd.ballots]
    within = np.arange(rated.sum()) - np.repeat(np.cumsum(rated) - rated, rated)
    ratings: Integers = np.repeat(profiles.starts[crowd.ballots], rated) + within
    if crowd.unit == NOWHERE:
        return ratings
    of_unit: Integers = ratings[profiles.rows.unit[ratings] == crowd.unit]
    return of_unit


def _taking_sides(
    profiles: BallotProfiles,
    crowd: Crowd,
    ratings: Integers,
    hits: Bools,
    shares: Floats,
    tests: int,
    bounds: QualityBounds,
) -> Iterable[Crowd]:
    """Yield the part of a crowd that takes one side on a unit, for each unit where it does."""
    unit = profiles.rows.unit[ratings]
    units = len(profiles.rows.units)
    n, counts = np.bincount(unit, minlength=units), np.bincount(unit[hits], minlength=units)
    share = np.nan_to_num(ratio_of(np.bincount(unit, shares, units), n))
    p = binomial_tail(counts, n, share)
    excess = np.nan_to_num(ratio_of(counts, n)) - share
    found = (p <= bounds.alpha / max(tests, 1)) & (excess >= bounds.one_sided_excess)
    for number in np.flatnonzero(found).tolist():
        taken = hits & (unit == number)
        yield Crowd(
            reason=Reason.ONE_SIDED,
            ballots=np.sort(profiles.rows.ballot[ratings[taken]]),
            count=int(counts[number]),
            expected=float(share[number] * n[number]),
            threshold=_least(int(n[number]), float(share[number]), tests, bounds),
            p=float(p[number]),
            unit=number,
            group=crowd.group,
            place=crowd.place,
            begin=crowd.begin,
            end=crowd.end,
        )


def _least(n: int, share: float, tests: int, bounds: QualityBounds) -> float:
    """Return the number of hits from which a crowd of n is one-sided."""
    hits = np.arange(n + 1)
    rare = binomial_tail(hits, np.full(n + 1, n), np.full(n + 1, share)) <= bounds.alpha / tests
    far = hits >= n * (share + bounds.one_sided_excess)
    return float(np.argmax(rare & far))
