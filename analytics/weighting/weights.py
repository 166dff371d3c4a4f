"""Weights that make ballots stand for a population: post-stratified, raked, bounded, trimmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.faults import N_, Fault
from analytics.shapes import Bools, Floats, Integers
from analytics.weighting.calibration import (
    Bounds,
    Fit,
    fit_between,
    fit_proportionally,
    largest_miss,
)

_SAME_TOTAL = 1e-9
_DENSE = 1 << 22  # cells of a cross table that is counted without sorting


@dataclass(frozen=True, eq=False, slots=True)
class Margin:
    """How many people of the population have each level of one variable."""

    variable: str
    levels: tuple[str, ...]
    population: Floats  # (L,)


@dataclass(frozen=True, eq=False, slots=True)
class JointTargets:
    """How many people of the population have each combination of levels of some variables."""

    variables: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]  # of each variable
    population: Floats  # (L1, L2, …)


@dataclass(frozen=True, eq=False, slots=True)
class Weighted:
    """Weights that add up to the population, and what they cost."""

    weights: Floats  # (N,)
    cell: Integers  # (N,) which cell each belongs to
    cells: Integers  # (C, V) levels of the cells that have somebody
    is_joint: bool  # whether every cell has its own target, and not only the margins
    factors: Floats  # (C,) weight over base weight, the base weights scaled to the population
    steps: int
    has_converged: bool
    largest_miss: float  # of any margin, as a share of the population
    design_effect: float  # each row being one ballot
    effective_n: float


@dataclass(frozen=True, eq=False, slots=True)
class Trimmed:
    """Weights cut at both ends, their sum kept, and what that cost."""

    weights: Floats  # (N,)
    low: float
    high: float
    low_count: int  # how many were below
    high_count: int
    design_effect: float
    effective_n: float


def post_stratify(weights: Floats, codes: Integers, targets: JointTargets) -> Weighted:
    """Return weights whose every cell adds up to its population (Holt and Smith 1979).

    Base weights (N,), codes (N, V) the numbers of levels.
    """
    sizes = tuple(len(names) for names in targets.levels)
    if targets.population.shape != sizes:
        raise ValueError("the population must have one number for every combination of levels")
    margins = [
        Margin(variable, names, targets.population.sum(axis=tuple({*range(len(sizes))} - {v})))
        for v, (variable, names) in enumerate(zip(targets.variables, targets.levels, strict=True))
    ]
    _check_codes(weights, codes, margins)
    table = _cross_table(weights, codes, sizes)
    joint = Margin(
        " × ".join(targets.variables),
        tuple(" × ".join(names) for names in _combinations(targets.levels)),
        targets.population.ravel(),
    )
    flat = np.ravel_multi_index(tuple(table.cells.T), sizes)
    _check_populations([joint])
    _check_reachable(table, flat[:, None], [joint])
    wanted = joint.population[flat]
    return _weighted(weights, table, Fit(wanted, 1, 0.0), wanted.sum(), 0.0, is_joint=True)


def rake(
    weights: Floats,
    codes: Integers,
    margins: Sequence[Margin],
    bounds: Bounds | None = None,
    tolerance: float = 1e-10,
    most_steps: int = 1000,
) -> Weighted:
    """Return weights that meet several margins at once, fitted on the cross table.

    Base weights (N,) of ballots or numbers of ballots of cells, codes (N, V) the numbers of levels,
    one variable per margin. The tolerance
    is the largest miss of a margin as a share of the population. Where the margins contradict
    the empty cells of the table, or the bounds are too narrow, it does not converge and says so.
    """
    _check_codes(weights, codes, margins)
    _check_populations(margins)
    table = _cross_table(weights, codes, tuple(len(margin.levels) for margin in margins))
    _check_reachable(table, table.cells, margins)
    targets = [margin.population for margin in margins]
    scaled = table.sizes * (targets[0].sum() / table.sizes.sum())
    if bounds is None:
        fit = fit_proportionally(scaled, table.cells, targets, tolerance, most_steps)
    else:
        fit = fit_between(scaled, table.cells, targets, bounds, tolerance, most_steps)
    return _weighted(weights, table, fit, targets[0].sum(), tolerance)


def trim(weights: Floats, low: float = 1 / 5, high: float = 5) -> Trimmed:
    """Return weights cut at multiples of their median; the rest share what that takes or gives.

    All between the cuts are multiplied by one factor so that the sum stays. Where even that is
    impossible inside the cuts, the cut weights are scaled as they are.
    """
    _check_weights(weights)
    if not 0 <= low <= 1 <= high:
        raise ValueError("weights are cut at or below, and at or above their median")
    median = float(np.median(weights[weights > 0]))
    least, most = low * median, high * median
    in_use = weights > 0
    cut = np.zeros_like(weights)
    cut[in_use] = _filled(weights[in_use], least, most)
    return Trimmed(
        weights=cut,
        low=least,
        high=most,
        low_count=int(np.count_nonzero(weights[in_use] < least)),
        high_count=int(np.count_nonzero(weights > most)),
        design_effect=design_effect(cut),
        effective_n=effective_n(cut),
    )


def margin_miss(weights: Floats, codes: Integers, margins: Sequence[Margin]) -> float:
    """Return how far any weights miss the margins at most, as a share of the population."""
    _check_codes(weights, codes, margins)
    _check_populations(margins)
    return largest_miss(weights, codes, [margin.population for margin in margins])


def design_effect(weights: Floats, counts: Integers | None = None) -> float:
    """Return how much unequal weights inflate variance (Kish 1965, §11.7): n Σw²/(Σw)².

    Equal weights give 1.0; a weight of 0 is nobody. With counts (N,) each weight is the sum of so
    many equal ones, as where whole cells were weighted.
    """
    n = np.count_nonzero(weights) if counts is None else counts[weights > 0].sum()
    return float(n / effective_n(weights, counts))


def effective_n(weights: Floats, counts: Integers | None = None) -> float:
    """Return how many equal weights would tell as much: (Σw)²/Σw²; counts as in the above."""
    _check_weights(weights)
    squares = np.square(weights)
    if counts is not None:
        if counts.shape != weights.shape or (counts[weights > 0] < 1).any():
            raise ValueError("every weight above 0 must stand for a ballot at least")
        squares = squares / np.maximum(counts, 1)
    return float(weights.sum() ** 2 / squares.sum())


@dataclass(frozen=True, eq=False, slots=True)
class _CrossTable:
    """The cells that have somebody: their levels, the sum of their weights, whose they are."""

    cells: Integers  # (C, V)
    sizes: Floats  # (C,)
    cell: Integers  # (N,)


def _cross_table(weights: Floats, codes: Integers, sizes: tuple[int, ...]) -> _CrossTable:
    keys = np.zeros(weights.size, np.int64)
    for v, size in enumerate(sizes):
        keys = keys * size + codes[:, v]
    cells = 1
    for size in sizes:
        cells *= size
    if cells > _DENSE:
        found, cell = np.unique(keys, return_inverse=True)
    else:
        present = np.bincount(keys, minlength=cells) > 0
        found = np.flatnonzero(present)
        cell = (np.cumsum(present) - 1)[keys]
    columns = np.column_stack(np.unravel_index(found, sizes)).astype(np.int64)
    sums = np.bincount(cell, weights, found.size).astype(np.float64)
    return _CrossTable(columns, sums, cell)


def _weighted(
    weights: Floats,
    table: _CrossTable,
    fit: Fit,
    population: float,
    tolerance: float,
    *,
    is_joint: bool = False,
) -> Weighted:
    seen = table.sizes > 0
    ratios = np.where(seen, fit.sizes / np.where(seen, table.sizes, 1), 0.0)
    fitted = weights * ratios[table.cell]
    return Weighted(
        weights=fitted,
        cell=table.cell,
        cells=table.cells,
        is_joint=is_joint,
        factors=ratios * (table.sizes.sum() / population),
        steps=fit.steps,
        has_converged=fit.miss <= tolerance,
        largest_miss=fit.miss,
        design_effect=design_effect(fitted),
        effective_n=effective_n(fitted),
    )


def _filled(weights: Floats, least: float, most: float) -> Floats:
    """Return weights times one factor and cut, the factor such that their sum stays.

    The sum is piecewise linear in the factor; its corners are where a weight meets a cut.
    """
    distinct, inverse, counts = np.unique(weights, return_inverse=True, return_counts=True)
    total = distinct @ counts
    corners = np.unique(np.concatenate([least / distinct, most / distinct]))

    def total_at(factor: float) -> float:
        return float(np.clip(factor * distinct, least, most) @ counts)

    if not total_at(corners[0]) <= total <= total_at(corners[-1]):
        cut = np.clip(distinct, least, most)
        cut *= total / (cut @ counts)
    else:
        low, high = 0, corners.size - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if total_at(corners[middle]) <= total else (low, middle)
        before, after = total_at(corners[low]), total_at(corners[high])
        share = (total - before) / (after - before) if after > before else 0.0
        factor = corners[low] + share * (corners[high] - corners[low])
        cut = np.clip(factor * distinct, least, most)
    filled: Floats = cut[inverse]
    return filled


def _combinations(levels: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for names in levels:
        found = [(*one, name) for one in found for name in names]
    return found


def _check_weights(weights: NDArray[Any]) -> None:
    # Sums are finite only where every weight is.
    if weights.ndim != 1 or not weights.size or weights.min() < 0 or not 0 < weights.sum() < np.inf:
        raise ValueError("weights must be finite numbers, none below 0 and some above")


def _check_codes(weights: Floats, codes: Integers, margins: Sequence[Margin]) -> None:
    _check_weights(weights)
    if not margins or codes.shape != (weights.size, len(margins)):
        raise ValueError("codes must have one row per weight and one column per margin")
    for v, margin in enumerate(margins):
        if margin.population.shape != (len(margin.levels),):
            raise ValueError("a margin must have one number for every level")
        lowest, highest = codes[:, v].min(), codes[:, v].max()
        if lowest < 0:
            count = int(np.count_nonzero(codes[:, v] < 0))
            message = N_("%(count)d ballots do not say their “%(variable)s”")
            raise Fault(message, "weighting", count=count, variable=margin.variable)
        if highest >= len(margin.levels):
            message = N_("level %(number)d of “%(variable)s” has no population")
            number = int(highest) + 1
            raise Fault(message, "weighting", number=number, variable=margin.variable)


def _check_populations(margins: Sequence[Margin]) -> None:
    first = margins[0]
    for margin in margins:
        if not (margin.population >= 0).all() or not 0 < margin.population.sum() < np.inf:
            message = N_("the population of “%(variable)s” must be numbers of people, not all 0")
            raise Fault(message, "weighting", variable=margin.variable)
        one, other = first.population.sum(), margin.population.sum()
        if abs(one - other) > _SAME_TOTAL * one:
            message = N_(
                "“%(first)s” adds up to %(one)s people and “%(variable)s” to %(other)s; "
                "they must be one population"
            )
            raise Fault(
                message,
                "weighting",
                first=first.variable,
                one=f"{one:.10g}",
                variable=margin.variable,
                other=f"{other:.10g}",
            )


def _check_reachable(table: _CrossTable, levels: Integers, margins: Sequence[Margin]) -> None:
    """Refuse a level that has people and no ballots, or ballots and no people."""
    for v, margin in enumerate(margins):
        found = np.bincount(levels[:, v], table.sizes, len(margin.levels)) > 0
        wanted = margin.population > 0
        if (wrong := wanted & ~found).any():
            message = N_("no ballot is “%(level)s” in “%(variable)s”, but people are")
            raise Fault(message, "weighting", level=_first(margin, wrong), variable=margin.variable)
        if (wrong := found & ~wanted).any():
            message = N_("ballots are “%(level)s” in “%(variable)s”, but no people are")
            raise Fault(message, "weighting", level=_first(margin, wrong), variable=margin.variable)


def _first(margin: Margin, wrong: Bools) -> str:
    return margin.levels[int(np.argmax(wrong))]
