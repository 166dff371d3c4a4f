"""Rounds as they might be: an honest crowd that differs in strictness, and ballots stuffed in."""

from dataclasses import replace

import numpy as np

from analytics.shapes import NOWHERE, BallotRows

POINTS = np.array([100.0, 80, 60, 30, 0, np.nan])
CUTS = [-0.5, 0.7, 1.7, 2.5]
DAYS, PLACES, ITEMS = 20, 8, 5
STRAIGHT = 0.055  # as in two open surveys


def honest_round(seed, ballots=3000, units=10, rated=3, generous=0.0):
    """Make a round without any false ballot.

    People are strict or not to all units, judge a unit's items alike, have items they always mind,
    come on busy and quiet days, and one in eighteen gives one level throughout, in half the time.
    """
    rng = np.random.default_rng(seed)
    several = np.minimum(1 + rng.poisson(max(rated - 1, 0), ballots), units)
    several = np.full(ballots, rated) if rated in (1, units) else several
    ballot = np.repeat(np.arange(ballots), several)
    chosen = np.argsort(rng.random((ballots, units)), axis=1)
    unit = chosen[np.arange(units) < several[:, None]]
    strict = rng.normal(0, 0.9, ballots)
    liking = rng.normal(0, 0.4, units)[unit] - strict[ballot] + rng.normal(0, 0.7, ballot.size)
    item = rng.normal(0, 0.3, (units, ITEMS))[unit] + rng.normal(0, 0.3, (ballots, ITEMS))[ballot]
    noise = rng.normal(0, 0.6, (ballot.size, ITEMS))
    levels = np.digitize(-(generous + liking[:, None] + item + noise), CUTS).astype(np.int8)
    levels[rng.random(levels.shape) < 0.03] = 5
    levels[rng.random(levels.shape) < 0.01] = NOWHERE
    straight = rng.random(ballots) < STRAIGHT
    usual = np.digitize(strict - generous, [0.3, 1.5]).astype(np.int8)
    levels[straight[ballot]] = usual[ballot][straight[ballot], None]
    pace = np.where(rng.random(ballots) < 0.7, 3.5, 5.5) * np.where(straight, 0.5, 1.0)
    answered = np.bincount(ballot, (levels != NOWHERE).sum(axis=1), ballots)
    seconds = 10 * np.exp(rng.normal(0, 0.5, ballots))
    seconds += pace * np.exp(rng.normal(0, 0.5, ballots)) * answered
    seconds[rng.random(ballots) < 0.1] = np.nan
    busy = rng.gamma(2, 0.5, DAYS)
    busy[rng.integers(DAYS)] *= 3
    day = rng.choice(DAYS, ballots, p=busy / busy.sum()) + np.mod(
        rng.normal(0.55, 0.18, ballots), 1
    )
    return made(
        group=(rng.random(ballots) < 0.2).astype(np.int64),
        place=rng.integers(0, PLACES, ballots),
        seconds=seconds,
        day=day,
        ballot=ballot,
        unit=unit,
        levels=levels,
        units=units,
    )


def made(*, group, place, seconds, day, ballot, unit, levels, units, comments=()):
    """Make rows from what differs."""
    return BallotRows(
        ballots=tuple(f"b{number}" for number in range(group.size)),
        units=tuple(f"U{number}" for number in range(units)),
        groups=("citizens", "npc"),
        places=tuple(f"P{number}" for number in range(PLACES)),
        group=group,
        place=place,
        seconds=seconds,
        day=day,
        ballot=ballot,
        unit=unit,
        levels=levels,
        points=POINTS,
        weights=np.ones(levels.shape[1]),
        min_items_scored=3,
        comments=comments,
    )


def stuffed(rows, levels, units, *, seed=0, pace=4.0, day=7.6, minutes=30.0, place=None):
    """Put ballots behind the honest ones: levels (n, units rated, items), seconds per item."""
    rng = np.random.default_rng(seed)
    n, several, items = levels.shape
    before = len(rows.ballots)
    seconds = pace * np.exp(rng.normal(0, 0.3, n)) * several * items
    places = rng.integers(0, PLACES, n) if place is None else np.full(n, place)
    joined = np.concatenate
    return replace(
        rows,
        ballots=rows.ballots + tuple(f"s{number}" for number in range(n)),
        group=joined([rows.group, np.zeros(n, np.int64)]),
        place=joined([rows.place, places]),
        seconds=joined([rows.seconds, seconds]),
        day=joined([rows.day, day + rng.random(n) * minutes / 1440]),
        ballot=joined([rows.ballot, np.repeat(np.arange(n), several) + before]),
        unit=joined([rows.unit, np.tile(np.array(units), n)]),
        levels=joined([rows.levels, levels.reshape(n * several, items).astype(np.int8)]),
    )


def shuffled(rows, order):
    """Return the same ballots in another order: the new k-th is the old order[k]-th."""
    new = np.empty(order.size, np.int64)
    new[order] = np.arange(order.size)
    ballot = new[rows.ballot]
    place = np.argsort(ballot, kind="stable")
    return replace(
        rows,
        ballots=tuple(rows.ballots[number] for number in order),
        group=rows.group[order],
        place=rows.place[order],
        seconds=rows.seconds[order],
        day=rows.day[order],
        ballot=ballot[place],
        unit=rows.unit[place],
        levels=rows.levels[place],
        comments=tuple((int(new[b]) if b != NOWHERE else b, u, t) for b, u, t in rows.comments),
    )
