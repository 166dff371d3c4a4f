"""Whether raters agree: intraclass correlations, agreement per unit, Krippendorff's alpha, W."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analytics.shapes import Floats, Integers, ratio_of

COVERAGE = 0.95
_NOTHING = 1e-14  # of all squares: less is what rounding leaves where there is nothing
_ROUNDING = 1e-28  # of the squared values themselves, likewise


class Metric(StrEnum):
    """How far two levels are apart for Krippendorff's alpha."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


@dataclass(frozen=True, eq=False, slots=True)
class Iccs:
    """The six coefficients of a complete table, in the order of `names`, with 95 % limits."""

    names: tuple[str, ...]
    values: Floats  # (6,)
    f: Floats  # (6,)
    df1: Floats  # (6,)
    df2: Floats  # (6,)
    p: Floats  # (6,)
    low: Floats  # (6,)
    high: Floats  # (6,)


@dataclass(frozen=True, slots=True)
class UnitIccs:
    """How well ratings tell units apart, one-way: of a single rating, and of a unit's mean."""

    icc1: float
    icc2: float
    f: float
    between: float  # mean square
    within: float  # mean square
    units: int  # with a rating
    ratings: int
    mean_n: float


@dataclass(frozen=True, eq=False, slots=True)
class UnitAgreement:
    """How far the raters of each unit agree; NaN below two ratings of an item."""

    n: Integers  # (U, J)
    rwg: Floats  # (U, J) 1 all agree, 0 as spread as a uniform answer, below 0 more than that
    rwg_j: Floats  # (U,) of all items together, 0 to 1
    lowest_share: Floats  # (U, J) of answers at the lowest level
    highest_share: Floats  # (U, J)


@dataclass(frozen=True, slots=True)
class Concordance:
    """How far raters order units alike: Kendall's W, 0 to 1, over units that all have ranked."""

    w: float
    statistic: float
    df: int
    p: float
    raters: int
    units: int


def iccs(table: Floats) -> Iccs:
    """Return the intraclass correlations of a complete table (units, raters).

    ICC(1,1), (2,1), (3,1), (1,k), (2,k), (3,k), F and limits of Shrout and Fleiss (1979).
    """
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise ValueError("the table must be complete, with two units and two raters at least")
    n, k = table.shape
    total = float(((table - table.mean()) ** 2).sum())
    between = k * float(((table.mean(axis=1) - table.mean()) ** 2).sum())
    columns = n * float(((table.mean(axis=0) - table.mean()) ** 2).sum())
    floor = _NOTHING * total + _ROUNDING * float((table**2).sum())
    total = _above(total, floor)
    error = _above(total - between - columns, floor)
    bms, jms = _above(between, floor) / (n - 1), _above(columns, floor) / (k - 1)
    wms = _above(total - between, floor) / (n * (k - 1))
    ems = error / ((n - 1) * (k - 1))
    single = (
        _ratio(bms - wms, bms + (k - 1) * wms),
        _ratio(bms - ems, bms + (k - 1) * ems + k * (jms - ems) / n),
        _ratio(bms - ems, bms + (k - 1) * ems),
    )
    several = (
        _ratio(bms - wms, bms),
        _ratio(bms - ems, bms + (jms - ems) / n),
        _ratio(bms - ems, bms),
    )
    f = np.array([_f(bms, wms), _f(bms, ems), _f(bms, ems)] * 2)
    df1 = np.full(6, n - 1.0)
    df2 = np.array([n * (k - 1.0), (n - 1.0) * (k - 1), (n - 1.0) * (k - 1)] * 2)
    limits = [
        _one_way_limits(f[0], n - 1, n * (k - 1), k),
        _two_way_limits((bms, jms, ems), single[1], n, k),
        _one_way_limits(f[1], n - 1, (n - 1) * (k - 1), k),
    ]
    limits += [_stepped_up(pair, k) for pair in limits]
    return Iccs(
        names=("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"),
        values=np.array(single + several),
        f=f,
        df1=df1,
        df2=df2,
        p=_f_tail(df1, df2, f),
        low=np.array([pair[0] for pair in limits]),
        high=np.array([pair[1] for pair in limits]),
    )


def unit_iccs(counts: Integers, values: Floats) -> UnitIccs:
    """Return ICC(1) and ICC(2) of units from histograms (U, K) of values (K,), one-way.

    ICC(1) = (MSB - MSW) / (MSB + (m - 1) MSW) with m the mean number of ratings, ICC(2) =
    (MSB - MSW) / MSB (Bartko 1976; Bliese 2000). Units without a rating are left out.
    """
    n = counts.sum(axis=1)
    counts, n = counts[n > 0], n[n > 0]
    units, ratings = n.size, int(n.sum())
    if units < 2 or ratings == units:
        nan = float("nan")
        return UnitIccs(nan, nan, nan, nan, nan, units, ratings, _ratio(ratings, units))
    means = counts @ values / n
    grand = (n @ means) / ratings
    between = float(n @ (means - grand) ** 2) / (units - 1)
    apart = (values[None, :] - means[:, None]) ** 2
    within = float((counts * apart).sum()) / (ratings - units)
    floor = _NOTHING * (between + within) + _ROUNDING * ratings * grand**2
    between, within, mean_n = _above(between, floor), _above(within, floor), ratings / units
    return UnitIccs(
        icc1=_ratio(between - within, between + (mean_n - 1) * within),
        icc2=_ratio(between - within, between),
        f=_f(between, within),
        between=between,
        within=within,
        units=units,
        ratings=ratings,
        mean_n=mean_n,
    )


def unit_agreement(counts: Integers, values: Floats) -> UnitAgreement:
    """Return how far raters agree on each unit, from counts (U, J, L) of levels with values (L,).

    rwg = 1 - s² / σ², s² with divisor n - 1 and σ² the variance of an answer that is uniform over
    the levels; rwg(J) steps it up from the mean variance of the items that have one (James,
    Demaree, Wolf 1984), with a mean variance above σ² taken as no agreement.
    """
    if values.size < 2 or counts.shape[2] != values.size or not (np.diff(values) > 0).all():
        raise ValueError("levels must have ascending values, two at least")
    uniform = float(np.var(values))
    n = counts.sum(axis=2)
    means = np.nan_to_num(ratio_of(counts @ values, n))
    squares = (counts * (values - means[:, :, None]) ** 2).sum(axis=2)
    variances = ratio_of(squares, n - 1)
    known = ~np.isnan(variances)
    items = known.sum(axis=1)
    mean_share = ratio_of(np.nan_to_num(variances).sum(axis=1), items) / uniform
    agreed = items * np.clip(1 - mean_share, 0.0, 1.0)
    return UnitAgreement(
        n=n,
        rwg=1 - variances / uniform,
        rwg_j=ratio_of(agreed, agreed + mean_share),
        lowest_share=ratio_of(counts[:, :, 0], n),
        highest_share=ratio_of(counts[:, :, -1], n),
    )


def krippendorff_alpha(counts: Integers, values: Floats, metric: Metric = Metric.INTERVAL) -> float:
    """Return Krippendorff's alpha from how many raters gave each unit each level (U, L).

    1 - observed / expected disagreement over the coincidences of pairable ratings (Hayes and
    Krippendorff 2007); levels ascend. Two levels are 1 apart, or the square of the difference of
    their positions, so that sums of squares say what the table of coincidences would. NaN where
    nobody can disagree: no unit with two ratings, or only one level in use.
    """
    n = counts.sum(axis=1)
    pairable, n = counts[n > 1].astype(np.float64), n[n > 1]
    totals = pairable.sum(axis=0)
    whole = float(totals.sum())
    if np.count_nonzero(totals) < 2:
        return float("nan")
    if metric is Metric.NOMINAL:
        observed = ((n**2 - (pairable**2).sum(axis=1)) / (n - 1)).sum()
        expected = whole**2 - totals @ totals
    else:
        is_ordinal = metric is Metric.ORDINAL
        positions = np.cumsum(totals) - totals / 2 if is_ordinal else values
        means = pairable @ positions / n
        scatter = (pairable * (positions - means[:, None]) ** 2).sum(axis=1)
        observed = (n * scatter / (n - 1)).sum()
        expected = whole * (totals @ (positions - totals @ positions / whole) ** 2)
    return float(1 - (whole - 1) * observed / expected)


def concordance(table: Floats) -> Concordance:
    """Return Kendall's W with ties of a table (units, raters), NaN where a rater has no mean.

    W = 12 S / (m² (n³ - n) - m ΣT) over the units that every rater has rated; χ² = m (n - 1) W
    (Kendall and Babington Smith 1939). NaN below two units or two raters.
    """
    from scipy.special import chdtrc
    from scipy.stats import rankdata

    complete = table[~np.isnan(table).any(axis=1)]
    n, m = complete.shape
    if n < 2 or m < 2:
        return Concordance(float("nan"), float("nan"), max(n - 1, 0), float("nan"), m, n)
    ranks = rankdata(complete, axis=0)
    sums = ranks.sum(axis=1)
    ties = sum(_tie_term(column) for column in complete.T)
    squares = float(((sums - sums.mean()) ** 2).sum())
    w = _ratio(12 * squares, m**2 * (n**3 - n) - m * ties)
    statistic = m * (n - 1) * w
    p = float(chdtrc(n - 1, statistic)) if not np.isnan(w) else float("nan")
    return Concordance(w, statistic, n - 1, p, m, n)


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else float("nan")


def _above(value: float, floor: float) -> float:
    return value if value > floor else 0.0


def _f(between: float, within: float) -> float:
    if within > 0:
        return between / within
    return float("inf") if between > 0 else float("nan")


def _f_tail(df1: Floats, df2: Floats, f: Floats) -> Floats:
    from scipy.special import fdtrc

    tail: Floats = fdtrc(df1, df2, f)
    return tail


def _quantile(df1: float, df2: float) -> float:
    from scipy.special import fdtri

    return float(fdtri(df1, df2, (1 + COVERAGE) / 2))


def _one_way_limits(f: float, df1: float, df2: float, k: int) -> tuple[float, float]:
    """Return the limits of a single rating's coefficient from F (Shrout and Fleiss, p. 424)."""
    if np.isinf(f):
        return 1.0, 1.0
    low, high = f / _quantile(df1, df2), f * _quantile(df2, df1)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _two_way_limits(
    squares: tuple[float, float, float], icc: float, n: int, k: int
) -> tuple[float, float]:
    """Return the limits of ICC(2,1), its degrees of freedom by Satterthwaite."""
    bms, jms, ems = squares
    if ems == 0 and jms == 0:
        return (1.0, 1.0) if bms > 0 else (float("nan"), float("nan"))
    raters = k * icc * jms
    rest = n * (1 + (k - 1) * icc) * ems - k * icc * ems
    freedom = (k - 1) * (n - 1) * (raters + rest) ** 2
    v = _ratio(freedom, (n - 1) * raters**2 + rest**2)
    if np.isnan(v):
        return float("nan"), float("nan")
    upper, lower = _quantile(n - 1, v), _quantile(v, n - 1)
    spread = k * jms + (k * n - k - n) * ems
    return (
        n * (bms - upper * ems) / (upper * spread + n * bms),
        n * (lower * bms - ems) / (spread + n * lower * bms),
    )


def _stepped_up(limits: tuple[float, float], k: int) -> tuple[float, float]:
    """Return the limits of a mean of k ratings (Spearman and Brown)."""
    low, high = (_stepped(one, k) for one in limits)
    return low, high


def _stepped(icc: float, k: int) -> float:
    bottom = 1 + (k - 1) * icc
    if np.isnan(icc):
        return icc
    return k * icc / bottom if bottom > 0 else float("-inf")


def _tie_term(column: Floats) -> float:
    """Return the sum of t³ - t over values that stand t times."""
    times = np.unique(column, return_counts=True)[1].astype(np.float64)
    return float((times**3 - times).sum())
