"""Crossed random effects of units and appraisers by restricted maximum likelihood (REML).

The model is y = mu + a_unit + b_appraiser + e, all three random and normal: what lme4 writes as
y ~ 1 + (1 | unit) + (1 | appraiser). Its likelihood follows from pair tables alone, so that it
costs the same for a thousand appraisers as for a million.
"""

from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np

from analytics.faults import N_, Fault
from analytics.pair_tables import PairTables
from analytics.severity.elimination import (
    AdditiveFit,
    Elimination,
    additive_fit,
    connected_parts,
    eliminated,
    inverted,
)
from analytics.shapes import Floats

# Standard deviations of units and appraisers over that of the residuals where the search begins.
STARTS = ((0.5, 0.5), (5.0, 0.05), (0.05, 5.0), (5.0, 5.0))
FEW = 2_000  # up to so many ratings the criterion may have several lowest points
STEPS = 200  # a handful is the rule; slow only where the likelihood is nearly flat
DISTINCT = 1e-6  # how much lower another lowest point must be, to be another one
SETTLED = 1e-9  # how much lower the criterion could become where the search ends
ROUNDING = 1e-14  # of the criterion
NOTHING = 1e-4  # a standard deviation over that of the residuals that is taken for 0, as in lme4


@dataclass(frozen=True, eq=False, slots=True)
class CrossedEffects:
    """How far units differ, and how far appraisers do, with a prediction for each unit.

    A unit that nobody rated is predicted by the mean alone, with the variance of all units.
    """

    mean: float  # mu
    mean_se: float
    unit_variance: float
    appraiser_variance: float
    residual_variance: float
    effects: Floats  # (U,) conditional modes of a (BLUPs)
    prediction_variances: Floats  # (U,) of a given mu and the variances: lme4's condVar
    adjusted_variances: Floats  # (U,) of mu + a, with the uncertainty of mu
    reml: float  # -2 log restricted likelihood; minus infinity where nothing is left over
    is_singular: bool  # a variance is 0
    ratings: int
    appraisers: int  # who rated at least one unit

    @property
    def adjusted_means(self) -> Floats:
        """Return mu + a, a unit's mean under appraisers of average severity (U,)."""
        return self.mean + self.effects


def crossed_effects(tables: PairTables) -> CrossedEffects:
    """Fit crossed random effects, or refuse where the ratings cannot tell the variances apart.

    That needs more ratings than the rank of all effects together (lme4 refuses there as well).
    """
    of = eliminated(tables)
    parts = connected_parts(tables)
    additive = additive_fit(of, parts)
    if additive.spare <= 0:
        raise Fault(
            N_("%(ratings)d ratings are too few to tell strict appraisers from weak units"),
            "ratings",
            ratings=of.ratings,
        )
    if additive.rest == 0:
        return _without_rest(of, additive, parts.max() == 0)
    lowest = _lowest(of, np.array(STARTS[0]))
    for start in STARTS[1:] if of.ratings <= FEW else ():
        found = _lowest(of, np.array(start))
        if found.criterion < lowest.criterion - DISTINCT:
            lowest = found
    return _fitted(of, lowest)


@dataclass(frozen=True, eq=False, slots=True)
class _Point:
    """The criterion at one pair of relative standard deviations, with what follows from them."""

    theta: Floats  # (2,) of units, of appraisers
    criterion: float
    residual_variance: float
    mean: float  # as a deviation from the mean of all ratings
    precision: float  # of the mean, times the residual variance
    effects: Floats  # (U,)
    errors: Floats  # (U,) Z'Py: effects over gamma, also where gamma is 0
    matrix: Floats  # (U, U) A
    inverse: Floats  # (U, U) of M = I + gamma · A


def _point(of: Elimination, theta: Floats) -> _Point:
    """Return the profiled REML criterion (Bates et al. 2015, §3.4).

    With A and r the matrix and right side after elimination, the inverse of the variance of y over
    that of the residuals is W - gamma · WZ M⁻¹ Z'W, by which everything here is multiplied out.
    """
    gamma, lamda = theta**2
    equations = of.equations(lamda / (1 + of.sizes * lamda))
    a, r, free = equations.matrix, equations.right, of.ratings - 1
    inverse, log_determinant = inverted(np.eye(r.size) + gamma * a)
    precision = float(inverse.sum(axis=1) @ a.sum(axis=1))
    mean = float(inverse.sum(axis=1) @ r) / precision
    errors = inverse @ (r - mean * a.sum(axis=1))
    variance = (equations.square - float(r @ (mean + gamma * errors))) / free
    log_determinant += float(of.appraisers @ np.log1p(of.sizes * lamda)) + log(precision)
    return _Point(
        theta,
        log_determinant + free * (1 + log(2 * pi * variance)),
        variance,
        mean,
        precision,
        gamma * errors,
        errors,
        a,
        inverse,
    )


def _derivatives(of: Elimination, at: _Point) -> tuple[Floats, Floats]:
    """Return the slopes (2,) of the criterion by gamma and lambda, and its curvature (2, 2).

    The curvature is the average information (Gilmour, Thompson & Cullis 1995), never negative.
    """
    gamma, lamda = at.theta**2
    share, a, h = 1 / (1 + of.sizes * lamda), at.matrix, at.errors
    eta = at.inverse.sum(axis=1)
    m = a @ eta
    b = of.common(share**2)
    sums, squares = of.left_over(at.mean + at.effects)
    t = share**2 * squares  # of each size: squares of what P y leaves of each appraiser
    traces = [
        np.vdot(a, at.inverse) - m @ m / at.precision,
        of.appraisers @ (of.sizes * share)
        - gamma * np.vdot(b, at.inverse)
        - eta @ b @ eta / at.precision,
    ]
    free = of.ratings - 1
    total = free * at.residual_variance
    slopes = np.array([h @ h, t.sum()]) / total
    z = np.stack([a @ h, share**2 @ sums])  # Z'W of the two working variates
    inner = np.array([[h @ z[0], h @ z[1]], [h @ z[1], t @ (of.sizes * share)]])
    inner -= gamma * z @ at.inverse @ z.T + np.outer(z @ eta, z @ eta) / at.precision
    return np.array(traces) - free * slopes, free * (inner / total - np.outer(slopes, slopes))


def _lowest(of: Elimination, start: Floats) -> _Point:
    """Return a lowest point of the criterion by Newton's method on standard deviations.

    These, unlike variances, have no bound: 0 is a point like any other, where the slope is 0 too.
    """
    at = _point(of, start)
    for _ in range(STEPS):
        gradient, curvature = _derivatives(of, at)
        stuck = (at.theta < NOTHING) & (gradient < 0)
        if stuck.any():  # by chance at 0, though the criterion falls from there
            at = _point(of, np.where(stuck, STARTS[0], at.theta))
            continue
        step = _newton_step(at.theta, gradient, curvature)
        gain = -float(step @ (2 * at.theta * gradient))
        if gain <= max(SETTLED, ROUNDING * abs(at.criterion)):
            break
        lower = _below(of, at, step, gain)
        if lower is None:
            break
        at = lower
    return _without_traces(of, at)


def _newton_step(theta: Floats, gradient: Floats, curvature: Floats) -> Floats:
    """Return the step that leads down, also where the criterion curves the wrong way."""
    by_theta = 4 * np.outer(theta, theta) * curvature + np.diag(2 * gradient)
    values, vectors = np.linalg.eigh(by_theta)
    sizes = np.abs(values)
    sizes = np.maximum(sizes, max(1e-6 * sizes.max(), 1e-12))
    step: Floats = -vectors @ (vectors.T @ (2 * theta * gradient) / sizes)
    return step


def _below(of: Elimination, at: _Point, step: Floats, gain: float) -> _Point | None:
    """Return a lower point in the direction of a step, or None where rounding hides it."""
    for halvings in range(30):
        found = _point(of, np.abs(at.theta + step / 2**halvings))
        if found.criterion <= at.criterion - 1e-4 * gain / 2**halvings:
            return found
    return None


def _without_traces(of: Elimination, at: _Point) -> _Point:
    """Return the point with standard deviations of 0 for those next to nothing."""
    is_nothing = at.theta < NOTHING
    return _point(of, np.where(is_nothing, 0.0, at.theta)) if is_nothing.any() else at


def _fitted(of: Elimination, at: _Point) -> CrossedEffects:
    residual = at.residual_variance
    gamma, lamda = at.theta**2
    of_mean = residual / at.precision
    given_mean = residual * gamma * np.diag(at.inverse)
    return CrossedEffects(
        mean=of.center + at.mean,
        mean_se=sqrt(of_mean),
        unit_variance=residual * float(gamma),
        appraiser_variance=residual * float(lamda),
        residual_variance=residual,
        effects=at.effects,
        prediction_variances=given_mean,
        adjusted_variances=given_mean + at.inverse.sum(axis=1) ** 2 * of_mean,
        reml=at.criterion,
        is_singular=bool((at.theta == 0).any()),
        ratings=of.ratings,
        appraisers=of.rating_appraisers,
    )


def _without_rest(of: Elimination, additive: AdditiveFit, is_connected: bool) -> CrossedEffects:
    """Return the limit where unit and appraiser effects leave nothing to the residuals.

    The effects are then known but for a constant, and REML takes the variances of both.
    """
    effects, rated = additive.effects, of.counts > 0
    if of.square <= of.rounding:
        effects = np.zeros(effects.size)
    elif not is_connected:
        raise Fault(N_("without chance in the ratings, parts cannot be compared"), "ratings")
    appraisers, units = of.rating_appraisers, int(rated.sum())
    sums, squares = of.left_over(effects)
    of_appraisers = float((sums.sum(axis=1) / of.sizes**2).sum()) / appraisers
    spread = float((squares / of.sizes**2).sum()) - appraisers * of_appraisers**2
    unit_variance = _settled(float(effects[rated].var(ddof=1)), of)
    appraiser_variance = _settled(spread / (appraisers - 1), of)
    level = float(effects[rated].mean())
    of_level = appraiser_variance / appraisers
    return CrossedEffects(
        mean=of.center + level + of_appraisers,
        mean_se=sqrt(unit_variance / units + of_level),
        unit_variance=unit_variance,
        appraiser_variance=appraiser_variance,
        residual_variance=0.0,
        effects=np.where(rated, effects - level, 0.0),
        prediction_variances=np.where(rated, 0.0, unit_variance),
        adjusted_variances=np.where(rated, of_level, unit_variance * (1 + 1 / units) + of_level),
        reml=float("-inf"),
        is_singular=True,
        ratings=of.ratings,
        appraisers=appraisers,
    )


def _settled(variance: float, of: Elimination) -> float:
    """Return a variance, 0 where it is nothing but rounding."""
    return variance if variance > of.rounding else 0.0
