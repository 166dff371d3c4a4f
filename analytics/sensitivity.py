"""How much of a ranking hangs on single weights, single groups and a few ballots.

Everything here is about the units of one class. Means (U, G) are those that count, M'; shares
(U, G) are the weights in use: a row's sum is 1, or 0 for a unit without a score, whose rank is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.rankings import (
    ROUNDING,
    Alternative,
    alternative,
    composites_of,
    correlations,
    ranks_of,
)
from analytics.shapes import NOWHERE, Bools, Floats, Integers, ScoreCounts, ratio_of


@dataclass(frozen=True, eq=False, slots=True)
class WeightSensitivity:
    """What becomes of ranks when all weights of groups are shaken a little."""

    perturbation: float
    draws: int
    places: int  # that count as the top
    rank: Integers  # (U,) with the official weights
    rank_low: Integers  # (U,) the best rank in any draw
    rank_high: Integers  # (U,) the worst
    unchanged_share: Floats  # (U,) of draws with the official rank, NaN without a score
    top_share: Floats  # (U,) of draws with one of the first places
    tau_b_least: float  # rank correlation of the draw that differs most
    tau_b_mean: float


@dataclass(frozen=True, eq=False, slots=True)
class SmallestSwitch:
    """The smallest relative change of one group's weight from which a unit's rank is another.

    0.1 is a tenth more than the group's weight, -1 is the group gone; 0 is a tie that any change
    breaks; infinite where no change of a single weight does it.
    """

    change: Floats  # (U,) NaN without a score
    group: Integers  # (U,) whose weight it is, or NOWHERE
    other: Integers  # (U,) the unit that is met, or NOWHERE
    best_change: float  # the smallest in size that gives the class another best unit


@dataclass(frozen=True, eq=False, slots=True)
class BallotsToFlip:
    """How many further ballots bring a unit past its neighbour, all in its largest open group.

    Infinite where no number does, NaN where there is no neighbour or no open group.
    """

    group: Integers  # (U,) or NOWHERE
    above: Integers  # (U,) a unit with the next higher or the same score, or NOWHERE
    below: Integers  # (U,)
    up: Floats  # (U,) ballots with the best score until it is strictly above that unit
    down: Floats  # (U,) ballots with the worst score until it is strictly below that unit


def weight_sensitivity(
    means: Floats,
    shares: Floats,
    perturbation: float = 0.1,
    draws: int = 1000,
    seed: int = 1,
    top: int = 1,
) -> WeightSensitivity:
    """Return how ranks hold when each group's weight is drawn anew within ± the perturbation.

    Factors are uniform and independent, the same for all units, and weights are made to add up
    to 1 again. `top` is the number of places that count as the top.
    """
    if not 0 < perturbation < 1 or draws < 1:
        raise ValueError("a perturbation lies between 0 and 1, and one draw is the least")
    numbers = np.random.default_rng(seed).uniform(-1, 1, (draws, shares.shape[1]))
    factors = 1 + perturbation * numbers
    official = composites_of(means, shares)
    worth = np.where(shares > 0, shares * means, 0.0)
    scores = ratio_of(factors @ worth.T, factors @ shares.T)
    rank, drawn = ranks_of(official), ranks_of(scores)
    scored = rank > 0
    taus = [correlations(official, one)[0] for one in scores]
    return WeightSensitivity(
        perturbation=perturbation,
        draws=draws,
        places=top,
        rank=rank,
        rank_low=drawn.min(axis=0),
        rank_high=drawn.max(axis=0),
        unchanged_share=np.where(scored, (drawn == rank).mean(axis=0), np.nan),
        top_share=np.where(scored, (drawn <= top).mean(axis=0), np.nan),
        tau_b_least=float(np.min(taus)),
        tau_b_mean=float(np.mean(taus)),
    )


def smallest_switch(means: Floats, shares: Floats) -> SmallestSwitch:
    """Return the smallest change of one group's weight that moves each unit's rank.

    With a group's weight times 1 + d, a unit's composite is (R + d·w·M') / (1 + d·w); where two
    units meet is a root of a quadratic, or of a line where their weights are the same.
    """
    units, groups = shares.shape
    official = composites_of(means, shares)
    scored = ~np.isnan(official)
    roots = _meetings(np.where(shares > 0, means, 0.0), shares, np.nan_to_num(official))
    roots[~(scored[:, None] & scored) | np.eye(units, dtype=bool)] = np.inf
    flat = roots.reshape(units, units * groups)
    nearest = np.zeros(units, np.int64)
    if flat.size:
        nearest = np.abs(flat).argmin(axis=1)
    change = flat[np.arange(units), nearest] if flat.size else np.full(units, np.inf)
    met = np.isfinite(change)
    best = np.abs(change[ranks_of(official) == 1])
    return SmallestSwitch(
        change=np.where(scored, change, np.nan),
        group=np.where(met, nearest % max(1, groups), NOWHERE),
        other=np.where(met, nearest // max(1, groups), NOWHERE),
        best_change=float(best.min(initial=np.inf)),
    )


def leave_one_group_out(
    means: Floats, shares: Floats, groups: Sequence[str]
) -> tuple[Alternative, ...]:
    """Return the ranking without each group, its weight spread over a unit's other groups."""
    official = composites_of(means, shares)
    made = []
    for g, name in enumerate(groups):
        rest = shares.copy()
        rest[:, g] = 0.0
        total = rest.sum(axis=1, keepdims=True)
        rest = np.nan_to_num(ratio_of(rest, np.where(total > ROUNDING, total, 0.0)))
        made.append(alternative(name, official, composites_of(means, rest)))
    return tuple(made)


def influence_bound(shares: Floats, full_marks: float, false_share: float) -> Floats:
    """Return by how many points a share of false ballots in a group can move a score, at most.

    `shares` are weights in use, of any shape. With padding a group moves only by the unit's own
    share of its mean, so the bound holds all the more.
    """
    if not 0 <= false_share <= 1:
        raise ValueError("a share lies between 0 and 1")
    return full_marks * shares * false_share


def ballots_to_flip(
    scores: ScoreCounts,
    unit_class: str,
    open_groups: Bools,
    floors: Integers | None = None,
    best: float = 100.0,
    worst: float = 0.0,
) -> BallotsToFlip:
    """Return how many ballots in the largest open group bring each unit past its neighbours.

    `open_groups` (G,) says which groups anybody may join; a unit's largest has the most ballots.
    `floors` (G,) are the sizes up to which rules pad; without them a unit's own share grows as
    with shrinkage. What is mixed in, and all other units, are taken to stay as they are. Units
    of the answer are numbered inside the class, as `scores.members` returns them.
    """
    if not open_groups.size:
        raise ValueError("there is no group")
    members = scores.members(unit_class)
    official = scores.composites[members]
    above, below = _neighbours(official), _neighbours(-official)
    joined = open_groups & (scores.shares[members] > 0) & np.isfinite(official)[:, None]
    n = np.where(joined, scores.n[members], NOWHERE)
    group = n.argmax(axis=1) if n.size else np.full(members.size, NOWHERE)
    group = np.where(joined.any(axis=1), group, NOWHERE)
    cells = _cells(scores, members, group, floors)
    return BallotsToFlip(
        group=group,
        above=above,
        below=below,
        up=_needed(cells, _gaps(official, above, group), best),
        down=_needed(cells.turned(), _gaps(official, below, group), -worst),
    )


def _meetings(known: Floats, shares: Floats, official: Floats) -> Floats:
    """Return the change of each group's weight at which two units meet (U, U, G), or infinity.

    Of two it is the smaller one that takes no weight below 0.
    """
    first, second = shares[:, None, :], shares[None, :, :]
    m, w = known[:, None, :] - known[None, :, :], shares * known
    gap = official[:, None, None] - official[None, :, None]
    a = first * second * m
    b = official[:, None, None] * second + w[:, None, :]
    b = b - (official[None, :, None] * first + w[None, :, :])
    c = np.broadcast_to(gap, a.shape)
    noise = ROUNDING * float(np.abs(known).max(initial=0.0))
    a, b, c = (np.where(np.abs(one) <= noise, 0.0, one) for one in (a, b, c))
    roots = np.stack(_roots(a, b, c)) + 0.0  # no minus zero
    roots[np.abs(roots + 1) <= 1000 * ROUNDING] = -1.0
    finite = np.where(np.isfinite(roots), roots, 0.0)
    lowest = 1 + finite * np.maximum(first, second)
    # Without its only group a unit has no score; there the root is double and half its digits lost.
    roots[(roots < -1) | (lowest <= 1e-6)] = np.inf
    nearer: Floats = np.where(np.abs(roots[0]) <= np.abs(roots[1]), roots[0], roots[1])
    return nearer


def _roots(a: Floats, b: Floats, c: Floats) -> tuple[Floats, Floats]:
    """Return the real roots of a·d² + b·d + c, infinity for those that do not exist."""
    inside = b * b - 4 * a * c
    real = inside >= 0
    q = -(b + np.copysign(np.sqrt(np.where(real, inside, 0.0)), b)) / 2
    far = np.where(real & (a != 0), q / np.where(a != 0, a, 1.0), np.inf)
    near = np.where(real & (q != 0), c / np.where(q != 0, q, 1.0), np.inf)
    return far, near


def _neighbours(scores: Floats) -> Integers:
    """Return for each unit another one with the same or the next higher score, or NOWHERE."""
    gap = scores[None, :] - scores[:, None]
    gap[~(gap >= 0) | np.eye(scores.size, dtype=bool)] = np.inf
    if not scores.size:
        return np.zeros(0, np.int64)
    return np.where(np.isfinite(gap.min(axis=1)), gap.argmin(axis=1), NOWHERE)


def _gaps(official: Floats, neighbour: Integers, group: Integers) -> Floats:
    """Return how far off the neighbour is, NaN where there is none or nothing can be moved."""
    gaps = np.abs(official[neighbour] - official) if official.size else official
    return np.where((neighbour != NOWHERE) & (group != NOWHERE), gaps, np.nan)


@dataclass(frozen=True, eq=False, slots=True)
class _Cells:
    """One group's view of each unit (U,): M' = (n·M + prior·mu) / (n + prior)."""

    share: Floats
    n: Floats
    mean: Floats
    mu: Floats
    counted: Floats
    prior: Floats  # ballots that mu counts as, infinite where it decides alone
    fades: bool  # whether each further ballot takes one from the prior, as padding does

    def turned(self) -> "_Cells":
        """Return the cells with best and worst exchanged."""
        return _Cells(
            self.share, self.n, -self.mean, -self.mu, -self.counted, self.prior, self.fades
        )


def _cells(
    scores: ScoreCounts, members: Integers, group: Integers, floors: Integers | None
) -> _Cells:
    place = members, group
    n, own = scores.n[place].astype(np.float64), scores.own_shares[place]
    strength = np.where(own > 0, n * (1 - own) / np.where(own > 0, own, 1.0), np.inf)
    if floors is not None:
        strength = np.where(own < 1, np.maximum(0.0, floors[group] - n), 0.0)
    return _Cells(
        share=scores.shares[place],
        n=n,
        mean=np.nan_to_num(scores.means[place]),
        mu=scores.mu[place],
        counted=scores.counted_means[place],
        prior=strength,
        fades=floors is not None,
    )


def _needed(cells: _Cells, gaps: Floats, extreme: float) -> Floats:
    """Return how many ballots of the extreme score raise the composite by more than the gap."""
    target = cells.counted + gaps / np.where(cells.share > 0, cells.share, 1.0)
    room = extreme - target
    possible = (room > ROUNDING * 100) & np.isfinite(cells.prior)
    total = cells.n + np.where(np.isfinite(cells.prior), cells.prior, 0.0)
    if cells.fades:
        pull = extreme - cells.mu
        pulled = total * (target - cells.counted) / np.where(pull > 0, pull, 1.0)
        while_padded = (pull > 0) & (pulled < cells.prior)
        alone = cells.n * (target - cells.mean) / np.where(possible, room, 1.0)
        exact = np.where(while_padded, pulled, alone)
    else:
        exact = total * (target - cells.counted) / np.where(possible, room, 1.0)
    whole = np.floor(exact * (1 + ROUNDING) + ROUNDING) + 1  # so many that it is no mere tie
    return np.where(np.isnan(gaps), np.nan, np.where(possible, whole, np.inf))
