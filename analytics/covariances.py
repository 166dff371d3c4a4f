"""How far the direct scores of all units are off, and how far they are off together."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from analytics.faults import N_, Fault
from analytics.pair_tables import PairTables
from analytics.shapes import Bools, Floats, Integers, ScoreCounts, ratio_of
from analytics.variances import (
    class_spread,
    larger_variances,
    own_variances,
    satterthwaite,
    third_cumulants,
)

_ROUNDING = 1e-12  # a sum of squares loses so much of itself


class Centre(StrEnum):
    """What an appraiser's rating of a unit is held against."""

    GROUP = "group"  # the mean that the group gave the unit: the weights are fixed
    UNIT = "unit"  # the unit's composite: the weights of rows are fixed, those of groups are not


@dataclass(frozen=True, eq=False, slots=True)
class ScoreCovariance:
    """The covariance of all direct scores' errors, in points of full marks squared.

    `plain` takes each group's own variance and is what a survey estimate gives. `careful` takes
    the larger-variance rule, with the correlations of `plain` in each group; a row and column
    of NaN stands for a unit whose error nobody can tell. A unit without a score is NaN in both.
    """

    plain: Floats  # (U, U)
    careful: Floats  # (U, U)
    df: Floats  # (U,) of the careful variance (Satterthwaite 1946), NaN where it is 0 or unknown
    skewness: Floats  # (U,) third cumulant of the score over the careful error cubed
    variance_shares: Floats  # (U, G) how much of the careful variance comes from each group

    @property
    def plain_se(self) -> Floats:
        """Return the design-based standard error of each score (U,)."""
        errors: Floats = np.sqrt(np.diag(self.plain))
        return errors

    @property
    def careful_se(self) -> Floats:
        """Return the standard error that intervals and ranks should use (U,)."""
        errors: Floats = np.sqrt(np.diag(self.careful))
        return errors


def score_covariance(
    scores: ScoreCounts,
    pairs: Mapping[str, PairTables],
    invited: Integers | None = None,
    centre: Centre = Centre.GROUP,
) -> ScoreCovariance:
    """Return how far all direct scores are off together.

    `pairs` holds, by group, the pair tables of appraisers who rated several units; groups
    without them count as rating each unit by other people. `invited` (U, G), `NOWHERE` where
    unknown, makes it the error as against everybody on the list answering. Padding and
    shrinkage add what a unit's own ballots leave to its class: that part is independent
    between units and no list takes it away.
    """
    _check_pairs(scores, pairs)
    terms = _terms(scores, invited)
    plain, careful = (np.diag(terms.rest.sum(axis=1)) for _ in range(2))
    for g, group in enumerate(scores.groups):
        factors, variances = terms.factors[:, g], terms.own[:, g]
        if group not in pairs:
            plain += np.diag(factors**2 * terms.plain[:, g])
            careful += np.diag(variances)
            continue
        together = _influence_covariance(pairs[group], _centres(scores, g, centre))
        plain += np.outer(factors, factors) * together
        deviations = np.sqrt(variances)
        careful += np.outer(deviations, deviations) * _correlations(together)
    return _finished(scores, plain, careful, terms)


def mean_covariance(tables: PairTables) -> Floats:
    """Return the covariance (U, U) of one group's unit means, 0 for units nobody rated.

    An appraiser's influence on the mean of u is (x - m) / n, and 0 where u was not rated; the
    covariance is the sum of products over appraisers, times a / (a - 1) for a appraisers
    (Särndal, Swensson and Wretman 1992, section 5.8; Lumley 2010, section 2.4).
    """
    n, a = np.diag(tables.table(tables.n)), np.diag(tables.table(tables.a))
    return _influence_covariance(tables, np.nan_to_num(ratio_of(a, n)))


def difference(covariance: Floats, first: ArrayLike, second: ArrayLike) -> Floats:
    """Return the standard error of differences of units, given by their numbers."""
    i, j = np.asarray(first), np.asarray(second)
    squares = covariance[i, i] + covariance[j, j] - covariance[i, j] - covariance[j, i]
    errors: Floats = np.sqrt(np.maximum(squares, 0.0))
    return errors


def bounds(errors: ArrayLike) -> tuple[float, float]:
    """Return the standard error of a sum at correlation 0, and at correlation 1, of its terms.

    For what several ratings by the same people come to when no pair tables are at hand. A term
    that is subtracted has a negative error: of a difference, correlation 1 gives the smaller.
    """
    terms = np.asarray(errors, np.float64)
    return float(np.sqrt((terms**2).sum())), float(abs(terms.sum()))


@dataclass(frozen=True, eq=False, slots=True)
class _Terms:
    """What the variance of each unit's composite consists of, each (U, G)."""

    factors: Floats  # of the mean M in the composite, 0 where it does not count
    plain: Floats  # own variance of M
    own: Floats  # careful variance of the factor times M
    own_df: Floats
    third: Floats  # third cumulant of the factor times M
    rest: Floats  # variance of what padding mixes in
    rest_df: Floats
    anything: Bools  # whether anything is left open that could vary


def _terms(scores: ScoreCounts, invited: Integers | None) -> _Terms:
    spread, n = class_spread(scores), scores.n
    counted = (scores.shares > 0) & (n > 0)
    whole = np.where(counted, scores.shares * scores.own_shares, 0.0)
    unlisted = _unlisted(n, invited)
    factors = whole * np.sqrt(unlisted)
    own = np.where(n > 1, own_variances(scores), 0.0)
    larger, df = larger_variances(own, n, spread.within)
    left = np.where(scores.shares > 0, scores.shares * (1 - scores.own_shares), 0.0)
    rest = np.where(left > 0, left**2 * spread.between, 0.0)
    unknown = (scores.shares > 0) & (n == 0) & (scores.own_shares > 0)
    return _Terms(
        factors=factors,
        plain=own / np.maximum(n, 1),
        own=np.where(factors > 0, factors**2 * larger, 0.0),
        own_df=df,
        third=whole**3 * unlisted * (2 * unlisted - 1) * third_cumulants(scores),
        rest=np.where(unknown, np.nan, rest),
        rest_df=spread.between_df,
        anything=(factors > 0) | (left > 0),
    )


def _unlisted(n: Integers, invited: Integers | None) -> Floats:
    """Return the share of each list that has not answered (Cochran 1977, section 2.6)."""
    if invited is None:
        return np.ones(n.shape)
    if invited.shape != n.shape:
        raise ValueError("the numbers invited must be given for each unit and group")
    listed = invited > 0
    return np.where(listed, np.maximum(0.0, 1 - n / np.where(listed, invited, 1)), 1.0)


def _finished(
    scores: ScoreCounts, plain: Floats, careful: Floats, terms: _Terms
) -> ScoreCovariance:
    without_score = np.isnan(scores.composites)
    total = np.diag(careful).copy()
    # Nothing left open is an error of 0; something open in which nothing was seen is not.
    unseen = (total == 0) & terms.anything.any(axis=1)
    _blot_out(careful, np.isnan(total) | unseen | without_score)
    _blot_out(plain, np.isnan(np.diag(plain)) | without_score)
    variances = np.concatenate([terms.own, terms.rest], axis=1)
    df = satterthwaite(variances, np.concatenate([terms.own_df, terms.rest_df], axis=1))
    known = ~np.isnan(np.diag(careful))
    return ScoreCovariance(
        plain=scores.scale**2 * plain,
        careful=scores.scale**2 * careful,
        df=np.where(known, df, np.nan),
        skewness=ratio_of(terms.third.sum(axis=1), np.diag(careful) ** 1.5),
        variance_shares=ratio_of(terms.own + terms.rest, np.diag(careful)[:, None]),
    )


def _blot_out(table: Floats, units: Bools) -> None:
    table[units], table[:, units] = np.nan, np.nan


def _influence_covariance(tables: PairTables, centres: Floats) -> Floats:
    """Return the covariance of unit means from ratings held against centres (U,)."""
    n, a, s = (tables.table(column) for column in (tables.n, tables.a, tables.s))
    rated = np.maximum(np.diag(n), 1)
    products = s - centres[:, None] * a.T - centres * a + np.outer(centres, centres) * n
    certain = np.diag(products) <= _ROUNDING * np.diag(s)
    products[certain], products[:, certain] = 0.0, 0.0
    sums = np.where(certain, 0.0, (np.diag(a) - centres * np.diag(n)) / rated)
    products = products / np.outer(rated, rated)
    appraisers = tables.appraisers
    centred = products - np.outer(sums, sums) / max(appraisers, 1)
    covariance: Floats = centred * (appraisers / max(appraisers - 1, 1))
    return covariance


def _centres(scores: ScoreCounts, group: int, centre: Centre) -> Floats:
    means = np.nan_to_num(scores.means)
    if centre is Centre.GROUP:
        return means[:, group]
    shares = np.where(scores.n > 0, scores.shares, 0.0)
    return np.nan_to_num(ratio_of((shares * means).sum(axis=1), shares.sum(axis=1)))


def _correlations(covariance: Floats) -> Floats:
    """Return correlations, 1 with itself and 0 with whatever does not vary."""
    deviations = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    correlations = ratio_of(covariance, np.outer(deviations, deviations))
    correlations = np.clip(np.nan_to_num(correlations), -1.0, 1.0)
    np.fill_diagonal(correlations, 1.0)
    return correlations


def _check_pairs(scores: ScoreCounts, pairs: Mapping[str, PairTables]) -> None:
    for group, tables in pairs.items():
        if group not in scores.groups or tables.units != len(scores.units):
            raise ValueError(f"the pair tables of {group} are of other groups or units")
        rated = np.diag(tables.table(tables.n))
        if (rated != scores.n[:, scores.groups.index(group)]).any():
            raise Fault(
                N_("the pair tables of group “%(group)s” are not of the ballots that count"),
                "covariances",
                group=group,
            )
