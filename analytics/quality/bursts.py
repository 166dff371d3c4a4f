"""Many ballots for one unit, of one group or from one place within a short time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.quality.ballot_profiles import BallotProfiles
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

_HOURS = 24


@dataclass(frozen=True, eq=False, slots=True)
class Stream:
    """Arrivals of several keys (units, groups or places): one row per ballot and key."""

    reason: Reason
    key: Integers
    ballot: Integers
    keys: int


def unit_stream(profiles: BallotProfiles) -> Stream:
    """Return arrivals by unit: of ballots on at most half of the units, or on one.

    A ballot on most units comes for none of them; it is looked at with its group.
    """
    units = len(profiles.rows.units)
    few = profiles.rated <= max(1, units // 2)
    chosen = few[profiles.rows.ballot]
    rows = profiles.rows
    return Stream(Reason.UNIT_BURST, rows.unit[chosen], rows.ballot[chosen], units)


def group_stream(profiles: BallotProfiles) -> Stream:
    """Return arrivals by group: of ballots on more than half of the units."""
    rows = profiles.rows
    ballot = np.flatnonzero(profiles.rated > max(1, len(rows.units) // 2))
    return Stream(Reason.GROUP_BURST, rows.group[ballot], ballot, len(rows.groups))


def place_stream(profiles: BallotProfiles) -> Stream:
    """Return arrivals by place."""
    rows = profiles.rows
    ballot = np.flatnonzero(rows.place != NOWHERE)
    return Stream(Reason.PLACE_BURST, rows.place[ballot], ballot, len(rows.places))


def bursts(stream: Stream, day: Floats, bounds: QualityBounds) -> Evidence:
    """Find windows with more arrivals of a key than its usual days and its peers explain.

    A scan statistic: for windows that begin with an arrival, of half an hour and of a day where
    moments are known, else of one day, the count has the Poisson distribution of the larger of two
    expectations: the key's usual day (a median, so that a burst does not hide itself) times the
    hour's share of a day, and what the arrivals of all others in the same window suggest.
    Bonferroni over windows and keys; twice as many windows as fit, since they slide.
    """
    known = ~np.isnan(day[stream.ballot])
    if not known.any():
        return nothing_found(stream.reason, _without(stream))
    key, ballot = stream.key[known], stream.ballot[known]
    times = _times(day)
    if times.days < bounds.burst_days:
        return nothing_found(stream.reason, Obstacle.FEW_DAYS)
    order = np.lexsort((day[ballot], key))
    arrivals = _Arrivals(key[order], ballot[order], day[ballot[order]], stream.keys)
    widths = [bounds.burst_minutes / 1440, 1.0] if times.exact else [1.0]
    crowds: list[Crowd] = []
    for width in widths:
        # What a narrow window explains must not draw the rest of its day in.
        rest = arrivals.without(crowds)
        crowds += _crowds(stream.reason, rest, times, width, len(widths), bounds)
    partly = Obstacle.NO_TIMES if not known.all() else None
    return crowd_evidence(stream.reason, int(np.unique(ballot).size), tuple(crowds), partly)


@dataclass(frozen=True, eq=False, slots=True)
class _Times:
    """When ballots of the whole round came: ascending moments, from the first whole day on."""

    moments: Floats
    first: float
    days: int
    exact: bool  # moments, not dates only
    profile: Floats  # (24,) share of a day, 1 on average; all 1 for dates


@dataclass(frozen=True, eq=False, slots=True)
class _Arrivals:
    """Arrivals in order of key and moment."""

    key: Integers
    ballot: Integers
    moment: Floats
    keys: int

    def without(self, crowds: Sequence[Crowd]) -> "_Arrivals":
        """Return the arrivals that are in none of the crowds."""
        if not crowds:
            return self
        width = int(self.ballot.max(initial=0)) + 1
        taken = [_number(crowd) * width + crowd.ballots for crowd in crowds]
        kept = ~np.isin(self.key * width + self.ballot, np.concatenate(taken))
        return _Arrivals(self.key[kept], self.ballot[kept], self.moment[kept], self.keys)


def _number(crowd: Crowd) -> int:
    """Return which key a crowd is one of."""
    return max(crowd.unit, crowd.group, crowd.place)


def _without(stream: Stream) -> Obstacle:
    return Obstacle.NO_TIMES if stream.ballot.size else Obstacle.NO_CROWDS


def _times(day: Floats) -> _Times:
    moments = np.sort(day[~np.isnan(day)])
    exact = bool(np.any(np.mod(moments - moments[0], 1.0) > 1e-9))
    first = float(np.floor(moments[0]))
    profile = np.ones(_HOURS)
    if exact:
        hours = np.minimum((np.mod(moments, 1.0) * _HOURS).astype(np.int64), _HOURS - 1)
        counts = np.bincount(hours, minlength=_HOURS) + 1.0
        profile = counts / counts.mean()
        # A window may reach into the next hour.
        profile = np.maximum(profile, np.roll(profile, -1))
    return _Times(moments, first, int(np.floor(moments[-1] - first)) + 1, exact, profile)


def _crowds(
    reason: Reason,
    arrivals: _Arrivals,
    times: _Times,
    width: float,
    widths: int,
    bounds: QualityBounds,
) -> Iterator[Crowd]:
    """Yield the crowds of one width of windows: overlapping windows are one."""
    ends = _ends(arrivals, width)
    counts = ends - np.arange(ends.size)
    expected = _expected(arrivals, times, width, counts)
    windows = 2 * max(1.0, times.days / width) * arrivals.keys * widths
    found = (counts >= bounds.burst_ballots) & (counts >= bounds.burst_ratio * expected)
    found &= ~_one_sitting(reason, arrivals, counts)
    p = np.ones(counts.size)
    p[found] = poisson_tail(counts[found], expected[found])
    found &= p <= bounds.alpha / windows
    for begin, end in _joined(np.flatnonzero(found), ends):
        inside = begin + np.flatnonzero(found[begin:end])
        best = int(inside[np.argmin(expected[inside] / counts[inside])])
        share = float(expected[best] / counts[best])
        limit = poisson_threshold(
            float(expected[best]), bounds.alpha / windows, bounds.burst_ballots, bounds.burst_ratio
        )
        number = int(arrivals.key[begin])
        yield Crowd(
            reason=reason,
            ballots=np.sort(arrivals.ballot[begin:end]),
            count=int(counts[best]),
            expected=share * (end - begin),
            threshold=limit,
            p=float(p[best]),
            unit=number if reason is Reason.UNIT_BURST else NOWHERE,
            group=number if reason is Reason.GROUP_BURST else NOWHERE,
            place=number if reason is Reason.PLACE_BURST else NOWHERE,
            begin=float(arrivals.moment[begin]),
            end=float(arrivals.moment[end - 1]),
        )


def _ends(arrivals: _Arrivals, width: float) -> Integers:
    """Return behind which arrival each arrival's window ends."""
    ends = np.empty(arrivals.key.size, np.int64)
    bounds = np.searchsorted(arrivals.key, np.arange(arrivals.keys + 1))
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        moments = arrivals.moment[begin:end]
        ends[begin:end] = begin + np.searchsorted(moments, moments + width - 1e-9)
    return ends


def _expected(arrivals: _Arrivals, times: _Times, width: float, counts: Integers) -> Floats:
    """Return how many each window should hold: by usual days, or by the others if that is more."""
    daily = np.bincount(
        arrivals.key * times.days + (np.floor(arrivals.moment) - times.first).astype(np.int64),
        minlength=arrivals.keys * times.days,
    ).reshape(arrivals.keys, times.days)
    whole = np.bincount(
        (np.floor(times.moments) - times.first).astype(np.int64), minlength=times.days
    )
    usual = _usual(daily)
    rest = _usual(whole[None, :] - daily)
    hours = np.minimum((np.mod(arrivals.moment, 1.0) * _HOURS).astype(np.int64), _HOURS - 1)
    factor = times.profile[hours] if width < 1 else np.ones(hours.size)
    own = usual[arrivals.key] * min(width, 1.0) * factor
    inside = np.searchsorted(times.moments, arrivals.moment + width - 1e-9)
    inside = inside - np.searchsorted(times.moments, arrivals.moment)
    by_others = np.maximum(inside - counts, 0) * np.nan_to_num(ratio_of(usual, rest))[arrivals.key]
    expected: Floats = np.maximum(own, by_others)
    return expected


def _usual(daily: Integers) -> Floats:
    """Return the usual number a day (keys,): the median, or the mean without the fullest days.

    The second is for keys with few ballots, whose median is 0; a tenth of the days is left out, at
    least one. At least one ballot in the whole time is taken to be usual.
    """
    days = daily.shape[1]
    left_out = max(1, days // 10)
    quiet = np.sort(daily, axis=1)[:, : max(1, days - left_out)].mean(axis=1)
    usual: Floats = np.maximum(np.maximum(np.median(daily, axis=1), quiet), 1 / days)
    return usual


def _one_sitting(reason: Reason, arrivals: _Arrivals, counts: Integers) -> Bools:
    """Tell which windows hold most of a group's ballots: a meeting, not a burst."""
    of_key = np.bincount(arrivals.key, minlength=arrivals.keys)[arrivals.key]
    most: Bools = (2 * counts > of_key) & (reason is Reason.GROUP_BURST)
    return most


def _joined(windows: Integers, ends: Integers) -> Iterator[tuple[int, int]]:
    """Yield begin and end of overlapping windows joined, given in order."""
    if not windows.size:
        return
    reach = np.maximum.accumulate(ends[windows])
    cuts = np.flatnonzero(windows[1:] >= reach[:-1]) + 1
    for part in np.split(np.arange(windows.size), cuts):
        yield int(windows[part[0]]), int(reach[part[-1]])
