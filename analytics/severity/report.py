"""What appraisers' severity does to the order of units: a diagnostic, never the official score."""

from dataclasses import dataclass
from enum import StrEnum
from math import nan, sqrt

import numpy as np

from analytics.faults import Fault
from analytics.order_moves import OrderMoves, order_moves, ranks_in_parts
from analytics.pair_tables import PairTables, pair_tables
from analytics.severity.crossed_effects import CrossedEffects, crossed_effects
from analytics.severity.elimination import connected_parts
from analytics.severity.two_way import TwoWayEffects, two_way_effects
from analytics.shapes import NOWHERE, Floats, Integers, RatingRows, ratio_of


class SeverityVerdict(StrEnum):
    """What can be said about severity in one group."""

    TOO_FEW = "too_few"  # no rating is left over to tell severity from chance
    NO_EFFECT_BY_DESIGN = "no_effect_by_design"  # everybody rated every unit: ranks cannot change
    NOT_CONNECTED = "not_connected"  # units of different parts have no appraisers in common
    NO_DIFFERENCE_SEEN = "no_difference_seen"  # the appraisers' variance is 0
    FITTED = "fitted"


@dataclass(frozen=True, eq=False, slots=True)
class SeverityReport:
    """Units of one group with and without the appraisers' severity.

    NaN and `NOWHERE` stand for units without ratings. Ranks are taken inside connected parts,
    1 is best, equal means share the smaller rank.
    """

    verdict: SeverityVerdict
    ratings: int
    appraisers: int  # who rated at least one unit
    units: int  # that were rated
    is_complete: bool  # everybody rated every unit
    parts: Integers  # (U,) connected part
    part_count: int
    raw_means: Floats  # (U,)
    raw_ranks: Integers  # (U,)
    crossed: CrossedEffects | None  # None where there are too few ratings
    adjusted_means: Floats  # (U,) mu + a, appraisers random; NaN where there are too few ratings
    adjusted_variances: Floats  # (U,) of their prediction
    adjusted_ranks: Integers  # (U,)
    two_way: TwoWayEffects | None  # None without ratings
    two_way_means: Floats  # (U,) the same with fixed appraisers
    two_way_ranks: Integers  # (U,)
    appraiser_sd: float  # points by which strict and lenient appraisers differ; NaN if not known
    largest_shift: float  # points between raw and adjusted means: severity and shrinkage
    two_way_largest_shift: float  # points between raw and two-way means: severity alone
    moves: OrderMoves | None  # from raw to adjusted order; None where all are predicted alike
    two_way_moves: OrderMoves | None  # from raw to two-way order
    official_moves: OrderMoves | None  # from the official to the adjusted order


def severity_report(
    ratings: PairTables | RatingRows, official: Floats | None = None
) -> SeverityReport:
    """Report severity in one group, beside the official scores (U,) where these are given."""
    tables = ratings if isinstance(ratings, PairTables) else pair_tables(ratings)
    if official is not None and official.shape != (tables.units,):
        raise ValueError("official scores must be one for each unit")
    parts = connected_parts(tables)
    raw, rated = _raw_means(tables), parts != NOWHERE
    two_way = two_way_effects(tables) if rated.any() else None
    crossed = _crossed(tables)
    unknown = np.full(tables.units, nan)
    adjusted = unknown if crossed is None else np.where(rated, crossed.adjusted_means, nan)
    variances = unknown if crossed is None else np.where(rated, crossed.adjusted_variances, nan)
    two_way_means = unknown if two_way is None else two_way.adjusted_means
    has_order = crossed is not None and crossed.unit_variance > 0
    return SeverityReport(
        verdict=_verdict(tables, parts, crossed),
        ratings=0 if two_way is None else two_way.ratings,
        appraisers=0 if two_way is None else two_way.appraisers,
        units=int(rated.sum()),
        is_complete=is_complete(tables),
        parts=parts,
        part_count=int(parts.max(initial=NOWHERE)) + 1,
        raw_means=raw,
        raw_ranks=ranks_in_parts(raw, parts),
        crossed=crossed,
        adjusted_means=adjusted,
        adjusted_variances=variances,
        adjusted_ranks=ranks_in_parts(adjusted, parts),
        two_way=two_way,
        two_way_means=two_way_means,
        two_way_ranks=ranks_in_parts(two_way_means, parts),
        appraiser_sd=nan if crossed is None else sqrt(crossed.appraiser_variance),
        largest_shift=_largest(adjusted - raw),
        two_way_largest_shift=_largest(two_way_means - raw),
        moves=order_moves(raw, adjusted, parts) if has_order else None,
        two_way_moves=order_moves(raw, two_way_means, parts),
        official_moves=(
            order_moves(official, adjusted, parts) if has_order and official is not None else None
        ),
    )


def is_complete(tables: PairTables) -> bool:
    """Say whether everybody who rated at all rated every unit that was rated."""
    return bool(tables.n.size and (tables.sizes == np.unique(tables.first).size).all())


def _verdict(
    tables: PairTables, parts: Integers, crossed: CrossedEffects | None
) -> SeverityVerdict:
    if (parts != NOWHERE).sum() < 2:
        return SeverityVerdict.TOO_FEW
    if is_complete(tables):
        return SeverityVerdict.NO_EFFECT_BY_DESIGN
    if parts.max() > 0:
        return SeverityVerdict.NOT_CONNECTED
    if crossed is None:
        return SeverityVerdict.TOO_FEW
    no_difference = crossed.appraiser_variance == 0
    return SeverityVerdict.NO_DIFFERENCE_SEEN if no_difference else SeverityVerdict.FITTED


def _crossed(tables: PairTables) -> CrossedEffects | None:
    try:
        return crossed_effects(tables)
    except Fault:  # too few ratings: the report says so by its verdict
        return None


def _raw_means(tables: PairTables) -> Floats:
    own = tables.first == tables.second
    counts, sums = (
        np.bincount(tables.first[own], column[own], tables.units) for column in (tables.n, tables.a)
    )
    return ratio_of(sums, counts)


def _largest(shifts: Floats) -> float:
    known = np.abs(shifts[~np.isnan(shifts)])
    return float(known.max()) if known.size else nan
