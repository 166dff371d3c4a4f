"""How far ranks can be told: sets of ranks, expected ranks and who cannot be told apart."""

from dataclasses import dataclass, fields, replace
from math import ceil
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from analytics.faults import N_, Fault
from analytics.shapes import Bools, Floats, Integers
from analytics.variances import AS_GOOD_AS_NORMAL, satterthwaite

_Ranks = TypeVar("_Ranks", bound="RankTable")

ROUNDING = 1e-12  # differences this small against their size come from adding up in binary


@dataclass(frozen=True, eq=False, slots=True)
class RankTable:
    """The ranks of one class, and what pairwise comparison of all units leaves open.

    A unit without a score takes no part: its ranks are 0, its expected rank is NaN.
    """

    rank: Integers  # (U,) 1 is best, equal scores share the smaller rank
    low: Integers  # (U,) best rank that Holm's tests of all pairs leave open
    high: Integers  # (U,) worst rank; all sets together hold the true ranks
    expected: Floats  # (U,) 1 + the sum of the probabilities that another unit is better
    indistinct: Bools  # (U, U) pairs not told apart: symmetric, but not transitive

    def indistinct_from(self, unit: int) -> Integers:
        """Return the numbers of the other units that cannot be told apart from a unit."""
        return np.flatnonzero(self.indistinct[unit])


@dataclass(frozen=True, eq=False, slots=True)
class RankSets(RankTable):
    """A table of ranks with what takes simulated scores: narrower sets, chances of places."""

    simultaneous_low: Integers  # (U,) the sets of all units together hold the true ranks
    simultaneous_high: Integers  # (U,)
    marginal_low: Integers  # (U,) this one unit's set holds its true rank
    marginal_high: Integers  # (U,)
    top_probability: Floats  # (U,) of being among the first `places`, NaN without a score
    last_probability: Floats  # (U,) of being among the last `places`
    places: int


def rank_table(
    scores: Floats, covariance: Floats, coverage: float = 0.95, df: Floats | None = None
) -> RankTable:
    """Return the ranks of a class (U,) and what is told apart, given the scores' covariance (U, U).

    Two-sided tests of all pairs, with Holm's correction (1979); a rank's set begins after the
    units found better and ends before those found worse. It is the same every time, so it is
    what a table prints. Pairs whose difference has no variance are told apart if it is not 0.
    Tests are normal, or Student's where `df` (U,) are the degrees of freedom of the variances:
    of a difference by Satterthwaite (1946), read as if its scores were independent.
    """
    part, pairs = _taking_part(scores, covariance, coverage, df)
    return _in_place(_table(pairs, coverage), part, scores.size)


def rank_sets(
    scores: Floats,
    covariance: Floats,
    coverage: float = 0.95,
    top: int | None = None,
    replicates: int = 2000,
    seed: int = 1,
    df: Floats | None = None,
) -> RankSets:
    """Return the ranks of a class (U,) with simulated sets and the chances of its ends.

    Step-down sets by the largest t of normal draws (Mogstad, Romano, Shaikh and Wilhelm 2024;
    Romano and Wolf 2005): simultaneous ones over all ordered pairs, marginal ones over the
    pairs of a single unit. `top` is the number of places that count as the top, and as the end;
    one where not given. The chances are those of ranks drawn from a normal with these means and
    this covariance. Neither the order of units nor their scale changes anything. With `df` (U,)
    pairs are held against the draws at the normal distance that is as likely as Student's t.
    """
    if replicates < 1:
        raise ValueError("at least one replicate is needed")
    part, pairs = _taking_part(scores, covariance, coverage, df)
    table = _table(pairs, coverage)
    draws = _draws(pairs, replicates, seed)
    places = min(max(1, top or 1), max(1, part.size))
    drawn = pairs.scores[:, None] + draws
    first, last = (_among_first(sign * drawn, places, pairs.tie) for sign in (1, -1))
    marginal = _marginal(pairs, draws, coverage)
    together = _simultaneous(pairs, draws, coverage)
    made = RankSets(
        rank=table.rank,
        low=table.low,
        high=table.high,
        expected=table.expected,
        indistinct=table.indistinct,
        simultaneous_low=1 + together.sum(axis=1),
        simultaneous_high=part.size - together.sum(axis=0),
        marginal_low=marginal[0],
        marginal_high=marginal[1],
        top_probability=first,
        last_probability=last,
        places=places,
    )
    return _in_place(made, part, scores.size)


@dataclass(frozen=True, eq=False, slots=True)
class _Pairs:
    """The units that take part, and every pair of them."""

    scores: Floats  # (p,)
    covariance: Floats  # (p, p)
    tie: float  # differences of scores up to this are none
    t: Floats  # (p, p) by how many normal errors the second is better; infinite if certainly
    precision: Floats  # (p, p) one over the standard error of the difference, 0 if it has none


def _taking_part(
    scores: Floats, covariance: Floats, coverage: float, df: Floats | None
) -> tuple[Integers, _Pairs]:
    """Return the numbers of the units with a score, and their pairs."""
    if not 0 < coverage < 1:
        raise ValueError("the coverage must lie between 0 and 1")
    if scores.ndim != 1 or covariance.shape != (scores.size, scores.size):
        raise ValueError("scores need a covariance with a row and a column for each")
    part = np.flatnonzero(~np.isnan(scores))
    own = covariance[np.ix_(part, part)].astype(np.float64)
    if not np.isfinite(own).all():
        raise Fault(N_("the variance of a score is not known, so ranks have no sets"), "ranks")
    if not np.allclose(own, own.T, rtol=1e-8, atol=0.0):
        raise ValueError("a covariance is symmetric")
    pairs = _pairs(scores[part].astype(np.float64), (own + own.T) / 2)
    return part, pairs if df is None else replace(pairs, t=_as_normal(pairs, df[part]))


def _as_normal(pairs: _Pairs, df: Floats) -> Floats:
    """Return the normal distances (p, p) that are as likely as Student's t of the differences."""
    from scipy.special import ndtri, stdtr

    first, second = np.nonzero(np.triu(np.isfinite(pairs.t) & (pairs.t != 0)))
    t, variances = pairs.t[first, second], pairs.covariance.diagonal()
    # A variance of 0 is certain, and its degrees of freedom do not matter.
    known = np.where(variances > 0, np.minimum(df, AS_GOOD_AS_NORMAL), 1.0)
    freedom = satterthwaite(variances[[first, second]], known[[first, second]], axis=0)
    tails = stdtr(freedom, -np.abs(t))
    normal = pairs.t.copy()
    normal[first, second] = np.copysign(-ndtri(tails), t)
    normal[second, first] = -normal[first, second]
    return normal


def _pairs(scores: Floats, covariance: Floats) -> _Pairs:
    tie = ROUNDING * float(np.abs(scores).max(initial=0.0))
    difference = scores[None, :] - scores[:, None]
    difference[np.abs(difference) <= tie] = 0.0
    both = np.add.outer(covariance.diagonal(), covariance.diagonal())
    variance = both - 2 * covariance
    if (variance < -1e-8 * np.abs(both)).any() or (covariance.diagonal() < 0).any():
        raise ValueError("a covariance has no negative variances")
    certain = variance <= ROUNDING * both
    precision = np.where(certain, 0.0, 1 / np.sqrt(np.where(certain, 1.0, variance)))
    surely = np.where(difference == 0, 0.0, np.copysign(np.inf, difference))
    return _Pairs(
        scores, covariance, tie, np.where(certain, surely, difference * precision), precision
    )


def _table(pairs: _Pairs, coverage: float) -> RankTable:
    # Here and not at the top: whoever only takes ballots in need not carry its 15 MB.
    from scipy.special import ndtr

    units = pairs.scores.size
    apart = _told_apart(pairs, ndtr(-np.abs(pairs.t)) * 2, 1 - coverage)
    better = ndtr(pairs.t)
    better[pairs.t == 0] = np.where(pairs.precision[pairs.t == 0] > 0, 0.5, 0.0)  # a sure tie
    return RankTable(
        rank=1 + (pairs.t > 0).sum(axis=1),
        low=1 + (apart & (pairs.t > 0)).sum(axis=1),
        high=units - (apart & (pairs.t < 0)).sum(axis=1),
        expected=1 + better.sum(axis=1),
        indistinct=~apart & ~np.eye(units, dtype=bool),
    )


def _told_apart(pairs: _Pairs, probability: Floats, level: float) -> Bools:
    """Return which pairs Holm's step-down finds different, symmetric (p, p)."""
    first, second = np.triu_indices(pairs.scores.size, 1)
    tested = (pairs.precision[first, second] > 0) | (pairs.t[first, second] != 0)
    first, second = first[tested], second[tested]
    values = probability[first, second]
    order = np.argsort(values, kind="stable")
    passed = values[order] * np.arange(values.size, 0, -1) <= level
    found = order[: values.size if passed.all() else int(passed.argmin())]
    apart = np.zeros(probability.shape, bool)
    apart[first[found], second[found]] = True
    return apart | apart.T


def _draws(pairs: _Pairs, replicates: int, seed: int) -> Floats:
    """Return normal errors with the covariance (p, R), the same ones however units are ordered.

    The symmetric root gives each unit its own normal number, dealt out by score and variance.
    """
    own = pairs.covariance
    rows = np.sort(own, axis=1).sum(axis=1)
    order = np.lexsort((rows, own.diagonal(), pairs.scores))
    values, vectors = np.linalg.eigh(own[np.ix_(order, order)])
    if (values < -1e-8 * np.abs(values).max(initial=0.0)).any():
        raise ValueError("a covariance has no negative eigenvalues")
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    numbers = np.random.default_rng(seed).standard_normal((order.size, replicates))
    draws = np.empty_like(numbers)
    draws[order] = root @ numbers
    return draws


def _simultaneous(pairs: _Pairs, draws: Floats, coverage: float) -> Bools:
    """Return which units (p, p) are found better than the unit of the row, over all pairs."""
    units = pairs.scores.size
    found = np.zeros((units, units), bool)
    largest = np.zeros(draws.shape)
    changed = np.arange(units)
    while changed.size:
        for unit in changed.tolist():
            largest[unit] = _drawn_t(pairs, draws, unit, ~found[unit]).max(axis=0)
        news = ~found & (pairs.t > _critical(largest.max(axis=0), coverage))
        found |= news
        changed = np.flatnonzero(news.any(axis=1))
    return found


def _marginal(pairs: _Pairs, draws: Floats, coverage: float) -> tuple[Integers, Integers]:
    """Return the best and the worst rank that each unit's own pairs leave open."""
    units = pairs.scores.size
    low, high = np.ones(units, np.int64), np.full(units, units)
    for unit in range(units):
        t = pairs.t[unit]
        drawn = _drawn_t(pairs, draws, unit, np.ones(units, bool))
        better, worse = np.zeros(units, bool), np.zeros(units, bool)
        while True:
            largest = np.maximum(drawn[~better].max(axis=0), -drawn[~worse].min(axis=0))
            critical = _critical(largest, coverage)
            if not ((t > critical) & ~better | (-t > critical) & ~worse).any():
                break
            better, worse = better | (t > critical), worse | (-t > critical)
        low[unit], high[unit] = 1 + better.sum(), units - worse.sum()
    return low, high


def _drawn_t(pairs: _Pairs, draws: Floats, unit: int, others: Bools) -> Floats:
    """Return by how many standard errors others are drawn better than a unit, itself at 0."""
    drawn: Floats = draws[others] - draws[unit]
    drawn *= pairs.precision[unit, others, None]
    return drawn


def _critical(largest: Floats, coverage: float) -> float:
    """Return the order statistic that a further draw stays below with this chance, at least."""
    place = min(ceil(coverage * (largest.size + 1)), largest.size) - 1
    return max(0.0, float(np.partition(largest, place)[place]))


def _among_first(drawn: Floats, places: int, tie: float) -> Floats:
    """Return the share of draws (p, R) in which a unit has one of the first places."""
    units = len(drawn)
    if not units:
        return np.zeros(0)
    last = np.partition(drawn, units - places, axis=0)[units - places]
    share: Floats = (drawn >= last - tie).mean(axis=1)
    return share


def _in_place(made: _Ranks, part: Integers, units: int) -> _Ranks:
    """Return results with a row for every unit, those without a score among them."""
    columns = {one.name: getattr(made, one.name) for one in fields(made)}
    return replace(
        made,
        **{
            name: _placed(column, part, units)
            for name, column in columns.items()
            if isinstance(column, np.ndarray)
        },
    )


def _placed(column: NDArray[Any], part: Integers, units: int) -> NDArray[Any]:
    nothing = np.nan if column.dtype.kind == "f" else 0
    placed = np.full((units,) * column.ndim, nothing, column.dtype)
    placed[np.ix_(*[part] * column.ndim)] = column
    return placed
