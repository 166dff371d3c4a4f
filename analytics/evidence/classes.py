"""What is said of each class: its ranks, what other choices would change, how its groups agree."""

from dataclasses import dataclass
from itertools import chain

import numpy as np

from analytics.evidence.items import class_items
from analytics.evidence.parts import EvidenceParts
from analytics.evidence.result import ClassEvidence, OtherChoice
from analytics.group_reliability import group_concordance
from analytics.other_rules import other_conversions, other_points, usual_points, without_padding
from analytics.plain_figures import known
from analytics.rankings import Alternative
from analytics.ranks import RankSets, rank_sets
from analytics.rules.rule_set import Method
from analytics.sensitivity import (
    BallotsToFlip,
    SmallestSwitch,
    WeightSensitivity,
    ballots_to_flip,
    leave_one_group_out,
    smallest_switch,
    weight_sensitivity,
)
from analytics.shapes import Floats, Integers
from analytics.shaping import option_points

NARROW, WIDE = 0.1, 0.2
DRAWS = 1000


@dataclass(frozen=True, eq=False, slots=True)
class ClassParts:
    """The arrays of one class, over its ranked units."""

    code: str
    members: Integers  # numbers of its ranked units among all
    sets: RankSets | None  # None where nobody can tell how far scores are off
    narrow: WeightSensitivity
    wide: WeightSensitivity
    switch: SmallestSwitch
    flips: BallotsToFlip
    kinds: tuple[str, ...]  # of the choices
    choices: tuple[Alternative, ...]


def class_parts(parts: EvidenceParts, code: str) -> ClassParts | None:
    """Return the arrays of a class; None where none of its units is ranked."""
    inputs, ranked = parts.inputs, parts.ranked
    rows = ranked.members(code)
    if not rows.size:
        return None
    members = np.flatnonzero(inputs.ranked)[rows]
    means, shares = ranked.counted_means[rows], ranked.shares[rows]
    top = parts.top_places(rows.size)
    by_kind = _choices(parts, code, means, shares)
    open_groups = np.array([code not in parts.inputs.invited for code in ranked.groups], bool)
    floors = np.array([inputs.rules.group(one).floor for one in ranked.groups], np.int64)
    is_padded = inputs.rules.small_samples == "pad"
    return ClassParts(
        code=code,
        members=members,
        sets=compared_ranks(parts, code, members, top).sets,
        narrow=weight_sensitivity(means, shares, NARROW, DRAWS, inputs.seed, top),
        wide=weight_sensitivity(means, shares, WIDE, DRAWS, inputs.seed, top),
        switch=smallest_switch(means, shares),
        flips=ballots_to_flip(ranked, code, open_groups, floors if is_padded else None),
        kinds=tuple(chain.from_iterable([kind] * len(some) for kind, some in by_kind.items())),
        choices=tuple(chain.from_iterable(by_kind.values())),
    )


@dataclass(frozen=True, eq=False, slots=True)
class ComparedRanks:
    """The rank sets of some units of one class, and which scores they compare."""

    of: str  # total, social, direct
    scores: Floats  # (m,)
    sets: RankSets | None  # None where nobody can tell how far any score is off
    lent: Integers  # units that are given the error of the least certain, their own not being known


def compared_ranks(parts: EvidenceParts, code: str, members: Integers, top: int) -> ComparedRanks:
    """Return the rank sets of the units of these numbers.

    Totals are compared where there are totals. Ratio and rank conversions keep the order of direct
    scores, whose errors are known better; standard scores may change it, so they are compared.
    """
    inputs = parts.inputs
    is_standard = inputs.social.unit_class(code).method is Method.STANDARD
    of = "total" if inputs.has_totals else "social" if is_standard else "direct"
    direct = parts.scores.scale * parts.scores.composites
    scores = (direct if of == "direct" else inputs.official)[members]
    errors = parts.covariance.careful if of == "direct" else parts.social_covariance
    freedom = parts.covariance.df[members]
    covariance, df, lent = _filled(scores, errors[np.ix_(members, members)], freedom)
    scored = ~np.isnan(scores)
    sets = None
    if np.isfinite(covariance[np.ix_(scored, scored)]).all():
        sets = rank_sets(scores, covariance, top=top, seed=inputs.seed, df=df)
    return ComparedRanks(of, scores, sets, lent)


def _filled(scores: Floats, covariance: Floats, df: Floats) -> tuple[Floats, Floats, Integers]:
    """Return errors in which units of unknown error are as uncertain as the most uncertain.

    NaN is left where nobody in the class has a known error.
    """
    filled, freedom, variances = covariance.copy(), df.copy(), np.diag(covariance)
    lent = np.flatnonzero(np.isnan(variances) & ~np.isnan(scores))
    if lent.size and not np.isnan(variances).all():
        filled[lent], filled[:, lent] = 0.0, 0.0
        filled[lent, lent] = np.nanmax(variances)
        freedom[lent] = df[np.nanargmax(variances)]
    return filled, freedom, lent


def class_evidence(parts: EvidenceParts, code: str, found: ClassParts | None) -> ClassEvidence:
    """Return what is said of a class."""
    drivers = parts.drivers
    number = 0 if drivers is None else drivers.classes.index(code)
    concordance = group_concordance(parts.patterns, code)
    return ClassEvidence(
        code=code,
        units=() if found is None else _by_rank(parts, found),
        pairs=0 if found is None else found.members.size * (found.members.size - 1) // 2,
        pairs_apart=0 if found is None or found.sets is None else pairs_apart(found.sets),
        mean_width=None if found is None or found.sets is None else _width(found.sets),
        concordance=known(concordance.w),
        concordance_groups=concordance.raters,
        tau_b_least=None if found is None else known(found.narrow.tau_b_least),
        choices=() if found is None else _other_choices(found),
        importance_cut=None if drivers is None else known(drivers.importance_cuts[number]),
        performance_cut=None if drivers is None else known(drivers.performance_cuts[number]),
        drivers=class_items(drivers, number),
        r2=None if drivers is None else known(drivers.of_classes.r2[number]),
    )


def _choices(
    parts: EvidenceParts, code: str, means: Floats, shares: Floats
) -> dict[str, tuple[Alternative, ...]]:
    rules, ranked = parts.inputs.rules, parts.ranked
    official = option_points(rules)
    weights = np.array([float(item.weight) for item in rules.items])
    marks = float(rules.full_marks)
    return {
        "conversion": other_conversions(means, shares, rules.conversion, marks, rules.rounding),
        "points": other_points(
            parts.ranked_patterns, ranked, code, official, usual_points(official), weights
        ),
        "without_group": leave_one_group_out(means, shares, ranked.groups),
        "padding": (without_padding(ranked, code),),
    }


def _by_rank(parts: EvidenceParts, found: ClassParts) -> tuple[str, ...]:
    official = parts.inputs.official[found.members]
    order = np.argsort(-np.nan_to_num(official, nan=-np.inf), kind="stable")
    return tuple(parts.scores.units[u] for u in found.members[order])


def pairs_apart(sets: RankSets) -> int:
    """Return how many pairs of units are told apart."""
    taking_part = int((sets.rank > 0).sum())
    return taking_part * (taking_part - 1) // 2 - int(sets.indistinct.sum()) // 2


def _width(sets: RankSets) -> float | None:
    part = sets.rank > 0
    return float((sets.high - sets.low)[part].mean() + 1) if part.any() else None


def _other_choices(found: ClassParts) -> tuple[OtherChoice, ...]:
    return tuple(
        OtherChoice(
            kind,
            one.name,
            known(one.tau_b),
            int((one.moved != 0).sum()),
            int(np.abs(one.moved).max(initial=0)),
        )
        for kind, one in zip(found.kinds, found.choices, strict=True)
    )
