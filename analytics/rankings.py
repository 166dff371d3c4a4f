"""Rankings of one class, and how far one of them is from another."""

from dataclasses import dataclass

import numpy as np

from analytics.shapes import Floats, Integers

ROUNDING = 1e-12  # differences this small against their size come from adding up in binary


@dataclass(frozen=True, eq=False, slots=True)
class Alternative:
    """The ranking that another choice would give, beside the official one."""

    name: str
    scores: Floats  # (U,)
    rank: Integers  # (U,) 1 is best, equal scores share the smaller rank, 0 without a score
    moved: Integers  # (U,) places gained against the official ranking
    tau_b: float  # Kendall's rank correlation with the official scores; NaN if either has no order
    spearman: float


def ranks_of(scores: Floats) -> Integers:
    """Return ranks of scores (U,) or (R, U): 1 is best, ties share the smaller, NaN has 0."""
    order = np.argsort(-scores, axis=-1, kind="stable")  # NaN comes last
    falling = np.take_along_axis(scores, order, axis=-1)
    falling = np.where(np.isnan(falling), -np.inf, falling)
    with_score = np.isfinite(falling)
    drops = np.zeros(scores.shape, bool)
    drops[..., 1:] = falling[..., 1:] < falling[..., :-1] - _rounding_error(scores)
    places = np.where(drops, np.arange(scores.shape[-1]), 0)
    ranks = np.zeros(scores.shape, np.int64)
    sorted_ranks = 1 + np.maximum.accumulate(places, axis=-1)
    np.put_along_axis(ranks, order, np.where(with_score, sorted_ranks, 0), axis=-1)
    return ranks


def alternative(name: str, official: Floats, scores: Floats) -> Alternative:
    """Return other scores (U,) with their ranking, held against the official scores (U,)."""
    rank, before = ranks_of(scores), ranks_of(official)
    moved = np.where((rank > 0) & (before > 0), before - rank, 0)
    tau_b, spearman = correlations(official, scores)
    return Alternative(name, scores, rank, moved, tau_b, spearman)


def correlations(first: Floats, second: Floats) -> tuple[float, float]:
    """Return Kendall's tau-b (1945) and Spearman's rho over the units with both scores.

    Both by the signs of all differences: their sums by row are twice the mid-ranks, centred.
    """
    both = ~np.isnan(first) & ~np.isnan(second)
    a, b = (_signs(one[both]) for one in (first, second))
    return _cosine(a, b), _cosine(a.sum(axis=1), b.sum(axis=1))


def composites_of(means: Floats, shares: Floats) -> Floats:
    """Return composites (U,) of means and shares (U, G), NaN where no group has a share."""
    known = np.where(shares > 0, means, 0.0)
    return np.where(shares.sum(axis=1) > 0, (shares * known).sum(axis=1), np.nan)


def _signs(scores: Floats) -> Floats:
    difference = scores[:, None] - scores[None, :]
    difference[np.abs(difference) <= _rounding_error(scores)] = 0.0
    signs: Floats = np.sign(difference)
    return signs


def _cosine(a: Floats, b: Floats) -> float:
    size = float((a * a).sum() * (b * b).sum())
    return float((a * b).sum()) / size**0.5 if size > 0 else float("nan")


def _rounding_error(scores: Floats) -> float:
    return ROUNDING * float(np.max(np.abs(scores), initial=0.0, where=~np.isnan(scores)))
