"""The factors that bring a table of cells to given margins, free or between two bounds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.shapes import Floats, Integers

_HALVINGS = 40
_LEAST_GAIN = 1e-15


@dataclass(frozen=True, eq=False, slots=True)
class Fit:
    """The fitted table, how many steps it took, and how far its margins are off at most."""

    sizes: Floats  # (C,)
    steps: int
    miss: float  # of the whole


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a weight may move from its base weight, both scaled to the population."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low < 1 < self.high < np.inf:
            raise ValueError("bounds must lie on both sides of 1, the lower one not below 0")


def largest_miss(sizes: Floats, cells: Integers, targets: Sequence[Floats]) -> float:
    """Return the largest distance of a margin from its target, as a share of the whole."""
    whole = targets[0].sum()
    misses = [
        np.abs(np.bincount(cells[:, v], sizes, target.size) - target).max()
        for v, target in enumerate(targets)
    ]
    return float(max(misses) / whole)


def fit_proportionally(
    sizes: Floats,
    cells: Integers,
    targets: Sequence[Floats],
    tolerance: float,
    most_steps: int,
) -> Fit:
    """Return a table fitted to margins by iterative proportional fitting (Deming, Stephan 1940).

    Sizes (C,) are sums of base weights, cells (C, V) the levels of each. One step goes round all
    variables once.
    """
    fitted = sizes.copy()
    steps, miss = 0, largest_miss(fitted, cells, targets)
    while miss > tolerance and steps < most_steps:
        for v, target in enumerate(targets):
            levels = cells[:, v]
            found = np.bincount(levels, fitted, target.size)
            seen = found > 0
            fitted *= np.where(seen, target / np.where(seen, found, 1), 1)[levels]
        steps, miss = steps + 1, largest_miss(fitted, cells, targets)
    return Fit(fitted, steps, miss)


def fit_between(
    sizes: Floats,
    cells: Integers,
    targets: Sequence[Floats],
    bounds: Bounds,
    tolerance: float,
    most_steps: int,
) -> Fit:
    """Return a table fitted to margins whose ratios stay between bounds.

    Calibration with the logit distance (Deville and Särndal 1992, case 6): a cell's ratio is a
    logistic curve from the lower to the upper bound of a sum of one parameter per level. Newton's
    method on the convex dual; where the bounds leave no way, the best that was reached.
    """
    curve = _Curve.between(bounds)
    dummies = _dummies(cells, targets)
    total = np.concatenate(targets)
    at = np.zeros(total.size)
    steps, miss = 0, largest_miss(sizes, cells, targets)
    fitted = sizes
    while miss > tolerance and steps < most_steps:
        place = dummies @ at
        slope = sizes * curve.slope(place)
        curvature = (dummies * slope[:, None]).T @ dummies
        direction = np.linalg.pinv(curvature, hermitian=True) @ (total - fitted @ dummies)
        moved = _descend(curve, sizes, dummies, total, at, direction)
        if moved is None:
            break
        at = moved
        fitted = sizes * curve.ratio(dummies @ at)
        steps, miss = steps + 1, largest_miss(fitted, cells, targets)
    return Fit(fitted, steps, miss)


@dataclass(frozen=True, slots=True)
class _Curve:
    """The ratio as a logistic curve through 1 at 0, with slope 1 there; its integral, its slope."""

    low: float
    high: float
    steepness: float
    shift: float

    @classmethod
    def between(cls, bounds: Bounds) -> "_Curve":
        low, high = bounds.low, bounds.high
        steepness = (high - low) / ((1 - low) * (high - 1))
        return cls(low, high, steepness, float(np.log((1 - low) / (high - 1))))

    def _share(self, place: Floats) -> Floats:
        # Half a tangent, because the exponential of the usual form overflows.
        share: Floats = 0.5 + 0.5 * np.tanh((self.steepness * place + self.shift) / 2)
        return share

    def ratio(self, place: Floats) -> Floats:
        return self.low + (self.high - self.low) * self._share(place)

    def slope(self, place: Floats) -> Floats:
        share = self._share(place)
        return self.steepness * (self.high - self.low) * share * (1 - share)

    def integral(self, place: Floats) -> Floats:
        raised = np.logaddexp(0, self.steepness * place + self.shift)
        integral: Floats = self.low * place + (self.high - self.low) / self.steepness * raised
        return integral


def _dummies(cells: Integers, targets: Sequence[Floats]) -> Floats:
    columns = [cells[:, v, None] == np.arange(target.size) for v, target in enumerate(targets)]
    return np.concatenate(columns, axis=1).astype(np.float64)


def _descend(
    curve: _Curve,
    sizes: Floats,
    dummies: Floats,
    total: Floats,
    at: Floats,
    direction: Floats,
) -> Floats | None:
    """Return the parameters after one step, halved until the dual falls; None where it cannot."""

    def dual(parameters: Floats) -> float:
        return float(sizes @ curve.integral(dummies @ parameters) - total @ parameters)

    here = dual(at)
    for _ in range(_HALVINGS):
        moved = at + direction
        if dual(moved) <= here + _LEAST_GAIN * abs(here):
            return moved
        direction = direction / 2
    return None
