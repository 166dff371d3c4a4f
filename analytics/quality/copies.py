"""Ballots that repeat each other: the same varied answers, or nearly the same words."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.hashing import Hashes, mixed, numbered
from analytics.near_duplicates import near_duplicates, plain_text
from analytics.quality.ballot_profiles import BallotProfiles, DistinctRatings
from analytics.quality.chance import poisson_tail, poisson_threshold
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

_EKED = 5  # ratings of no arrangement in particular that eke out few others
_LENIENCE = 3  # times as usual as all arrangements alike, since items differ
_VARIED = 0.2  # of the answers, and at least two, are not the commonest one


def copied_answers(profiles: BallotProfiles, bounds: QualityBounds) -> Evidence:
    """Find varied answers to the same units that come far more often than arrangement allows.

    Of one group. Answers all alike, or nearly, repeat honestly and are no copies. How strict people
    are and how good units are decides which levels a ballot has; that is taken as given. Counted
    is how often the levels stand in this order of items. Expected is, among ballots with the same
    levels for each unit, the product over units of the order's share among others' ratings with
    these levels; for ballots on one unit, of other units, or what the unit's own level shares of
    each item suggest if that is more. An order that a ballot repeats for several units counts once.
    Poisson tail, Bonferroni over all vectors.
    """
    vectors = _vectors(profiles)
    common = np.flatnonzero(vectors.counts >= bounds.copies)
    common = common[_varied(profiles, vectors.first[common])]
    examined = int((profiles.rated > 0).sum())
    if not common.size:
        return nothing_found(Reason.COPIED_ANSWERS, None, examined)
    counts = vectors.counts[common]
    expected = _expected(profiles, vectors.first[common], counts)
    limit = bounds.alpha / vectors.counts.size
    p = poisson_tail(counts, expected)
    found = (p <= limit) & (counts >= bounds.copies_ratio * expected)
    order = np.argsort(vectors.which, kind="stable")
    ends = np.cumsum(vectors.counts)
    crowds = tuple(
        Crowd(
            reason=Reason.COPIED_ANSWERS,
            ballots=np.sort(order[ends[vector] - vectors.counts[vector] : ends[vector]]),
            count=int(counts[number]),
            expected=float(expected[number]),
            threshold=poisson_threshold(
                float(expected[number]), limit, bounds.copies, bounds.copies_ratio
            ),
            p=float(p[number]),
            group=int(profiles.rows.group[vectors.first[vector]]),
            unit=_only_unit(profiles, int(vectors.first[vector])),
        )
        for number, vector in enumerate(common.tolist())
        if found[number]
    )
    return crowd_evidence(Reason.COPIED_ANSWERS, examined, crowds)


def copied_texts(profiles: BallotProfiles, bounds: QualityBounds) -> Evidence:
    """Find comments that say nearly the same on many ballots of one unit.

    A long text is not repeated by chance; a shorter one may be a saying, and is held against how
    often it stands on other units' ballots.
    """
    comments = [one for one in profiles.rows.comments if one[0] != NOWHERE]
    if not comments:
        return nothing_found(Reason.COPIED_TEXT, Obstacle.NO_TEXTS)
    texts = [text for _, _, text in comments]
    ballot, unit = (np.array([one[side] for one in comments]) for side in (0, 1))
    cluster = near_duplicates(texts, bounds.text_similarity, bounds.text_length)
    limit = bounds.alpha / max(int(cluster.max(initial=0)) + 1, 1)
    order = np.argsort(cluster, kind="stable")
    starts = np.searchsorted(cluster[order], np.arange(int(cluster.max(initial=-1)) + 2))
    found: list[Crowd] = []
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        members = order[begin:end]
        if members.size < bounds.copies:
            break  # the largest come first
        shortest = min(len(plain_text(texts[one])) for one in members)
        units = np.unique(unit[members]).tolist()
        if shortest >= bounds.text_alone:
            named = units[0] if len(units) == 1 else NOWHERE
            found += _text_crowd(ballot[members], named, 0.0, limit, bounds)
            continue
        for number in units:
            inside, of_unit = members[unit[members] == number], int((unit == number).sum())
            elsewhere = (members.size - inside.size + 1) / (unit.size - of_unit + 1)
            found += _text_crowd(ballot[inside], number, elsewhere * of_unit, limit, bounds)
    return crowd_evidence(Reason.COPIED_TEXT, int(np.unique(ballot).size), tuple(found))


@dataclass(frozen=True, eq=False, slots=True)
class _Vectors:
    """All answers of ballots of one group, without the ballots that have none."""

    first: Integers  # a ballot that has it
    which: Integers  # (A,) of each ballot; the ballots without a rating come last
    counts: Integers


def _vectors(profiles: BallotProfiles) -> _Vectors:
    group = profiles.rows.group.astype(np.uint64)
    some = np.flatnonzero(profiles.rated)
    keys = profiles.vector[some] ^ mixed(group[some])
    _, first, found, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    which = np.full(profiles.rated.size, counts.size)
    which[some] = found
    return _Vectors(some[first], which, counts)


def _varied(profiles: BallotProfiles, ballots: Integers) -> Bools:
    """Tell on which ballots enough answers differ from the commonest."""
    ratings, owner = _ratings_of(profiles, ballots)
    levels = profiles.rows.levels[ratings]
    options = profiles.rows.points.size
    place = np.repeat(owner, levels.shape[1]) * (options + 1) + levels.ravel() + 1
    table = np.bincount(place, minlength=ballots.size * (options + 1))
    table = table.reshape(ballots.size, options + 1)[:, 1:]
    rest = table.sum(axis=1) - table.max(axis=1, initial=0)
    varied: Bools = rest >= np.maximum(2, _VARIED * table.sum(axis=1))
    return varied


def _expected(profiles: BallotProfiles, ballots: Integers, counts: Integers) -> Floats:
    """Return the expected number of copies of ballots whose answers are on so many."""
    distinct = profiles.distinct
    mixtures = _Mixtures(distinct)
    blends = profiles.mixture ^ mixed(profiles.rows.group.astype(np.uint64))
    alike = _found(blends, blends[ballots])
    ratings, owner = _ratings_of(profiles, ballots)
    chosen = profiles.which[ratings]
    shares: Floats = mixtures.share_of(
        chosen,
        distinct.counts[chosen] - counts[owner],
        mixtures.here[chosen] - counts[owner],
    )
    alone = profiles.rated[ballots][owner] == 1
    single = chosen[alone]
    shares[alone] = np.maximum(
        mixtures.share_of(single, *mixtures.elsewhere(single)), mixtures.by_margins(single)
    )
    # One arrangement for several units is one habit: it counts once, where it is most usual.
    place = np.lexsort((-shares, distinct.pattern[chosen], owner))
    pattern, of = distinct.pattern[chosen][place], owner[place]
    new = np.ones(place.size, bool)
    new[1:] = (of[1:] != of[:-1]) | (pattern[1:] != pattern[:-1])
    logs = np.bincount(of[new], np.log(shares[place][new]), ballots.size)
    expected: Floats = np.exp(logs) * alike
    return expected


class _Mixtures:
    """Which arrangements of the same levels are how usual, by unit and group."""

    def __init__(self, distinct: DistinctRatings) -> None:
        self._distinct = distinct
        unit = mixed(numbered(int(distinct.unit.max(initial=0)) + 1, 3)[distinct.unit])
        group = mixed(numbered(int(distinct.group.max(initial=0)) + 1, 4)[distinct.group])
        self._cell = unit ^ group
        self._in_group = _sums_by(distinct.mixture ^ group, distinct.counts)
        self._pattern = _sums_by(distinct.pattern ^ group, distinct.counts)
        self.here = _sums_by(distinct.mixture ^ self._cell, distinct.counts)
        self._odds = _margins(distinct)
        self._odds_here = _sums_by(distinct.mixture ^ self._cell, self._odds)
        self._usual = np.minimum(1.0, _LENIENCE / _arrangements(distinct.levels))

    def share_of(self, chosen: Integers, hits: NDArray[Any], among: NDArray[Any]) -> Floats:
        """Return shares of arrangements among others' ratings, few of them eked out."""
        shares: Floats = (hits + _EKED * self._usual[chosen]) / (among + _EKED)
        return shares

    def elsewhere(self, chosen: Integers) -> tuple[Floats, Floats]:
        """Return ratings of other units with the arrangement, and with its mixture."""
        counts = self._distinct.counts[chosen]
        return self._pattern[chosen] - counts, self._in_group[chosen] - self.here[chosen]

    def by_margins(self, chosen: Integers) -> Floats:
        """Return the shares that the unit's own levels of each item suggest for arrangements."""
        odds = self._odds[chosen]
        others = self.here[chosen] - self._distinct.counts[chosen]
        rate = np.nan_to_num(ratio_of(others, self._odds_here[chosen] - odds))
        return np.minimum(1.0, odds * rate / self.here[chosen])


def _margins(distinct: DistinctRatings) -> Floats:
    """Return the product of the shares that a rating's levels have in its unit and group (D,)."""
    groups = int(distinct.group.max(initial=0)) + 1
    cell = distinct.unit * groups + distinct.group
    width = int(distinct.levels.max(initial=0)) + 2
    n = np.bincount(cell, distinct.counts)[cell]
    odds = np.ones(cell.size)
    for column in distinct.levels.T:
        place = cell * width + column + 1
        odds *= np.bincount(place, distinct.counts)[place] / n
    return odds


def _arrangements(levels: NDArray[np.integer]) -> Floats:
    """Return in how many orders each row's levels can stand: the multinomial coefficient."""
    from scipy.special import gammaln

    logs = np.full(len(levels), gammaln(levels.shape[1] + 1))
    for level in range(NOWHERE, int(levels.max(initial=0)) + 1):
        logs -= gammaln((levels == level).sum(axis=1) + 1)
    orders: Floats = np.exp(logs)
    return orders


def _sums_by(keys: Hashes, amounts: NDArray[Any]) -> Floats:
    """Return for each row the sum of amounts over the rows with its key."""
    _, which = np.unique(keys, return_inverse=True)
    return np.asarray(np.bincount(which, amounts)[which], np.float64)


def _ratings_of(profiles: BallotProfiles, ballots: Integers) -> tuple[Integers, Integers]:
    """Return the ratings on chosen ballots, and the number of the choice each belongs to."""
    rated = profiles.rated[ballots]
    owner = np.repeat(np.arange(ballots.size), rated)
    within = np.arange(owner.size) - np.repeat(np.cumsum(rated) - rated, rated)
    return profiles.starts[ballots][owner] + within, owner


def _found(keys: NDArray[Any], wanted: NDArray[Any]) -> Integers:
    """Return how often each wanted key stands among keys."""
    asked, back = np.unique(wanted, return_inverse=True)
    place = np.minimum(np.searchsorted(asked, keys), asked.size - 1)
    counts = np.bincount(place[asked[place] == keys], minlength=asked.size)
    found: Integers = counts[back]
    return found


def _only_unit(profiles: BallotProfiles, ballot: int) -> int:
    alone = profiles.rated[ballot] == 1
    return int(profiles.rows.unit[profiles.starts[ballot]]) if alone else NOWHERE


def _text_crowd(
    ballots: Integers, unit: int, expected: float, limit: float, bounds: QualityBounds
) -> list[Crowd]:
    ballots = np.unique(ballots)  # who repeats himself is one
    p = float(poisson_tail(np.array([ballots.size]), np.array([expected]))[0])
    least = poisson_threshold(expected, limit, bounds.copies, bounds.copies_ratio)
    if ballots.size < least:
        return []
    return [Crowd(Reason.COPIED_TEXT, ballots, ballots.size, expected, least, p, unit=unit)]
