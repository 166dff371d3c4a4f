"""Which ballots look careless by themselves: straight, erratic, outlying, hasty."""

import numpy as np

from analytics.quality.ballot_profiles import BallotProfiles
from analytics.quality.chance import middle_and_spread, normal_tail
from analytics.quality.reasons import Evidence, Obstacle, QualityBounds, Reason, nothing_found
from analytics.shapes import Bools, Floats, Integers, ratio_of

_SHORTEST = 1e-3  # seconds; so that no time at all has a logarithm


def straight(profiles: BallotProfiles, bounds: QualityBounds) -> Evidence:
    """Find long ballots with one level throughout, in groups where that is unusual."""
    long = profiles.answered >= bounds.straight_items
    alike = long & (profiles.longest == profiles.answered)
    if not long.any():
        return nothing_found(Reason.STRAIGHT, Obstacle.SHORT_FORMS)
    groups = len(profiles.rows.groups)
    of_group = np.bincount(profiles.rows.group[long], minlength=groups)
    shares = ratio_of(np.bincount(profiles.rows.group[alike], minlength=groups), of_group)
    # A few ballots say nothing of custom.
    custom = (shares > bounds.straight_custom) & (of_group >= bounds.peers)
    return _single(
        Reason.STRAIGHT,
        alike & ~custom[profiles.rows.group],
        profiles.longest.astype(np.float64),
        profiles.answered.astype(np.float64),
        examined=int(of_group[~custom].sum()),
        expected=bounds.straight_honest * float(of_group[~custom].sum()),
        obstacle=Obstacle.CUSTOM if custom.any() else None,
    )


def erratic(profiles: BallotProfiles, bounds: QualityBounds) -> Evidence:
    """Find ballots whose answers about one unit vary far more than others' of the group."""
    thresholds = np.full(profiles.spread.size, np.nan)
    for members in _groups(profiles, ~np.isnan(profiles.spread), bounds.peers):
        middle, spread = middle_and_spread(profiles.spread[members])
        if spread > 0:
            thresholds[members] = middle + bounds.erratic_z * spread
    known = ~np.isnan(thresholds)
    chance = float(normal_tail(np.array([bounds.erratic_z]))[0])
    return _single(
        Reason.ERRATIC,
        known & (profiles.spread > thresholds),
        profiles.spread,
        thresholds,
        examined=int(known.sum()),
        expected=chance * int(known.sum()),
        obstacle=None if known.all() else Obstacle.FEW_PEERS,
    )


def outlying(profiles: BallotProfiles, bounds: QualityBounds) -> Evidence:
    """Find ballots far from what their group says of the units, all items together.

    Squared Mahalanobis distances are held against chi-square by their cube roots, nearly normal
    (Wilson and Hilferty 1931). Real answers are skewed and stick together, so that honest ballots
    spread wider than that: the group's own median and deviation count where they are larger.
    """
    known = profiles.freedom > 0
    z = np.full(known.size, np.nan)
    for members in _groups(profiles, known, bounds.peers):
        z[members] = _cube_root_z(profiles.distance[members], profiles.freedom[members])
        middle, spread = middle_and_spread(z[members])
        z[members] = (z[members] - max(middle, 0.0)) / max(spread, 1.0)
    known = ~np.isnan(z)
    p = normal_tail(np.where(known, z, 0.0))
    return _single(
        Reason.OUTLYING,
        known & (p < bounds.outlying_p),
        p,
        np.full(p.size, bounds.outlying_p),
        examined=int(known.sum()),
        expected=bounds.outlying_honest * int(known.sum()),
        obstacle=None if known.all() else Obstacle.FEW_PEERS,
    )


def hasty(profiles: BallotProfiles, bounds: QualityBounds) -> Evidence:
    """Find ballots filled faster than anybody reads."""
    pace = _pace(profiles)
    return _fast(Reason.HASTY, profiles, pace, np.full(pace.size, bounds.seconds_per_item), bounds)


def faster(profiles: BallotProfiles, bounds: QualityBounds) -> Evidence:
    """Find ballots filled in a small part of the time that their group takes.

    Who gives one level throughout a long form is quicker, honest or not, and is held against others
    who do, or the one habit would count as two kinds of evidence.
    """
    pace = _pace(profiles)
    habit = profiles.answered >= bounds.straight_items
    habit &= profiles.longest == profiles.answered
    thresholds = np.full(pace.size, np.nan)
    for alike in (habit, ~habit):
        for members in _groups(profiles, alike & ~np.isnan(pace), bounds.peers):
            thresholds[members] = bounds.median_share * float(np.median(pace[members]))
    return _fast(Reason.FASTER, profiles, pace, thresholds, bounds)


def _cube_root_z(squares: Floats, freedom: Integers) -> Floats:
    part = 2 / (9 * freedom)
    z: Floats = (np.cbrt(squares / freedom) - (1 - part)) / np.sqrt(part)
    return z


def _fast(
    reason: Reason,
    profiles: BallotProfiles,
    pace: Floats,
    thresholds: Floats,
    bounds: QualityBounds,
) -> Evidence:
    timed = ~np.isnan(pace)
    known = timed & ~np.isnan(thresholds)
    if not known.any():
        obstacle = Obstacle.FEW_PEERS if timed.any() else Obstacle.NO_TIMES
        return nothing_found(reason, obstacle)
    found = known & (pace < np.where(known, thresholds, 0.0))
    expected = 0.0
    for members in _groups(profiles, known, bounds.peers):
        expected += members.size * _share_below(pace[members], float(thresholds[members[0]]))
    return _single(
        reason,
        found,
        pace,
        thresholds,
        examined=int(known.sum()),
        expected=expected,
        obstacle=None if known.all() else Obstacle.NO_TIMES,
    )


def _share_below(pace: Floats, threshold: float) -> float:
    """Return the share below a threshold if logarithms are normal, middle and spread robust."""
    middle, spread = middle_and_spread(np.log(np.maximum(pace, _SHORTEST)))
    distance = middle - np.log(max(threshold, _SHORTEST))
    if spread == 0:
        return float(distance < 0)
    return float(normal_tail(np.array([distance / spread]))[0])


def _pace(profiles: BallotProfiles) -> Floats:
    """Return seconds per answered item, NaN where unknown."""
    seconds = profiles.rows.seconds
    known = ~np.isnan(seconds) & (seconds >= 0)
    return np.where(known, ratio_of(np.where(known, seconds, 0.0), profiles.answered), np.nan)


def _groups(profiles: BallotProfiles, known: Bools, fewest: int) -> list[Integers]:
    """Return the known ballots of each group that has enough of them."""
    group = profiles.rows.group
    members = [np.flatnonzero(known & (group == number)) for number in np.unique(group)]
    return [one for one in members if one.size >= fewest]


def _single(
    reason: Reason,
    found: Bools,
    values: Floats,
    thresholds: Floats,
    *,
    examined: int,
    expected: float,
    obstacle: Obstacle | None,
) -> Evidence:
    ballots = np.flatnonzero(found)
    return Evidence(
        reason,
        examined,
        ballots,
        values[ballots],
        thresholds[ballots],
        expected,
        obstacle=obstacle,
    )
