"""Estimates from rows of a stratified or clustered sample, with errors by linearisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.faults import N_, Fault
from analytics.shapes import Bools, Floats, Integers, ratio_of

_PLACE = "survey design"


class Lonely(StrEnum):
    """What a stratum with a single cluster, whose variance nobody can see, adds to variances."""

    REFUSE = "refuse"
    CERTAINTY = "certainty"  # nothing, as if it had been certain to be drawn
    ADJUST = "adjust"  # its squared distance from the whole sample's estimate


@dataclass(frozen=True, eq=False, slots=True)
class SurveyDesign:
    """How N rows came into a sample; clusters are nested in strata, without any each row is one.

    `populations` are numbers of clusters, one for each row or for each stratum in ascending
    order; without them the sample counts as drawn from many more.
    """

    weights: Floats  # (N,) how many each row stands for
    strata: NDArray[Any]  # (N,) of any kind that sorts
    clusters: NDArray[Any] | None = None  # (N,)
    populations: NDArray[Any] | None = None  # (N,) or (strata,)
    lonely: str = Lonely.REFUSE


@dataclass(frozen=True, eq=False, slots=True)
class Estimate:
    """Estimates with the covariance of their errors, NaN where no row belongs to them."""

    estimates: Floats  # (K,)
    se: Floats  # (K,)
    covariance: Floats  # (K, K)
    df: float  # clusters less strata, of the rows that were looked at


def mean(y: ArrayLike, design: SurveyDesign, domain: Bools | None = None) -> Estimate:
    """Return weighted means of one or several columns (N,) or (N, K), perhaps of some rows only.

    Errors are those of a ratio of two totals (Woodruff 1971; Särndal, Swensson and Wretman 1992,
    sections 5.5 to 5.7), with all rows in the design whatever the domain is.
    """
    columns, layout = _columns(y, design, domain), _Layout.of(design)
    weights = _inside(layout, domain)
    total = weights.sum()
    estimates = ratio_of(weights @ columns, total)
    shares = weights * ratio_of(np.ones(1), total)
    return _estimate(estimates, shares[:, None] * (columns - estimates), layout, domain)


def total(y: ArrayLike, design: SurveyDesign, domain: Bools | None = None) -> Estimate:
    """Return weighted sums of one or several columns (N,) or (N, K), perhaps of some rows only."""
    columns, layout = _columns(y, design, domain), _Layout.of(design)
    parts = _inside(layout, domain)[:, None] * columns
    return _estimate(parts.sum(axis=0), parts, layout, domain)


def ratio(
    top: ArrayLike, bottom: ArrayLike, design: SurveyDesign, domain: Bools | None = None
) -> Estimate:
    """Return the quotients of the totals of columns and of one column."""
    tops, layout = _columns(top, design, domain), _Layout.of(design)
    bottoms = _columns(bottom, design, domain)
    weights = _inside(layout, domain)
    divisor = weights @ bottoms[:, 0]
    if divisor == 0:
        raise Fault(N_("a ratio needs a total below the line that is not 0"), _PLACE)
    estimates = weights @ tops / divisor
    influence = weights[:, None] * (tops - bottoms[:, :1] * estimates) / divisor
    return _estimate(estimates, influence, layout, domain)


def by(y: ArrayLike, codes: Integers, design: SurveyDesign) -> Estimate:
    """Return the mean of a column (N,) in each domain, and the covariance of all of them.

    Domains are numbered from 0; rows with a number below 0 belong to none.
    """
    layout, codes = _Layout.of(design), np.asarray(codes)
    inside = codes >= 0
    column = _columns(y, design, inside)[:, 0]
    weights = _inside(layout, inside)
    size = int(codes.max(initial=-1)) + 1
    domain = np.where(inside, codes, size)  # the last one takes what belongs to none
    totals = np.bincount(domain, weights, size + 1)
    means = ratio_of(np.bincount(domain, weights * column, size + 1), totals)
    known = totals > 0
    centres, divisors = np.where(known, means, 0.0), np.where(known, totals, 1.0)
    influence = weights * (column - centres[domain]) / divisors[domain]
    covariance = layout.sparse_covariance(influence, domain, size + 1)
    covariance[~known], covariance[:, ~known] = np.nan, np.nan
    covariance = covariance[:size, :size]
    return Estimate(means[:size], _roots(covariance), covariance, layout.df(inside))


def design_effect(y: ArrayLike, design: SurveyDesign) -> Floats:
    """Return how much larger variances of means are than in a simple sample of as many rows.

    The simple sample is drawn without replacement from as many as the weights add up to
    (Kish 1965, section 8.2); NaN where these are no more than the rows.
    """
    found, columns = mean(y, design), _columns(y, design, None)
    weights = np.asarray(design.weights, np.float64)
    n, population = int((weights > 0).sum()), weights.sum()
    squares = weights @ (columns - found.estimates) ** 2 / population
    simple = squares * ratio_of(np.array(n), np.array(n - 1)) / n * (1 - n / population)
    return ratio_of(found.se**2, simple)


def quantile(
    y: ArrayLike, design: SurveyDesign, at: Sequence[float], domain: Bools | None = None
) -> Floats:
    """Return the smallest values that so large shares of the weights do not exceed (Q,).

    It is the inverse of the weighted distribution function, without interpolation.
    """
    shares = np.asarray(at, np.float64)
    if ((shares < 0) | (shares > 1)).any():
        raise ValueError("a quantile is asked for at shares of 0 to 1")
    column = _columns(y, design, domain)[:, 0]
    weights = _inside(_Layout.of(design), domain)
    used = np.flatnonzero(weights > 0)
    if not used.size:
        return np.full(shares.size, np.nan)
    order = used[np.argsort(column[used], kind="stable")]
    reached = np.cumsum(weights[order])
    wanted = shares * reached[-1] * (1 - 1e-12)  # sums of fractions fall short of themselves
    values: Floats = column[order[np.searchsorted(reached, wanted)]]
    return values


@dataclass(frozen=True, eq=False, slots=True)
class _Layout:
    """A design by numbers: rows in clusters (C), clusters in strata (H)."""

    weights: Floats  # (N,)
    cluster: Integers  # (N,)
    stratum: Integers  # (C,)
    factors: Floats  # (H,) of the squares of centred sums of clusters
    alone: Bools  # (H,) not centred, for there is but one cluster

    @staticmethod
    def of(design: SurveyDesign) -> "_Layout":
        weights = np.asarray(design.weights, np.float64)
        _check_weights(weights, design)
        names, of_row = np.unique(np.asarray(design.strata), return_inverse=True)
        if design.clusters is None:
            cluster, stratum = np.arange(weights.size), of_row
        else:
            inner = np.unique(np.asarray(design.clusters), return_inverse=True)[1]
            pairs = of_row * (int(inner.max(initial=0)) + 1) + inner
            _, first, cluster = np.unique(pairs, return_index=True, return_inverse=True)
            stratum = of_row[first]
        sizes = np.bincount(stratum, minlength=names.size)
        left = _unsampled(design, of_row, sizes)
        alone = (sizes == 1) & (left > 0)
        if alone.any() and Lonely(design.lonely) is Lonely.REFUSE:
            raise Fault(
                N_("stratum “%(stratum)s” has a single cluster: name a rule for such strata"),
                _PLACE,
                stratum=names[np.flatnonzero(alone)[0]],
            )
        factors = left * np.where(sizes > 1, sizes / np.maximum(sizes - 1, 1), 1.0)
        if Lonely(design.lonely) is not Lonely.ADJUST:
            factors = np.where(alone, 0.0, factors)
        return _Layout(weights, cluster, stratum, factors, alone)

    def covariance(self, influence: Floats) -> Floats:
        """Return the covariance (K, K) of sums of influence values (N, K)."""
        sums = np.zeros((self.stratum.size, influence.shape[1]))
        np.add.at(sums, self.cluster, influence)
        deviations = sums - self._centres(sums)[self.stratum]
        product: Floats = (deviations * self.factors[self.stratum, None]).T @ deviations
        return product

    def sparse_covariance(self, influence: Floats, domain: Integers, size: int) -> Floats:
        """Return the same of influence values (N,) of which each belongs to one of many sums."""
        from scipy.sparse import csr_array, diags_array

        shape = self.stratum.size, size
        sums = csr_array((influence, (self.cluster, domain)), shape=shape)
        of_strata = np.zeros((self.factors.size, size))
        np.add.at(of_strata, (self.stratum[self.cluster], domain), influence)
        sizes = np.bincount(self.stratum, minlength=self.factors.size)
        spread = np.where(self.alone, 0.0, self.factors / np.maximum(sizes, 1))
        squares = (sums.T @ diags_array(self.factors[self.stratum]) @ sums).toarray()
        product: Floats = squares - (of_strata * spread[:, None]).T @ of_strata
        return product

    def df(self, inside: Bools) -> float:
        """Return the clusters less the strata that rows inside a domain belong to."""
        clusters = np.unique(self.cluster[inside & (self.weights > 0)])
        return float(clusters.size - np.unique(self.stratum[clusters]).size)

    def _centres(self, sums: Floats) -> Floats:
        of_strata = np.zeros((self.factors.size, sums.shape[1]))
        np.add.at(of_strata, self.stratum, sums)
        sizes = np.bincount(self.stratum, minlength=self.factors.size)
        return np.where(self.alone[:, None], 0.0, of_strata / np.maximum(sizes, 1)[:, None])


def _estimate(
    estimates: Floats, influence: Floats, layout: _Layout, domain: Bools | None
) -> Estimate:
    covariance = layout.covariance(influence)
    covariance[np.isnan(estimates)], covariance[:, np.isnan(estimates)] = np.nan, np.nan
    inside = np.ones(layout.weights.size, bool) if domain is None else domain
    return Estimate(estimates, _roots(covariance), covariance, layout.df(inside))


def _roots(covariance: Floats) -> Floats:
    return np.sqrt(np.maximum(np.diag(covariance), 0.0))


def _inside(layout: _Layout, domain: Bools | None) -> Floats:
    return layout.weights if domain is None else np.where(domain, layout.weights, 0.0)


def _columns(y: ArrayLike, design: SurveyDesign, domain: Bools | None) -> Floats:
    """Return columns (N, K) without anything missing; outside the domain nothing is read."""
    columns = np.asarray(y, np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    rows = np.asarray(design.weights).size
    if columns.shape[0] != rows:
        raise ValueError(f"{columns.shape[0]} values for {rows} rows of the design")
    if domain is not None:
        columns = np.where(np.asarray(domain)[:, None], columns, 0.0)
    if not np.isfinite(columns).all():
        raise Fault(N_("a value is missing: leave its row out by a domain"), _PLACE)
    return columns


def _check_weights(weights: Floats, design: SurveyDesign) -> None:
    named = [each for each in (design.strata, design.clusters) if each is not None]
    if any(np.asarray(each).shape != weights.shape for each in named):
        raise ValueError("weights, strata and clusters must have a value for each row")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise Fault(N_("weights are numbers of 0 or more"), _PLACE)


def _unsampled(design: SurveyDesign, of_row: Integers, sizes: Integers) -> Floats:
    """Return the share of each stratum's population that is not in the sample (H,)."""
    if design.populations is None:
        return np.ones(sizes.size)
    given = np.asarray(design.populations, np.float64)
    if given.shape not in (of_row.shape, sizes.shape):
        raise ValueError("populations must have a value for each row or each stratum")
    populations = given
    if given.shape == of_row.shape:
        populations = np.zeros(sizes.size)
        populations[of_row] = given
        if (populations[of_row] != given).any():
            raise Fault(N_("a stratum has two different population sizes"), _PLACE)
    if not (populations >= sizes).all():
        raise Fault(N_("a population is smaller than its sample"), _PLACE)
    return 1 - sizes / populations
